/** What holds where two paths meet: of values, of mappings, of what one of the paths never touched. */
import type { Amount, Trace } from "./amount.js";
import {
  alternatives,
  amountKey,
  constantValue,
  mentions,
  soleSymbol,
  symbolOf,
  withoutAlternatives,
  withTraces,
} from "./amount.js";
import type { Flags } from "./flags.js";
import { joinFlags, NO_FLAGS } from "./flags.js";
import type { Fork, Mapping } from "./mapping.js";
import { isShared, newMapping } from "./mapping.js";
import type { Range } from "./range.js";
import type { State } from "./state.js";
import type { Value } from "./value.js";
import { amountValue, isOuter } from "./value.js";

export function mingle(result: State, value: Value): void {
  const symbol = value.kind === "amount" ? soleSymbol(value.amount) : undefined;
  if (symbol?.origin.kind === "parameter") result.mingled.add(symbol.id);
}

/** One path, `untouching`, never touched the place: there it holds what a load would give. */
export function joinUntouched(
  result: State,
  untouching: State,
  key: string,
  value: Value,
  block: string,
): void {
  if (!isOuter(key)) return;
  const symbol = value.kind === "amount" ? soleSymbol(value.amount) : undefined;
  if (symbol?.origin.kind === "load" && symbol.origin.place === key) return;
  // `if (out) *out = value;`: on the path without `out` there is no such place.
  if (isBehindNull(untouching, key)) result.store.set(key, value);
  else result.store.set(key, amountValue(symbolOf({ kind: "opaque", what: `join${block}:${key}` })));
}

/** Keys of what a pointer points to spell the pointer as the keys of facts do. */
function isBehindNull({ facts }: State, key: string): boolean {
  const pointer = /^\*\{(\+\{[^{}]*\})\}/.exec(key)?.[1];
  const range = pointer === undefined ? undefined : facts.get(pointer);
  return range?.min === 0 && range.max === 0;
}

/** `isRepeated`: they meet in a loop, whose body is taken to run at least once. */
export function joinMappings(result: State, mine: State, theirs: State, isRepeated: boolean): void {
  // Memory that only one path has worked on is again what it was: not followed.
  const isFollowed = (mapping: Mapping): boolean =>
    mapping.source !== "given" ||
    (isRepeated &&
      GIVEN_ITSELF.test(mapping.id) &&
      mapping.phase === "live" &&
      mapping.accessed !== undefined);
  const untouched = (mapping: Mapping): void => {
    if (isFollowed(mapping)) result.mappings.set(mapping.id, settled(result, mapping));
    else if (mapping.phase === "live" && isShared(mapping)) result.mappings.set(mapping.id, kept(mapping));
  };
  for (const mapping of mine.mappings.values()) {
    const other = theirs.mappings.get(mapping.id);
    if (other === undefined) untouched(mapping);
    else if (other.phase === mapping.phase)
      result.mappings.set(mapping.id, settled(result, joinTwo(mapping, other)));
    else {
      result.mappings.set(mapping.id, mapping);
      result.drop(mapping.id);
    }
  }
  for (const mapping of theirs.mappings.values()) if (!mine.mappings.has(mapping.id)) untouched(mapping);
  for (const [key, value] of result.store) {
    if (value.kind === "pointer" && !result.mappings.has(value.mapping)) {
      result.store.set(
        key,
        amountValue(symbolOf({ kind: "opaque", what: `dropped ${value.mapping} ${key}` })),
      );
    }
  }
}

/** What is known of the descriptors that both paths have. */
export function joinDescriptors(result: State, mine: State, theirs: State): void {
  for (const [id, a] of mine.descriptors) {
    const b = theirs.descriptors.get(id);
    if (b === undefined) continue;
    result.descriptors.set(id, {
      ...a,
      origin: b.origin === "device" ? b.origin : a.origin,
      mode: joinFlags(a.mode, b.mode),
      sized: a.sized || b.sized,
      truncated: a.truncated?.site.start === b.truncated?.site.start ? a.truncated : undefined,
      written: a.written || b.written,
      closed: a.closed || b.closed,
      handed: a.handed || b.handed,
      passed: a.passed || b.passed,
    });
  }
}

