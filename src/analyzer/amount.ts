/**
 * Amount: what is known of a number or an untracked pointer. A linear form `constant + Σ coefficient · symbol` over
 * symbols that stand for values fixed at one moment of one path, the page size among them.
 *
 * Equal forms are equal values; different forms may still be equal. Rounding to a multiple is a symbol of its own
 * whose argument is kept, so that `off & ~(page - 1)`, `off / page * page` and `off - off % page` are one value.
 */
import type { Site } from "../diagnostic.js";

/**
 * Where a symbol's value came from. Structural: equal origins are the same symbol. `narrow`: an integer type that no
 * address fits into; `pointer`: declared as one.
 */
export type Origin =
  /** The run-time page size: sysconf(_SC_PAGESIZE), getpagesize(). */
  | { readonly kind: "page" }
  | { readonly kind: "parameter"; readonly index: number; readonly name: string; readonly narrow?: boolean }
  /** What a place outside the function held when the function began; `place` is the place's key. */
  | {
      readonly kind: "load";
      readonly place: string;
      readonly base: Amount | undefined;
      readonly path: string;
      readonly pointer?: boolean;
    }
  /** The result of one call; `function` is undefined for an indirect one. */
  | { readonly kind: "call"; readonly function: string | undefined; readonly instruction: string }
  /** A named constant that the linted text does not define. */
  | { readonly kind: "constant"; readonly name: string }
  /** `behindStart`: the offset of a member that is not the first one. */
  | { readonly kind: "sizeof"; readonly type: string; readonly behindStart?: true }
  | { readonly kind: "uninitialized"; readonly variable: string }
  /** Bytes that the named function read from a file, a pipe or a peer. */
  | { readonly kind: "input"; readonly function: string; readonly place: string }
  /** A non-linear operation on amounts. */
  | { readonly kind: "operation"; readonly operator: Operator; readonly operands: readonly Amount[] }
  /**
   * Anything else: a join of paths, a value that an unknown call left behind. `oneOf`: what it was on the paths that met,
   * where they are few; no part of what it is.
   */
  | { readonly kind: "opaque"; readonly what: string; readonly oneOf?: readonly Amount[] };

/** `roundDown(x, n)` is the greatest multiple of n not above x; `div` truncates; `macro` applies a named one. */
export type Operator =
  "roundDown" | "div" | "mod" | "mul" | "and" | "or" | "xor" | "not" | "shl" | "shr" | "macro";

export interface Symbol {
  readonly id: string;
  readonly origin: Origin;
}

export interface Term {
  readonly symbol: Symbol;
  readonly coefficient: number;
}

/**
 * What took part in computing an amount and may have made it wrong: a literal such as 4096, 0xfff or `<< 12`, or a step in
 * too few bits.
 */
export interface Trace {
  readonly site: Site;
  /** As written: "4096", or the macro's name; the whole expression of a step. */
  readonly text: string;
  /**
   * How a literal took part: alone or added, as a factor, as a mask or divisor, as a shift count. `narrowed`: 64 bits were
   * put into 32; `product`, `sum`: a multiplication or an addition in 32 bits. `failed`: the NULL of a call that could not map.
   */
  readonly role: "plain" | "factor" | "rounding" | "shift" | "narrowed" | "product" | "sum" | "failed";
}

/** Is it a step in too few bits, and no literal? */
export function isLoss({ role }: Trace): boolean {
  return role === "narrowed" || role === "product" || role === "sum";
}

/** Is it a number or a name of the text? */
export function isLiteral(trace: Trace): boolean {
  return !isLoss(trace) && trace.role !== "failed";
}

export interface Amount {
  readonly constant: number;
  /** Sorted by symbol id, no zero coefficients. */
  readonly terms: readonly Term[];
  /** Ignored by equality. */
  readonly traces: readonly Trace[];
}

const NO_TRACES: readonly Trace[] = [];

const MAX_TRACES = 4;

/** Forms with more terms are replaced by an opaque operation, to bound the cost of path explosion in arithmetic. */
const MAX_TERMS = 8;

