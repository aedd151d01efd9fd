/** A second munmap() takes away whatever the kernel has placed at that address since. */
import { sameAmount, ZERO } from "../analyzer/amount.js";
import type { Rule } from "./rule.js";
import { targetName } from "./terms.js";

export const doubleUnmap: Rule = {
  id: "double-unmap",
  summary: "a mapping is unmapped twice on one path",
  why: "munmap() of a range where nothing is mapped is no error and returns 0. When another thread, malloc() or a library has been given that range in between, the second call removes their memory.",
  help: "unmap once, and clear the pointer after it",
  severity: "error",
  cwe: [415],
  since: "0.1.0",
  references: ["munmap(2)"],
  silent: [
    "Two different ranges of one mapping.",
    "A pointer that was cleared or given a new mapping in between.",
    "Two calls that never run on the same path.",
  ],
  on: {
    unmap: ({ target }) => {
      const { mapping, offset } = target;
      if (mapping?.phase !== "unmapped" || mapping.moved || mapping.uncertain || offset === undefined)
        return undefined;
      if (!sameAmount(offset, mapping.source === "given" ? (mapping.offset ?? ZERO) : ZERO)) return undefined;
      return `${targetName(target)} is unmapped a second time: that takes away whatever has been mapped there since`;
    },
    stay: ({ mapping, holder, test, afterSuccess }) =>
      mapping.phase === "unmapped" && !afterSuccess
        ? {
            message: `when the function fails, '${holder}' still points to what is unmapped here, and ${test.function}() unmaps what it finds there`,
            severity: "warning",
          }
        : undefined,
    exit: ({ mapping, leftPointing }) =>
      leftPointing?.guarded === true && mapping.unmappedAt !== undefined
        ? {
            message: `'${leftPointing.place}' is unmapped but nothing is cleared that the test before it asks: the next call unmaps it again`,
            site: mapping.unmappedAt,
            severity: "warning",
          }
        : undefined,
  },
};
