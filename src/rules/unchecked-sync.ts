/** A write-back error is reported once: to the msync() that waited for it. */
import type { RangeEvent } from "../analyzer/events.js";
import { hasFlag } from "../analyzer/flags.js";
import type { Finding } from "./rule.js";
import type { Rule } from "./rule.js";
import { isAnonymous, mayHaveDisk, targetName } from "./terms.js";

export const uncheckedSync: Rule = {
  id: "unchecked-sync",
  summary: "the result of msync() with MS_SYNC, or of mlock(), is dropped",
  why: "What is written through a mapping has no other way to say that it did not reach the disk: the kernel reports the error once, as the result of msync(MS_SYNC), and the next call returns 0. munmap() and close() say nothing. A dropped result of mlock() leaves pages that can be swapped out, which is the usual outcome at RLIMIT_MEMLOCK.",
  help: "test the result and report the failure to the caller; or cast the call to void where it may fail",
  severity: "warning",
  cwe: [252],
  since: "0.1.0",
  references: ["msync(2)", "mlock(2)", "POSIX.1-2024 msync"],
  silent: [
    "MS_ASYNC, which waits for nothing that could fail.",
    "A result that is dropped by a cast to void.",
    "Memory with no disk behind it: shm_open(), memfd_create(), devices, anonymous and private mappings.",
    "A mapping that the function has not written itself.",
    "munlock() and munlockall().",
  ],
  on: {
    sync: ({ call, target, flags }) =>
      call.used === false && call.direct && waits(flags) && isProduct(target)
        ? `the result of ${call.function}() is dropped: an error in writing ${targetName(target)} is reported only there, and only once`
        : undefined,
    lock: ({ call, target }) => unlocked(call, target),
    result: ({ callee, against }) =>
      callee === "mlockall" && against === "nothing"
        ? {
            message:
              "the result of mlockall() is dropped: when it fails, as it does at RLIMIT_MEMLOCK, all memory can be swapped out",
            severity: "note",
          }
        : undefined,
  },
};

function waits(flags: RangeEvent["flags"]): boolean {
  return hasFlag(flags, "MS_SYNC") === "yes" && hasFlag(flags, "MS_ASYNC") === "no";
}

/** What the function has written itself, into what is no memory without a disk as far as the source tells. */
function isProduct({ mapping }: RangeEvent["target"]): boolean {
  return (
    mapping !== undefined &&
    (mapping.phase === "live" || mapping.phase === "unchecked") &&
    (mapping.source === "mmap" || mapping.source === "given") &&
    mapping.written !== undefined &&
    isAnonymous(mapping) !== "yes" &&
    hasFlag(mapping.flags, "MAP_PRIVATE") !== "yes" &&
    mayHaveDisk(mapping.descriptor)
  );
}

function unlocked(call: RangeEvent["call"], target: RangeEvent["target"]): Finding | undefined {
  if (call.used !== false || !call.direct || !/^_*mlock2?$/.test(call.function)) return undefined;
  return {
    message: `the result of ${call.function}() is dropped: when it fails, as it does at RLIMIT_MEMLOCK, ${targetName(target)} can be swapped out`,
    severity: "note",
  };
}
