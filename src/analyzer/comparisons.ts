/** Comparisons that no bounds on numbers are needed for. */
import { constantValue } from "./amount.js";
import type { Relation } from "./range.js";
import type { Value } from "./value.js";
import { asAmount, sameValue } from "./value.js";

/** The address of an object is neither NULL nor MAP_FAILED. */
export function compareObject(left: Value, op: Relation, right: Value, truth: boolean): boolean {
  const n = constantValue(asAmount(right));
  if (n !== 0 && n !== -1) return sameValue(left, right) ? holdsForEqual(op) === truth : true;
  return op === "==" ? !truth : op === "!=" ? truth : true;
}

export function holdsForEqual(op: Relation): boolean {
  return op === "==" || op === "<=" || op === ">=";
}

export function compareFlags(left: Value, op: Relation, right: Value, truth: boolean): boolean {
  const flags = left.kind === "flags" ? left.flags : right.kind === "flags" ? right.flags : undefined;
  const other = left.kind === "flags" ? right : left;
  if (flags === undefined || constantValue(asAmount(other)) !== 0 || (op !== "==" && op !== "!="))
    return true;
  const empty = flags.must.size > 0 ? false : flags.may.size === 0 && !flags.open ? true : undefined;
  return empty === undefined || (empty === (op === "==")) === truth;
}

export function negated(op: Relation): Relation {
  switch (op) {
    case "==":
      return "!=";
    case "!=":
      return "==";
    case "<":
      return ">=";
    case "<=":
      return ">";
    case ">":
      return "<=";
    case ">=":
      return "<";
  }
}
