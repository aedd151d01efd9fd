/** The mapping ends before what the program takes from it. */
import { SMALLEST_PAGE } from "../analyzer/alignment.js";
import { alternatives, constantValue, sameAmount, soleSymbol, subtract } from "../analyzer/amount.js";
import type { Amount, Origin, Term } from "../analyzer/amount.js";
import { unrounded } from "../analyzer/lengths.js";
import type { Call, EscapeEvent } from "../analyzer/events.js";
import { hasFlag } from "../analyzer/flags.js";
import type { Mapping } from "../analyzer/mapping.js";
import type { Finding, Rule } from "./rule.js";
import { asAssigned, nameOf } from "./terms.js";

export const shortMapping: Rule = {
  id: "short-mapping",
  summary: "the mapping is shorter than what is used of it",
  why: "A file offset has to be rounded down to a page, and what was rounded off has to be added to the pointer and to the length. Where the length lacks it, or the pointer gets the whole offset, the end of the data lies behind the mapping: SIGSEGV, SIGBUS, or another mapping's bytes, when the size and the offset are such that the rest does not fit into the last page.",
  help: "map `length + offset % page` bytes from the offset rounded down, and add `offset % page` to the result",
  severity: "error",
  cwe: [131],
  since: "0.1.0",
  references: ["mmap(2)"],
  silent: [
    "A length that is rounded up after the in-page offset was added.",
    "Offsets that a driver has filled in, as io_uring and packet sockets do.",
    "Offsets that some condition compares with something.",
    "Offsets into what is mapped from its beginning, where the length is named as that of the whole.",
  ],
  on: {
    escape: (event) => tooShort(event),
    access: ({ mapping, offset, viaHint, inFirstPage }) =>
      viaHint
        ? undefined
        : (wholeOffset(mapping, offset) ??
          ofVisible(mapping, offset) ??
          (inFirstPage ? undefined : ofOneElement(mapping, offset))),
    map: ({ call }, text) => (call.direct ? wrongMask(call, text) : undefined),
  },
};

function tooShort({ mapping, offset, offsetCompared, to }: EscapeEvent): Finding | string | undefined {
  if (offset === undefined || to === "call") return undefined;
  return (
    wholeOffset(mapping, offset) ??
    ofOnePart(mapping, offset) ??
    ofVisible(mapping, offset) ??
    (offsetCompared ? undefined : (withoutDelta(mapping, offset) ?? withoutOffset(mapping, offset))) ??
    (to === "caller" ? withoutHeader(mapping, offset) : undefined)
  );
}

function isOwn({ source, phase }: Mapping): boolean {
  return source === "mmap" && phase !== "failed" && phase !== "unmapped";
}

/** `mmap(0, sizeof(T), …)` and `p[i]` in a loop: there is one element, and the rest of its page. */
function ofOneElement(mapping: Mapping, offset: Amount): Finding | undefined {
  const { length } = mapping;
  const [term, second] = offset.terms;
  if (
    length === undefined ||
    !isOwn(mapping) ||
    term === undefined ||
    second !== undefined ||
    offset.constant !== 0
  )
    return undefined;
  const { origin } = term.symbol;
  const size = constantValue(length);
  const isTurns = (o: Origin): boolean =>
    o.kind === "opaque" && o.what.startsWith("join") && o.oneOf === undefined;
  const steps =
    size === undefined
      ? origin.kind === "operation" &&
        origin.operator === "mul" &&
        soleSymbol(length)?.origin.kind === "sizeof" &&
        origin.operands.some((o) => sameAmount(o, length)) &&
        origin.operands.some((o) => isTurns(soleSymbol(o)?.origin ?? { kind: "page" }))
      : size > 1 && size <= LARGEST_SCALAR && term.coefficient % size === 0 && isTurns(origin);
  if (!steps) return undefined;
  return {
    message: `${nameOf(mapping)} is as long as one element, but is used as an array of them: what lies behind its first page is not mapped`,
    severity: "warning",
    site: mapping.site,
  };
}

/** Bytes; what is longer is the length of more than one. */
const LARGEST_SCALAR = 16;

/** The pointer already begins at the file's offset. */
function wholeOffset(mapping: Mapping, offset: Amount): string | undefined {
  const at = mapping.offset;
  if (at === undefined || !isOwn(mapping) || at.terms.length === 0) return undefined;
  if (!at.terms.every(({ symbol }) => isNamed(symbol.origin))) return undefined;
  // What is mapped from there on begins with a part as long as that offset.
  if (mapping.length !== undefined && speaksOf(mapping.length, at)) return undefined;
  const rest = subtract(offset, at);
  if (rest.terms.length > 0 || rest.constant < 0) return undefined;
  return `the file's offset is added to ${nameOf(mapping)}, which begins at that offset already`;
}

