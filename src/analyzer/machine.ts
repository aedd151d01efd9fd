/** What running one instruction needs: the state it changes, the function it is in, and where events go. */
import type { Believed } from "./believed.js";
import type { Site } from "../diagnostic.js";
import type { Amount } from "./amount.js";
import type { AccessEvent, Call, Event, RangeEvent, ReleaseEvent, UnmapEvent } from "./events.js";
import type { Cfg } from "./ir.js";
import type { Mapping } from "./mapping.js";
import type { Range } from "./range.js";
import type { LibraryModel } from "./model/model.js";
import type { State } from "./state.js";
import type { Summary } from "./summary.js";
import type { Place, Value } from "./value.js";

export interface Freed {
  readonly struct: string;
  readonly closes: string | undefined;
  /** The function has allocated it itself. */
  readonly own: boolean;
  readonly site: Site;
}

export interface Pointed {
  /** The key of the place. */
  readonly key: string;
  readonly mapping: Mapping;
  /** Bytes past the mapping's start. */
  readonly offset: Amount;
  /** Objects of the same struct were given pointers to different places in it. */
  readonly ambiguous: boolean;
  /** A loop puts one mapping after the other into the same object. */
  readonly repeated: boolean;
  readonly site: Site;
}

/** When the function ends, or gives the struct to unknown code: a mapping in a struct member, and what the members beside it hold. */
export interface KeptMember {
  readonly member: string;
  readonly mapping: Mapping;
  /** Bytes from the mapping's start to where the member points. */
  readonly offset: Amount;
  /** By member, "struct shm.size". */
  readonly beside: ReadonlyMap<string, Amount>;
  /** Where the struct's members are in the function: what their places begin with. */
  readonly struct: string;
}

/** What a struct member holds is unmapped. */
export interface UnmappedMember {
  readonly member: string;
  readonly call: Call;
  readonly text: string;
  /** The member that gives the length, or the length itself where it is a constant. */
  readonly lengthMember: string | undefined;
  readonly length: Amount | undefined;
  /** The length, where it is computed from members of the same struct. */
  readonly lengthInMembers: Amount | undefined;
  readonly lengthText: string;
  /** The place that it was read from. */
  readonly place: string | undefined;
  /** The path there has asked another member of the struct, or another variable at file scope. */
  readonly guarded: boolean;
}

/** How a path ends: by their keys, the places that it was given and has unmapped, and the bounds of what it has asked. */
export interface Ending {
  readonly unmapped: ReadonlySet<string>;
  readonly asked: ReadonlyMap<string, Range>;
  readonly hasFailed: boolean;
}

/**
 * When the function ends, a place that outlives it holds the result of a mapping call that failed; or, where the function
 * itself has failed, still points to what it has unmapped.
 */
export interface FailedHeld {
  /** As in HolderTests. */
  readonly holder: string;
  readonly name: string;
  readonly mapping: Mapping;
  /**
   * Why others look there whatever the function returns: it was there before the function was called (`given`), its struct
   * was put where the caller has it (`linked`), or the function has not failed (`success`).
   */
  readonly stays?: "given" | "linked" | "success";
}

/**
 * How functions test what they find in places that outlive them: a struct member, "struct shm.base", or a variable at
 * file scope, "::table".
 */
export interface HolderTests {
  readonly againstNull: Map<string, Site>;
  readonly againstFailed: Set<string>;
  /** The result of an unknown function that is tested against MAP_FAILED where it was stored. */
  readonly ofResults: Map<string, { readonly site: Site; readonly function: string }>;
}

/** What a function does with memory that it has found in a place which outlives functions. */
export interface HeldUse {
  /** As in HolderTests. */
  readonly holder: string;
  /** Bytes past what the place points to. */
  readonly offset: Amount;
  /** As it would be told of the mapping that others have put there. */
  readonly event: AccessEvent | RangeEvent | ReleaseEvent | UnmapEvent;
}

