/** From a span of the file to tokens that the grammar can read: reading, expansion, rewriting. */
import type { Span } from "../diagnostic.js";
import type { Definitions } from "./definitions.js";
import { expand } from "./expand.js";
import { markValues } from "./groups.js";
import { plainHead } from "./head-tokens.js";
import { MACRO_LIKE } from "./heads.js";
import { markTypes, NORETURN, rewriteForms, stripAttributes } from "./normalize.js";
import type { FunctionItem } from "./lexer.js";
import { MAX_NESTING } from "./parser.js";
import { activeText, type Reading } from "./readings.js";
import { repairBody } from "./repair.js";
import { type Token, tokenize } from "./tokens.js";
import { isKeyword, type IsType, typeNamesOf } from "./typenames.js";

/** The tries to get a clean tree, mildest first. */
export interface Attempt {
  readonly objectLikeOnly: boolean;
  readonly repair: boolean;
}

export const ATTEMPTS: readonly Attempt[] = [
  { objectLikeOnly: false, repair: false },
  { objectLikeOnly: false, repair: true },
  { objectLikeOnly: true, repair: false },
  { objectLikeOnly: true, repair: true },
];

/** Tokens of the span's active text, nothing expanded. */
export function readTokens(definitions: Definitions, span: Span, reading: Reading): Token[] {
  const { file } = definitions;
  return activeText(file, span, reading).flatMap((part) =>
    startLine(tokenize(file.text, part.start, part.end)),
  );
}

function startLine(tokens: Token[]): Token[] {
  const first = tokens[0];
  if (first && first.space !== "\n") tokens[0] = { ...first, space: "\n" };
  return tokens;
}

export function expandTokens(
  definitions: Definitions,
  tokens: readonly Token[],
  reading: Reading,
  objectLikeOnly: boolean,
): Token[] {
  return expand(tokens, {
    macro: (name, offset) => definitions.macro(name, offset, reading),
    objectLikeOnly,
  });
}

/** Brackets that nothing closes: beyond this the text is no C, and searching for their ends costs too much. */
const MAX_UNCLOSED = 8;

/** Why the tokens must not reach the parser, if so. */
export function obstacle(tokens: readonly Token[]): string | undefined {
  let depth = 0;
  let deepest = 0;
  for (const { text } of tokens) {
    if (text === "(" || text === "[" || text === "{") deepest = Math.max(deepest, ++depth);
    else if (text === ")" || text === "]" || text === "}") depth = Math.max(0, depth - 1);
  }
  if (deepest > MAX_NESTING) return `nested deeper than ${MAX_NESTING} levels`;
  return depth > MAX_UNCLOSED ? `${depth} brackets are never closed` : undefined;
}

export type Prepared =
  | { readonly kind: "ready"; readonly tokens: Token[]; readonly name: Token; readonly noreturn: boolean }
  | { readonly kind: "failed"; readonly reason: string; readonly offset: number };

/** Makes the tokens of a whole function, expanded, readable. */
export function prepareFunction(
  item: FunctionItem,
  expanded: readonly Token[],
  known: IsType,
  repair: boolean,
): Prepared {
  const offset = item.nameSpan.start;
  const reason = obstacle(expanded);
  if (reason !== undefined) return { kind: "failed", reason, offset };
  const tokens = stripAttributes(expanded);
  const nameIndex = findName(tokens, item);
  const name = tokens[nameIndex];
  const open = tokens.findIndex((token, index) => index > nameIndex && token.text === "{");
  if (!name || open < 0) return { kind: "failed", reason: "no head of a function", offset };
  const body = expanded.findIndex((token) => token.text === "{");
  const noreturn = expanded.slice(0, body).some((token) => NORETURN.test(token.text));
  const isType = typeNamesOf(tokens, known);
  const head = plainHead(tokens.slice(0, nameIndex + 1 + (open - nameIndex - 1)), nameIndex, isType);
  const shown = new Set(head.types);
  const isTypeHere: IsType = (word) => shown.has(word) || isType(word);
  const rest = tokens.slice(open);
  const repaired = repairBody(rest, isTypeHere, repair);
  return {
    kind: "ready",
    tokens: markTypes(
      [...head.tokens, ...markValues(rewriteForms(repaired, isTypeHere), isTypeHere)],
      isTypeHere,
    ),
    name,
    noreturn,
  };
}

/** Index of the function's name, which may have come out of a macro that heads the definition. */
function findName(tokens: readonly Token[], item: FunctionItem): number {
  const written = tokens.findIndex((token) => token.start === item.nameSpan.start && token.kind === "word");
  if (tokens[written]?.text === item.name) return written;
  const brace = tokens.findIndex((token) => token.text === "{");
  const head = tokens.slice(0, Math.max(brace, 0));
  const isName = (token: Token, index: number): boolean =>
    token.kind === "word" && head[index + 1]?.text === "(" && !isKeyword(token.text);
  const plain = head.findIndex((token, index) => isName(token, index) && !MACRO_LIKE.test(token.text));
  return plain >= 0 ? plain : head.findIndex(isName);
}

/** Makes the tokens of a declaration at file scope, expanded, readable. */
export function prepareDeclaration(expanded: readonly Token[], known: IsType, repair: boolean): Token[] {
  const tokens = stripAttributes(expanded);
  const isType = typeNamesOf(tokens, known);
  const repaired = repair ? repairBody(tokens, isType, true) : tokens;
  return markTypes(markValues(rewriteForms(repaired, isType), isType), isType);
}
