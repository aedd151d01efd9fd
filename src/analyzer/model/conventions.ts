/** How the functions of POSIX that programs call around mappings say that they have failed. */

/** -1, with errno saying why; or the error number itself, leaving errno alone. */
export type Convention = "minus one" | "error number";

const ERROR_NUMBER =
  /^(?:posix_(?:madvise|memalign|fadvise(?:64)?|fallocate(?:64)?|spawnp?)|clock_nanosleep|pthread_(?:create|join|detach|cancel|kill|sigmask|once|atfork|setname_np|(?:set|get)(?:affinity_np|schedparam|concurrency)|key_(?:create|delete)|setspecific|(?:attr|condattr|mutexattr|rwlockattr|barrierattr)_\w+|(?:mutex|cond|rwlock|spin)_(?:init|destroy|lock|trylock|timedlock|unlock|signal|broadcast|wait|timedwait|rdlock|wrlock|tryrdlock|trywrlock|consistent)|barrier_(?:init|destroy)))$/;

const MINUS_ONE =
  /^(?:munmap|msync|madvise|mlock2?|munlock|mlockall|munlockall|mincore|shmdt|shmctl|ftruncate(?:64)?|truncate(?:64)?|fsync|fdatasync|close|shm_unlink|unlink)$/;

/** The convention of a library function; undefined for others. */
export function conventionOf(name: string): Convention | undefined {
  if (ERROR_NUMBER.test(name)) return "error number";
  return MINUS_ONE.test(name) ? "minus one" : undefined;
}

/** Upper-case names are macros of headers that were not read. */
export function isMacroName(name: string): boolean {
  return /^_*[A-Z][A-Z0-9_]*$/.test(name);
}