/** The function being analyzed. */
export interface Context {
  readonly cfg: Cfg;
  /** The places outside the function that it has written, by key. */
  readonly places: Map<string, Place>;
  /** The struct members that its own variables' members are, by key. */
  readonly localMembers: Map<string, string>;
  /** Those of them that it has written itself, not a function it calls. */
  readonly written: Set<string>;
  /** Struct members whose value it has given to somebody else. */
  readonly letGo: Set<string>;
  readonly kept: KeptMember[];
  /** The last pointer into a mapping that each member was given, in the order of the text. */
  readonly pointed: Map<string, Pointed>;
  /** Members that were set to NULL while they held something for certain. */
  readonly nulled: Map<string, Site>;
  readonly unmapped: UnmappedMember[];
  readonly failed: FailedHeld[];
  readonly endings: Ending[];
  readonly uses: Map<string, HeldUse>;
  /** Places that outlive it into which it has put something else than a mapping, NULL or MAP_FAILED. */
  readonly refilled: Set<string>;
  /** Members and globals that the function has set to NULL where a mapping had failed. */
  readonly cleared: Set<string>;
  readonly tests: HolderTests;
  readonly believed: Believed;
  /** Structs that it has freed; `closes`: by closing the descriptor in that member. */
  readonly freed: Freed[];
  /** Pointers through which a loop stores zeros. */
  readonly zeroed: Set<Amount>;
  /** Where a value is tested that is no result of a mapping call on some path, see testKey(). */
  readonly plainTests: Set<string>;
  /** Parameters, by index, to whose memory it gives another protection. */
  readonly reprotected: Set<number>;
  /** Unknown functions that it has called, and what else may not come back: assembler, an access at NULL. */
  readonly mayEnd: Set<string>;
  /** Addresses, as keys, that library functions have copied bytes to or from. */
  readonly copied: Set<string>;
  /** It calls sigsetjmp() or the like, to come back from a fault. */
  readonly catchesFaults: boolean;
  /** Variables with a cleanup attribute release what they hold when they end. */
  readonly cleansUp: boolean;
  /** PAGE_SIZE is the constant of a system header, of the machine that the program is compiled for. */
  readonly fixedPageSize: boolean;
  /** The file has a function whose name says that it wipes memory. */
  readonly wipes: boolean;
  /** What a function of the file calls, as its text shows; undefined for all others. */
  calledBy(name: string): ReadonlySet<string> | undefined;
  /** Does any file of the program put the result of a mapping call into a variable of that name? */
  holdsMapping(name: string): boolean;
  /** Does any file of the program name shm_unlink()? */
  unlinksShared(): boolean;
  /** The literal path for which the file opens the variable at file scope, everywhere it does. */
  openedFor(variable: string): string | undefined;
  /** The text of the file at a site. */
  text(site: Site): string;
  /** Does the program define it? */
  defines(name: string): boolean;
  /** Declared so: _Noreturn, or the attribute. */
  neverReturns(name: string): boolean;
  /** What a function of the library does, or one that the user says to be like it; undefined for all others. */
  modelOf(name: string): LibraryModel | undefined;
  /**
   * The summary of a function that the program defines, or the user declares; undefined for all others. `otherwise`: as it
   * is where the open conditions are the other way round.
   */
  summaryOf(name: string, wanted: Wanted, otherwise?: boolean): Summary | "unknown" | undefined;
}

/** Is it worth reading a body for? "where it returns": only where that one certainly may come back, and is else unknown. */
export type Wanted = boolean | "where it returns";

/** `emit` is undefined while the fixpoint is sought. */
export interface Machine {
  readonly context: Context;
  readonly state: State;
  /** The instruction may have run before on this path. */
  readonly again: boolean;
  /** Id of the instruction, to name the values that it makes. */
  readonly at: string;
  readonly emit: ((event: Event) => void) | undefined;
}

/** A path that goes on: its state, and what it returns where it is at a call. */
export interface Outgoing {
  readonly state: State;
  readonly result: Value;
}
