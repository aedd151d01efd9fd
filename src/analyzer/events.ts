/**
 * What the analyzer tells the rules: a closed union of moments in the life of mappings, each once for every path state
 * that reaches it. Events carry the mapping as it was before the event.
 */
import type { Site } from "../diagnostic.js";
import type { Amount } from "./amount.js";
import type { Flags } from "./flags.js";
import type { Against, FileDescriptor, Mapping } from "./mapping.js";
import type { Convention } from "./model/conventions.js";
import type { Value } from "./value.js";

/** One argument of a call: what it is, and how it is written. */
export interface Argument {
  readonly value: Value;
  readonly site: Site;
  /** As in the file; a macro's use when it comes from a macro. */
  readonly text: string;
  readonly inMacro: boolean;
  /** Its static type is an integer of 32 bits or less. */
  readonly narrow: boolean;
  /** The same, and negative where its upper bit is set. */
  readonly signed: boolean;
  /** Its static type is an integer of 64 bits. */
  readonly wide: boolean;
  /** `sizeof` of a pointer variable. */
  readonly sizeofPointer: boolean;
}

/** The call that an event belongs to. */
export interface Call {
  /** As written. */
  readonly function: string;
  readonly site: Site;
  readonly nameSite: Site;
  readonly args: readonly Argument[];
  /** Is the result looked at? "void": dropped by an explicit cast. */
  readonly used: boolean | "void";
  /** False when the arguments are those of a wrapper and the effect comes from its summary. */
  readonly direct: boolean;
}

/** An address given to a call: into a mapping, or something else. */
export interface Target {
  readonly value: Value;
  readonly mapping: Mapping | undefined;
  /** Bytes past the mapping's start; undefined when it points to no tracked mapping. */
  readonly offset: Amount | undefined;
  readonly varied: boolean;
  /** The variable or member that is written there, as spelled: "p", "ctx->base". */
  readonly text: string;
  /** The mapping that the object at this address holds a pointer to: `&p` for `p`. */
  readonly holds: Mapping | undefined;
  /** The mapping that was asked to be at this address, but need not be there. */
  readonly wantedBy: Mapping | undefined;
}

interface Base {
  readonly site: Site;
  /** Name of the C function that the event happens in. */
  readonly function: string;
}

export interface MapEvent extends Base {
  readonly kind: "map";
  readonly mapping: Mapping;
  readonly call: Call;
  readonly address: Target;
  readonly length: Amount | undefined;
  /** Some condition on the path speaks of the offset's remainder. */
  readonly offsetTested: boolean;
  /** Where a number of pages was subtracted from the offset, and no condition on the path says that it was as large. */
  readonly offsetMayWrap: Site | undefined;
  /** Some condition on the path speaks of the size of a file. */
  readonly sizeCompared: boolean;
  /** On other paths another call has opened the file: which one it is here may depend on what the engine cannot see. */
  readonly severalFiles: boolean;
  /** Some condition on the path says how large the length is at most. */
  readonly lengthBounded: boolean;
  /** The stat() that filled in the length, where its result is dropped. */
  readonly sizeUntested: Site | undefined;
  /** The function has internal linkage: its callers are in view. */
  readonly inStatic: boolean;
  /** The mapping of the same length that was placed right before it, in a reservation that the two fill. */
  readonly twin: Mapping | undefined;
  /** The result is dropped, and the condition right behind the call tests the mapping of this name, which was tested before. */
  readonly testsOther: string | undefined;
  /** When the call fails: the function goes on some other way, or a condition finds it, or nothing does. */
  readonly failure: "tolerated" | "found" | "unnoticed";
  readonly protection: Flags;
  readonly flags: Flags;
  readonly offset: Amount | undefined;
}

/** The test of a mapping's result. */
export interface CheckEvent extends Base {
  readonly kind: "check";
  readonly mapping: Mapping;
  readonly against: Against;
  /** With == or != against the very value -1, not with a range of error numbers. */
  readonly exact: boolean;
  /** What is tested is declared as a pointer. */
  readonly ofPointer: boolean;
  /** Whatever reaches the test is the result of such a call. */
  readonly sole: boolean;
}

/** The test of what a library function returned that says by a number whether it has failed. */
export interface ResultEvent extends Base {
  readonly kind: "result";
  readonly mapping: undefined;
  /** The function called; undefined when only the spelling of the test is known. */
  readonly callee: string | undefined;
  readonly convention: Convention | undefined;
  /** The same for all tests of what one call returned. */
  readonly result: string;
  /**
   * `negative`: -1 or its sign; `negation`: `!result` with -1 or by its sign; `errno`: the name of an error; `nothing`:
   * dropped without a cast to void.
   */
  readonly against: "negative" | "negation" | "errno" | "other" | "nothing";
  /** What is tested, as written. */
  readonly text: string;
  /** Another test of it tells failure from success, or what is tested holds results of several functions. */
  readonly testedRight: boolean;
  /** The path knows nothing of the result before this test. */
  readonly first: boolean;
}

