/**
 * Mapping: one piece of memory and its life.
 *
 *   mmap, mremap, shmat ──> unchecked ──(== MAP_FAILED)──> failed
 *                              │
 *                              └──(!= MAP_FAILED, or used)──> live ──(munmap, shmdt, moved by mremap)──> unmapped
 *
 * Memory that the function did not map itself but works on (`given`: a parameter, a field, a global), and memory of
 * malloc (`heap`), begin as live.
 */
import type { Site } from "../diagnostic.js";
import { type Amount, constantValue } from "./amount.js";
import type { Flags } from "./flags.js";
import { flagsKey, UNKNOWN_FLAGS } from "./flags.js";
import type { Value } from "./value.js";
import { valueKey } from "./value.js";

/** `null`: what a function of the program gives instead when it fails. */
export type Source = "mmap" | "mremap" | "shmat" | "heap" | "given" | "null";
export type Phase = "unchecked" | "failed" | "live" | "unmapped";

/**
 * Who must release it: `local`: this function, for nobody else knows it; `lent`: an unknown function has seen it and
 * may have kept it; `stored`: a place outside the function holds it; `escaped`: it was given away for good.
 */
export type Owner = "local" | "lent" | "stored" | "escaped";

export type Against = "MAP_FAILED" | "NULL" | "negative" | "address" | "other";

/** A test of the result that does not tell failure from success, or one that cannot be judged. */
export interface WeakTest {
  readonly against: "NULL" | "negative" | "maybe";
  readonly site: Site;
  /** What is tested is declared as a pointer. */
  readonly ofPointer?: boolean;
  /** Whatever reaches the test is the result of such a call; known when the whole function has been analyzed. */
  readonly sole?: boolean;
}

/** What is known of an open file descriptor. */
export interface FileDescriptor {
  /** `device`: a driver has been asked something through it. */
  readonly origin: "open" | "shm_open" | "memfd_create" | "socket" | "device" | "other";
  readonly mode: Flags;
  /** The name given to open(), when literal. */
  readonly path: string | undefined;
  readonly site: Site;
  /** Has the program given the object a size since it was opened: by writing, ftruncate() or fallocate()? */
  readonly sized: boolean;
  /** The ftruncate() that gave it its size, until something allocates its blocks; `ignored`: its result is dropped. */
  readonly truncated:
    { readonly site: Site; readonly ignored: boolean; readonly size: Amount | undefined } | undefined;
  /** Has something been written to it by a call? */
  readonly written: boolean;
  readonly closed: boolean;
  /** Somebody else has it, or may have it: what becomes of it is not known. */
  readonly handed: boolean;
  /** It was given to code that is not known, which may have done anything to the file. */
  readonly passed: boolean;
  /** shm_open() has made an object with a name that no function of the program removes. */
  readonly leftBehind: boolean;
}

/** A madvise() that gives the content up: MADV_DONTNEED, MADV_FREE. */
export interface Discard {
  readonly site: Site;
  readonly advice: string;
  /** Bytes past the start of the mapping; undefined when all of it is given up. */
  readonly offset: Amount | undefined;
}

/** The process has forked since it was mapped. */
export interface Fork {
  /** What fork() returned. */
  readonly pid: Amount;
  readonly site: Site;
  /** Then it held nothing but zeros. */
  readonly blank: boolean;
  readonly writtenByChild: boolean;
  readonly writtenByParent: boolean;
}

/** One moment of the story, told in the order of events. */
export interface Moment {
  readonly site: Site;
  readonly message: string;
  /** A call of a function that makes the mapping. */
  readonly isMaker?: boolean;
}

