/** Sizes and offsets of files have 64 bits, and mmap() takes whatever a smaller number has become. */
import { alternatives, type Amount, isConstant, isLoss, soleSymbol, type Trace } from "../analyzer/amount.js";
import type { MapEvent } from "../analyzer/events.js";
import type { Finding, Rule } from "./rule.js";
import { escaped, functionAround, functionStart, functionUpTo, isFileSize } from "./terms.js";

export const offsetOverflow: Rule = {
  id: "offset-overflow",
  summary: "a length or offset can wrap before mmap() gets it",
  why: "A file's size in an `int` is negative from 2 GiB on, and 0 or too small from 4 GiB on: then too little is mapped, and the code that goes by the size accesses what lies behind. A page subtracted from an offset below one page gives an offset near the end of the number's range.",
  help: "keep sizes in size_t and offsets in off_t, and compare before subtracting",
  severity: "warning",
  cwe: [190],
  since: "0.1.0",
  references: ["mmap(2)", "lseek(2)", "stat(2)"],
  silent: [
    "Sizes that a condition has bounded.",
    "Sizes in a size_t that no test before the mapping has cut: where size_t has 32 bits, nobody maps more.",
    "Lengths that are kept in 32 bits and do not come from a file: whoever wrote it knows how long they are.",
    "Products of 32 bits whose factors a condition has bounded, or that are too small to need more.",
  ],
  on: {
    map: (event, text) =>
      narrowed(event, text) ??
      negative(event, text) ??
      wrapped(event) ??
      testedCut(event, text) ??
      counted(event, text) ??
      divided(event, text) ??
      inTooFewBits(event, text),
  },
};

/** The size of a file came through a variable of 32 bits. */
function narrowed({ call, length, lengthBounded }: MapEvent, text: string): string | undefined {
  const argument = call.args[1];
  if (!call.direct || argument?.narrow !== true || length === undefined || lengthBounded) return undefined;
  if (isComparedWithSource(argument.text, functionUpTo(text, call.site.start))) return undefined;
  return isFileSize(length)
    ? `'${argument.text}' has 32 bits and holds the size of a file: from 2 GiB on it is negative or too small`
    : undefined;
}

/** `size != st.st_size`: nothing was lost on the way. */
function isComparedWithSource(name: string, text: string): boolean {
  const own = escaped(name);
  return new RegExp(
    `(?<![\\w.>])${own}\\s*[!=]=\\s*[^;&|]*st_size|st_size\\s*[!=]=\\s*(?:\\(\\w+\\)\\s*)?${own}\\b`,
  ).test(text);
}

/** What ioctl() has filled in came through a signed variable of 32 bits. */
function negative({ call, length, lengthBounded }: MapEvent, text: string): Finding | undefined {
  const argument = call.args[1];
  const origin = length === undefined ? undefined : soleSymbol(length)?.origin;
  if (!call.direct || argument?.signed !== true || lengthBounded || origin?.kind !== "load") return undefined;
  const before = functionUpTo(text, call.site.start);
  const own = escaped(argument.text);
  const [, object, member] =
    [
      ...before.matchAll(
        new RegExp(`(?<![\\w.>])${own}\\s*=\\s*([\\w.>-]{0,80}\\w)(?:\\.|->)(\\w{1,80})\\s*;`, "g"),
      ),
    ].at(-1) ?? [];
  if (object === undefined || member === undefined || !origin.path.endsWith(`.${member}`)) return undefined;
  if (!new RegExp(`\\bioctl\\s*\\([^;]{0,200}[&,]\\s*${escaped(object)}\\s*\\)`).test(before))
    return undefined;
  return {
    message: `'${argument.text}' is a signed integer of 32 bits and holds the '${member}' that ioctl() has given: from 2 GiB on it is negative, which mmap() takes for nearly all of the address space`,
    severity: "note",
  };
}

/**
 * `*size = lseek(…); if ((off_t)*size == -1)`: the file's size has 64 bits also where size_t has 32, and what is cut is no
 * -1 any more.
 */
function testedCut({ call, length, lengthBounded }: MapEvent, text: string): Finding | undefined {
  const given = call.args[1]?.text;
  if (!call.direct || given === undefined || lengthBounded || !isFileSize(length)) return undefined;
  const before = functionUpTo(text, call.site.start);
  const minusOne = "\\(?(?:\\(\\s*off_t\\s*\\)\\s*)?-\\s*1\\b";
  const test = new RegExp(`\\(\\s*off_t\\s*\\)\\s*${escaped(given)}\\s*[!=]=\\s*${minusOne}`).exec(before);
  if (test === null || !isSizeOfMemory(given, before)) return undefined;
  const start = call.site.start - before.length + test.index;
  return {
    message: `where size_t has 32 bits and off_t 64, '${given}' has lost the upper half of the file's size before this, which then holds for no error either`,
    site: { ...call.site, start, end: start + test[0].length },
    severity: "note",
  };
}

/** `size_t *length`, for `*length`. */
function isSizeOfMemory(name: string, before: string): boolean {
  const [, star, variable] = /^(\*?)\s*(\w+)$/.exec(name) ?? [];
  return (
    variable !== undefined &&
    new RegExp(`\\bsize_t\\s*${star === "*" ? "\\*" : ""}\\s*${variable}\\b`).test(before)
  );
}