/** `mmap(…, len, …, off & ~mask) + (off & mask)`: the last bytes of `len` are not mapped. */
function withoutDelta(mapping: Mapping, offset: Amount): string | undefined {
  const { length, offset: at } = mapping;
  if (length === undefined || at === undefined || !isOwn(mapping)) return undefined;
  const rounded = at.terms.find(({ symbol: { origin } }) => isRounding(origin));
  if (rounded?.symbol.origin.kind !== "operation" || at.terms.length !== 1) return undefined;
  const [exact] = rounded.symbol.origin.operands;
  if (exact === undefined || !sameAmount(offset, subtract(exact, at))) return undefined;
  if (length.terms.length === 0 || speaksOf(length, exact) || !isClear(length)) return undefined;
  if (hasPageToSpare(unrounded(length))) return undefined;
  return `${nameOf(mapping)} is moved to the offset inside its first page, but that is not part of the length that is mapped: the end of the data is not`;
}

/** `mmap(0, size, …, 0) + off`: what begins at `off` ends behind the mapping. */
function withoutOffset(mapping: Mapping, offset: Amount): string | undefined {
  const { length } = mapping;
  if (length === undefined || !isOwn(mapping) || constantValue(mapping.offset) !== 0) return undefined;
  // Who keeps the start as well knows that there is more than what is used; memory without a file has other parts.
  if (mapping.owner !== "local" || hasFlag(mapping.flags, "MAP_ANONYMOUS") !== "no") return undefined;
  if (length.terms.length === 0 || length.constant !== 0 || offset.constant !== 0) return undefined;
  const [term] = offset.terms;
  if (term === undefined || offset.terms.length > 1 || term.coefficient !== 1 || !isGiven(term.symbol.origin))
    return undefined;
  const isSize = length.terms.every(
    ({ symbol: { origin }, coefficient }) => coefficient === 1 && isGiven(origin) && !isOfWhole(origin),
  );
  if (!isSize || speaksOf(length, offset)) return undefined;
  return `${nameOf(mapping)} begins at offset 0 and is as long as what is used of it, but the pointer is moved on: the end lies behind the mapping`;
}

/** A part of a file, as a struct describes it: `map(part.size, 0) + part.offset`. */
function ofOnePart(mapping: Mapping, offset: Amount): string | undefined {
  const size = fieldOf(mapping.length);
  const at = fieldOf(offset);
  if (size === undefined || at === undefined || !isOwn(mapping) || constantValue(mapping.offset) !== 0)
    return undefined;
  if (hasFlag(mapping.flags, "MAP_ANONYMOUS") !== "no" || size.struct !== at.struct) return undefined;
  const ofSize = size.name.replace(/_?(?:size|len(?:gth)?)$/, "");
  const ofOffset = at.name.replace(/_?(?:offset|off)$/, "");
  if (ofSize === size.name || ofOffset === at.name || ofSize !== ofOffset) return undefined;
  return `${nameOf(mapping)} begins at offset 0 and has '${size.name}' bytes, but the pointer is moved on by '${at.name}': the last of them lie behind the mapping`;
}

/** linux/fb.h: a screen shows `yres` lines from line `yoffset` on, of the `yres_virtual` that its memory holds. */
function ofVisible(mapping: Mapping, offset: Amount): Finding | undefined {
  if (mapping.length === undefined || !isOwn(mapping) || constantValue(mapping.offset) !== 0)
    return undefined;
  const mapped = membersIn(mapping.length);
  if (!factorsIn(mapping.length).has("yres") || mapped.has("yres_virtual") || mapped.has("yoffset"))
    return undefined;
  if (!membersIn(offset).has("yoffset")) return undefined;
  return {
    message: `${nameOf(mapping)} is as long as the 'yres' visible lines, but begins at the first of all lines, and is used from line 'yoffset' on: the last lines lie behind the mapping`,
    severity: "warning",
  };
}

/** The names of the struct members that an amount is computed from. */
function membersIn(amount: Amount): ReadonlySet<string> {
  return namesIn(amount, () => true);
}

/** Those that it is once, and not twice or more. */
function factorsIn(amount: Amount): ReadonlySet<string> {
  return namesIn(amount, ({ coefficient }) => coefficient === 1);
}

function namesIn({ terms }: Amount, counts: (term: Term) => boolean): ReadonlySet<string> {
  const names = terms.filter(counts).flatMap(({ symbol: { origin } }) => {
    if (origin.kind === "operation") return origin.operands.flatMap((o) => [...namesIn(o, counts)]);
    const place = origin.kind === "load" || origin.kind === "input" ? origin.place : "";
    return /\.(\w+)(?:@[^.]*)?$/.exec(place)?.[1] ?? [];
  });
  return new Set(names);
}