export interface Mapping {
  /** Unique on a path: where it was made, and how many calls deep. */
  readonly id: string;
  readonly source: Source;
  /** The function called: "mmap", "xmmap". */
  readonly function: string;
  readonly site: Site;
  /** The first name that the program gave it. */
  readonly name: string | undefined;
  readonly phase: Phase;
  readonly owner: Owner;
  /** An unknown function has had it, whoever owns it by now. */
  readonly seen: boolean;
  readonly weakTest: WeakTest | undefined;
  /** The address asked for. */
  readonly address: Value | undefined;
  /** In bytes; undefined when unknown. */
  readonly length: Amount | undefined;
  /** What the allocation of memory of the heap was told to align it to. */
  readonly alignment: Amount | undefined;
  /** The length argument as written. */
  readonly lengthText: string;
  readonly protection: Flags;
  readonly flags: Flags;
  /** The two arguments before they were read as flags: a wrapper's callers may know what it does not. */
  readonly raw: { readonly protection: Value; readonly flags: Value } | undefined;
  /** The fd argument; -1 for none. */
  readonly fd: Value | undefined;
  readonly descriptor: FileDescriptor | undefined;
  /** The struct member that the descriptor was read from. */
  readonly fdMember: string | undefined;
  /** In bytes. */
  readonly offset: Amount | undefined;
  /** Where it was last written since the last sync that waits. */
  readonly written: Site | undefined;
  /** The mapping that it replaces if it was made by mremap. */
  readonly replaces: string | undefined;
  /** Its last name was given to the result of the mremap made here, which may be MAP_FAILED. */
  readonly lostTo: { readonly id: string; readonly site: Site } | undefined;
  /** It is gone because mremap moved it, not because it was unmapped. */
  readonly moved: boolean;
  /** Where it was last written since the instruction cache was flushed. */
  readonly unflushed: Site | undefined;
  /** A loop has compared a pointer into it with another one. */
  readonly endCompared: boolean;
  /** The result was compared with the address asked for. */
  readonly compared: boolean;
  /** And was another. */
  readonly elsewhere: boolean;
  /** Has the function read or written it? Kept for `given` memory, so that callers know. */
  readonly accessed: "read" | "write" | undefined;
  /** The last bytes were set to NUL by the program, or more was mapped than the file has. */
  readonly terminated: boolean;
  /** It can be 0 as far as the path tells: the size of an empty file. */
  readonly mayBeEmpty: boolean;
  /** The path has looked at the length's remainder by the page size. */
  readonly pageTested: boolean;
  /** Where a part of it was unmapped, and whether what followed shows that as intended. */
  readonly partial:
    | {
        readonly site: Site;
        readonly message: string;
        readonly intended: boolean;
        /** What the call returned. */
        readonly result: Amount;
      }
    | undefined;
  readonly unmappedAt: Site | undefined;
  readonly unmappedBy: "munmap" | "shmdt" | undefined;
  /** msync() with MS_ASYNC since it was written. */
  readonly asyncAt: Site | undefined;
  /** The path went past a release of it because of a condition that says nothing of the mapping. */
  readonly declined: boolean;
  /** An access after its end has been told. */
  readonly told: boolean;
  /** Offsets, as keys, at which library functions have copied bytes: any number may be such an offset. */
  readonly byteOffsets: readonly string[];
  /** The result of the last unknown function that was given it: that may own it now. */
  readonly takenBy: string | undefined;
  /** Unmapped only under a condition that may not have held, or by a call that has failed. */
  readonly uncertain: boolean;
  /** The result of the call that has unmapped it, by its symbol. */
  readonly endedBy: string | undefined;
  /** Where it was locked into memory, by mlock() or MAP_LOCKED, and still is. */
  readonly locked: Site | undefined;
  /** Where it was unlocked again. */
  readonly unlockedAt: Site | undefined;
  /** It may have been wiped since the function last wrote into it. */
  readonly wiped: boolean;
  /** What had been written was given up, and nothing has been written since. */
  readonly discarded: Discard | undefined;
  readonly forked: Fork | undefined;
  /** MADV_DONTFORK: a child does not have it. */
  readonly notInherited: boolean;
  /** The file was made shorter than the mapping, and has not grown since. */
  readonly shrunk: { readonly site: Site; readonly length: Amount } | undefined;
  /** Left out of equality. */
  readonly history: readonly Moment[];
}

/** Made by a call that fails with (void *)-1. */
export function isOfMappingCall({ source }: Mapping): boolean {
  return source === "mmap" || source === "mremap" || source === "shmat";
}