function wrapped({ call, offsetMayWrap: site }: MapEvent): Finding | undefined {
  if (!call.direct || site === undefined) return undefined;
  const message = `the offset '${call.args[5]?.text ?? ""}' is the difference of two numbers that nothing has compared: where the first is smaller, it wraps`;
  return { message, site };
}

/** On its way to the call the length or the offset was cut to 32 bits, or multiplied in 32 bits. */
function inTooFewBits(
  { call, length, lengthBounded, mapping, site: at }: MapEvent,
  source: string,
): Finding | undefined {
  const ofLength = lengthBounded || isFileSize(length) ? undefined : lossIn(length);
  const loss = ofLength ?? lossIn(mapping.offset);
  if (loss === undefined) return undefined;
  const { role, text, site } = loss;
  if (
    role === "narrowed" &&
    site.file === at.file &&
    isCutAndCompared(text, functionUpTo(source, site.start))
  )
    return undefined;
  const what = ofLength === undefined ? "the offset" : "the length";
  if (role === "sum") {
    const message = `'${shortened(text)}' is computed in 32 bits and nothing bounds it: from 4 GiB on it wraps, and ${what} is too small`;
    if (site.file === at.file) return { message, site, severity: "note" };
    // A header's computation is told to each who maps by it.
    return call.direct ? { message, severity: "note" } : undefined;
  }
  const message =
    role === "product"
      ? `'${shortened(text)}' is computed in 32 bits before it becomes part of ${what}: from 4 GiB on it wraps`
      : `${what} is cut to 32 bits here: from 4 GiB on '${shortened(text)}' loses its upper half`;
  return { message, site, severity: ofLength === undefined && role === "narrowed" ? "warning" : "note" };
}

/** `if ((uint32_t)base != base) return NULL;` */
function isCutAndCompared(name: string, before: string): boolean {
  const own = escaped(name);
  const cut = `\\(\\s*\\w+\\s*\\)\\s*${own}\\b`;
  return new RegExp(`${cut}\\s*[!=]=\\s*${own}\\b|\\b${own}\\s*[!=]=\\s*${cut}`).test(before);
}

function lossIn(amount: Amount | undefined): Trace | undefined {
  if (amount === undefined) return undefined;
  const loss = amount.traces.find(isLoss);
  if (loss !== undefined) return loss;
  return alternatives(amount)
    .flatMap(({ traces }) => traces)
    .find(({ role }) => role === "sum");
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}

/** A loop over the mapping counts its bytes in an `int`. */
function counted({ call, length, mapping, lengthBounded }: MapEvent, text: string): Finding | undefined {
  const [, argument] = call.args;
  const isVariable = argument !== undefined && /^[A-Za-z_]\w*$/.test(argument.text) && !argument.narrow;
  if (!call.direct || !isVariable || length === undefined || isConstant(length) || lengthBounded)
    return undefined;
  const start = functionStart(text, call.site.start);
  const body = functionAround(text, call.site.start);
  const loop = new RegExp(`\\bfor\\s*\\(\\s*(\\w+)\\s*=[^;]*;\\s*\\1\\s*<\\s*${argument.text}\\s*;`).exec(
    body,
  );
  const counter = loop?.[1];
  if (loop === null || counter === undefined || mapping.lengthText !== argument.text) return undefined;
  const isInt = new RegExp(
    `(?:^|[;{(])\\s*(?:signed )?int\\s+(?:\\w+\\s*(?:=[^,;]*)?,\\s*)*${counter}\\b`,
    "m",
  );
  const indexes = new RegExp(`\\w\\s*(?:\\+\\s*${counter}\\b|\\[\\s*${counter}\\s*\\])`);
  if (!isInt.test(body) || !indexes.test(body.slice(loop.index + loop[0].length))) return undefined;
  const at = start + loop.index;
  return {
    message: `'${counter}' has 32 bits and counts up to '${argument.text}', which has 64: behind 2 GiB it is negative, and so is the offset`,
    site: { ...call.site, start: at, end: at + loop[0].length },
    severity: "note",
  };
}

/** div(3) takes and gives numbers of type `int`. */
function divided({ call }: MapEvent, text: string): Finding | undefined {
  const [, quotient] = /^(\w+)\.quot\b/.exec(call.args[5]?.text ?? "") ?? [];
  if (!call.direct || quotient === undefined) return undefined;
  const before = functionUpTo(text, call.site.start);
  const division = new RegExp(`\\b${quotient}\\s*=\\s*div\\s*\\(\\s*(\\w+)\\s*,`).exec(before);
  if (division === null) return undefined;
  const isWider = new RegExp(
    `\\b(?:u32|u64|uint32_t|uint64_t|off_t|size_t|unsigned(?: int| long)?|long)\\s+${division[1]}\\b`,
  );
  const start = call.site.start - before.length + division.index;
  return isWider.test(before)
    ? {
        message: `div() takes an int, and '${division[1]}' is larger than that from 2 GiB on: the offset is negative then`,
        site: { ...call.site, start, end: start + division[0].length },
      }
    : undefined;
}
