/** An empty file cannot be mapped: mmap() of length 0 fails with EINVAL. */
import type { Origin } from "../analyzer/amount.js";
import { constantValue, soleSymbol } from "../analyzer/amount.js";
import { unrounded } from "../analyzer/lengths.js";
import type { Call } from "../analyzer/events.js";
import type { Rule } from "./rule.js";
import { functionUpTo, isComputedByCall } from "./terms.js";

export const zeroLength: Rule = {
  id: "zero-length",
  summary: "the length of a mapping can be 0 and no test excludes it",
  why: 'mmap() with length 0 fails with EINVAL. Files are empty in ordinary operation, and those in /proc say that they are, so the program reports "Invalid argument" for a file that is merely empty.',
  help: "test for 0 before mmap(), and treat the file as empty",
  severity: "warning",
  cwe: [628],
  since: "0.1.0",
  findsAbsence: true,
  references: ["mmap(2)", "POSIX.1-2024 mmap"],
  silent: [
    "A length that was tested for 0, or for being at least a header's size.",
    "A length that something positive was added to.",
    "A failure of mmap() that falls back to reading the file.",
    "A length that the caller gives: the caller is judged.",
  ],
  on: {
    map: ({ length, mapping, failure, call }) => {
      if (length === undefined) return undefined;
      if (call.direct && constantValue(length) === 0 && !isComputedByCall(call.args[1]?.text))
        return { message: `a length of 0: ${call.function}() fails with EINVAL`, severity: "error" };
      if (
        failure === "tolerated" ||
        !mapping.mayBeEmpty ||
        !isFileSize(soleSymbol(unrounded(length))?.origin)
      )
        return undefined;
      if (!call.direct)
        return {
          message: `${call.function}() maps what it is given the size of: an empty file has 0 bytes, and mmap() fails with EINVAL then`,
          severity: "note",
        };
      const message = `${call.args[1]?.text ?? "the size"} is 0 for an empty file, and ${call.function}() fails with EINVAL then`;
      // A program that finds the failure says no more than "Invalid argument".
      return failure === "found" ? { message, severity: "note" } : message;
    },
    unmap: ({ call }, text) => slack(call, text),
  },
};

/** `munmap(p, aligned - p)`: nothing is to be cut off where the kernel has placed it well. */
function slack(
  { direct, args: [address, length], function: callee, site }: Call,
  text: string,
): string | undefined {
  if (!direct || address === undefined || length === undefined) return undefined;
  const [, end = "", start = ""] = /^\(?(\w+) ?- ?(\w+)\)?$/.exec(length.text) ?? [];
  if (start === "" || start !== address.text.replace(/^\([^()]*\)\s*/, "")) return undefined;
  const before = functionUpTo(text, site.start);
  const isRoundedUp = new RegExp(`\\b${end} ?=[^=;]*(?:align|round|& ?~)[^;]*\\b${start}\\b`, "i").test(
    before,
  );
  const isCompared = new RegExp(
    `\\b${end} ?[!=<>]=? ?${start}\\b|\\b${start} ?[!=<>]=? ?${end}\\b|${end} ?- ?${start} ?[)!=<>&?]`,
  ).test(before);
  return isRoundedUp && !isCompared
    ? `${length.text} is 0 where '${start}' is aligned already, and ${callee}() fails with EINVAL then`
    : undefined;
}

/** st_size, or where lseek() to the end arrives. */
function isFileSize(origin: Origin | undefined): boolean {
  if (origin?.kind === "load") return origin.path.endsWith(".st_size");
  // What a function of the program has read from its stat buffer.
  if (origin?.kind === "opaque") return /\.st_size(?:@\w*)?$/.test(origin.what);
  return origin?.kind === "call" && /^lseek(?:64)?$/.test(origin.function ?? "");
}
