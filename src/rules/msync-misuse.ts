/** Only MS_SYNC waits for the disk; MS_ASYNC starts nothing on Linux. */
import { constantValue } from "../analyzer/amount.js";
import type { RangeEvent } from "../analyzer/events.js";
import { hasFlag, isExact } from "../analyzer/flags.js";
import type { Finding } from "./rule.js";
import type { Rule } from "./rule.js";
import { isAnonymous, isPrivateFileWritten, targetName } from "./terms.js";

export const msyncMisuse: Rule = {
  id: "msync-misuse",
  summary: "a call of msync() does not do what it is meant to",
  why: "MS_ASYNC returns at once and on Linux starts no write-back at all, so a commit that follows it is no commit. MS_SYNC together with MS_ASYNC is EINVAL. On MAP_PRIVATE memory msync() returns 0 and writes nothing; after munmap() it is ENOMEM; and a range that is too short leaves the rest unwritten.",
  help: "call msync(p, len, MS_SYNC) on the shared mapping, over the range that was written, before munmap()",
  severity: "warning",
  cwe: [628],
  since: "0.1.0",
  references: ["msync(2)", "POSIX.1-2024 msync"],
  silent: [
    "MS_ASYNC as a hint, with nothing after it that relies on the disk.",
    "MS_INVALIDATE together with MS_SYNC or MS_ASYNC.",
    "Flags that are not known.",
  ],
  on: {
    sync: (event) => (swapped(event) ? undefined : (wrongFlags(event) ?? wrongTarget(event))),
    exit: ({ mapping, function: name, returns }) =>
      mapping.asyncAt !== undefined &&
      mapping.written !== undefined &&
      returns !== "failure" &&
      ASKS_FOR_DURABILITY.test(name)
        ? {
            message: "MS_ASYNC starts no writing on Linux: nothing is on disk when msync() returns",
            site: mapping.asyncAt,
          }
        : undefined,
  },
};

const ASKS_FOR_DURABILITY = /(?:^|_)(?:save|commit|sync|flush|persist|checkpoint)/i;

/** Length and flags exchanged: said by another rule. */
function swapped({ call }: RangeEvent): boolean {
  const third = call.args[2]?.value;
  if (third?.kind === "amount" && (constantValue(third.amount) ?? 8) >= 8) return true;
  const second = call.args[1]?.value;
  return second?.kind === "flags" && [...second.flags.must].some((name) => name.startsWith("MS_"));
}

function wrongFlags({ flags, target }: RangeEvent): Finding | undefined {
  // MS_INVALIDATE alone on what the program has not written: it wants to see what others wrote.
  const onlyRereads =
    flags.must.has("MS_INVALIDATE") && target.mapping !== undefined && target.mapping.written === undefined;
  const waits = hasFlag(flags, "MS_SYNC");
  const starts = hasFlag(flags, "MS_ASYNC");
  if (waits === "yes" && starts === "yes")
    return {
      message: "MS_SYNC with MS_ASYNC: msync() fails with EINVAL and writes nothing",
      severity: "error",
    };
  if (
    isExact(flags) &&
    waits === "no" &&
    starts === "no" &&
    [...flags.must].every((f) => f === "MS_INVALIDATE") &&
    !onlyRereads
  ) {
    return { message: "neither MS_SYNC nor MS_ASYNC: msync() waits for nothing" };
  }
  return undefined;
}

function wrongTarget({ target, length, call }: RangeEvent): Finding | undefined {
  const { mapping } = target;
  const what = targetName(target);
  if (call.args[1]?.sizeofPointer === true)
    return { message: `${call.args[1].text} is the size of the pointer: the rest of ${what} is not written` };
  if (length !== undefined && constantValue(length) === 0)
    return { message: `a length of 0: msync() writes nothing of ${what}` };
  if (mapping === undefined) return undefined;
  if (mapping.phase === "unmapped" && !mapping.moved)
    return {
      message: `${what} is synced after it was unmapped: msync() fails with ENOMEM`,
      severity: "error",
    };
  if (isAnonymous(mapping) === "yes")
    return { message: `${what} is anonymous memory: msync() has no file to write to` };
  // Written: said by another rule, which knows what is lost.
  if (hasFlag(mapping.flags, "MAP_PRIVATE") === "yes" && !isPrivateFileWritten(mapping))
    return { message: `${what} is a private mapping: msync() never writes it to the file` };
  return undefined;
}
