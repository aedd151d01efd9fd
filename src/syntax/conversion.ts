/** What the conversion of one parsed text needs to know, and how it gives up. */
import type { Span } from "../diagnostic.js";
import type { CType, Field } from "./ast.js";
import { couldMatter } from "./family.js";
import type { SyntaxNode } from "./parser.js";
import { type Origin, originOf, type Rendered, tokenIndex } from "./render.js";
import { TYPE_MARK } from "./normalize.js";
import { append } from "./tokens.js";
import { isKeyword } from "./typenames.js";

export interface Conversion {
  readonly rendered: Rendered;
  /** The parser has met no error. */
  readonly clean: boolean;
  /** Structs and unions that this text itself defines: their members by tag. */
  readonly aggregates: Map<string, readonly Field[]>;
  /** Constants of the enums that this text defines, as `enumerator` reports them. */
  readonly enumerators: Enumerator[];
}

export interface Enumerator {
  readonly name: string;
  /** The expression that gives the value, if written; and how many constants ago that was. */
  readonly node: SyntaxNode | undefined;
  readonly offset: number;
  readonly span: Span;
}

/** Thrown inside the conversion only; the functions that start one turn it into a value. */
export class ConversionFailure extends Error {
  /** `offset` is in the file. */
  constructor(
    readonly reason: string,
    readonly offset: number,
  ) {
    super(reason);
  }
}

export function textOf(conversion: Conversion, node: SyntaxNode): string {
  return conversion.rendered.text.slice(node.start, node.end);
}

/** Where the node stands in the file. */
export function base(conversion: Conversion, node: SyntaxNode): Origin {
  return originOf(conversion.rendered, node.start, node.end);
}

export function fail(conversion: Conversion, node: SyntaxNode): never {
  const token = conversion.rendered.tokens[tokenIndex(conversion.rendered, node.start)];
  const text = (token?.text ?? "").replace(TYPE_MARK, "");
  throw new ConversionFailure(`syntax error near '${text.slice(0, 40)}'`, token?.start ?? 0);
}

/** True when the parser has found an error in the node. A missing semicolon does no harm. */
export function isBroken(conversion: Conversion, node: SyntaxNode): boolean {
  if (conversion.clean) return false;
  const pending = [node];
  for (let current = pending.pop(); current; current = pending.pop()) {
    if (current.type === "ERROR" || (current.missing && current.type !== ";")) return true;
    append(pending, current.children);
  }
  return false;
}

/** True when a call of the family could hide in the node's text. */
export function namesFamily(conversion: Conversion, node: SyntaxNode): boolean {
  return couldMatter(textOf(conversion, node));
}

/** Identifiers of a piece of text that was not understood, each once, with the index of its token. */
export function wordsOf(
  conversion: Conversion,
  node: SyntaxNode,
): { readonly name: string; readonly origin: Origin }[] {
  const { rendered } = conversion;
  const words = new Map<string, Origin>();
  for (let i = tokenIndex(rendered, node.start); i < rendered.tokens.length; i++) {
    const token = rendered.tokens[i];
    const offset = rendered.offsets[i] ?? 0;
    if (!token || offset >= node.end) break;
    if (offset < node.start || token.kind !== "word" || token.text.includes("$") || isKeyword(token.text))
      continue;
    const before = rendered.tokens[i - 1]?.text;
    if (before === "." || before === "->" || words.has(token.text)) continue;
    words.set(token.text, originOf(rendered, offset, offset + 1));
  }
  return [...words].map(([name, origin]) => ({ name, origin }));
}

export const INT: CType = { kind: "int", bits: 32, signed: true };
