/** Preprocessor directives of a file as the lexer finds them, and the tree of conditional branches they make. */
import { skipBlanks, skipDirective, skipWord } from "./characters.js";

export type DirectiveKind =
  | "define"
  | "undef"
  | "include"
  | "if"
  | "ifdef"
  | "ifndef"
  | "elif"
  | "elifdef"
  | "elifndef"
  | "else"
  | "endif"
  | "other";

export interface Directive {
  readonly kind: DirectiveKind;
  /** From the `#` to the newline (exclusive). */
  readonly start: number;
  readonly end: number;
  /** Offset behind the directive's name. */
  readonly argument: number;
  /** The branch that text behind this directive belongs to; undefined outside every conditional. */
  readonly branch: Branch | undefined;
}

/** One `#if … #endif`. */
export interface Group {
  /** The branch that the whole conditional stands in. */
  readonly parent: Branch | undefined;
  /** `#if`, `#elif`, `#else` in the order of the file; filled while the file is read. */
  readonly arms: Branch[];
  /** An arm behind `#if 1` or `#elif 1` is never reached. */
  decided: boolean;
}

export interface Branch {
  readonly group: Group;
  readonly index: number;
  readonly kind: DirectiveKind;
  /** The condition's text: [argument, end) of the directive. Empty for `#else`. */
  readonly argument: number;
  readonly end: number;
  /** No reading can select it: `#if 0`, or an arm behind `#if 1`. Its text need not be C. */
  readonly dead: boolean;
}

const KINDS: ReadonlyMap<string, DirectiveKind> = new Map(
  (
    [
      "define",
      "undef",
      "include",
      "if",
      "ifdef",
      "ifndef",
      "elif",
      "elifdef",
      "elifndef",
      "else",
      "endif",
    ] as const
  ).map((kind) => [kind, kind]),
);

export interface RawDirective {
  readonly kind: DirectiveKind;
  readonly start: number;
  readonly end: number;
  readonly argument: number;
}

/** Reads the directive whose `#` stands at `start`. */
export function readDirective(text: string, start: number): RawDirective {
  const word = skipBlanks(text, start + 1);
  const argument = skipWord(text, word);
  const kind = KINDS.get(text.slice(word, argument)) ?? "other";
  return { kind, start, end: skipDirective(text, argument), argument };
}

export function opensConditional(kind: DirectiveKind): boolean {
  return kind === "if" || kind === "ifdef" || kind === "ifndef";
}

export function continuesConditional(kind: DirectiveKind): boolean {
  return kind === "elif" || kind === "elifdef" || kind === "elifndef" || kind === "else";
}

/** Adds an arm to a conditional. */
export function addArm(text: string, group: Group, directive: RawDirective): Branch {
  const { kind, argument, end } = directive;
  const constant = kind === "if" || kind === "elif" ? plainConstant(text.slice(argument, end)) : undefined;
  const dead = group.decided || constant === false;
  const branch: Branch = { group, index: group.arms.length, kind, argument, end, dead };
  group.arms.push(branch);
  if (constant === true) group.decided = true;
  return branch;
}

/** The value of a condition that is a plain `0` or `1`, else undefined. */
function plainConstant(text: string): boolean | undefined {
  const condition = text.replace(/\/\*.*?\*\/|\/\/.*/gs, "").trim();
  if (condition === "0") return false;
  return condition === "1" ? true : undefined;
}

/** The innermost branch at an offset. `directives` are in the order of the file. */
export function branchAt(directives: readonly Directive[], offset: number): Branch | undefined {
  return directives[indexAfter(directives, offset) - 1]?.branch;
}

/** How many directives begin before `offset`. */
export function indexAfter(directives: readonly Directive[], offset: number): number {
  let low = 0;
  let high = directives.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((directives[middle]?.start ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
