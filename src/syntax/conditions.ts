/** The conditions of `#if` and its kin: parsed into truth functions over atoms. */
import type { Branch } from "./directives.js";
import { closing, type Token, tokenize } from "./tokens.js";

export type Condition =
  | { readonly kind: "constant"; readonly value: boolean }
  /** `asked`: whether the macro is defined, or its value. `key` is the macro's name, or the normalised text of what is no name. */
  | { readonly kind: "atom"; readonly key: string; readonly asked: "defined" | "value" }
  | {
      readonly kind: "compare";
      readonly name: string;
      readonly op: Comparison;
      readonly with: number;
      readonly key: string;
    }
  | { readonly kind: "not"; readonly of: Condition }
  | { readonly kind: "and" | "or"; readonly left: Condition; readonly right: Condition };

/** The others are negations of these. */
type Comparison = "==" | ">" | ">=";

const TRUE: Condition = { kind: "constant", value: true };

const parsed = new WeakMap<Branch, Condition>();

/** The condition of one arm by itself, its earlier siblings not considered. `#else` is always true. */
export function conditionOf(text: string, branch: Branch): Condition {
  const known = parsed.get(branch);
  if (known) return known;
  const condition = readCondition(text, branch);
  parsed.set(branch, condition);
  return condition;
}

function readCondition(text: string, branch: Branch): Condition {
  const tokens = tokenize(text, branch.argument, branch.end);
  const name = tokens[0]?.text ?? "";
  switch (branch.kind) {
    case "ifdef":
    case "elifdef":
      return { kind: "atom", key: name, asked: "defined" };
    case "ifndef":
    case "elifndef":
      return not({ kind: "atom", key: name, asked: "defined" });
    case "if":
    case "elif":
      return parseCondition(tokens);
    default:
      return TRUE;
  }
}

function not(of: Condition): Condition {
  return { kind: "not", of };
}

/** Splits at the last outermost `||`, else `&&`: nesting follows the parentheses only, so no recursion per operand. */
function parseCondition(tokens: readonly Token[], depth = 0): Condition {
  if (depth > MAX_DEPTH || tokens.length === 0) return atomOf(tokens);
  for (const [op, kind] of [["||", "or"] as const, ["&&", "and"] as const]) {
    const parts = splitAt(tokens, op);
    if (parts.length > 1) {
      return parts
        .map((part) => parseCondition(part, depth + 1))
        .reduce((left, right) => ({ kind, left, right }));
    }
  }
  const first = tokens[0]?.text;
  if (first === "(" && closing(tokens, 0) === tokens.length - 1)
    return parseCondition(tokens.slice(1, -1), depth + 1);
  const compared = parseComparison(tokens);
  if (compared) return compared;
  if (first === "!") return not(parseCondition(tokens.slice(1), depth + 1));
  return parseAtom(tokens);
}

const MAX_DEPTH = 100;

function splitAt(tokens: readonly Token[], operator: string): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === "(") depth++;
    else if (token.text === ")") depth--;
    if (token.text === operator && depth === 0) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

function parseAtom(tokens: readonly Token[]): Condition {
  const first = tokens[0];
  const words = tokens.filter((token) => token.text !== "(" && token.text !== ")");
  if (first?.text === "defined" && words.length === 2)
    return { kind: "atom", key: words[1]?.text ?? "", asked: "defined" };
  if (first?.kind === "number" && tokens.length === 1)
    return { kind: "constant", value: integerOf(first.text) !== 0 };
  if (
    /^(?:IS_ENABLED|CONFIG_IS_ENABLED|IS_BUILTIN|IS_REACHABLE|USE)$/.test(first?.text ?? "") &&
    words.length === 2
  ) {
    return { kind: "atom", key: words[1]?.text ?? "", asked: "value" };
  }
  return atomOf(tokens);
}

function atomOf(tokens: readonly Token[]): Condition {
  return { kind: "atom", key: tokens.map((token) => token.text).join(" "), asked: "value" };
}

function parseComparison(tokens: readonly Token[]): Condition | undefined {
  let depth = 0;
  const at = tokens.findIndex((token) => {
    if (token.text === "(") depth++;
    else if (token.text === ")") depth--;
    return depth === 0 && /^(?:==|!=|<|<=|>|>=)$/.test(token.text);
  });
  if (at < 1) return undefined;
  const left = tokens.slice(0, at);
  const right = tokens.slice(at + 1);
  const numbers = [left, right].map((side) =>
    side.length === 1 && side[0]?.kind === "number" ? integerOf(side[0].text) : undefined,
  );
  return comparison(left, tokens[at]?.text ?? "", right, numbers[1]);
}

/** `X != 0` and `X > 0` ask what `X` asks; `<`, `<=`, `!=` are negations of `>=`, `>`, `==`. */
function comparison(
  left: readonly Token[],
  op: string,
  right: readonly Token[],
  value: number | undefined,
): Condition {
  const name = left.length === 1 && left[0]?.kind === "word" ? left[0].text : "";
  if (name && value !== undefined) {
    const asked: Condition = { kind: "atom", key: name, asked: "value" };
    if ((op === "!=" || op === ">") && value === 0) return asked;
    if ((op === "==" || op === ">=") && value === 1) return asked;
    if ((op === "==" && value === 0) || (op === "<" && value === 1)) return not(asked);
  }
  const negated = op === "!=" ? "==" : op === "<" ? ">=" : op === "<=" ? ">" : undefined;
  const plain: Comparison = negated ?? (op === "==" ? "==" : op === ">" ? ">" : ">=");
  const key = [...left.map((token) => token.text), plain, ...right.map((token) => token.text)].join(" ");
  const compared: Condition =
    name && value !== undefined
      ? { kind: "compare", name, op: plain, with: value, key }
      : { kind: "atom", key, asked: "value" };
  return negated ? not(compared) : compared;
}

/** The value of an integer literal, suffix and all; 0 when it is none. */
export function integerOf(text: string): number {
  const digits = text.replace(/[uUlL]+$/, "").replaceAll("'", "");
  const value = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  return Number.isFinite(value) ? value : 0;
}

/** Every atom's key, in the order of the text. */
export function atomsOf(condition: Condition): string[] {
  switch (condition.kind) {
    case "constant":
      return [];
    case "atom":
      return [condition.key];
    case "compare":
      return [condition.key];
    case "not":
      return atomsOf(condition.of);
    case "and":
    case "or":
      return [...atomsOf(condition.left), ...atomsOf(condition.right)];
  }
}
