/** Accesses of memory that is followed, and the beginning of following memory that the function was given. */
import type { Site } from "../diagnostic.js";
import type { Amount, Origin, Symbol as PointerSymbol } from "./amount.js";
import { amountKey, constantValue, ofSymbol, sameAmount, subtract, ZERO } from "./amount.js";
import { SMALLEST_PAGE } from "./alignment.js";
import { hasFlag } from "./flags.js";
import type { AccessEvent } from "./events.js";
import type { HeldUse, Machine } from "./machine.js";
import type { Mapping } from "./mapping.js";
import { newMapping, tell } from "./mapping.js";
import { isNullOf } from "./null-results.js";
import { processOf, writtenAfterFork } from "./processes.js";
import type { State } from "./state.js";
import type { Value } from "./value.js";
import { amountValue, isCallersVariable, lastName } from "./value.js";

const MAX_BYTE_OFFSETS = 4;

export interface Manner {
  readonly as: "bytes" | "string";
  readonly by: string | undefined;
  /** One byte is written all over it; "maybe": by a function of the program, that may have wiped it. */
  readonly fills?: true | "maybe";
  /** Through an lvalue of a number's type that is certainly not volatile. */
  readonly plain?: boolean;
  readonly lockOfProcess?: boolean;
  readonly copiesCode?: boolean;
  /** What is written is an address, which code reads as data. */
  readonly isAddress?: boolean;
}

/** An access of a tracked mapping: an event, and what is known afterwards. */
export function access(
  m: Machine,
  id: string,
  offset: Amount,
  mode: "read" | "write",
  site: Site,
  manner: Manner,
): void {
  const mapping = m.state.mapping(id);
  if (mapping === undefined) return;
  if (mapping.told) return;
  // Of memory that was given, only as much is gone as was unmapped: how much there is, nobody here knows.
  if (
    mapping.source === "given" &&
    mapping.phase === "unmapped" &&
    !sameAmount(offset, mapping.offset ?? ZERO)
  )
    return;
  const { as, by, plain = false } = manner;
  const fills = manner.fills === true;
  const lockOfProcess = manner.lockOfProcess === true;
  const copiesCode = manner.copiesCode === true;
  tellAccess(m, mapping, {
    offset,
    mode,
    site,
    viaHint: false,
    as,
    by,
    plain,
    fills,
    lockOfProcess,
    copiesCode,
  });
  const accessed = mode === "write" ? "write" : (mapping.accessed ?? "read");
  if (mapping.phase === "unmapped" || mapping.phase === "failed") {
    // Said once; what follows on this path would only repeat it.
    m.state.update(id, { told: true });
    return;
  }
  m.state.update(id, {
    phase: "live",
    weakTest: undefined,
    accessed,
    ...(manner.by === undefined || mapping.byteOffsets.length >= MAX_BYTE_OFFSETS
      ? {}
      : { byteOffsets: [...mapping.byteOffsets, amountKey(offset)] }),
    ...(mapping.partial === undefined ? {} : { partial: { ...mapping.partial, intended: true } }),
    ...(mode === "write"
      ? {
          written: site,
          ...(manner.isAddress === true ? {} : { unflushed: site }),
          wiped: manner.fills !== undefined,
          discarded: undefined,
          ...writtenAfterFork(m.state, mapping),
          history: mapping.written === undefined ? tell(mapping, site, "written here") : mapping.history,
        }
      : {}),
  });
}

type How = Pick<AccessEvent, "offset" | "mode" | "site" | "viaHint" | "as" | "by"> &
  Partial<Pick<AccessEvent, "plain" | "fills" | "lockOfProcess" | "copiesCode">>;

export function tellAccess(m: Machine, mapping: Mapping, how: How): void {
  m.emit?.(accessEvent(m, mapping, how));
}

function accessEvent(m: Machine, mapping: Mapping, how: How): AccessEvent {
  return {
    kind: "access",
    function: m.context.cfg.name,
    mapping,
    pastEnd: !how.viaHint && isPastEnd(m, mapping, how.offset),
    lengthCompared: isLengthCompared(m, mapping),
    expectsFault: m.context.catchesFaults,
    plain: false,
    fills: false,
    lockOfProcess: false,
    storesPointer: false,
    copiesCode: false,
    process: processOf(m.state, mapping),
    childWrote: undefined,
    inOpenedPage: false,
    inFirstPage: isInFirstPage(m, how.offset),
    ...how,
  };
}

/** Is the offset, by the bounds that the path knows of it, less than the smallest page? */
function isInFirstPage({ state }: Machine, { constant: start, terms }: Amount): boolean {
  const [term, second] = terms;
  if (second !== undefined) return false;
  const last = term === undefined ? 0 : term.coefficient * state.range(ofSymbol(term.symbol)).max;
  return start + last < SMALLEST_PAGE;
}

