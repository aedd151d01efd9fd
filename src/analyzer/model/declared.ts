/** What the user says that functions do which no source shows: the library's models, and summaries made by hand. */
import { symbolOf, ZERO } from "../amount.js";
import { type Flags, UNKNOWN_FLAGS } from "../flags.js";
import { type Mapping, newMapping } from "../mapping.js";
import { NEVER_RETURNS, type Outcome, type Summary } from "../summary.js";
import { amountValue, NULL_VALUE, type Value } from "../value.js";
import { isFamilyName, libraryModel } from "./library.js";
import type { Failing, LibraryModel } from "./model.js";

/** One function, as the configuration has it. Numbers are argument positions, counted from 0. */
export interface FunctionModel {
  /** It does what this library function does, with the same arguments in the same order. */
  readonly like?: string;
  /** It returns a new mapping; what is not named is not known of it. */
  readonly maps?: {
    readonly length?: number;
    readonly protection?: number;
    readonly flags?: number;
    readonly fd?: number;
    readonly offset?: number;
  };
  /** Without `length` all that the mapping has. */
  readonly unmaps?: { readonly address: number; readonly length?: number };
  /** From then on it is somebody else's to unmap. */
  readonly takes?: readonly number[];
  readonly reads?: readonly number[];
  readonly writes?: readonly number[];
  readonly fails?: Failing;
  readonly returns?: "never";
}

/** By the function's name. */
export type FunctionModels = ReadonlyMap<string, FunctionModel>;

/** What is known of functions that the program's own text does not tell. */
export interface Models {
  /** Has the user declared any? */
  readonly any: boolean;
  /** Declared by the user: its body, if there is one, does not count. */
  declares(name: string): boolean;
  /** The model of a library function, or of one that the user says to be like it. */
  libraryOf(name: string): LibraryModel | undefined;
  /** What the user says that the function does. */
  summaryOf(name: string): Summary | undefined;
  /** Does a function that names it have to be analyzed for the user's sake? */
  concerns(name: string): boolean;
  /** The user says that it does not return. */
  ends(name: string): boolean;
}

const known = new WeakMap<FunctionModels, Models>();
const NONE: FunctionModels = new Map();

/** The library's models, under those that the user declares. */
export function modelsWith(declared: FunctionModels = NONE): Models {
  const before = known.get(declared);
  if (before !== undefined) return before;
  const summaries = new Map<string, Summary>();
  const models: Models = {
    any: declared.size > 0,
    declares: (name) => declared.has(name),
    libraryOf: (name) => {
      const model = declared.get(name);
      if (model === undefined) return libraryModel(name);
      const like = model.like === undefined ? undefined : libraryModel(model.like);
      return like === undefined || model.fails === undefined ? like : { ...like, fails: model.fails };
    },
    summaryOf: (name) => {
      const model = declared.get(name);
      if (model === undefined || model.like !== undefined) return undefined;
      const summary = summaries.get(name) ?? summaryFrom(name, model);
      summaries.set(name, summary);
      return summary;
    },
    concerns: (name) => {
      const { maps, unmaps, like } = declared.get(name) ?? {};
      return maps !== undefined || unmaps !== undefined || (like !== undefined && isFamilyName(like));
    },
    ends: (name) => declared.get(name)?.returns === "never",
  };
  known.set(declared, models);
  return models;
}

/** Arguments beyond these are passed over. */
export const MAX_ARGUMENTS = 32;
/** The mapping that the function makes. */
const MADE = "made";
const NOWHERE = { file: "", start: 0, end: 0 };

/** The same as if the function had been analyzed. */
function summaryFrom(name: string, model: FunctionModel): Summary {
  if (model.returns === "never") return NEVER_RETURNS;
  const { maps, unmaps, fails = "MAP_FAILED" } = model;
  const unmapped =
    unmaps === undefined
      ? []
      : [
          given(unmaps.address, {
            phase: "unmapped",
            unmappedBy: "munmap",
            length: amountAt(unmaps.length),
            offset: ZERO,
          }),
        ];
  const handed = handedTo(model);
  const about = {
    relevant: maps !== undefined || unmaps !== undefined,
    reprotected: new Set<number>(),
    frees: new Set<number>(),
    mayEnd: false,
  };
  if (maps === undefined) return { outcomes: [outcome(undefined, [...unmapped, ...handed])], ...about };
  const made = newMapping({
    id: MADE,
    source: "mmap",
    function: name,
    site: NOWHERE,
    phase: fails === "MAP_FAILED" ? "unchecked" : "live",
    length: amountAt(maps.length),
    offset: amountAt(maps.offset),
    fd: valueAt(maps.fd),
    flags: maps.flags === undefined ? PLACED_ANYWHERE : UNKNOWN_FLAGS,
    raw: { protection: valueAt(maps.protection) ?? UNSAID, flags: valueAt(maps.flags) ?? UNSAID },
  });
  const success: Value = { kind: "pointer", mapping: MADE, offset: ZERO, varied: false };
  const failures = fails === "NULL" ? [outcome(NULL_VALUE, handed)] : [];
  return { outcomes: [...failures, outcome(success, [made, ...unmapped, ...handed])], ...about };
}

const UNSAID = amountValue(symbolOf({ kind: "opaque", what: "not said by the model" }));

/** Nobody gives an address, so it lies over nothing: what else it may be mapped with is open. */
const PLACED_ANYWHERE: Flags = {
  must: new Set(),
  may: new Set(
    (
      "MAP_SHARED MAP_SHARED_VALIDATE MAP_PRIVATE MAP_ANONYMOUS MAP_NORESERVE MAP_POPULATE MAP_LOCKED MAP_STACK " +
      "MAP_HUGETLB MAP_GROWSDOWN MAP_SYNC MAP_NONBLOCK MAP_32BIT"
    ).split(" "),
  ),
  open: false,
};

/** It may change any variable at file scope, as an unknown function may. */
function outcome(returns: Value | undefined, mappings: readonly Mapping[]): Outcome {
  return {
    returns,
    returned: undefined,
    conditions: [],
    stores: [],
    mappings,
    epochs: ["::"],
    descriptors: new Map(),
  };
}

/** What becomes of the arguments that are not unmapped: those that the model does not name may be kept and changed. */
function handedTo({ maps, unmaps, takes = [], reads = [], writes = [] }: FunctionModel): Mapping[] {
  const numbers = new Set([...Object.values(maps ?? {}), unmaps?.length]);
  const mappings: Mapping[] = [];
  for (let position = 0; position < MAX_ARGUMENTS; position++) {
    if (position === unmaps?.address || numbers.has(position)) continue;
    const accessed = writes.includes(position) ? "write" : reads.includes(position) ? "read" : undefined;
    const taken = takes.includes(position);
    const owner = taken ? "escaped" : accessed === undefined ? "lent" : "local";
    mappings.push(given(position, { owner, accessed }));
  }
  return mappings;
}

/** Memory that the function is given. */
function given(position: number, parts: Partial<Mapping>): Mapping {
  const address = valueAt(position);
  return newMapping({
    id: `given:param:${position}`,
    source: "given",
    function: "",
    site: NOWHERE,
    address,
    ...parts,
  });
}

function amountAt(position: number | undefined): Mapping["length"] {
  return position === undefined ? undefined : symbolOf({ kind: "parameter", index: position, name: "" });
}

function valueAt(position: number | undefined): Value | undefined {
  const amount = amountAt(position);
  return amount === undefined ? undefined : amountValue(amount);
}
