/** Bounds on linear forms, and what a comparison does to them. */
import type { Amount } from "./amount.js";
import { amountKey, constant, negate, subtract } from "./amount.js";

/** Bounds of a linear form without its constant; all inclusive. */
export interface Range {
  readonly min: number;
  readonly max: number;
  readonly not: readonly number[];
}

export const ANYTHING: Range = { min: -Infinity, max: Infinity, not: [] };

const NOT_MINUS_ONE: Range = { ...ANYTHING, not: [-1] };

/**
 * What is known of a form whose values nothing has been said of: the numbers of errors are positive, see errno(3), and a
 * multiple of anything is not MAP_FAILED.
 */
export function usualRange(form: Amount): Range {
  const [term, second] = form.terms;
  if (second !== undefined || term?.coefficient !== 1) return ANYTHING;
  const { origin } = term.symbol;
  if (origin.kind === "constant" && /^E[A-Z][A-Z0-9]+$/.test(origin.name))
    return { min: 1, max: Infinity, not: [] };
  return origin.kind === "operation" && origin.operator === "roundDown" ? NOT_MINUS_ONE : ANYTHING;
}

/** More excluded values than this are forgotten: a long switch needs none of them. */
const MAX_EXCLUDED = 6;

export type Relation = "==" | "!=" | "<" | "<=" | ">" | ">=";

/** The form without its constant, with the sign of its first term taken out. */
export function linearKey(amount: Amount): {
  readonly key: string;
  readonly sign: 1 | -1;
  readonly form: Amount;
} {
  const first = amount.terms[0];
  const sign = first !== undefined && first.coefficient < 0 ? -1 : 1;
  const rest = subtract(amount, constant(amount.constant));
  const form = sign < 0 ? negate(rest) : rest;
  return { key: amountKey(form), sign, form };
}

export function narrow(range: Range, relation: Relation, bound: number): Range | undefined {
  let { min, max, not } = range;
  switch (relation) {
    case "==":
      min = Math.max(min, bound);
      max = Math.min(max, bound);
      break;
    case "!=":
      if (min === bound) min++;
      else if (max === bound) max--;
      else not = not.length >= MAX_EXCLUDED ? not : [...not, bound];
      break;
    case "<":
      max = Math.min(max, bound - 1);
      break;
    case "<=":
      max = Math.min(max, bound);
      break;
    case ">":
      min = Math.max(min, bound + 1);
      break;
    case ">=":
      min = Math.max(min, bound);
      break;
  }
  return min > max || (min === max && not.includes(min)) ? undefined : { min, max, not };
}

export function widen(mine: Range, theirs: Range): Range | undefined {
  const min = theirs.min >= mine.min ? mine.min : -Infinity;
  const max = theirs.max <= mine.max ? mine.max : Infinity;
  const not = mine.not.filter((n) => theirs.not.includes(n) || n < theirs.min || n > theirs.max);
  return min === -Infinity && max === Infinity && not.length === 0 ? undefined : { min, max, not };
}

/** What an unsigned type alone tells. */
export function isOfUnsigned({ min, max, not }: Range): boolean {
  return min === 0 && max === Infinity && not.length === 0;
}

/** Does some bound that counts speak of what an amount is computed from, beside the bounds on the amount itself? */
export function isCompared(
  facts: ReadonlyMap<string, Range>,
  amount: Amount,
  counts: typeof isMoreThanUnsigned = () => true,
): boolean {
  const own = amountKey(subtract(amount, constant(amount.constant)));
  return amount.terms.some(({ symbol: { id } }) =>
    [...facts].some(([key, range]) => key !== own && key.includes(`{${id}}`) && counts(key, id, range)),
  );
}

/** Does the bound on a form say more of a symbol in it than that its type is unsigned? */
export function isMoreThanUnsigned(key: string, symbolId: string, range: Range): boolean {
  return key !== `+{${symbolId}}` || !isOfUnsigned(range);
}

export function sameRange(a: Range, b: Range): boolean {
  return (
    a.min === b.min &&
    a.max === b.max &&
    a.not.length === b.not.length &&
    a.not.every((n) => b.not.includes(n))
  );
}

export function mirrored(relation: Relation): Relation {
  switch (relation) {
    case "<":
      return ">";
    case "<=":
      return ">=";
    case ">":
      return "<";
    case ">=":
      return "<=";
    case "==":
    case "!=":
      return relation;
  }
}

export function invert(truth: boolean | undefined): boolean | undefined {
  return truth === undefined ? undefined : !truth;
}

/** Is there no number that lies in both? */
export function areApart(a: Range, b: Range): boolean {
  const min = Math.max(a.min, b.min);
  const max = Math.min(a.max, b.max);
  return min > max || (min === max && (a.not.includes(min) || b.not.includes(min)));
}
