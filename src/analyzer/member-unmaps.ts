/** What one function puts into a member, and another unmaps from there. */
import type { FunctionOutline } from "../syntax/unit.js";
import type { Amount } from "./amount.js";
import { constantValue, sameAmount, symbolOf } from "./amount.js";
import type { UnmapEvent } from "./events.js";
import { compareLengths } from "./lengths.js";
import type { KeptMember, UnmappedMember } from "./machine.js";
import type { Mapping } from "./mapping.js";
import { type NotedFunction, structOf } from "./members.js";
import { inMembers, withMembers } from "./siblings.js";

/** By member or variable, what each function that puts a mapping there leaves in it. */
export function makersByMember(
  functions: readonly NotedFunction[],
): ReadonlyMap<string, readonly KeptMember[]> {
  const makers = new Map<string, KeptMember[]>();
  for (const { notes } of functions) {
    for (const one of notes.kept) {
      const others = makers.get(one.member);
      if (others === undefined) makers.set(one.member, [one]);
      else others.push(one);
    }
  }
  return makers;
}

/**
 * The unmappings of members, each with the mapping that the other functions put there. `isNeverSet`: does nothing in the
 * program give the member a value?
 */
export function memberUnmaps(
  functions: readonly NotedFunction[],
  isNeverSet: (member: string) => boolean,
): ReadonlyMap<NotedFunction, readonly UnmapEvent[]> {
  const kept = makersByMember(functions);
  const events = new Map<NotedFunction, readonly UnmapEvent[]>();
  for (const definition of functions) {
    const { outline, notes } = definition;
    const told = notes.unmapped.flatMap((unmapped): readonly (UnmapEvent | undefined)[] => {
      const moved = movedInto(functions, outline, unmapped);
      if (moved !== undefined) return [moved];
      const makers = kept.get(unmapped.member) ?? [];
      if (agree(makers))
        return [
          unmapEvent(outline, unmapped, makers) ??
            eventInMembers(outline, unmapped, makers) ??
            eventOfUnset(outline, unmapped, makers, isNeverSet),
        ];
      const fromStart = makers.filter(({ offset }) => constantValue(offset) === 0);
      const ofAll = fromStart.length < makers.length ? undefined : eventInMembers(outline, unmapped, makers);
      if (ofAll !== undefined || lengthMemberOf(functions, unmapped.member) === undefined) return [ofAll];
      return fromStart.flatMap((maker) => {
        const event = unmapEvent(outline, unmapped, [maker]);
        return event === undefined ? [] : [{ ...event, makersDiffer: true }];
      });
    });
    const known = told.filter((event) => event !== undefined);
    if (known.length > 0) events.set(definition, known);
  }
  return events;
}

/** The member that gives the length wherever this one is unmapped, if it is always the same. */
function lengthMemberOf(functions: readonly NotedFunction[], member: string): string | undefined {
  const lengths = new Set(
    functions.flatMap(({ notes }) =>
      notes.unmapped.filter((one) => one.member === member).map(({ lengthMember }) => lengthMember),
    ),
  );
  return lengths.size === 1 ? [...lengths][0] : undefined;
}

/** Everybody who puts something into the member leaves it pointing behind the mapping's start. */
function movedInto(
  functions: readonly NotedFunction[],
  outline: FunctionOutline,
  unmapped: UnmappedMember,
): UnmapEvent | undefined {
  const all = functions.flatMap(({ outline: by, notes }) =>
    by === outline ? [] : (notes.pointed.get(unmapped.member) ?? []),
  );
  const [first] = all;
  if (
    first === undefined ||
    all.some(({ offset, ambiguous }) => ambiguous || constantValue(offset) === 0) ||
    first.mapping.source !== "mmap"
  )
    return undefined;
  const mapping = { ...first.mapping, phase: "live" as const };
  return toEvent(outline, unmapped, mapping, first.offset, unmapped.length);
}

/** Do all that put something into the member put it there in the same way? */
export function agree(makers: readonly KeptMember[]): boolean {
  const [first] = makers;
  return makers.every(
    (one) =>
      first === undefined ||
      (sameAmount(one.offset, first.offset) &&
        one.mapping.lengthText === first.mapping.lengthText &&
        // What a wrapper was given has no text.
        (first.mapping.lengthText !== "" || sameLength(one, first))),
  );
}

function sameLength({ mapping: { length: a } }: KeptMember, { mapping: { length: b } }: KeptMember): boolean {
  return a === undefined || b === undefined ? a === b : sameAmount(a, b);
}