export const PAGE_SYMBOL: Symbol = { id: "page", origin: { kind: "page" } };

export function constant(value: number, traces: readonly Trace[] = NO_TRACES): Amount {
  return { constant: value, terms: [], traces };
}

export const ZERO: Amount = constant(0);

export const PAGE: Amount = ofSymbol(PAGE_SYMBOL);

export function ofSymbol(symbol: Symbol): Amount {
  return { constant: 0, terms: [{ symbol, coefficient: 1 }], traces: NO_TRACES };
}

function originId(origin: Origin): string {
  switch (origin.kind) {
    case "page":
      return "page";
    case "parameter":
      return `param:${origin.index}`;
    case "load":
      return `load:${origin.place}`;
    case "call":
      return `call:${origin.instruction}`;
    case "constant":
      return `const:${origin.name}`;
    case "sizeof":
      return `sizeof:${origin.type}`;
    case "uninitialized":
      return `uninit:${origin.variable}`;
    case "input":
      return `input:${origin.place}`;
    case "operation":
      return `${origin.operator}(${origin.operands.map(amountKey).join(",")})`;
    case "opaque":
      return `?${origin.what}`;
  }
}

/** Operations nested deeper than this get an id that no longer spells them out, so that ids stay short. */
const MAX_ID_LENGTH = 400;

export function symbolOf(origin: Origin): Amount {
  const id = originId(origin);
  return ofSymbol(
    id.length > MAX_ID_LENGTH
      ? { id: hashed(id), origin: { kind: "opaque", what: hashed(id) } }
      : { id, origin },
  );
}

function hashed(text: string): string {
  let h1 = 0xdeadbeef;
  let h2 = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    h1 = Math.imul(h1 ^ code, 2654435761);
    h2 = Math.imul(h2 ^ code, 1597334677);
  }
  return `#${(h1 >>> 0).toString(36)}${(h2 >>> 0).toString(36)}`;
}

/** A text that is equal for equal amounts. */
export function amountKey(amount: Amount): string {
  let key = amount.terms.length === 0 || amount.constant !== 0 ? String(amount.constant) : "";
  for (const { symbol, coefficient } of amount.terms)
    key += `+${coefficient === 1 ? "" : coefficient}{${symbol.id}}`;
  return key;
}

export function sameAmount(a: Amount, b: Amount): boolean {
  if (a === b) return true;
  if (a.constant !== b.constant || a.terms.length !== b.terms.length) return false;
  return a.terms.every((term, i) => {
    const other = b.terms[i];
    return (
      other !== undefined && other.coefficient === term.coefficient && other.symbol.id === term.symbol.id
    );
  });
}

export function isConstant(amount: Amount): boolean {
  return amount.terms.length === 0;
}

/** The value of a constant amount, else undefined. */
export function constantValue(amount: Amount | undefined): number | undefined {
  return amount !== undefined && amount.terms.length === 0 ? amount.constant : undefined;
}

/** The symbol of an amount that is that symbol and nothing else. */
export function soleSymbol(amount: Amount): Symbol | undefined {
  const [term, second] = amount.terms;
  return term !== undefined && second === undefined && term.coefficient === 1 && amount.constant === 0
    ? term.symbol
    : undefined;
}

/** The values that it has on the paths that have met: each is that of some path. Itself where no paths have met. */
export function alternatives(amount: Amount): readonly Amount[] {
  const joined = amount.terms.find(
    ({ symbol: { origin } }) => origin.kind === "opaque" && origin.oneOf !== undefined,
  );
  if (joined?.symbol.origin.kind !== "opaque" || joined.symbol.origin.oneOf === undefined) return [amount];
  const rest = subtract(amount, scale(ofSymbol(joined.symbol), joined.coefficient));
  return joined.symbol.origin.oneOf.map((one) => add(rest, scale(one, joined.coefficient)));
}

/** The amount without what it was on the paths that have met, at any depth. */
export function withoutAlternatives(amount: Amount): Amount {
  return {
    ...amount,
    terms: amount.terms.map((term) => ({ ...term, symbol: symbolWithoutAlternatives(term.symbol) })),
  };
}

