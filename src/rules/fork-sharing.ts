/** Private memory is copied on write after fork(); a lock in shared memory must be made for more than one process. */
import type { AccessEvent } from "../analyzer/events.js";
import { hasFlag } from "../analyzer/flags.js";
import type { Finding, Rule } from "./rule.js";
import { isAnonymous, nameOf } from "./terms.js";

export const forkSharing: Rule = {
  id: "fork-sharing",
  summary: "processes do not share what they are meant to share",
  why: "After fork() each process has its own copy of private memory: what the child writes, the parent never sees. Memory with MADV_DONTFORK is not there at all in the child. A mutex, condition variable or semaphore that was made for one process, the default, does not work between processes, even in shared memory: a waiter sleeps for ever, or two get in.",
  help: "map with MAP_SHARED | MAP_ANONYMOUS; make locks with PTHREAD_PROCESS_SHARED, semaphores with pshared 1",
  severity: "warning",
  cwe: [],
  since: "0.1.0",
  findsAbsence: true,
  references: [
    "mmap(2)",
    "fork(2)",
    "madvise(2)",
    "pthread_mutexattr_setpshared(3)",
    "sem_init(3)",
    "POSIX.1-2024 pthread_mutexattr_getpshared",
  ],
  silent: [
    "Memory that each process writes for itself, or that the parent filled before fork().",
    "A child that does not end before the common code: it reads what it has written itself.",
    "Attributes of which nothing is known, or that are shared on some path.",
    "Locks in private memory.",
  ],
  on: {
    access: (event) => unshared(event) ?? gone(event) ?? ownLock(event),
  },
};

function unshared({ mapping, mode, childWrote }: AccessEvent): Finding | undefined {
  const { forked } = mapping;
  if (mode !== "read" || childWrote === undefined || forked === undefined) return undefined;
  if (!forked.blank || forked.writtenByParent) return undefined;
  if (isAnonymous(mapping) !== "yes" || hasFlag(mapping.flags, "MAP_PRIVATE") !== "yes") return undefined;
  return {
    message: `${nameOf(mapping)} is private memory, but a child of fork() writes it for its parent to read: the parent goes on reading zeros`,
    site: mapping.site,
  };
}

function gone({ mapping, process }: AccessEvent): string | undefined {
  return process === "child" && mapping.notInherited && mapping.phase === "live"
    ? `${nameOf(mapping)} is used in the child, which does not have it: MADV_DONTFORK was given`
    : undefined;
}

function ownLock({ mapping, lockOfProcess, by }: AccessEvent): Finding | undefined {
  if (!lockOfProcess || hasFlag(mapping.flags, "MAP_SHARED") !== "yes") return undefined;
  const message = `${nameOf(mapping)} is shared between processes, but ${by ?? "this call"}() makes a lock for the threads of one process: others hang on it or ignore it`;
  // Each process of those that attach a segment may have a part of it, lock and all, for its own threads.
  return mapping.source === "shmat" ? { message, severity: "note" } : { message };
}
