/** Masks and remainders of addresses inside mappings. */
import { SMALLEST_PAGE } from "./alignment.js";
import type { Amount, Trace } from "./amount.js";
import {
  add,
  constant,
  constantValue,
  modulo,
  negate,
  soleSymbol,
  subtract,
  symbolOf,
  ZERO,
} from "./amount.js";
import { bitAnd } from "./bits.js";
import type { Value } from "./value.js";
import { amountValue } from "./value.js";

/** An address inside a mapping, rounded or reduced to what remains. A mapping begins at a page, so only its offset takes part. */
export function maskedAddress(
  pointer: Value & { readonly kind: "pointer" },
  op: "&" | "%",
  by: Amount,
): Value {
  const isRounding = op === "&" && !isRemainderMask(by) && (constantValue(by) ?? -1) < 0;
  const begin = beginsAtUnit(pointer, op, by)
    ? ZERO
    : symbolOf({ kind: "opaque", what: `address ${pointer.mapping}` });
  const address = add(pointer.offset, begin);
  const result = asRole(op === "&" ? bitAnd(address, by) : modulo(address, by), by, "rounding");
  return isRounding ? { ...pointer, offset: subtract(result, begin) } : amountValue(result);
}

/**
 * Does the mapping begin at a multiple of what is rounded to? A larger or unknown unit is taken for one too where the
 * start of the mapping itself is asked: programs do so after they have aligned it.
 */
function beginsAtUnit({ offset }: Value & { readonly kind: "pointer" }, op: "&" | "%", by: Amount): boolean {
  if (constantValue(offset) === 0) return true;
  const unit = op === "%" ? by : isRemainderMask(by) || by.constant > 0 ? add(by, constant(1)) : negate(by);
  const n = constantValue(unit);
  return n === undefined ? soleSymbol(unit)?.origin.kind === "page" : SMALLEST_PAGE % n === 0;
}

/** `page - 1` rather than `-page`. */
function isRemainderMask(mask: Amount): boolean {
  return mask.terms.some(({ coefficient }) => coefficient > 0);
}

/** The literals that `result` has from `from` take part as `role`. */
export function asRole(result: Amount, from: Amount, role: Trace["role"]): Amount {
  if (from.traces.length === 0) return result;
  const traces = result.traces.map((use) =>
    from.traces.includes(use) && use.role === "plain" ? { ...use, role } : use,
  );
  return { ...result, traces };
}
