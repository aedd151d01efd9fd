/** How two lengths in bytes compare: equal, equal up to whole pages, one the other and a rest. */
import { isRemainder, SMALLEST_PAGE } from "./alignment.js";
import type { Amount, Origin } from "./amount.js";
import { substitute } from "./substitution.js";
import {
  add,
  constant,
  constantValue,
  mentions,
  negate,
  ofSymbol,
  PAGE_SYMBOL,
  sameAmount,
  soleSymbol,
  subtract,
} from "./amount.js";

/** Equal, or one is the other rounded up to whole pages or to a constant unit. */
export function sameUpToRounding(a: Amount, b: Amount): boolean {
  return sameAmount(a, b) || sameAmount(unrounded(a), unrounded(b));
}

/** `x` for the usual spellings of "x rounded up": roundDown(x + n - 1, n). */
export function unrounded(amount: Amount): Amount {
  const rounded = amount.terms.find(
    ({ symbol, coefficient }) =>
      coefficient === 1 && symbol.origin.kind === "operation" && symbol.origin.operator === "roundDown",
  );
  if (rounded?.symbol.origin.kind !== "operation") return amount;
  const [inner, unit] = rounded.symbol.origin.operands;
  if (inner === undefined || unit === undefined) return amount;
  const rest = subtract(amount, ofSymbol(rounded.symbol));
  const candidate = add(rest, subtract(add(inner, constant(1)), unit));
  return candidate;
}

/**
 * How a length given to munmap compares with the one that was mapped; other than "same" and "unknown" only when that is
 * certain: two constants some pages apart, or one is the other and a rest, or the other and a factor.
 */
export function compareLengths(
  mapped: Amount,
  unmapped: Amount,
): "same" | "shorter" | "longer" | "different" | "unknown" {
  if (sameUpToRounding(mapped, unmapped)) return "same";
  const a = constantValue(mapped);
  const b = constantValue(unmapped);
  if (a !== undefined && b !== undefined) {
    const pages = Math.ceil(b / SMALLEST_PAGE) - Math.ceil(a / SMALLEST_PAGE);
    return pages === 0 ? "same" : pages < 0 ? "shorter" : "longer";
  }
  const exact = [unrounded(mapped), unrounded(unmapped)] as const;
  const rest = subtract(exact[1], exact[0]);
  // `(n + page) & -page` is n rounded up but for its multiples, which whoever writes so may treat on their own.
  if (!sameAmount(exact[1], unmapped) && constantValue(rest) === 1) return "unknown";
  const related = rest.terms.length < exact[0].terms.length + exact[1].terms.length;
  if (!related)
    return isFactorOf(unmapped, mapped) ? "shorter" : isFactorOf(mapped, unmapped) ? "longer" : "unknown";
  if (rest.constant >= 0 && rest.terms.every(({ coefficient }) => coefficient > 0)) return "longer";
  if (rest.constant <= 0 && rest.terms.every(({ coefficient }) => coefficient < 0)) return "shorter";
  if (isRemainder(rest)) return "longer";
  if (isRemainder(negate(rest))) return "shorter";
  // A number on one side and a variable on the other; two variables may be the same under two names.
  const [term, second] = rest.terms;
  // What unknown code has filled in, or paths have left, may be that number.
  return term !== undefined && second === undefined && term.symbol.origin.kind !== "opaque"
    ? "different"
    : "unknown";
}

/** Is `product` something times `factor`? */
function isFactorOf(factor: Amount, product: Amount): boolean {
  const symbol = soleSymbol(product);
  return (
    symbol?.origin.kind === "operation" &&
    symbol.origin.operator === "mul" &&
    symbol.origin.operands.some((o) => sameAmount(o, factor))
  );
}

/** The machine's page, or that of an interface, `XC_PAGE_SIZE`, whose header was not read: no system's is named after one. */
function isPageOfSomebody(origin: Origin): boolean {
  return (
    origin.kind === "page" ||
    (origin.kind === "constant" &&
      /^(?!SYS|OS_|HOST|CPU|VM_|MY_|K?ERN)[A-Z0-9]+_PAGE_SIZE$/.test(origin.name))
  );
}

/** As many pages, of 4096 bytes here and of the machine's there: where pages are larger, something else goes with them. */
export function inOtherPages(a: Amount, b: Amount): boolean {
  const fixed = (amount: Amount): Amount =>
    substitute(amount, ({ origin }) => (isPageOfSomebody(origin) ? constant(SMALLEST_PAGE) : undefined));
  const isVariable = (amount: Amount): boolean => constantValue(fixed(amount)) === undefined;
  // Two pages that are no machine's may be as large as each other everywhere.
  const isOfMachine = (amount: Amount): boolean => mentions(amount, PAGE_SYMBOL.id);
  if (!isOfMachine(a) && !isOfMachine(b)) return false;
  return !sameUpToRounding(a, b) && isVariable(a) && sameAmount(fixed(a), fixed(b));
}