export interface AccessEvent extends Base {
  readonly kind: "access";
  readonly mapping: Mapping;
  readonly mode: "read" | "write" | "execute";
  /** Bytes past the start of the mapping. */
  readonly offset: Amount;
  /** That offset is, on this path, certainly not below the length that was mapped. */
  readonly pastEnd: boolean;
  /** The path has compared the length that was mapped with more than 0. */
  readonly lengthCompared: boolean;
  /** `string`: read until a NUL byte is found. */
  readonly as: "bytes" | "string";
  /** Through the address asked for rather than the one that was returned. */
  readonly viaHint: boolean;
  /** The library function that accesses it, if one does. */
  readonly by: string | undefined;
  /** One byte is written all over it: memset(), explicit_bzero(). */
  readonly fills: boolean;
  /** What is stored is certainly a pointer: into memory that is mapped or allocated, to an object, a string, a function. */
  readonly storesPointer: boolean;
  /** What is copied there begins at a function of the program: its instructions. */
  readonly copiesCode: boolean;
  /** After fork(): the process that goes on here, where the path tells. */
  readonly process: "child" | "parent" | undefined;
  /** In the parent: where the child writes this memory. */
  readonly childWrote: Site | undefined;
  /** A mutex, a semaphore or the like is made there, for the threads of one process. */
  readonly lockOfProcess: boolean;
  /** Through an lvalue of a number's type that is certainly not volatile. */
  readonly plain: boolean;
  /** Of the memory around, mprotect() has made only the page writable that the access begins in. */
  readonly inOpenedPage: boolean;
  /** Certainly in the first page of the mapping, whatever the length. */
  readonly inFirstPage: boolean;
  /** The function prepares to catch the fault: sigsetjmp(). */
  readonly expectsFault: boolean;
}

export interface RangeEvent extends Base {
  /** `flush`: what was written becomes visible to the fetching of instructions. */
  readonly kind: "protect" | "advise" | "lock" | "sync" | "flush";
  readonly call: Call;
  readonly target: Target;
  readonly length: Amount | undefined;
  /** The offset of the target has been used to copy bytes. */
  readonly byteOffset: boolean;
  /** The function makes the same mapping read-only somewhere. */
  readonly sealed: boolean;
  /** The function asks of this mapping and of others whether they were made, and gives this one to its caller. */
  readonly handedOutChecked: boolean;
  /** The new protection, the advice, or the flags. */
  readonly flags: Flags;
  /** posix_madvise(): none of its advice may change what the memory holds. */
  readonly keepsContent: boolean;
  /** munlock() rather than mlock(). */
  readonly unlocks: boolean;
  /** The path has found another member of the struct that the address stands in equal to something: see kindAsked(). */
  readonly kindAsked: boolean;
  /** The file has a function of its own whose name says that it wipes memory. */
  readonly besideWiping: boolean;
  /** The function has internal linkage: its callers are in view. */
  readonly inStatic: boolean;
}

export interface RemapEvent extends Base {
  readonly kind: "remap";
  readonly call: Call;
  readonly target: Target;
  readonly oldLength: Amount | undefined;
  readonly newLength: Amount | undefined;
  readonly flags: Flags;
}

export interface UnmapEvent extends Base {
  readonly kind: "unmap";
  readonly call: Call;
  readonly target: Target;
  readonly length: Amount | undefined;
  readonly lengthText: string;
  /** The length is written as at the mapping, but has another value now. */
  readonly lengthReassigned: boolean;
  /** stat() gave the length, and code that is not known has had the object it stands in since the mapping was made. */
  readonly lengthLent: boolean;
  readonly sizeofPointer: boolean;
  /** What is unmapped is MAP_FAILED, and overwrote the name of a mapping that is still there. */
  readonly shadows: boolean;
  /** The mapping was made in another function, and put into the member that is unmapped here. */
  readonly fromMember: boolean;
  /** The same call ends mappings that other functions put there with another length. */
  readonly makersDiffer: boolean;
  /** The name of another mapping that has exactly this length. */
  readonly lengthOf: string | undefined;
  /** The variable whose value the struct member gets only on ways that do not lead here. */
  readonly meant: string | undefined;
  /** A loop that counts something else unmaps the same on each turn. */
  readonly sameEachTurn: boolean;
  /** The reference count that every path from a test that has found it above zero comes here with. */
  readonly stillCounted: string | undefined;
}

/** Memory given to the function that releases another kind: free(), munmap() of the heap, shmdt() of a mapping. */
export interface ReleaseEvent extends Base {
  readonly kind: "release";
  readonly call: Call;
  readonly target: Target;
  /** What the target is when it is no mapping. */
  readonly of: "mapping" | "heap" | "object";
}