/** A mapping as one path has left it, and what that path has found out. */
export interface SometimesUsed {
  readonly mapping: Mapping;
  readonly facts: ReadonlyMap<string, Range>;
}

/** What one path has used where it found it, and no path has unmapped or given away. */
export function joinUses(result: State, mine: State, theirs: State, isRepeated: boolean): void {
  for (const side of [mine, theirs]) {
    for (const [id, used] of side.sometimesUsed) {
      // What a turn of a loop has used is no matter of the next one's.
      if (isRepeated && side === theirs && used !== "gone" && !mine.sometimesUsed.has(id)) continue;
      if (result.sometimesUsed.get(id) !== "gone") result.sometimesUsed.set(id, used);
    }
    for (const [id, mapping] of side.mappings) {
      if (!isFoundInPlace(mapping) || result.mappings.has(id) || result.sometimesUsed.has(id)) continue;
      if (mapping.phase !== "live" || mapping.owner !== "local") result.sometimesUsed.set(id, "gone");
      else if (mapping.accessed !== undefined && !isRepeated)
        result.sometimesUsed.set(id, { mapping, facts: new Map(side.facts) });
    }
  }
}

/** Was it in a place of others when the function began? */
function isFoundInPlace({ source, address }: Mapping): boolean {
  const origin = address?.kind === "amount" ? soleSymbol(address.amount)?.origin : undefined;
  return source === "given" && origin?.kind === "load" && !/[?@]|call:/.test(origin.place);
}

/** What one path has put where others find it may be there; nothing else that it did is certain. */
function kept({ id, source, function: by, site, address, owner, history }: Mapping): Mapping {
  return newMapping({ id, source, function: by, site, address, owner, history });
}

/** A mapping that lost its last name in a join is no longer this function's for certain. */
function settled(result: State, mapping: Mapping): Mapping {
  return !isShared(mapping) &&
    mapping.source !== "given" &&
    result.namesOf(mapping.id).length === 0 &&
    mapping.lostTo === undefined
    ? { ...mapping, owner: "escaped" }
    : mapping;
}

const OWNERS = ["local", "lent", "stored", "escaped"] as const;

function joinTwo(a: Mapping, b: Mapping): Mapping {
  return {
    ...a,
    owner: OWNERS[Math.max(OWNERS.indexOf(a.owner), OWNERS.indexOf(b.owner))] ?? "escaped",
    seen: a.seen || b.seen,
    protection: joinFlags(a.protection, b.protection),
    flags: joinFlags(a.flags, b.flags),
    raw: b.raw === undefined ? undefined : a.raw,
    length:
      a.length !== undefined && b.length !== undefined && amountKey(a.length) === amountKey(b.length)
        ? a.length
        : undefined,
    offset:
      a.offset !== undefined && b.offset !== undefined && amountKey(a.offset) === amountKey(b.offset)
        ? a.offset
        : undefined,
    written: a.written !== undefined && b.written !== undefined ? a.written : undefined,
    unflushed: a.unflushed !== undefined && b.unflushed !== undefined ? a.unflushed : undefined,
    terminated: a.terminated || b.terminated,
    locked: a.locked !== undefined && b.locked !== undefined ? a.locked : undefined,
    unlockedAt: a.unlockedAt !== undefined && b.unlockedAt !== undefined ? a.unlockedAt : undefined,
    wiped: a.wiped || b.wiped,
    shrunk: a.shrunk?.site.start === b.shrunk?.site.start ? a.shrunk : undefined,
    forked: joinForks(a.forked, b.forked),
    notInherited: a.notInherited && b.notInherited,
    discarded: a.discarded?.site.start === b.discarded?.site.start ? a.discarded : undefined,
    endCompared: a.endCompared && b.endCompared,
    compared: a.compared || b.compared,
    elsewhere: a.elsewhere && b.elsewhere,
    uncertain: a.uncertain && b.uncertain,
    endedBy: a.endedBy === b.endedBy ? a.endedBy : undefined,
    told: a.uncertain === b.uncertain ? a.told : a.told && b.told,
    accessed: a.accessed === "write" || b.accessed === "write" ? "write" : (a.accessed ?? b.accessed),
    descriptor: a.descriptor?.site.start === b.descriptor?.site.start ? a.descriptor : undefined,
    history: a.history.length <= b.history.length ? a.history : b.history,
  };
}

