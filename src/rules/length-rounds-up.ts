/** Protection and advice work on whole pages: what stands behind the end in the last page is hit as well. */
import { pageAlignment, SMALLEST_PAGE } from "../analyzer/alignment.js";
import type { Amount } from "../analyzer/amount.js";
import { add, constantValue, subtract } from "../analyzer/amount.js";
import type { RangeEvent } from "../analyzer/events.js";
import type { Flags } from "../analyzer/flags.js";
import { hasFlag } from "../analyzer/flags.js";
import type { Mapping } from "../analyzer/mapping.js";
import type { Rule } from "./rule.js";
import { targetName } from "./terms.js";

export const lengthRoundsUp: Rule = {
  id: "length-rounds-up",
  summary: "the range ends inside a page, and the rest of that page holds other data",
  why: "The kernel rounds the length of mprotect() and madvise() up to whole pages. The data behind the end, up to the end of the page, loses its protection or its content too: a neighbour of a header becomes unreadable, or reads as zeros.",
  help: "let the part begin and end at a page, by padding it or by rounding its end down",
  severity: "warning",
  cwe: [131],
  since: "0.1.0",
  references: ["mprotect(2)", "madvise(2)"],
  silent: [
    "A range that ends where the mapping or the allocation ends: there is nothing behind it.",
    "A protection that allows more than before, and advice that keeps the content.",
    "A length that is not known, or that the page size or a power of two from 4096 divides.",
  ],
  on: {
    protect: (event) => (takesAway(event) ? rounded(event, "loses the same rights") : undefined),
    advise: (event) => (discards(event) ? rounded(event, "is discarded with it") : undefined),
  },
};

function takesAway({ target: { mapping }, flags }: RangeEvent): boolean {
  if (mapping === undefined) return false;
  const had = (right: string): boolean =>
    mapping.source === "heap" ? right !== "PROT_EXEC" : hasFlag(mapping.protection, right) === "yes";
  return ["PROT_READ", "PROT_WRITE"].some((right) => had(right) && hasFlag(flags, right) === "no");
}

/** Shared memory keeps its content: only the pages are dropped. */
function discards({ target: { mapping }, flags }: RangeEvent): boolean {
  if (mapping === undefined || !isPrivate(mapping)) return false;
  return isAdvice(flags, "MADV_DONTNEED") || isAdvice(flags, "MADV_FREE");
}

function isPrivate(mapping: Mapping): boolean {
  return mapping.source === "heap" || hasFlag(mapping.flags, "MAP_PRIVATE") === "yes";
}

function isAdvice(flags: Flags, name: string): boolean {
  return hasFlag(flags, name) === "yes";
}

function rounded({ call, target, length }: RangeEvent, outcome: string): string | undefined {
  const { mapping, offset } = target;
  if (mapping?.length === undefined || offset === undefined || length === undefined || target.varied)
    return undefined;
  if (mapping.phase === "failed" || mapping.phase === "unmapped") return undefined;
  // An address that begins no page is another matter: the call fails.
  if (pageAlignment(offset) === "unaligned" || pageAlignment(offset) === "unknown") return undefined;
  const size = constantValue(length);
  if (size === undefined || size === 0 || size % SMALLEST_PAGE === 0) return undefined;
  if (!isMore(subtract(mapping.length, add(offset, length))) && !isInHeap(mapping)) return undefined;
  return `${call.args[1]?.text ?? "the length"} ends inside a page: ${call.function}() rounds it up, and what follows in that page of ${targetName(target)} ${outcome}`;
}

/** The allocator puts others into the rest of the last page. */
function isInHeap({ source, length }: Mapping): boolean {
  return source === "heap" && (constantValue(length) ?? 0) % SMALLEST_PAGE !== 0;
}

/** Is something left for certain: a number above 0, or all of what is not known and that is added? */
function isMore({ constant, terms }: Amount): boolean {
  if (terms.length === 0) return constant > 0;
  return terms.every(({ coefficient }) => coefficient > 0);
}
