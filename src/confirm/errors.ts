/** The errors of the system calls: numbers, names, and what programs print of them. */
import { constants } from "node:os";
import type { ErrnoName } from "./experiments.js";

/** As strerror(3) of the C library has them. */
const MESSAGES: Readonly<Record<ErrnoName, string>> = {
  EACCES: "Permission denied",
  EINVAL: "Invalid argument",
  EIO: "Input/output error",
  ENOMEM: "Cannot allocate memory",
  ENOSPC: "No space left on device",
};

export function errnoNumber(name: ErrnoName): number {
  return constants.errno[name];
}

/** `EINVAL`; the number where it has no name. */
export function errnoName(number: number): string {
  return Object.entries(constants.errno).find(([, value]) => value === number)?.[0] ?? `errno ${number}`;
}

/** Whether a text tells of the error, in words or by name. musl says "Out of memory", "I/O error". */
export function mentions(text: string, error: ErrnoName): boolean {
  const words = [MESSAGES[error], error, ...(MUSL[error] === undefined ? [] : [MUSL[error]])];
  const lower = text.toLowerCase();
  return words.some((word) => lower.includes(word.toLowerCase()));
}

const MUSL: Readonly<Partial<Record<ErrnoName, string>>> = { ENOMEM: "Out of memory", EIO: "I/O error" };
