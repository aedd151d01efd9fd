/** A test of a result has to ask in the way in which the function answers. */
import type { Rule } from "./rule.js";

export const returnConvention: Rule = {
  id: "return-convention",
  summary: "the result is tested in a way in which the function never says that it has failed",
  why: "posix_madvise(), posix_fallocate(), posix_memalign() and the pthread functions return the number of the error and leave errno alone: a test for -1 or for a negative number is never true, so the failure is taken for success. The functions that return -1 are never equal to EINVAL or the like, and `!f() == -1` compares 0 or 1 with -1.",
  help: "compare with 0, and take the error from the result; for functions that return -1, compare with -1 and read errno",
  severity: "error",
  cwe: [253],
  since: "0.1.0",
  references: [
    "posix_madvise(3)",
    "posix_fallocate(3)",
    "posix_memalign(3)",
    "pthread_create(3)",
    "munmap(2)",
  ],
  silent: [
    "A result that is tested against 0 as well, before or after; for the number of an error, before.",
    "A function of the program's own that returns -1.",
    "A variable that holds results of several functions.",
    "pthread_barrier_wait(), which has a negative result that is no failure.",
  ],
  on: {
    result: ({ callee, convention, against, text, testedRight }) => {
      if (against === "negation")
        return `'${text}' is 0 or 1 and never negative: the failure is taken for success`;
      if (callee === undefined || testedRight) return undefined;
      if (convention === "error number" && against === "negative")
        return `${callee}() returns the number of the error, never a negative one: the failure is taken for success`;
      if (convention === "minus one" && against === "errno")
        return `${callee}() returns -1 and puts the number of the error into errno: the test is never true`;
      return undefined;
    },
  },
};
