/** Numbers that are computed or kept in fewer bits than they may need: C11 6.3.1.3 and 6.3.1.8. */
import type { Site } from "../diagnostic.js";
import type { Amount, Origin } from "./amount.js";
import { isConstant, soleSymbol, withTraces } from "./amount.js";
import type { Machine } from "./machine.js";
import { isCompared, isMoreThanUnsigned } from "./range.js";
import type { State } from "./state.js";

/** A number of 64 bits as an integer of 32 keeps it. */
export function cutTo32(m: Machine, amount: Amount, site: Site): Amount {
  if (!mayBeLarge(m, amount)) return amount;
  return withTraces(amount, [{ site, text: m.context.text(site), role: "narrowed" }]);
}

/** A result of 32 bits that is kept as it is: whoever computed it so says how many bits it has. */
export function keptIn32(amount: Amount): Amount {
  return amount.traces.some(({ role }) => role === "product")
    ? { ...amount, traces: amount.traces.filter(({ role }) => role !== "product") }
    : amount;
}

/** The product of factors of 32 bits, before it becomes part of a longer number. */
export function multipliedIn32(m: Machine, product: Amount, factors: readonly Amount[], site: Site): Amount {
  if (isConstant(product) || !factors.every((factor) => isConstant(factor) || mayBeLarge(m, factor)))
    return product;
  return withTraces(product, [{ site, text: m.context.text(site), role: "product" }]);
}

/** The sum of numbers from elsewhere, in unsigned 32 bits. */
export function addedIn32(m: Machine, sum: Amount, addends: readonly Amount[], site: Site): Amount {
  if (addends.some(isConstant) || !addends.some((addend) => isParameter(addend) || mayBeLarge(m, addend)))
    return sum;
  if (isBounded(m.state, sum)) return sum;
  return withTraces(sum, [{ site, text: m.context.text(site), role: "sum" }]);
}

function isParameter(amount: Amount): boolean {
  return soleSymbol(amount)?.origin.kind === "parameter";
}

/** A number from elsewhere that no condition on the path has compared with anything; a difference is smaller than it. */
function mayBeLarge(m: Machine, amount: Amount): boolean {
  return (
    amount.terms.some(({ symbol: { origin } }) => isFromElsewhere(m, origin)) &&
    amount.terms.every(({ coefficient }) => coefficient > 0) &&
    !isBounded(m.state, amount)
  );
}

/** Some condition on the path says how large it is at most. */
export function isBounded(state: State, amount: Amount): boolean {
  return state.range(amount).max < Infinity || isCompared(state.facts, amount, isMoreThanUnsigned);
}

/** Numbers that are computed here, and the page size, have a size that is known to whoever wrote it; rounding leaves it. */
function isFromElsewhere(m: Machine, origin: Origin): boolean {
  if (origin.kind === "operation") {
    const [rounded] = origin.operands;
    return origin.operator === "roundDown" && rounded !== undefined && mayBeLarge(m, rounded);
  }
  if (origin.kind === "load") return !/page_?si?ze?$/i.test(origin.place);
  return origin.kind === "input" || origin.kind === "call";
}