/** Equality without history, as joins and the fixpoint need it. */
export function sameMapping(a: Mapping, b: Mapping): boolean {
  if (a === b) return true;
  return (
    a.phase === b.phase &&
    a.owner === b.owner &&
    a.seen === b.seen &&
    a.weakTest?.against === b.weakTest?.against &&
    a.weakTest?.site.start === b.weakTest?.site.start &&
    a.lostTo?.id === b.lostTo?.id &&
    a.endCompared === b.endCompared &&
    a.compared === b.compared &&
    a.elsewhere === b.elsewhere &&
    a.terminated === b.terminated &&
    (a.unflushed === undefined) === (b.unflushed === undefined) &&
    a.accessed === b.accessed &&
    a.told === b.told &&
    a.uncertain === b.uncertain &&
    a.endedBy === b.endedBy &&
    a.declined === b.declined &&
    a.partial?.intended === b.partial?.intended &&
    a.partial?.site.start === b.partial?.site.start &&
    a.asyncAt?.start === b.asyncAt?.start &&
    (a.written === undefined) === (b.written === undefined) &&
    (a.locked === undefined) === (b.locked === undefined) &&
    (a.unlockedAt === undefined) === (b.unlockedAt === undefined) &&
    a.wiped === b.wiped &&
    a.shrunk?.site.start === b.shrunk?.site.start &&
    a.notInherited === b.notInherited &&
    sameFork(a.forked, b.forked) &&
    a.discarded?.site.start === b.discarded?.site.start &&
    factsKey(a) === factsKey(b)
  );
}

/** Has the same happened to the file since it was opened? */
export function sameProgress(a: FileDescriptor, b: FileDescriptor): boolean {
  return (
    a.origin === b.origin &&
    a.sized === b.sized &&
    a.written === b.written &&
    a.closed === b.closed &&
    a.handed === b.handed &&
    a.passed === b.passed
  );
}

function sameFork(a: Fork | undefined, b: Fork | undefined): boolean {
  return (
    a?.site.start === b?.site.start &&
    a?.blank === b?.blank &&
    a?.writtenByChild === b?.writtenByChild &&
    a?.writtenByParent === b?.writtenByParent
  );
}

function factsKey(m: Mapping): string {
  const length = m.length === undefined ? "?" : valueKey({ kind: "amount", amount: m.length });
  const offset = m.offset === undefined ? "?" : valueKey({ kind: "amount", amount: m.offset });
  return `${length};${offset};${flagsKey(m.protection)};${flagsKey(m.flags)};${m.descriptor?.sized};${m.descriptor?.truncated?.site.start};${m.descriptor?.site.start}`;
}

export function tell(mapping: Mapping, site: Site, message: string): readonly Moment[] {
  const last = mapping.history.at(-1);
  if (mapping.history.length >= MAX_HISTORY) return mapping.history;
  if (last?.site.start === site.start && last.message === message) return mapping.history;
  return [...mapping.history, { site, message }];
}

/** A loop would otherwise lengthen the story on every turn. */
const MAX_HISTORY = 12;

/** The parts that a mapping starts with, whatever made it. */
export function newMapping(
  base: Pick<Mapping, "id" | "source" | "function" | "site"> & Partial<Mapping>,
): Mapping {
  return {
    name: undefined,
    phase: "live",
    owner: "local",
    seen: false,
    weakTest: undefined,
    address: undefined,
    length: undefined,
    alignment: undefined,
    lengthText: "",
    protection: UNKNOWN_FLAGS,
    flags: UNKNOWN_FLAGS,
    raw: undefined,
    fd: undefined,
    descriptor: undefined,
    fdMember: undefined,
    offset: undefined,
    written: undefined,
    replaces: undefined,
    lostTo: undefined,
    moved: false,
    unflushed: undefined,
    endCompared: false,
    compared: false,
    elsewhere: false,
    accessed: undefined,
    mayBeEmpty: false,
    pageTested: false,
    partial: undefined,
    unmappedAt: undefined,
    unmappedBy: undefined,
    asyncAt: undefined,
    declined: false,
    told: false,
    takenBy: undefined,
    byteOffsets: [],
    uncertain: false,
    endedBy: undefined,
    terminated: false,
    locked: undefined,
    unlockedAt: undefined,
    wiped: false,
    discarded: undefined,
    forked: undefined,
    notInherited: false,
    shrunk: undefined,
    history: [],
    ...base,
  };
}

/** Forced over the start of a reservation that the same wrapper has made: its callers know both by this one address. */
export function takesReservationOver({ id, address }: Mapping): boolean {
  const wrapper = id.slice(0, id.lastIndexOf("/") + 1);
  return (
    wrapper !== "" &&
    address?.kind === "pointer" &&
    address.mapping.startsWith(wrapper) &&
    constantValue(address.offset) === 0
  );
}

/** Found by others when this function ends without releasing it. */
export function isShared(mapping: Mapping): boolean {
  return mapping.owner === "stored" || mapping.owner === "escaped";
}
