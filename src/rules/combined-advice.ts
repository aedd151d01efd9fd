/** Advice values are consecutive numbers, not bits. */
import type { Flags } from "../analyzer/flags.js";
import type { Rule } from "./rule.js";

export const combinedAdvice: Rule = {
  id: "combined-advice",
  summary: "MADV_* or POSIX_MADV_* values are combined by `|`",
  why: "MADV_RANDOM is 1, MADV_SEQUENTIAL 2 and MADV_WILLNEED 3, so `MADV_SEQUENTIAL | MADV_RANDOM` is MADV_WILLNEED, and `MADV_HUGEPAGE | MADV_WILLNEED` is MADV_NOHUGEPAGE. The call succeeds, and the kernel is told something else than was written.",
  help: "call madvise() once for each advice",
  severity: "error",
  cwe: [628],
  since: "0.1.0",
  references: ["madvise(2)", "posix_madvise(3)"],
  silent: ["Advice combined with values that are not known."],
  on: {
    advise: ({ flags }) => {
      const advice = combined(flags);
      return advice.length < 2
        ? undefined
        : `${advice.join(" | ")}: advice values are numbers, not bits; together they are another advice`;
    },
  },
};

/** What is set on every path, and with it what is set on some path: `advice = A; if (random) advice |= B;`. */
function combined({ must, may }: Flags): readonly string[] {
  const always = [...must].filter(isAdvice);
  const sometimes = [...may].filter((name) => isAdvice(name) && !must.has(name));
  return always.length === 1 ? [...always, ...sometimes.slice(0, 1)] : always;
}

/** MADV_NORMAL is 0: with another advice it is that one. */
function isAdvice(name: string): boolean {
  return /^(?:POSIX_)?MADV_(?!NORMAL$)/.test(name);
}