/** The member that an amount is, and where its struct is. */
function fieldOf(amount: Amount | undefined): { readonly struct: string; readonly name: string } | undefined {
  const origin = amount === undefined ? undefined : soleSymbol(amount)?.origin;
  const [, struct, name] = origin?.kind === "load" ? (/^(.*)\.(\w+)(?:@\w*)?$/.exec(origin.place) ?? []) : [];
  return struct === undefined || name === undefined ? undefined : { struct, name };
}

/** `(size + 4095) & ~4096` takes a bit away and rounds nothing. */
function wrongMask({ args: [, length], site }: Call, text: string): string | undefined {
  const given = asAssigned(length?.text ?? "", text, site.start);
  const [, added, mask] = /\+\s*(\d+)\s*\)\s*&\s*~\s*\(?\s*(\d+)\s*\)?\s*$/.exec(given) ?? [];
  return added !== undefined && Number(mask) === Number(added) + 1 && isPowerOfTwo(Number(mask))
    ? `'~${mask}' clears one bit of the length instead of rounding it up: where the bit is set, ${mask} bytes are missing`
    : undefined;
}

function isPowerOfTwo(n: number): boolean {
  return n > 1 && Number.isInteger(Math.log2(n));
}

/** Memory is handed out behind a header that the length does not count. */
function withoutHeader(mapping: Mapping, offset: Amount): Finding | string | undefined {
  const { length } = mapping;
  const header = constantValue(offset);
  if (length === undefined || !isOwn(mapping) || header === undefined || header <= 0 || header > MAX_HEADER)
    return undefined;
  const all = alternatives(unrounded(length));
  const ofParameters = all.flatMap((wanted) => {
    const { constant: added, terms } = leastOf(wanted);
    const [term, second] = terms;
    const origin = second === undefined ? term?.symbol.origin : undefined;
    return origin?.kind === "parameter" ? [{ added, name: origin.name, times: term?.coefficient }] : [];
  });
  // Where one of them counts the header, the path that hands out what is behind it may be the one that has it.
  if (ofParameters.some(({ added }) => added >= header)) return undefined;
  const wanted = ofParameters.find(({ times }) => times === 1);
  if (wanted === undefined) return undefined;
  const mapped = `${wanted.added > 0 ? `as few as ${wanted.added} more than` : "only"} '${wanted.name}' bytes`;
  const message = `${header} bytes of ${nameOf(mapping)} are kept in front of what is handed out, but ${mapped} are mapped`;
  // Where the length was computed before, it is the call that shows which it is.
  return all.length === 1 ? message : { message, site: mapping.site };
}

/** `(n + 47) & -32` is no more than `n + 16` for some n. */
function leastOf(amount: Amount): Amount {
  const [term, second] = amount.terms;
  const origin = term?.symbol.origin;
  if (second !== undefined || term?.coefficient !== 1 || origin?.kind !== "operation") return amount;
  const [inner, unit] = origin.operands;
  const granule = constantValue(unit);
  if (origin.operator !== "roundDown" || inner === undefined || granule === undefined) return amount;
  return { ...inner, constant: inner.constant + amount.constant - granule + 1 };
}

/** As much more than the data as can be rounded off an offset. */
function hasPageToSpare({ constant, terms }: Amount): boolean {
  return (
    constant >= SMALLEST_PAGE - 1 ||
    terms.some(({ symbol, coefficient }) => symbol.origin.kind === "page" && coefficient > 0)
  );
}

/** A page or more in front is a guard, or a place of its own. */
const MAX_HEADER = 2048;

function isRounding(origin: Origin): boolean {
  return origin.kind === "operation" && origin.operator === "roundDown";
}

/** A value under a name, fixed while the function runs. */
function isNamed(origin: Origin): boolean {
  return origin.kind === "parameter" || origin.kind === "load";
}

/** The same, as the function was given it: nobody has filled it in since. */
function isGiven(origin: Origin): boolean {
  return origin.kind === "parameter" || (origin.kind === "load" && !origin.place.includes("@"));
}

/** Named as the length of the whole file, or of the page that something lies in, rather than of what is used. */
function isOfWhole(origin: Origin): boolean {
  const name = origin.kind === "parameter" ? origin.name : origin.kind === "load" ? origin.place : "";
  return /file|total|whole|map|page|region|window|end|max|all/i.test(name.replace(/^.*[.>]/, ""));
}

/** Whatever it is computed from can be seen. */
function isClear({ terms }: Amount): boolean {
  return terms.every(({ symbol: { origin } }) =>
    origin.kind === "operation"
      ? origin.operands.every(isClear)
      : isNamed(origin) || origin.kind === "page" || origin.kind === "sizeof" || origin.kind === "constant",
  );
}

/** Is the first computed from anything that the second is computed from? */
function speaksOf(amount: Amount, other: Amount): boolean {
  const keys = amount.terms.map(({ symbol }) => symbol.id);
  return other.terms.some(({ symbol }) => keys.some((key) => key.includes(symbol.id)));
}
