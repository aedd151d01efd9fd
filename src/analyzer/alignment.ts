/** Is an amount a multiple of the page size: on every machine, on some, for certain not, or only by luck? */
import type { Amount, Symbol, Term } from "./amount.js";
import { add, constantValue, ofSymbol, sameAmount, subtract } from "./amount.js";

/** The smallest page size of any supported machine, and the largest one in common use. */
export const SMALLEST_PAGE = 4096;

const LARGEST_PAGE = 65536;

/**
 * Is it a multiple of the page size on every machine? `only4k`: on machines with 4 KiB pages and some larger ones,
 * but not with 64 KiB.
 */
export function pageAlignment(amount: Amount): "aligned" | "only4k" | "unaligned" | "unknown" {
  let certain = true;
  let only4k = false;
  for (const { symbol, coefficient } of amount.terms) {
    const unit = unitOf(symbol, coefficient);
    if (unit === "page") continue;
    if (unit % LARGEST_PAGE === 0) continue;
    if (unit % SMALLEST_PAGE === 0) only4k = true;
    else certain = false;
  }
  if (!certain) return "unknown";
  if (amount.constant % SMALLEST_PAGE !== 0) return "unaligned";
  return only4k || amount.constant % LARGEST_PAGE !== 0 ? "only4k" : "aligned";
}

/** What coefficient · symbol is a multiple of for certain. */
function unitOf(symbol: Symbol, coefficient: number): "page" | number {
  const { origin } = symbol;
  if (origin.kind === "page") return "page";
  if (origin.kind !== "operation") return Math.abs(coefficient);
  const [a, b] = origin.operands;
  if (origin.operator === "roundDown" && b !== undefined) {
    if (unitsOf(b) === "page") return "page";
    return Math.abs(coefficient) * (constantValue(b) ?? 1);
  }
  if (origin.operator === "mul" && a !== undefined && b !== undefined) {
    const left = unitsOf(a);
    const right = unitsOf(b);
    return left === "page" || right === "page" ? "page" : Math.abs(coefficient) * left * right;
  }
  return Math.abs(coefficient);
}

function unitsOf(amount: Amount): "page" | number {
  const [term, second] = amount.terms;
  if (term === undefined) return Math.abs(amount.constant) || 1;
  if (second !== undefined || amount.constant !== 0) return 1;
  return unitOf(term.symbol, term.coefficient);
}

/**
 * Not a multiple of the page size for most values that it can have: what remains inside a page, a part of a size, a
 * number of records or of sectors, a member's offset.
 */
export function isMostlyUnaligned(amount: Amount): boolean {
  if (amount.constant % SMALLEST_PAGE !== 0) return false;
  return isRemainder(amount) || amount.terms.some(isPart) || hasBrokenMask(amount);
}

/** Variables and members that hold the page size or a multiple of it. */
export const PAGE_LIKE = /pa?ge?|window|block|align|granul/i;

/** A part of a size, a number of records or of sectors, a member's offset. */
export function isPart({ symbol, coefficient }: Term): boolean {
  const { origin } = symbol;
  if (origin.kind === "sizeof") return Math.abs(coefficient) % SMALLEST_PAGE !== 0;
  if (origin.kind === "operation") {
    const divisor = constantValue(origin.operands[1]);
    if (origin.operator === "div")
      return divisor !== undefined && Math.abs(coefficient) % SMALLEST_PAGE !== 0;
    return (
      origin.operator === "mul" &&
      origin.operands.some((o) => o.terms.length === 1 && o.terms[0]?.symbol.origin.kind === "sizeof")
    );
  }
  const k = Math.abs(coefficient);
  return (
    k > 1 &&
    k < SMALLEST_PAGE &&
    origin.kind !== "constant" &&
    origin.kind !== "page" &&
    !PAGE_LIKE.test(symbol.id)
  );
}

/** x - roundDown(x, n), alone. */
export function isRemainder(amount: Amount): boolean {
  return amount.terms.some(({ symbol, coefficient }) => {
    if (coefficient !== -1 || symbol.origin.kind !== "operation" || symbol.origin.operator !== "roundDown")
      return false;
    const [inner] = symbol.origin.operands;
    return (
      inner !== undefined &&
      pageAlignment(inner) === "unknown" &&
      sameAmount(add(amount, ofSymbol(symbol)), inner)
    );
  });
}

/** roundUp(x, n) - x, alone: what lies between a place and the next multiple of a unit. */
export function isPadding(amount: Amount): boolean {
  return amount.terms.some(({ symbol, coefficient }) => {
    if (coefficient !== 1 || symbol.origin.kind !== "operation" || symbol.origin.operator !== "roundDown")
      return false;
    const [inner, unit] = symbol.origin.operands;
    if (inner === undefined || unit === undefined) return false;
    const rest = subtract(subtract(amount, ofSymbol(symbol)), unit);
    return constantValue(add(rest, inner)) === -1;
  });
}

/** `x & ~(page - 2)`: one too many taken from the page size. */
function hasBrokenMask(amount: Amount): boolean {
  return amount.terms.some(({ symbol }) => {
    if (symbol.origin.kind !== "operation" || symbol.origin.operator !== "and") return false;
    return symbol.origin.operands.some((mask) => {
      const [term, second] = mask.terms;
      return term?.coefficient === -1 && second === undefined && mask.constant > 0 && mask.constant < 4;
    });
  });
}