function isPastEnd(m: Machine, { length, source }: Mapping, offset: Amount): boolean {
  if (length === undefined || (source !== "mmap" && source !== "mremap")) return false;
  // No mapping is empty: a path that says so is none.
  if (m.state.holds(length, "<=") === true) return false;
  return m.state.holds(subtract(offset, length), ">=") === true;
}

/** What only tells an empty file from others does not count. */
function isLengthCompared({ state }: Machine, { length, source, endCompared }: Mapping): boolean {
  if (length === undefined || source !== "mmap" || endCompared) return true;
  const symbols = length.terms.map(({ symbol }) => `{${symbol.id}}`);
  for (const [key, { min, max }] of state.facts)
    for (const symbol of symbols)
      if (key.includes(symbol) && !(key === `+${symbol}` && min <= 1 && max === Infinity)) return true;
  return false;
}

/** An access through the very value that a mapping was asked to be placed at. */
export function accessViaHint(
  m: Machine,
  pointer: Value,
  mode: "read" | "write",
  site: Site,
  by: string | undefined,
): void {
  const mapping = wantedAt(m.state, pointer);
  if (mapping === undefined || mapping.told || (mapping.phase !== "live" && mapping.phase !== "unchecked"))
    return;
  tellAccess(m, mapping, { offset: ZERO, mode, site, viaHint: true, as: "bytes", by });
}

/** The mapping that was asked to be at this address, without MAP_FIXED, and has not been compared with it, or is not there. */
export function wantedAt(state: State, pointer: Value): Mapping | undefined {
  if (pointer.kind !== "amount" || constantValue(pointer.amount) === 0) return undefined;
  for (const mapping of state.mappings.values()) {
    const mayBeThere = mapping.compared && !mapping.elsewhere;
    if (mapping.source !== "mmap" || mayBeThere || mapping.address?.kind !== "amount") continue;
    if (!sameAmount(mapping.address.amount, pointer.amount)) continue;
    if (
      mapping.elsewhere ||
      (hasFlag(mapping.flags, "MAP_FIXED") === "no" && hasFlag(mapping.flags, "MAP_FIXED_NOREPLACE") === "no")
    )
      return mapping;
  }
  return undefined;
}

/** Stands for a mapping that is not known yet. */
const SOME_MAPPING = newMapping({
  id: "",
  source: "given",
  function: "",
  site: { file: "", start: 0, end: 0 },
});

/** An access through a pointer that the function was given: its callers want to know. */
export function accessGiven(
  m: Machine,
  pointer: Amount,
  mode: "read" | "write",
  site: Site,
  manner: Manner,
): void {
  const { failure } = m.state;
  const at = constantValue(pointer);
  if (at === 0) m.context.mayEnd.add("*NULL");
  if (
    failure !== undefined &&
    at !== undefined &&
    at >= 0 &&
    at < SMALLEST_PAGE &&
    isNullOf(pointer, failure)
  ) {
    tellAccess(m, failure, { offset: ZERO, mode, site, viaHint: false, as: manner.as, by: manner.by });
    m.state.failure = undefined;
    return;
  }
  const failed = failedAround(m, pointer);
  if (failed !== undefined) {
    access(m, failed.id, ZERO, mode, site, manner);
    return;
  }
  if (tellFailedHeld(m, pointer, mode, site, manner)) return;
  const known = givenAt(m.state, pointer);
  if (m.emit !== undefined && known?.mapping.phase !== "unmapped") {
    const { as, by, plain = false } = manner;
    const how = { offset: ZERO, mode, site, viaHint: false, as, by, plain };
    noteUse(m, pointer, accessEvent(m, SOME_MAPPING, how));
  }
  if (known !== undefined) {
    access(m, known.mapping.id, known.offset, mode, site, manner);
    return;
  }
  const base = baseSymbol(pointer);
  if (base === undefined || !isFollowed(base, manner)) return;
  const made = materialize(m, pointer, site);
  if (made !== undefined) access(m, made.mapping.id, made.offset, mode, site, manner);
}

/** A parameter, a caller's variable that a parameter points to, or what a library function is given. */
function isFollowed({ origin }: PointerSymbol, { by }: Manner): boolean {
  if (origin.kind === "parameter") return true;
  return origin.kind === "load" && (by !== undefined || isCallersVariable(origin.place));
}

/** The path has asked, and a place that outlives functions holds MAP_FAILED: somebody's mmap() has failed. */
function tellFailedHeld(
  m: Machine,
  pointer: Amount,
  mode: "read" | "write",
  site: Site,
  { as, by }: Manner,
): boolean {
  const { min, max } = m.state.range(pointer);
  const held = min === -1 && max === -1 ? holderIn(m, pointer) : undefined;
  if (held === undefined || constantValue(held.offset) !== 0) return false;
  const made = materialize(m, pointer, site)?.mapping;
  if (made === undefined || made.told) return true;
  m.state.update(made.id, { told: true });
  const mapping: Mapping = {
    ...made,
    phase: "failed",
    owner: "stored",
    name: lastName(held.holder),
    history: [],
  };
  tellAccess(m, mapping, { offset: ZERO, mode, site, viaHint: false, as, by });
  return true;
}

