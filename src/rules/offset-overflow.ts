/** Sizes and offsets of files have 64 bits, and mmap() takes whatever a smaller number has become. */
import type { Amount } from "../analyzer/amount.js";
import { soleSymbol } from "../analyzer/amount.js";
import type { MapEvent } from "../analyzer/events.js";
import type { Finding, Rule } from "./rule.js";
import { functionUpTo } from "./terms.js";

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
    "Lengths that are 32 bits wide and do not come from a file.",
  ],
  on: {
    map: (event, text) => narrowed(event, text) ?? wrapped(event),
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
  const own = name.replace(/[^\w]/g, "\\$&");
  return new RegExp(
    `(?<![\\w.>])${own}\\s*[!=]=\\s*[^;&|]*st_size|st_size\\s*[!=]=\\s*(?:\\(\\w+\\)\\s*)?${own}\\b`,
  ).test(text);
}

function isFileSize(length: Amount): boolean {
  const origin = soleSymbol(length)?.origin;
  if (origin?.kind === "call") return /^(?:lseek(?:64)?|ftello?(?:64)?)$/.test(origin.function ?? "");
  return origin?.kind === "load" && /\.st_size(?:@|$)/.test(origin.place);
}

function wrapped({ call, offsetMayWrap: site }: MapEvent): Finding | undefined {
  if (!call.direct || site === undefined) return undefined;
  const message = `the offset '${call.args[5]?.text ?? ""}' is the difference of two numbers that nothing has compared: where the first is smaller, it wraps`;
  return { message, site };
}