function unmapEvent(
  outline: FunctionOutline,
  unmapped: UnmappedMember,
  makers: readonly KeptMember[],
): UnmapEvent | undefined {
  const [maker] = makers;
  if (maker === undefined) return undefined;
  const { mapping, offset } = maker;
  const beside = unmapped.lengthMember === undefined ? undefined : maker.beside.get(unmapped.lengthMember);
  const certain =
    beside !== undefined &&
    makers.every((one) => sameAmount(one.beside.get(unmapped.lengthMember ?? "") ?? offset, beside));
  const length = certain ? beside : unmapped.length;
  if (length === undefined && constantValue(offset) === 0) return undefined;
  return toEvent(outline, unmapped, mapping, offset, length);
}

/** Where both lengths are counted in members of the struct, and one is the other and something more. */
function eventInMembers(
  outline: FunctionOutline,
  unmapped: UnmappedMember,
  makers: readonly KeptMember[],
): UnmapEvent | undefined {
  const { lengthInMembers } = unmapped;
  if (lengthInMembers === undefined) return undefined;
  const compared = makers.map((maker) => {
    const lengths = lengthsOf(maker, lengthInMembers, structOf(unmapped.member));
    return { maker, lengths, comparison: lengths && compareLengths(lengths.mapped, lengths.unmapped) };
  });
  const first = compared.find(({ comparison }) => comparison === "shorter" || comparison === "longer");
  if (first?.lengths === undefined || !isSaidByAll(compared, first.comparison)) return undefined;
  const { maker, lengths } = first;
  return toEvent(
    outline,
    unmapped,
    { ...maker.mapping, length: lengths.mapped },
    maker.offset,
    lengths.unmapped,
  );
}

interface Compared {
  readonly maker: KeptMember;
  readonly comparison: ReturnType<typeof compareLengths> | undefined;
}

/**
 * Does each call that puts a mapping there say so on some path, and none anything else? A path on which it says nothing
 * has ended before the members were set.
 */
function isSaidByAll(compared: readonly Compared[], wanted: Compared["comparison"]): boolean {
  const silent = ({ comparison }: Compared): boolean => comparison === undefined || comparison === "unknown";
  const saying = new Set(compared.filter((one) => !silent(one)).map(({ maker }) => siteKey(maker)));
  return compared.every((one) => (silent(one) ? saying.has(siteKey(one.maker)) : one.comparison === wanted));
}

function siteKey({ mapping: { site } }: KeptMember): string {
  return `${site.file}:${site.start}`;
}

/** The length stands in a member that nobody sets. */
function eventOfUnset(
  outline: FunctionOutline,
  unmapped: UnmappedMember,
  [maker]: readonly KeptMember[],
  isNeverSet: (member: string) => boolean,
): UnmapEvent | undefined {
  const { lengthMember, member } = unmapped;
  if (maker === undefined || lengthMember === undefined || constantValue(maker.offset) !== 0)
    return undefined;
  if (structOf(lengthMember) !== structOf(member) || !isNeverSet(lengthMember)) return undefined;
  const length = symbolOf({ kind: "uninitialized", variable: lengthMember });
  return toEvent(outline, unmapped, maker.mapping, maker.offset, length);
}

/** What a maker has mapped and what is unmapped, both in the struct's members as the maker has left them. */
function lengthsOf(
  { mapping, beside, struct: place }: KeptMember,
  unmapped: Amount,
  struct: string,
): { readonly mapped: Amount; readonly unmapped: Amount } | undefined {
  if (mapping.length === undefined) return undefined;
  return {
    mapped: inMembers(mapping.length, place),
    unmapped: withMembers(unmapped, (member) => {
      const value = beside.get(`${struct}.${member}`);
      return value === undefined ? undefined : inMembers(value, place);
    }),
  };
}

function toEvent(
  outline: FunctionOutline,
  { call, text, lengthText }: UnmappedMember,
  mapping: Mapping,
  offset: Amount,
  length: Amount | undefined,
): UnmapEvent {
  return {
    kind: "unmap",
    site: call.site,
    function: outline.name,
    call,
    length,
    lengthText,
    lengthReassigned: false,
    lengthLent: false,
    sizeofPointer: false,
    sameEachTurn: false,
    stillCounted: undefined,
    meant: undefined,
    lengthOf: undefined,
    fromMember: true,
    makersDiffer: false,
    shadows: false,
    target: {
      value: { kind: "pointer", mapping: mapping.id, offset, varied: false },
      mapping,
      offset,
      varied: false,
      text,
      holds: undefined,
      wantedBy: undefined,
    },
  };
}
