/**
 * Flags: a bit mask as the names that are certainly set and those that are possibly set. Names, never numbers: the
 * numbers differ between machines and projects redefine them.
 */

export interface Flags {
  readonly must: ReadonlySet<string>;
  /** A superset of `must`. */
  readonly may: ReadonlySet<string>;
  /** Bits without a name may be set too. */
  readonly open: boolean;
}

const NONE: ReadonlySet<string> = new Set();
export const NO_FLAGS: Flags = { must: NONE, may: NONE, open: false };
export const UNKNOWN_FLAGS: Flags = { must: NONE, may: NONE, open: true };

/** The names that mmap's family and open() take as bits or numbers. */
const FLAG_NAME = /^(?:MAP|PROT|MS|MADV|POSIX_MADV|O|MREMAP|MFD|MLOCK|MCL|SHM|PKEY|F_SEAL)_[A-Z0-9_]+$/;
const NOT_A_FLAG =
  /^(?:MAP_FAILED|MAP_SIZE|MAP_LEN(?:GTH)?|MAP_(?:HUGE_)?(?:SHIFT|MASK)|MAP_TYPE|MS_PER_.*|O_SIZE|SHM_(?:SIZE|LEN|KEY|NAME).*|PROT_SIZE)$/;

/** What projects call MAP_ANONYMOUS or MAP_ANON, whichever the system has. */
const ANONYMOUS_ALIAS = /^\w+_MAP_ANON(?:YMOUS)?$/;

/** Other spellings of the same flag. */
const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ["MAP_ANON", "MAP_ANONYMOUS"],
  ["PROT_EXECUTE", "PROT_EXEC"],
]);

export function isFlagName(name: string): boolean {
  return ANONYMOUS_ALIAS.test(name) || (FLAG_NAME.test(name) && !NOT_A_FLAG.test(name));
}

export function flag(name: string): Flags {
  const names = new Set([ANONYMOUS_ALIAS.test(name) ? "MAP_ANONYMOUS" : (SYNONYMS.get(name) ?? name)]);
  return { must: names, may: names, open: false };
}

export function hasFlag(flags: Flags, name: string): "yes" | "no" | "unknown" {
  if (flags.must.has(name)) return "yes";
  return flags.may.has(name) || flags.open ? "unknown" : "no";
}

export function orFlags(a: Flags, b: Flags): Flags {
  return { must: union(a.must, b.must), may: union(a.may, b.may), open: a.open || b.open };
}

/** `a & ~b`, for an exactly known b. */
export function withoutFlags(a: Flags, b: Flags): Flags {
  return { must: difference(a.must, b.may), may: difference(a.may, b.must), open: a.open };
}

/** `a & b`. */
export function maskFlags(a: Flags, b: Flags): Flags {
  const may = b.open ? a.may : a.open ? b.may : new Set([...a.may].filter((name) => b.may.has(name)));
  const must = new Set([...a.must].filter((name) => b.must.has(name)));
  return { must, may: union(may, must), open: a.open && b.open };
}

/** What holds where two paths meet. */
export function joinFlags(a: Flags, b: Flags): Flags {
  if (a === b) return a;
  return {
    must: new Set([...a.must].filter((n) => b.must.has(n))),
    may: union(a.may, b.may),
    open: a.open || b.open,
  };
}

export function sameFlags(a: Flags, b: Flags): boolean {
  return a === b || (a.open === b.open && sameSet(a.must, b.must) && sameSet(a.may, b.may));
}

/** Known to the last bit on every path. */
export function isExact(flags: Flags): boolean {
  return !flags.open && flags.must.size === flags.may.size;
}

export function flagsKey(flags: Flags): string {
  return `${[...flags.must].sort().join("|")}/${[...flags.may].sort().join("|")}${flags.open ? "…" : ""}`;
}

/** As a person would write it: "PROT_READ|PROT_WRITE". */
export function describeFlags(flags: Flags): string {
  const names = [...flags.must];
  return names.length === 0 ? "0" : names.join("|");
}

const PROTECTION_BITS: readonly (readonly [number, string])[] = [
  [1, "PROT_READ"],
  [2, "PROT_WRITE"],
  [4, "PROT_EXEC"],
];

/** PROT_* have the same values on all systems. */
export function protectionOfNumber(value: number): Flags {
  if (value < 0 || value > 7) return UNKNOWN_FLAGS;
  const names = new Set(PROTECTION_BITS.filter(([bit]) => (value & bit) !== 0).map(([, name]) => name));
  return { must: names, may: names, open: false };
}

/** Only the two sharing bits and zero have the same values on all systems. */
export function mapFlagsOfNumber(value: number): Flags {
  switch (value) {
    case 0:
      return NO_FLAGS;
    case 1:
      return flag("MAP_SHARED");
    case 2:
      return flag("MAP_PRIVATE");
    default:
      return UNKNOWN_FLAGS;
  }
}

/** O_RDONLY, O_WRONLY and O_RDWR are 0, 1 and 2 everywhere that matters. */
export function openFlagsOfNumber(value: number): Flags {
  return value === 0
    ? flag("O_RDONLY")
    : value === 1
      ? flag("O_WRONLY")
      : value === 2
        ? flag("O_RDWR")
        : UNKNOWN_FLAGS;
}

function union(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  if (b.size === 0) return a;
  if (a.size === 0) return b;
  return new Set([...a, ...b]);
}

function difference(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  return b.size === 0 ? a : new Set([...a].filter((name) => !b.has(name)));
}

function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const name of a) if (!b.has(name)) return false;
  return true;
}
