/** Numbers that are negative only as this program counts: `(size_t)-1` is the largest there is. */
import { constantValue } from "./amount.js";
import { LAST_ERRNO } from "./error-pointers.js";
import type { Operand } from "./ir.js";
import type { Relation } from "./range.js";
import type { State } from "./state.js";
import type { Value } from "./value.js";

/** Does a conversion to an unsigned type take part in what the operand computes? */
function isConverted(operand: Operand): boolean {
  switch (operand.kind) {
    case "cast":
      return (operand.type.kind === "int" && !operand.type.signed) || isConverted(operand.operand);
    case "binary":
      return isConverted(operand.left) || isConverted(operand.right);
    case "unary":
      return operand.op === "~" || isConverted(operand.operand);
    default:
      return false;
  }
}

/**
 * What a comparison says whose right side is such a number: another relation, `true` or `false` where that is known,
 * "nothing" where it may be either. Undefined for all others, and for error numbers in pointers, which are compared with
 * `(unsigned long)-4095` and keep their sign.
 */
export function modular(
  state: State,
  { op, right: operand }: Operand & { readonly kind: "binary" },
  left: Value,
  right: Value,
): Relation | boolean | "nothing" | undefined {
  if (op === "==" || op === "!=" || left.kind !== "amount" || right.kind !== "amount") return undefined;
  const { amount } = right;
  if (amount.constant >= 0 || !isConverted(operand)) return undefined;
  const n = constantValue(amount);
  if (n === -1) return op === ">" ? false : op === "<=" ? true : op === "<" ? "!=" : "==";
  const isError = n !== undefined && n >= -LAST_ERRNO;
  return !isError && state.range(left.amount).min >= 0 ? "nothing" : undefined;
}
