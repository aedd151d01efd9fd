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
      const lost = event.call.used === false && event.call.direct ? lostRight(event) : undefined;
      return lost === undefined
        ? undefined
        : `the result of ${event.call.function}() is dropped: when it fails, ${targetName(event.target)} stays ${lost}`;
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

function isNone({ must }: Flags): boolean {
  return must.size === 0 || (must.size === 1 && must.has("PROT_NONE"));
}

function alreadyNone(protection: Flags | undefined): boolean {
  return protection !== undefined && isExact(protection) && isNone(protection);
}
