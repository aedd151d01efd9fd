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
}

export interface Branch {
  readonly group: Group;
  readonly index: number;
  readonly kind: DirectiveKind;
  /** The condition's text: [argument, end) of the directive. Empty for `#else`. */
  readonly argument: number;
  readonly end: number;
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

/** The value of a condition that is a plain `0` or `1`, else undefined. */
function plainConstant(text: string, branch: Branch): boolean | undefined {
  if (branch.kind !== "if" && branch.kind !== "elif") return undefined;
  const condition = text
    .slice(branch.argument, branch.end)
    .replace(/\/\*.*?\*\/|\/\/.*/gs, "")
    .trim();
  if (condition === "0") return false;
  return condition === "1" ? true : undefined;
}

/** True when no reading can select the branch: `#if 0`, or an arm behind `#if 1`. */
export function isDead(text: string, branch: Branch): boolean {
  if (plainConstant(text, branch) === false) return true;
  return branch.group.arms.slice(0, branch.index).some((arm) => plainConstant(text, arm) === true);
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
