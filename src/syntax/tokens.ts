/** C text as a list of preprocessing tokens. */
import { isDigitCode, isWordCode, skipComment, skipLiteral, skipWord } from "./characters.js";
import type { Span } from "../diagnostic.js";

export type TokenKind = "word" | "number" | "string" | "character" | "punctuator";

/** A use of a macro in the file's own text; `span` reaches from its name to its closing parenthesis. */
export interface Use {
  readonly name: string;
  readonly span: Span;
  readonly definition: Span | undefined;
}

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Offsets in the file; for a token out of a macro's body, of the macro's use. */
  readonly start: number;
  readonly end: number;
  /** The white space that stands before it, reduced to one character. */
  readonly space: "" | " " | "\n";
  /** The outermost use that the token came through, be it out of the body or as an argument. */
  readonly use?: Use | undefined;
  /** Out of a macro's body, not written at this place. */
  readonly body?: boolean;
  /** Macros that must not be expanded in this token again. */
  readonly hidden?: ReadonlySet<string> | undefined;
}

const NEWLINE = 10;
const DOUBLE_QUOTE = 34;
const SINGLE_QUOTE = 39;
const DOT = 46;
const BACKSLASH = 92;

const THREE = new Set(["<<=", ">>=", "..."]);
const TWO = new Set("-> ++ -- << >> <= >= == != && || += -= *= /= %= &= |= ^= ## ::".split(" "));

/** Tokens of [start, end). Comments and white space only show in `space`. */
export function tokenize(text: string, start: number, end: number): Token[] {
  const tokens: Token[] = [];
  let space: Token["space"] = "";
  let i = start;
  while (i < end) {
    const code = text.charCodeAt(i);
    if (code === NEWLINE) {
      space = "\n";
      i++;
    } else if (code <= 32 || code === BACKSLASH) {
      if (space === "") space = " ";
      i++;
    } else {
      const behind = skipComment(text, i);
      if (behind > i) {
        if (space === "") space = " ";
        i = behind;
        continue;
      }
      const token = readToken(text, i, end, space);
      tokens.push(token);
      space = "";
      i = token.end;
    }
  }
  return tokens;
}

function readToken(text: string, start: number, limit: number, space: Token["space"]): Token {
  const code = text.charCodeAt(start);
  const { kind, end } = measure(text, start, code);
  const stop = Math.max(start + 1, Math.min(end, limit));
  return { kind, text: text.slice(start, stop), start, end: stop, space };
}

function measure(text: string, start: number, code: number): { kind: TokenKind; end: number } {
  if (isDigitCode(code) || (code === DOT && isDigitCode(text.charCodeAt(start + 1)))) {
    return { kind: "number", end: skipNumber(text, start) };
  }
  if (code === DOUBLE_QUOTE) return { kind: "string", end: skipLiteral(text, start) };
  if (code === SINGLE_QUOTE) return { kind: "character", end: skipLiteral(text, start) };
  if (isWordCode(code)) {
    const end = skipWord(text, start);
    const next = text.charCodeAt(end);
    if ((next === DOUBLE_QUOTE || next === SINGLE_QUOTE) && /^(?:L|u|U|u8)$/.test(text.slice(start, end))) {
      return { kind: next === DOUBLE_QUOTE ? "string" : "character", end: skipLiteral(text, end) };
    }
    return { kind: "word", end };
  }
  if (THREE.has(text.slice(start, start + 3))) return { kind: "punctuator", end: start + 3 };
  return { kind: "punctuator", end: start + (TWO.has(text.slice(start, start + 2)) ? 2 : 1) };
}

/** A preprocessing number: 0x1fUL, 1.5e-3, 1'000. */
function skipNumber(text: string, start: number): number {
  const hexadecimal = /^0[xX]/.test(text.slice(start, start + 2));
  let i = start;
  for (;;) {
    const code = text.charCodeAt(i);
    if (Number.isNaN(code)) return i;
    const character = text[i] ?? "";
    if ((hexadecimal ? "pP" : "eEpP").includes(character) && "+-".includes(text[i + 1] ?? " ")) i += 2;
    else if (isWordCode(code) || code === DOT) i++;
    else if (
      code === SINGLE_QUOTE &&
      isWordCode(text.charCodeAt(i + 1)) &&
      isDigitCode(text.charCodeAt(i - 1))
    )
      i++;
    else return i;
  }
}

/** Index of the bracket that closes the one at `open`, or the number of tokens when none does. */
export function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    const text = tokens[i]?.text;
    if (text === "(" || text === "[" || text === "{") depth++;
    else if ((text === ")" || text === "]" || text === "}") && --depth === 0) return i;
  }
  return tokens.length;
}

/** Splits tokens at commas outside brackets. No tokens: no parts. */
export function splitAtCommas(tokens: readonly Token[]): Token[][] {
  if (tokens.length === 0) return [];
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === "," && depth === 0) parts.push([]);
    else {
      if (token.text === "(" || token.text === "[" || token.text === "{") depth++;
      else if (token.text === ")" || token.text === "]" || token.text === "}") depth--;
      parts.at(-1)?.push(token);
    }
  }
  return parts;
}

/** Adds to the end of a list that may be too long for the arguments of `push`. */
export function append<T>(target: T[], items: Iterable<T>): void {
  for (const item of items) target.push(item);
}
