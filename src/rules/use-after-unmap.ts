/** After munmap() the range is free, and the next mmap() or malloc() may be given it. */
import { constantValue } from "../analyzer/amount.js";
import type { Rule } from "./rule.js";
import { nameOf, targetName } from "./terms.js";

export const useAfterUnmap: Rule = {
  id: "use-after-unmap",
  summary: "a mapping is used after it was unmapped",
  why: "The access dies by SIGSEGV, or, when another mapping has been placed there meanwhile, reads or destroys that mapping's data.",
  help: "copy what is still needed before munmap()",
  severity: "error",
  cwe: [416],
  since: "0.1.0",
  references: ["munmap(2)"],
  silent: [
    "The pointer's value compared, printed or given to mmap() as a hint: that is no access.",
    "The part of a mapping that a partial munmap() has left.",
    "A pointer that has been given a new mapping since.",
  ],
  on: {
    access: ({ viaHint, mapping, mode, by, expectsFault, offset }) => {
      if (viaHint) return undefined;
      // How much of it was unmapped is not known: only its start is gone for certain.
      if (mapping.uncertain && constantValue(offset) !== 0) return undefined;
      if (mapping.phase !== "unmapped" || mapping.moved || expectsFault) return undefined;
      const what =
        by === undefined
          ? mode === "write"
            ? "written"
            : mode === "read"
              ? "read"
              : "called"
          : `given to ${by}()`;
      return `${nameOf(mapping)} is ${what} after it was unmapped`;
    },
    unmap: ({ target, stillCounted }) =>
      stillCounted !== undefined && target.mapping?.phase !== "failed"
        ? {
            message: `${targetName(target)} is unmapped also where '${stillCounted}' has just been found above zero: others still use it`,
            severity: "warning",
          }
        : undefined,
    stay: ({ mapping, holder, test, afterSuccess }) =>
      mapping.phase === "unmapped" && afterSuccess
        ? {
            message: `'${holder}' still points to what is unmapped here, and ${test.function}() takes it for a mapping`,
            severity: "warning",
          }
        : undefined,
    exit: ({ mapping, leftPointing }, text) =>
      leftPointing?.global === true &&
      !leftPointing.guarded &&
      mapping.unmappedAt !== undefined &&
      isTested(leftPointing.place, text)
        ? {
            message: `'${leftPointing.place}' still points to what is unmapped here, and the functions that test it take it for a mapping`,
            site: mapping.unmappedAt,
            severity: "warning",
          }
        : undefined,
  },
};

/** Some function of the file asks whether there is a mapping. */
function isTested(name: string, text: string): boolean {
  return new RegExp(`(?<![\\w.>])${name}\\s*[!=]=\\s*(?:NULL|MAP_FAILED)\\b`).test(text);
}
