/** Some advice is none: MADV_DONTNEED, MADV_FREE and MADV_REMOVE give up what the memory holds, or fail. */
import type { AccessEvent, RangeEvent } from "../analyzer/events.js";
import { sameAmount } from "../analyzer/amount.js";
import type { Flags } from "../analyzer/flags.js";
import { hasFlag } from "../analyzer/flags.js";
import type { Mapping } from "../analyzer/mapping.js";
import type { Rule } from "./rule.js";
import { isAnonymous, nameOf, targetName } from "./terms.js";

export const madviseDiscard: Rule = {
  id: "madvise-discard",
  summary: "advice discards memory that is still needed, or cannot discard it at all",
  why: "MADV_DONTNEED empties private memory at once: anonymous pages read as zeros, pages of a private file mapping revert to the file. MADV_FREE does so later, when memory is short, so tests pass. MADV_REMOVE punches a hole into the file itself. On the wrong kind of memory, or on locked memory, the call fails and nothing is released.",
  help: "give the advice only for memory whose content nobody needs, and of the kind that the advice is for",
  severity: "warning",
  cwe: [],
  since: "0.1.0",
  references: ["madvise(2)", "posix_madvise(3)"],
  silent: [
    "Memory that is written again before it is read.",
    "An allocator that purges pages nobody uses.",
    "Shared memory and unchanged file mappings, whose content comes back.",
    "A probe that compares the memory with memcmp() or memchr() to learn what the system does.",
    "Advice for one kind of the program's objects: a member beside the address is asked first.",
    "The path on which madvise() has failed.",
  ],
  on: {
    advise: (event) => (event.keepsContent ? notPosix(event) : failing(event)),
    access: (event) => readsDiscarded(event),
  },
};

function is(flags: Flags, name: string): boolean {
  return hasFlag(flags, name) === "yes";
}

/** POSIX_MADV_DONTNEED and MADV_DONTNEED are one number on Linux, the others are not of posix_madvise(). */
function notPosix({ flags, target, call, kindAsked }: RangeEvent): string | undefined {
  const what = targetName(target);
  const name = ["MADV_REMOVE", "MADV_FREE"].find((advice) => is(flags, advice));
  if (name !== undefined)
    return kindAsked
      ? undefined
      : `${name} is no advice of ${call.function}(): where the C library hands it on, ${what} loses its content`;
  return is(flags, "MADV_DONTNEED")
    ? `MADV_DONTNEED is no advice of ${call.function}(): the C library ignores it, and nothing of ${what} is released`
    : undefined;
}

/** madvise(2), ERRORS: the kernel refuses these, and the memory stays as it is. */
function failing({ flags, target }: RangeEvent): string | undefined {
  const { mapping } = target;
  if (mapping === undefined || mapping.phase === "unmapped" || mapping.phase === "failed") return undefined;
  const what = targetName(target);
  const advice = ["MADV_DONTNEED", "MADV_FREE", "MADV_REMOVE"].find((name) => is(flags, name));
  if (advice === undefined) return undefined;
  if (mapping.locked !== undefined)
    return `${what} is locked: ${advice} fails with EINVAL, and nothing is released`;
  if (advice === "MADV_FREE" && isShared(mapping))
    return `${what} is shared: MADV_FREE is for private anonymous memory and fails with EINVAL`;
  if (advice === "MADV_FREE" && isAnonymous(mapping) === "no")
    return `${what} is a file mapping: MADV_FREE is for private anonymous memory and fails with EINVAL`;
  if (advice === "MADV_REMOVE" && is(mapping.flags, "MAP_PRIVATE"))
    return `${what} is private: MADV_REMOVE is for shared memory and fails, and nothing is released`;
  return undefined;
}

function isShared({ flags }: Mapping): boolean {
  return is(flags, "MAP_SHARED") && hasFlag(flags, "MAP_PRIVATE") === "no";
}

/** Who reads like this wants to know whether the content is still there. */
const COMPARES: ReadonlySet<string> = new Set(["memcmp", "bcmp", "memchr", "memrchr", "rawmemchr"]);

function readsDiscarded({ mapping, mode, offset, by, viaHint }: AccessEvent): string | undefined {
  const { discarded } = mapping;
  if (mode !== "read" || discarded === undefined || viaHint || mapping.phase !== "live") return undefined;
  if (mapping.owner === "escaped" || (by !== undefined && COMPARES.has(by))) return undefined;
  if (discarded.offset !== undefined && !sameAmount(discarded.offset, offset)) return undefined;
  const found = isAnonymous(mapping) === "yes" ? "zeros" : "what the file holds";
  return discarded.advice === "MADV_FREE"
    ? `${nameOf(mapping)} is read after MADV_FREE gave its content up: what was written may be gone, or still there`
    : `${nameOf(mapping)} is read after MADV_DONTNEED gave its content up: it holds ${found}, not what was written`;
}