/** One of the paths may be a child's: what that one wrote may be read here. */
function joinForks(a: Fork | undefined, b: Fork | undefined): Fork | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return {
    ...a,
    blank: a.blank && b.blank,
    writtenByChild: a.writtenByChild || b.writtenByChild,
    writtenByParent: a.writtenByParent || b.writtenByParent,
  };
}

/** What a parameter points to. */
const GIVEN_ITSELF = /^given:param:\d+$/;

/** `isRepeated`: they meet in a loop, where a value may be computed from that of the turn before. */
export function joinValues(mine: Value, theirs: Value, what: string, isRepeated: boolean): Value {
  if (mine.kind === "pointer" && theirs.kind === "pointer" && mine.mapping === theirs.mapping) {
    return { ...mine, offset: symbolOf({ kind: "opaque", what }), varied: true };
  }
  if (mine.kind === "flags" || theirs.kind === "flags") {
    const a = flagsOf(mine);
    const b = flagsOf(theirs);
    if (a !== undefined && b !== undefined) return { kind: "flags", flags: joinFlags(a, b) };
  }
  // What unknown code may have changed stays so.
  const unknown = [mine, theirs].some(
    (value) =>
      value.kind === "amount" && value.amount.terms.some(({ symbol }) => symbol.id.includes(UNKNOWN)),
  );
  const name = unknown ? `${what}${UNKNOWN}` : what;
  return mine.kind !== "amount" || theirs.kind !== "amount" || isRepeated
    ? amountValue(symbolOf({ kind: "opaque", what: name }))
    : amountValue(eitherOf(mine.amount, theirs.amount, name));
}

/** A number that is one of two. */
export function eitherOf(a: Amount, b: Amount, what: string): Amount {
  const oneOf = either(a, b, `?${what}`);
  const joined = symbolOf({ kind: "opaque", what, ...(oneOf === undefined ? {} : { oneOf }) });
  return withTraces(joined, [...roundings(a), ...roundings(b)]);
}

/** What is rounded to a constant that is named after the page on one path is so there, whatever the other path does. */
function roundings({ traces }: Amount): readonly Trace[] {
  return traces.filter(
    ({ role, text }) => (role === "rounding" || role === "shift") && /page_?size/i.test(text),
  );
}

/** More values than these are not told apart. */
const MAX_ALTERNATIVES = 4;

function either(a: Amount, b: Amount, symbolId: string): readonly Amount[] | undefined {
  const distinct = new Map<string, Amount>();
  for (const amount of [a, b].flatMap(alternatives)) {
    if (mentions(amount, symbolId)) return undefined;
    distinct.set(amountKey(amount), amount);
  }
  if (distinct.size > MAX_ALTERNATIVES) return undefined;
  // In an order that does not depend on which path came first.
  return [...distinct]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, amount]) => withoutAlternatives(amount));
}

/** Marks the symbols of values that unknown code may have changed. */
export const UNKNOWN = "unknown";

function flagsOf(value: Value): Flags | undefined {
  if (value.kind === "flags") return value.flags;
  return value.kind === "amount" && constantValue(value.amount) === 0 ? NO_FLAGS : undefined;
}
