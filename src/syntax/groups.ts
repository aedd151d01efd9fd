/**
 * Keeps the grammar from taking a value in parentheses for a cast: `(a) - b`, `(f()) + 1`, `(a[i]) * n`. Type names are
 * known by now, so what begins with another word is a value.
 */
import { MACRO_LIKE } from "./heads.js";
import { at, isTypeTokens } from "./normalize.js";
import type { Token } from "./tokens.js";
import { isKeyword, type IsType, TYPE_KEYWORDS } from "./typenames.js";

/** `(value$, a) - b`: a comma cannot stand in a type. */
export const VALUE_MARK = "value$";

/** Operators that are binary behind a value and unary behind a cast. */
const AMBIGUOUS = /^(?:[-+*&(]|&&|\+\+|--)$/;
/** Words that an expression can follow. */
const BEFORE_VALUE = /^(?:return|case|sizeof|else|do)$/;

export function markValues(tokens: readonly Token[], isType: IsType): Token[] {
  const partners = pairs(tokens);
  const output: Token[] = [];
  tokens.forEach((token, index) => {
    output.push(token);
    if (token.text !== "(" || !isValue(tokens, index, partners, isType)) return;
    output.push(at(token, VALUE_MARK), { ...at(token, ",", "punctuator"), space: "" });
  });
  return output;
}

/** Index of each parenthesis's partner. */
function pairs(tokens: readonly Token[]): ReadonlyMap<number, number> {
  const partners = new Map<number, number>();
  const open: number[] = [];
  tokens.forEach((token, index) => {
    if (token.text === "(") open.push(index);
    else if (token.text === ")") {
      const start = open.pop();
      if (start === undefined) return;
      partners.set(start, index);
      partners.set(index, start);
    }
  });
  return partners;
}

function isValue(
  tokens: readonly Token[],
  open: number,
  partners: ReadonlyMap<number, number>,
  isType: IsType,
): boolean {
  const close = partners.get(open);
  const first = tokens[open + 1];
  const behind = close === undefined ? undefined : tokens[close + 1];
  if (close === undefined || first?.kind !== "word" || !behind || !AMBIGUOUS.test(behind.text)) return false;
  if (isKeyword(first.text) || isType(first.text)) return false;
  // `(DWORD)(x)` may be a cast; the conversion decides.
  if (close === open + 2 && behind.text === "(" && MACRO_LIKE.test(first.text)) return false;
  const before = tokens[open - 1];
  if (!before) return true;
  if (before.kind === "word") return BEFORE_VALUE.test(before.text);
  if (before.kind !== "punctuator" || before.text === "]") return false;
  // `void *(f)(int)` declares.
  const type = before.text === "*" ? tokens[open - 2] : undefined;
  if (type?.kind === "word" && (TYPE_KEYWORDS.has(type.text) || isType(type.text))) return false;
  return before.text !== ")" || endsCast(tokens, open - 1, partners, isType);
}

/** The parenthesis at `close` ends a cast, not a call's arguments or a condition. */
function endsCast(
  tokens: readonly Token[],
  close: number,
  partners: ReadonlyMap<number, number>,
  isType: IsType,
): boolean {
  const open = partners.get(close);
  return open !== undefined && isTypeTokens(tokens.slice(open + 1, close), isType);
}