function symbolWithoutAlternatives(symbol: Symbol): Symbol {
  const { id, origin } = symbol;
  switch (origin.kind) {
    case "opaque":
      return origin.oneOf === undefined ? symbol : { id, origin: { kind: "opaque", what: origin.what } };
    case "operation":
      return { id, origin: { ...origin, operands: origin.operands.map(withoutAlternatives) } };
    case "load":
      return origin.base === undefined
        ? symbol
        : { id, origin: { ...origin, base: withoutAlternatives(origin.base) } };
    default:
      return symbol;
  }
}

export function mentions(amount: Amount, symbolId: string): boolean {
  return amount.terms.some(({ symbol }) => symbolMentions(symbol, symbolId));
}

function symbolMentions(symbol: Symbol, symbolId: string): boolean {
  if (symbol.id === symbolId) return true;
  if (!symbol.id.includes(symbolId)) return false;
  const { origin } = symbol;
  if (origin.kind === "operation") return origin.operands.some((operand) => mentions(operand, symbolId));
  return origin.kind === "load" && origin.base !== undefined && mentions(origin.base, symbolId);
}

export function joinTraces(a: Amount, b: Amount): readonly Trace[] {
  if (b.traces.length === 0) return a.traces;
  if (a.traces.length === 0) return b.traces;
  return [...a.traces, ...b.traces].slice(0, MAX_TRACES);
}

function normalized(value: number, terms: readonly Term[], traces: readonly Trace[]): Amount {
  return { constant: Object.is(value, -0) ? 0 : value, terms, traces };
}

export function add(a: Amount, b: Amount): Amount {
  return combine(a, b, 1);
}

export function subtract(a: Amount, b: Amount): Amount {
  return combine(a, b, -1);
}

function combine(a: Amount, b: Amount, sign: 1 | -1): Amount {
  const traces = joinTraces(a, b);
  const terms: Term[] = [];
  let i = 0;
  let j = 0;
  while (i < a.terms.length || j < b.terms.length) {
    const left = a.terms[i];
    const right = b.terms[j];
    if (right === undefined || (left !== undefined && left.symbol.id < right.symbol.id)) {
      if (left !== undefined) terms.push(left);
      i++;
    } else if (left === undefined || right.symbol.id < left.symbol.id) {
      terms.push({ symbol: right.symbol, coefficient: sign * right.coefficient });
      j++;
    } else {
      const coefficient = left.coefficient + sign * right.coefficient;
      if (coefficient !== 0) terms.push({ symbol: left.symbol, coefficient });
      i++;
      j++;
    }
  }
  const value = a.constant + sign * b.constant;
  if (terms.length > MAX_TERMS || !Number.isSafeInteger(value)) {
    return {
      ...symbolOf({ kind: "opaque", what: hashed(`${amountKey(a)}${sign}${amountKey(b)}`) }),
      traces,
    };
  }
  return normalized(value, terms, traces);
}

export function negate(a: Amount): Amount {
  return scale(a, -1);
}

/** a · factor; `n · (x / n)` becomes the rounding that it is. */
export function scale(a: Amount, factor: number): Amount {
  if (factor === 0) return constant(0, a.traces);
  if (factor === 1) return a;
  const quotient = soleSymbol(a);
  if (quotient?.origin.kind === "operation" && quotient.origin.operator === "div") {
    const [dividend, divisor] = quotient.origin.operands;
    if (dividend !== undefined && constantValue(divisor) === factor)
      return withTraces(roundDown(dividend, constant(factor)), a.traces);
  }
  const value = a.constant * factor;
  const terms = a.terms.map(({ symbol, coefficient }) => ({ symbol, coefficient: coefficient * factor }));
  if (!Number.isSafeInteger(value) || terms.some(({ coefficient }) => !Number.isSafeInteger(coefficient))) {
    return symbolOf({ kind: "opaque", what: hashed(`${amountKey(a)}*${factor}`) });
  }
  return normalized(value, terms, a.traces);
}

