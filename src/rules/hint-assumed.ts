/** Without MAP_FIXED the address is a wish, and only the result says where the mapping is. */
import { asNumber } from "../analyzer/value.js";
import type { Rule } from "./rule.js";
import { isFixed } from "./terms.js";

export const hintAssumed: Rule = {
  id: "hint-assumed",
  summary: "the wanted address is used as if the mapping were there",
  why: "When the range is occupied or not aligned, the kernel places the mapping elsewhere and reports success. Accesses through the wanted address then hit another mapping, or nothing.",
  help: "use the returned address, or compare it with the wanted one",
  severity: "warning",
  cwe: [758],
  since: "0.1.0",
  references: ["mmap(2)", "POSIX.1-2024 mmap"],
  silent: [
    "The result is what is used: a hint that is not honoured does no harm.",
    "The result compared with the wanted address, as in a loop that tries several.",
    "MAP_FIXED and MAP_FIXED_NOREPLACE, which are not hints.",
  ],
  on: {
    access: ({ mapping, viaHint }) =>
      viaHint
        ? {
            message: `the address asked for is used instead of what ${mapping.function}() returned, and it is only a hint`,
            site: mapping.site,
          }
        : undefined,
    lose: ({ mapping, how }) =>
      how === "discarded" &&
      mapping.source === "mmap" &&
      mapping.address !== undefined &&
      asNumber(mapping.address) !== 0 &&
      !isFixed(mapping)
        ? {
            message: `the result of ${mapping.function}() is dropped as if the mapping were at the address asked for, which is only a hint`,
            site: mapping.site,
          }
        : undefined,
  },
};
