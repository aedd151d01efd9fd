/** The errors of the system calls: numbers, names, and what programs print of them. */
import { constants } from "node:os";
import type { ErrnoName } from "./experiments.js";

export function errnoNumber(name: ErrnoName): number {
  return constants.errno[name];
}

/** What strerror(3) says: glibc first, then musl where it differs. */
const MESSAGES: Readonly<Record<ErrnoName, readonly string[]>> = {
  EACCES: ["Permission denied"],
  EINVAL: ["Invalid argument"],
  EIO: ["Input/output error", "I/O error"],
  ENOMEM: ["Cannot allocate memory", "Out of memory"],
  ENOSPC: ["No space left on device"],
};

/** Whether a text tells of the error, in words or by name. */
export function mentions(text: string, error: ErrnoName): boolean {
  const lower = text.toLowerCase();
  return [error, ...MESSAGES[error]].some((words) => lower.includes(words.toLowerCase()));
}
