/** MAP_FAILED that outlives the failure: somebody else takes it for a mapping. */
import type { Rule } from "./rule.js";
import { failsWithMapFailed, isMapFailed, nameOf, targetName } from "./terms.js";

export const storedMapFailed: Rule = {
  id: "stored-map-failed",
  summary: "MAP_FAILED stays in a field or a global that is tested against NULL elsewhere",
  why: "After the failure has been reported, `(void *)-1` is still in the field. It is not NULL, so the next test takes it for a live mapping: an access faults, a munmap() fails with EINVAL, and a lazy `if (!ctx->map) ctx->map = mmap(…)` never tries again.",
  help: "map into a local variable and store it when the call has succeeded, or set the field to NULL in the failure branch",
  severity: "warning",
  cwe: [253],
  since: "0.1.0",
  references: ["mmap(2)"],
  silent: [
    "The failure branch sets the field to NULL, or frees the struct that holds it.",
    "A field that is compared with MAP_FAILED elsewhere: there MAP_FAILED says that nothing is mapped.",
  ],
  on: {
    stay: ({ mapping, holder, test }) =>
      mapping.phase === "failed" && failsWithMapFailed(mapping)
        ? `when ${mapping.function}() fails, MAP_FAILED stays in '${holder}', and ${test.function}() tests that against NULL`
        : undefined,
    access: ({ viaHint, mapping, by }) =>
      !viaHint && mapping.phase === "failed" && mapping.owner === "stored" && mapping.source !== "null"
        ? {
            message: `${nameOf(mapping)} still is MAP_FAILED on this path, and is ${by === undefined ? "accessed" : `given to ${by}()`}`,
            severity: "error",
          }
        : undefined,
    unmap: ({ call, target }) => {
      if (!isMapFailed(target)) return undefined;
      // What a function of the program is given need not be what it unmaps.
      const who =
        call.direct || target.mapping !== undefined
          ? `${targetName(target)} is MAP_FAILED on this path`
          : `${call.function}() finds MAP_FAILED on this path`;
      return { message: `${who}: munmap() fails with EINVAL`, severity: "note" };
    },
  },
};
