/** Looks library functions up by name. */
import { LIBC } from "./libc.js";
import type { LibraryModel } from "./model.js";
import { POSIX } from "./posix.js";

const LIBRARY: ReadonlyMap<string, LibraryModel> = new Map([...LIBC, ...POSIX]);
const FAMILY: ReadonlySet<string> = new Set(POSIX.map(([name]) => name));

/** The functions that have a model, but for aliases. */
export const LIBRARY_NAMES: readonly string[] = [...LIBRARY.keys()];

/** `__mmap`, `_munmap`: the C library's own names for the same functions. */
const ALIAS =
  /^_{1,2}(?:libc_|sys_|real_)?((?:m(?:map(?:64)?|unmap|remap|protect|sync|advise|lock))|exit|open|close)$/;

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
  const alias = ALIAS.exec(name)?.[1];
  return alias !== undefined && FAMILY.has(alias) ? alias : undefined;
}

/** Does a function that uses one of these names have to be analyzed? */
export function isFamilyName(name: string): boolean {
  return familyName(name) !== undefined;
}
