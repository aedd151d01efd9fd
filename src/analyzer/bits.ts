/** Bit operations on amounts: masks that round, masks that take a remainder, shifts that multiply. */
import type { Amount } from "./amount.js";
import {
  add,
  amountKey,
  constant,
  constantValue,
  divide,
  isConstant,
  joinTraces,
  modulo,
  negate,
  operation,
  roundDown,
  scale,
  subtract,
  withTraces,
} from "./amount.js";

export function bitNot(a: Amount): Amount {
  return subtract(negate(a), constant(1));
}

/** `x & -n` rounds down to a multiple of n, `x & (n - 1)` is x modulo n; n a power of two or the page size. */
export function bitAnd(a: Amount, b: Amount): Amount {
  if (isConstant(a) && isConstant(b))
    return withTraces(constant(andNumbers(a.constant, b.constant), a.traces), b.traces);
  if (amountKey(a) === amountKey(b)) return a;
  for (const [value, mask] of [
    [a, b],
    [b, a],
  ] as const) {
    const unit = unitOfRoundingMask(mask);
    if (unit !== undefined) return withTraces(roundDown(value, unit), mask.traces);
    const remainder = unitOfRemainderMask(mask);
    if (remainder !== undefined) return withTraces(modulo(value, remainder), mask.traces);
  }
  const [first, second] = amountKey(a) < amountKey(b) ? [a, b] : [b, a];
  return operation("and", first, second);
}

function isPowerOfTwo(n: number): boolean {
  return n > 0 && Number.isInteger(Math.log2(n));
}

function unitOfRoundingMask(mask: Amount): Amount | undefined {
  const unit = negate(mask);
  const n = constantValue(unit);
  if (n !== undefined) return n > 1 && isPowerOfTwo(n) ? unit : undefined;
  return isSizeSymbol(unit) ? unit : undefined;
}

function unitOfRemainderMask(mask: Amount): Amount | undefined {
  const unit = add(mask, constant(1));
  const n = constantValue(unit);
  if (n !== undefined) return n > 1 && isPowerOfTwo(n) ? unit : undefined;
  return isSizeSymbol(unit) ? unit : undefined;
}

/** A mask built from any single positive symbol is taken for rounding to it: that is the only use of `x & (s - 1)`. */
function isSizeSymbol(unit: Amount): boolean {
  const [term, second] = unit.terms;
  return unit.constant === 0 && second === undefined && term !== undefined && term.coefficient === 1;
}

function andNumbers(a: number, b: number): number {
  return Number(BigInt(a) & BigInt(b));
}

export function bitOr(a: Amount, b: Amount): Amount {
  if (isConstant(a) && isConstant(b))
    return constant(Number(BigInt(a.constant) | BigInt(b.constant)), joinTraces(a, b));
  if (constantValue(a) === 0) return b;
  if (constantValue(b) === 0) return a;
  const [first, second] = amountKey(a) < amountKey(b) ? [a, b] : [b, a];
  return operation("or", first, second);
}

export function shiftLeft(a: Amount, b: Amount): Amount {
  const n = constantValue(b);
  return n !== undefined && n >= 0 && n < 48
    ? withTraces(scale(a, 2 ** n), b.traces)
    : operation("shl", a, b);
}

export function shiftRight(a: Amount, b: Amount): Amount {
  const n = constantValue(b);
  return n !== undefined && n >= 0 && n < 48
    ? withTraces(divide(a, constant(2 ** n)), b.traces)
    : operation("shr", a, b);
}