export function withTraces(a: Amount, traces: readonly Trace[]): Amount {
  if (traces.length === 0) return a;
  return {
    ...a,
    traces: a.traces.length === 0 ? traces : [...a.traces, ...traces].slice(0, MAX_TRACES),
  };
}

export function operation(operator: Operator, ...operands: readonly Amount[]): Amount {
  const traces = operands.reduce<readonly Trace[]>(
    (all, o) => (o.traces.length === 0 ? all : [...all, ...o.traces]),
    [],
  );
  return withTraces(symbolOf({ kind: "operation", operator, operands }), traces.slice(0, MAX_TRACES));
}

export function multiply(a: Amount, b: Amount): Amount {
  if (isConstant(b)) return withTraces(scale(a, b.constant), b.traces);
  if (isConstant(a)) return withTraces(scale(b, a.constant), a.traces);
  for (const [quotient, factor] of [
    [a, b],
    [b, a],
  ] as const) {
    const symbol = soleSymbol(quotient);
    if (symbol?.origin.kind !== "operation" || symbol.origin.operator !== "div") continue;
    const [dividend, divisor] = symbol.origin.operands;
    if (dividend !== undefined && divisor !== undefined && sameAmount(divisor, factor))
      return roundDown(dividend, divisor);
  }
  const [first, second] = amountKey(a) < amountKey(b) ? [a, b] : [b, a];
  return operation("mul", first, second);
}

export function divide(a: Amount, b: Amount): Amount {
  const divisor = constantValue(b);
  if (divisor === 0) return operation("div", a, b);
  if (divisor === 1) return a;
  if (sameAmount(a, b)) return constant(1);
  if (divisor !== undefined) {
    if (isConstant(a)) return withTraces(constant(Math.trunc(a.constant / divisor), a.traces), b.traces);
    if (a.constant % divisor === 0 && a.terms.every((t) => t.coefficient % divisor === 0)) {
      const terms = a.terms.map(({ symbol, coefficient }) => ({
        symbol,
        coefficient: coefficient / divisor,
      }));
      return normalized(a.constant / divisor, terms, joinTraces(a, b));
    }
  }
  return operation("div", a, b);
}

/** a % b = a - roundDown(a, b), for non-negative a. */
export function modulo(a: Amount, b: Amount): Amount {
  const divisor = constantValue(b);
  if (divisor === 0) return operation("mod", a, b);
  if (divisor !== undefined && isConstant(a))
    return withTraces(constant(a.constant % divisor, a.traces), b.traces);
  return subtract(a, roundDown(a, b));
}

/** The greatest multiple of `unit` not above `a`; terms that are multiples of the unit are taken out. */
export function roundDown(a: Amount, unit: Amount): Amount {
  const n = constantValue(unit);
  if (n !== undefined) {
    if (n === 0) return operation("roundDown", a, unit);
    if (isConstant(a)) return withTraces(constant(Math.floor(a.constant / n) * n, a.traces), unit.traces);
  }
  const inside: Term[] = [];
  const outside: Term[] = [];
  for (const term of a.terms) (isMultipleOf(term, unit) ? outside : inside).push(term);
  const rest = normalized(a.constant, inside, a.traces);
  if (inside.length === 0 && a.constant === 0) return withTraces(a, unit.traces);
  const rounded = operation("roundDown", rest, unit);
  return outside.length === 0 ? rounded : add(normalized(0, outside, NO_TRACES), rounded);
}

function isMultipleOf({ symbol, coefficient }: Term, unit: Amount): boolean {
  const n = constantValue(unit);
  if (n !== undefined && coefficient % n === 0) return true;
  if (sameAmount(ofSymbol(symbol), unit)) return true;
  if (symbol.origin.kind !== "operation" || symbol.origin.operator !== "roundDown") return false;
  const by = symbol.origin.operands[1];
  if (by === undefined) return false;
  const step = constantValue(by);
  return sameAmount(by, unit) || (n !== undefined && step !== undefined && step % n === 0);
}
