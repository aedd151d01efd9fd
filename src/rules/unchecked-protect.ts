/** Where protection is taken away, nothing faults when that has failed: only the result tells. */
import type { RangeEvent } from "../analyzer/events.js";
import type { Flags } from "../analyzer/flags.js";
import { hasFlag, isExact } from "../analyzer/flags.js";
import type { Rule } from "./rule.js";
import { targetName } from "./terms.js";

export const uncheckedProtect: Rule = {
  id: "unchecked-protect",
  summary: "the result of mprotect() is dropped where it takes a right away",
  why: "mprotect() fails on an address that begins no page, on a range with a hole, and when the kernel runs out of mappings. A page that should have become read-only or a guard page then is as writable as before, and nothing shows it until something writes there.",
  help: "test the result, and do not go on without the protection; or cast the call to void where it may fail",
  severity: "warning",
  cwe: [252],
  since: "0.1.0",
  references: ["mprotect(2)", "pkeys(7)"],
  silent: [
    "A protection that only grows: an access that needs it faults at once.",
    "A result that is dropped by a cast to void.",
    "Guard pages beside memory that the function makes read-only: nothing overruns it.",
    "Memory of which is not known whether it was writable, unless all access is taken away.",
  ],
  on: {
    protect: (event) => {
      if (event.call.used !== false || !event.call.direct) return undefined;
      const dropped = `the result of ${event.call.function}() is dropped: when it fails,`;
      const lost = lostRight(event);
      if (lost !== undefined) return `${dropped} ${targetName(event.target)} stays ${lost}`;
      const missing = missingRight(event);
      return missing === undefined
        ? undefined
        : {
            message: `${dropped} ${targetName(event.target)} is handed out without being ${missing}, though the function reports that mmap() has failed`,
            severity: "note",
          };
    },
  },
};

/** What the memory still is when the call has failed; undefined unless the call takes that away for certain. */
function lostRight({ target, flags, sealed }: RangeEvent): string | undefined {
  if (isExact(flags) && isNone(flags))
    return sealed || alreadyNone(target.mapping?.protection) ? undefined : "accessible";
  const { mapping } = target;
  if (mapping === undefined) return undefined;
  const wasWritable = mapping.source === "heap" || hasFlag(mapping.protection, "PROT_WRITE") === "yes";
  if (wasWritable && hasFlag(flags, "PROT_WRITE") === "no") return "writable";
  return hasFlag(mapping.protection, "PROT_EXEC") === "yes" && hasFlag(flags, "PROT_EXEC") === "no"
    ? "executable"
    : undefined;
}

/** What the caller gets, as if nothing had failed, is not what the function was to make of it. */
function missingRight({ target: { mapping }, flags, handedOutChecked }: RangeEvent): string | undefined {
  if (!handedOutChecked || mapping?.source !== "mmap" || mapping.phase !== "live") return undefined;
  if (hasFlag(flags, "PROT_WRITE") === "yes" && hasFlag(mapping.protection, "PROT_WRITE") !== "yes")
    return "writable";
  return hasFlag(flags, "PROT_EXEC") === "yes" && hasFlag(mapping.protection, "PROT_EXEC") !== "yes"
    ? "executable"
    : undefined;
}

function isNone({ must }: Flags): boolean {
  return must.size === 0 || (must.size === 1 && must.has("PROT_NONE"));
}

function alreadyNone(protection: Flags | undefined): boolean {
  return protection !== undefined && isExact(protection) && isNone(protection);
}