/** Someone else can find the mapping from here on. */
export interface EscapeEvent extends Base {
  readonly kind: "escape";
  readonly mapping: Mapping;
  /** Bytes past the start of the mapping. */
  readonly offset: Amount | undefined;
  /** Some condition on the path speaks of what the offset is computed from. */
  readonly offsetCompared: boolean;
  readonly to: "caller" | "global" | "field" | "call";
  /** The struct member that holds it from now on. */
  readonly member: string | undefined;
  /** The function that was given it, as written; "" for a call through a pointer. */
  readonly callee: string | undefined;
}

/** The last name of a mapping is gone. */
export interface LoseEvent extends Base {
  readonly kind: "lose";
  readonly mapping: Mapping;
  readonly how: "overwritten" | "discarded" | "out of scope" | "holder freed";
  /** Some path of this function releases the mapping. */
  readonly releasedElsewhere: boolean;
}

/** Control leaves the function, once for each mapping on that path. */
export interface ExitEvent extends Base {
  readonly kind: "exit";
  readonly mapping: Mapping;
  /** Some path of this function releases the mapping. */
  readonly releasedElsewhere: boolean;
  /** Another function unmaps what it gets from the same wrapper. */
  readonly releasedByOthers: boolean;
  /** Some path of this function tests the result. */
  readonly testedElsewhere: boolean;
  /** Some path of this function compares the result with something else than what stands for the failure. */
  readonly comparedElsewhere: boolean;
  /** Some path of this function returns it or stores it for its caller. */
  readonly handedOverElsewhere: boolean;
  /** A function has been given it that by its name may release it, whether it was seen to or not. */
  readonly mayBeReleased: boolean;
  /** Only a loop releases it, or puts it where others find it, and this path has not entered that. */
  readonly releasedInLoop: boolean;
  /** The path is taken only for one setting of a build-time constant, or a cleanup attribute may release it. */
  readonly excused: boolean;
  readonly inMain: boolean;
  /** What has become of the descriptor that was mapped. */
  readonly descriptor: FileDescriptor | undefined;
  /** What the path returns, if known: negative or NULL stands for failure by convention; `delegated`: a call's result. */
  readonly returns: "success" | "failure" | "delegated" | "unknown";
  /** A place that outlives the function still points to what was unmapped; `guarded`: the path has asked for it. */
  readonly leftPointing:
    { readonly place: string; readonly global: boolean; readonly guarded: boolean } | undefined;
}

/**
 * The struct that holds a mapping is freed, and no function of the program releases what its member holds. The site is
 * where the struct is freed; the mapping is as it was where it was put into the member.
 */
export interface AbandonEvent extends Base {
  readonly kind: "abandon";
  readonly mapping: Mapping;
  /** "struct shm.base"; a counterpart's parameter. */
  readonly member: string;
  /** Undefined where nothing releases it, or nothing that ends the struct. */
  readonly because?: Because;
}

/** How a mapping is left behind though something releases such mappings. */
export type Because =
  /** The function that by its name releases what another one hands out only ends memory of another kind. */
  | { readonly kind: "counterpart"; readonly maker: string; readonly by: string }
  /** It is released, but not as long as another member has the value that its maker has left there. */
  | { readonly kind: "unless"; readonly field: string; readonly value: number; readonly maker: string };

/**
 * After the call has failed, MAP_FAILED stays in a place that outlives the function, and some function of the program
 * compares what it finds there with NULL. The site is where the failure was seen.
 */
export interface StayEvent extends Base {
  readonly kind: "stay";
  readonly mapping: Mapping;
  /** As the program spells it: "ctx->base". */
  readonly holder: string;
  /** The function goes on as if nothing had failed. */
  readonly afterSuccess: boolean;
  readonly test: { readonly site: Site; readonly function: string };
}

/** The file behind a mapping that is still there is synced, or its content is sent elsewhere, through its descriptor. */
export interface FileEvent extends Base {
  readonly kind: "file";
  readonly mapping: Mapping;
  readonly call: Call;
  readonly use: "sync" | "send";
  /** What has become of the descriptor, where it was opened in this function. */
  readonly descriptor: FileDescriptor | undefined;
}

/** A function of the program is made the handler of a fault. */
export interface HandlerEvent extends Base {
  readonly kind: "handler";
  readonly call: Call;
  readonly signal: "SIGSEGV" | "SIGBUS";
  readonly handler: string;
  /** It does nothing about the fault and returns, for certain. */
  readonly returns: boolean;
  /** A function it calls that must not be called from a handler. */
  readonly unsafe: string | undefined;
}

/** A function that is not known is given mmap's arguments: a protection, the flags of a mapping, a file, an offset. */
export interface RequestEvent extends Base {
  readonly kind: "request";
  readonly mapping: undefined;
  readonly call: Call;
  readonly protection: Flags;
}

export type Event =
  | MapEvent
  | RequestEvent
  | CheckEvent
  | ResultEvent
  | AccessEvent
  | RangeEvent
  | RemapEvent
  | UnmapEvent
  | ReleaseEvent
  | EscapeEvent
  | LoseEvent
  | ExitEvent
  | FileEvent
  | HandlerEvent
  | AbandonEvent
  | StayEvent;
