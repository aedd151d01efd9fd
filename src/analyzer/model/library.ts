/** Looks library functions up by name. */
import { LIBC } from "./libc.js";
import type { LibraryModel } from "./model.js";
import { POSIX } from "./posix.js";

const LIBRARY: ReadonlyMap<string, LibraryModel> = new Map([...LIBC, ...POSIX]);
const FAMILY: ReadonlySet<string> = new Set(POSIX.map(([name]) => name));

/** The functions that have a model, but for aliases. */
export const LIBRARY_NAMES: readonly string[] = [...LIBRARY.keys()];

/** `__mmap`, `_munmap`: the C library's own names for the same functions; `sys_mmap`: the bare system call. */
const ALIAS =
  /^(?:_{1,2}(?:libc_|sys_|real_)?|sys_)((?:m(?:map(?:64)?|unmap|remap|protect|sync|advise|lock))|exit|open|close)$/;

/** The number of a system call of the family, as syscall(2) takes it. */
const NUMBER = /^(?:SYS|__NR)_(m(?:map2?|unmap|remap|protect|sync|advise|lock)|shmat|shmdt)$/;

/** The function that a system call's number stands for; mmap2 takes its offset in units of 4096 bytes. */
export function systemCall(number: string): string | undefined {
  return NUMBER.exec(number)?.[1];
}

/** Gives what the kernel gives: a negative errno instead of -1. */
export function isBareCall(name: string): boolean {
  return /^(?:_{1,2})?sys_/.test(name);
}

/** The model of a library function; undefined for anything else. */
export function libraryModel(name: string): LibraryModel | undefined {
  const model = LIBRARY.get(name);
  if (model !== undefined) return model;
  const alias = ALIAS.exec(name)?.[1];
  return alias === undefined ? undefined : LIBRARY.get(alias);
}

/** The name in the man pages of a function of the mmap family; undefined for other functions. */
export function familyName(name: string): string | undefined {
  if (FAMILY.has(name)) return name;
  const alias = ALIAS.exec(name)?.[1] ?? systemCall(name)?.replace("mmap2", "mmap");
  return alias !== undefined && FAMILY.has(alias) ? alias : undefined;
}

/** Does a function that uses one of these names have to be analyzed? */
export function isFamilyName(name: string): boolean {
  return familyName(name) !== undefined;
}
