/** Tokens as one text for the parser, and the way back from offsets in it to the file. */
import type { Span } from "../diagnostic.js";
import type { MacroUse } from "./ast.js";
import type { Token } from "./tokens.js";

export interface Rendered {
  readonly text: string;
  readonly tokens: readonly Token[];
  /** Offset of each token in `text`. */
  readonly offsets: readonly number[];
  /** How many tokens before each one are out of macro bodies. */
  readonly bodies: readonly number[];
}

/** The fields that every node of the tree carries. */
export interface Origin {
  readonly span: Span;
  readonly macro?: MacroUse;
}

export function render(tokens: readonly Token[]): Rendered {
  const offsets: number[] = [];
  const bodies: number[] = [0];
  const parts: string[] = [];
  let offset = 0;
  let body = 0;
  for (const token of tokens) {
    const space = token.space === "\n" ? "\n" : " ";
    parts.push(space, token.text);
    offset += 1;
    offsets.push(offset);
    offset += token.text.length;
    if (token.body) body++;
    bodies.push(body);
  }
  return { text: parts.join(""), tokens, offsets, bodies };
}

/** Index of the last token that begins at or before an offset of the rendered text. */
export function tokenIndex(rendered: Rendered, offset: number): number {
  let low = 0;
  let high = rendered.offsets.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rendered.offsets[middle] ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** Where [start, end) of the rendered text stands in the file. */
export function originOf(rendered: Rendered, start: number, end: number): Origin {
  const from = tokenIndex(rendered, start);
  const to = Math.max(from, tokenIndex(rendered, Math.max(start, end - 1)));
  const first = rendered.tokens[from];
  const last = rendered.tokens[to];
  if (!first || !last) return { span: { start: 0, end: 0 } };
  if (first.use && first.use === last.use && holdsBody(rendered, from, to)) {
    const { name, span, definition } = first.use;
    return { span, macro: { name, definition } };
  }
  return { span: { start: Math.min(first.start, last.start), end: Math.max(first.end, last.end) } };
}

/** True when a token of [from, to] is out of the body of the macro use that both ends came through. */
function holdsBody({ tokens, bodies }: Rendered, from: number, to: number): boolean {
  if ((bodies[to + 1] ?? 0) === (bodies[from] ?? 0)) return false;
  if (tokens[from]?.body || tokens[to]?.body) return true;
  const use = tokens[from]?.use;
  // Arguments on both ends: the tokens between can be out of another macro that stands among the arguments.
  for (let i = from + 1; i < to; i++) if (tokens[i]?.body && tokens[i]?.use === use) return true;
  return false;
}
