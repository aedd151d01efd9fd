/** Every kind of memory has its own way back: munmap() for mmap(), free() for malloc(), shmdt() for shmat(). */
import type { Rule } from "./rule.js";
import { targetName } from "./terms.js";

export const mismatchedRelease: Rule = {
  id: "mismatched-release",
  summary: "memory is released by a function of another family",
  why: 'free() or realloc() of a mapping aborts with "invalid pointer" or crashes. munmap() of heap memory fails with EINVAL and releases nothing, or, when the block happens to begin a page, tears a hole into the heap.',
  help: "release the memory with the counterpart of the function that made it",
  severity: "error",
  cwe: [762],
  since: "0.1.0",
  references: ["munmap(2)", "free(3)", "shmdt(2)"],
  silent: [
    "A buffer that is mapped or allocated depending on a condition, and released under the same condition.",
    "A project's own function that is named like a release function.",
  ],
  on: {
    release: ({ call, target, of }) => {
      const what = targetName(target);
      const by = `${call.function}()`;
      switch (of) {
        case "heap":
          return `${what} comes from ${target.mapping?.function ?? "malloc"}(), but is released by ${by}`;
        case "object":
          return `${what} is an object of the program, not a mapping, but is released by ${by}`;
        case "mapping":
          return `${what} comes from ${target.mapping?.function ?? "mmap"}(), but is released by ${by}`;
      }
    },
  },
};