/** MAP_FAILED whose member is handed over: an array in it or a pointer read from it, neither is there. */
function failedAround(m: Machine, pointer: Amount): Mapping | undefined {
  const origin = baseSymbol(pointer)?.origin;
  const root = origin?.kind === "load" ? m.context.places.get(placeKey(origin))?.root : undefined;
  const mapping = root?.kind === "mapping" ? m.state.mapping(root.id) : undefined;
  return mapping?.phase === "failed" ? mapping : undefined;
}

/** The symbol that an address is computed from: the only one with factor 1 that can be a pointer. */
function baseSymbol(pointer: Amount): PointerSymbol | undefined {
  const candidates = pointer.terms.filter(
    ({ symbol, coefficient }) => coefficient === 1 && canBePointer(symbol.origin),
  );
  if (candidates.length <= 1) return candidates[0]?.symbol;
  const declared = candidates.filter(
    ({ symbol: { origin } }) => origin.kind === "load" && origin.pointer === true,
  );
  return declared.length === 1 ? declared[0]?.symbol : undefined;
}

function canBePointer(origin: Origin): boolean {
  return (
    (origin.kind === "parameter" && origin.narrow !== true) ||
    origin.kind === "load" ||
    origin.kind === "call" ||
    origin.kind === "opaque"
  );
}

export interface GivenTarget {
  readonly mapping: Mapping;
  readonly offset: Amount;
}

export function givenAt(state: State, pointer: Amount): GivenTarget | undefined {
  for (const { symbol, coefficient } of pointer.terms) {
    if (coefficient !== 1) continue;
    const mapping = state.mapping(`given:${symbol.id}`);
    if (mapping !== undefined)
      return {
        mapping,
        offset: subtract(pointer, { constant: 0, terms: [{ symbol, coefficient: 1 }], traces: [] }),
      };
  }
  return undefined;
}

/** The place that outlives functions which an address was read from: a member, "struct shm.base", or "::table". */
function holderIn(
  m: Machine,
  pointer: Amount,
): { readonly holder: string; readonly offset: Amount } | undefined {
  const base = baseSymbol(pointer);
  if (base?.origin.kind !== "load") return undefined;
  const key = placeKey(base.origin);
  const holder = m.context.places.get(key)?.member ?? (key.startsWith("::") ? key : undefined);
  return holder === undefined ? undefined : { holder, offset: subtract(pointer, ofSymbol(base)) };
}

/** The key of the place that was read, whenever that was. */
function placeKey({ place }: Origin & { readonly kind: "load" }): string {
  return place.replace(/(?<=.)@.*$/, "");
}

/** Notes a use of memory that this function has not made, but that others may have mapped; once for each place. */
export function noteUse(m: Machine, pointer: Amount, event: HeldUse["event"], onlyGlobals = false): void {
  const held = holderIn(m, pointer);
  if (held === undefined || (onlyGlobals && !held.holder.startsWith("::"))) return;
  const key = `${event.kind} ${event.site.start} ${held.holder}`;
  if (!m.context.uses.has(key)) m.context.uses.set(key, { ...held, event });
}

/** The struct member that a value was read from. */
export function memberOf(m: Machine, amount: Amount): string | undefined {
  const origin = baseSymbol(amount)?.origin;
  return origin?.kind === "load" ? m.context.places.get(placeKey(origin))?.member : undefined;
}

/** Has unknown code, or a loop that stores zeros, had its hands on what the function begins to follow here? */
function mayBeWiped({ state, context }: Machine, { id, origin }: PointerSymbol): boolean {
  return (
    context.zeroed.size > 0 || state.epochs.has(id) || (origin.kind === "load" && origin.place.includes("@"))
  );
}

/** Starts to follow memory that the function did not map itself. */
export function materialize(m: Machine, pointer: Amount, site: Site, name?: string): GivenTarget | undefined {
  const known = givenAt(m.state, pointer);
  if (known !== undefined) return known;
  const base = baseSymbol(pointer);
  if (base === undefined) return undefined;
  const id = `given:${base.id}`;
  const named = name ?? (base.origin.kind === "parameter" ? base.origin.name : undefined);
  m.state.mappings.set(
    id,
    newMapping({
      id,
      source: "given",
      function: "",
      site,
      name: named,
      address: amountValue(ofSymbol(base)),
      wiped: mayBeWiped(m, base),
    }),
  );
  return givenAt(m.state, pointer);
}
