/** A mapping of huge pages can be changed and released only by whole huge pages. */
import type { Amount } from "../analyzer/amount.js";
import { constantValue } from "../analyzer/amount.js";
import type { Call, MapEvent, Target } from "../analyzer/events.js";
import type { Flags } from "../analyzer/flags.js";
import { hasFlag } from "../analyzer/flags.js";
import type { Rule } from "./rule.js";
import { targetName } from "./terms.js";

export const hugetlbLength: Rule = {
  id: "hugetlb-length",
  summary:
    "a mapping of huge pages is not treated as one, or the size of a huge page is asked for without MAP_HUGETLB",
  why: "mmap() with MAP_HUGETLB rounds its length up to whole huge pages, but munmap() and mprotect() do not: with an address or a length that is no multiple they fail with EINVAL, and the memory stays as it is, out of a pool that is small. MAP_HUGE_2MB and its like only say which size; without MAP_HUGETLB they are ignored and the pages are ordinary ones.",
  help: "round the length up to the huge page once, and map, protect and unmap with that; give MAP_HUGETLB with MAP_HUGE_*",
  severity: "warning",
  cwe: [628],
  since: "0.1.0",
  references: ["mmap(2)", "munmap(2)", "mprotect(2)"],
  silent: [
    "A length that is not known.",
    "A length that is a multiple of the smallest huge page that a machine may have by default.",
    "The mapping without MAP_HUGETLB that is made when the other one fails.",
  ],
  on: {
    map: sizeWithoutHugePages,
    unmap: ({ call, target, length }) => broken(call, target, length, "and nothing is unmapped"),
    protect: ({ call, target, length }) => broken(call, target, length, "and nothing is protected"),
  },
};

const SIZE_FLAG = /^MAP_HUGE_(\d+)([KMG])B$/;

function sizeWithoutHugePages({ flags, call }: MapEvent): string | undefined {
  const size = [...flags.must].find((name) => SIZE_FLAG.test(name));
  return size === undefined || hasFlag(flags, "MAP_HUGETLB") !== "no"
    ? undefined
    : `${size} without MAP_HUGETLB: ${call.function}() ignores it and the pages are ordinary ones`;
}

const UNITS: Readonly<Record<string, number>> = { K: 1 << 10, M: 1 << 20, G: 1 << 30 };

/** The default differs between machines; on none in common use is it smaller. */
const SMALLEST_DEFAULT = 1 << 20;

/** What addresses and lengths certainly have to be a multiple of. */
function hugePage({ must }: Flags): number {
  for (const name of must) {
    const [, digits, unit] = SIZE_FLAG.exec(name) ?? [];
    if (digits !== undefined && unit !== undefined) return Number(digits) * (UNITS[unit] ?? 1);
  }
  return SMALLEST_DEFAULT;
}

function broken(
  call: Call,
  { mapping, offset, ...target }: Target,
  length: Amount | undefined,
  outcome: string,
): string | undefined {
  if (mapping?.source !== "mmap" || mapping.phase === "failed" || mapping.phase === "unmapped")
    return undefined;
  if (hasFlag(mapping.flags, "MAP_HUGETLB") !== "yes") return undefined;
  const unit = hugePage(mapping.flags);
  const name = targetName({ mapping, offset, ...target });
  if (isNoMultiple(length, unit))
    return `${name} consists of huge pages, and ${call.args[1]?.text ?? "the length"} is not a multiple of one: ${call.function}() fails with EINVAL ${outcome}`;
  return isNoMultiple(offset, unit)
    ? `${name} does not begin a huge page: ${call.function}() fails with EINVAL ${outcome}`
    : undefined;
}

/** A few ordinary pages are no huge page, whatever the size of a page is. */
const MOST_PAGES = 15;

function isNoMultiple(amount: Amount | undefined, unit: number): boolean {
  if (amount === undefined) return false;
  const n = constantValue(amount);
  if (n !== undefined) return n % unit !== 0;
  const [term, second] = amount.terms;
  return (
    second === undefined &&
    amount.constant === 0 &&
    term?.symbol.origin.kind === "page" &&
    term.coefficient <= MOST_PAGES
  );
}
