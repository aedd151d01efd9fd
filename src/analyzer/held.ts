/**
 * Mappings that one function puts into a place which outlives it, and others use there: the uses are told as events of
 * the mapping, after all functions have been analyzed.
 */
import type { Site } from "../diagnostic.js";
import type { Event } from "./events.js";
import { flagsKey, hasFlag, UNKNOWN_FLAGS } from "./flags.js";
import { add } from "./amount.js";
import type { HeldUse, KeptMember } from "./machine.js";
import type { Mapping } from "./mapping.js";
import type { NotedFunction } from "./members.js";
import { isAdopted } from "./overwriting.js";
import { agree, makersByMember } from "./member-unmaps.js";
import { mayPassAddress, mayRefill } from "./member-text.js";
import type { UnitAnalysis } from "./unit-analysis.js";
import { lastName } from "./value.js";

/** What is done to a member or variable of that name where nothing has been analyzed. */
interface Elsewhere {
  readonly isRefilled: (holder: string) => boolean;
  readonly isPassedByAddress: (holder: string) => boolean;
}

export function elsewhereIn(linted: readonly UnitAnalysis[]): Elsewhere {
  return {
    isRefilled: (holder) =>
      linted.some((analysis) =>
        analysis.unit.functions.some(
          (outline) => analysis.known(outline) === undefined && mayRefill(analysis.unit, outline, holder),
        ),
      ),
    isPassedByAddress: (holder) => linted.some(({ unit }) => mayPassAddress(unit, holder)),
  };
}

/** The uses of what the functions have put into places, by the function that uses it. */
export function heldUses(
  functions: readonly NotedFunction[],
  { isRefilled, isPassedByAddress }: Elsewhere,
): ReadonlyMap<NotedFunction, readonly Event[]> {
  const kept = makersByMember(functions);
  const refilled = new Set(functions.flatMap(({ notes }) => [...notes.refilled]));
  const known = new Map<string, readonly KeptMember[]>();
  for (const [holder, makers] of kept) {
    const [first] = makers;
    if (first === undefined || refilled.has(holder) || isRefilled(holder)) continue;
    if (agree(makers) && alike(makers)) known.set(holder, [first]);
    else if (makers.every(({ mapping }) => isReadOnly(mapping))) known.set(holder, makers.map(unplaced));
  }
  const events = new Map<NotedFunction, readonly Event[]>();
  if (known.size === 0) return events;
  // Who unmaps it as well knows more of it than that it was mapped.
  const released = new Set(
    functions.flatMap(({ notes }) => notes.unmapped.map(({ member }) => lastName(member))),
  );
  const reprotected = new Set(functions.flatMap(({ notes }) => protectedIn(notes.uses, known)));
  for (const definition of functions) {
    const own = new Set(
      definition.notes.kept.filter(({ mapping }) => !isAdopted(mapping)).map(({ member }) => member),
    );
    const told = [...definition.notes.uses.values()].flatMap((use) => {
      const { holder } = use;
      // The function that maps it has told of it already, with what it knows of each path.
      if (own.has(holder)) return [];
      if (use.event.kind === "release" && (released.has(lastName(holder)) || isPassedByAddress(holder)))
        return [];
      return (known.get(holder) ?? []).map((maker) => {
        const protection = reprotected.has(holder) ? UNKNOWN_FLAGS : maker.mapping.protection;
        const written = writtenBefore(use, definition.notes.uses) ?? maker.mapping.written;
        return useOf({ ...maker, mapping: { ...maker.mapping, protection, written } }, use);
      });
    });
    if (told.length > 0) events.set(definition, told);
  }
  return events;
}

/** What is synced is what the function has written further up. */
function writtenBefore({ holder, event }: HeldUse, uses: NotedFunction["notes"]["uses"]): Site | undefined {
  if (event.kind !== "sync") return undefined;
  for (const { holder: other, event: access } of uses.values())
    if (
      other === holder &&
      access.kind === "access" &&
      access.mode === "write" &&
      access.site.start < event.site.start
    )
      return access.site;
  return undefined;
}

function isReadOnly({ protection }: Mapping): boolean {
  return hasFlag(protection, "PROT_READ") === "yes" && hasFlag(protection, "PROT_WRITE") === "no";
}

/** Where the makers differ, nothing is known of how much is mapped, and of which part of what. */
function unplaced(maker: KeptMember): KeptMember {
  return { ...maker, mapping: { ...maker.mapping, length: undefined, offset: undefined } };
}

/** Do all that put a mapping into the place ask for the same kind of mapping? */
function alike(makers: readonly KeptMember[]): boolean {
  const keys = makers.map(
    ({ mapping: { protection, flags, descriptor } }) =>
      `${flagsKey(protection)} ${flagsKey(flags)} ${descriptor?.path}`,
  );
  return keys.every((key) => key === keys[0]);
}

/** The use as an event of the mapping. */
function useOf({ mapping: made, offset: at }: KeptMember, { offset, event }: HeldUse): Event {
  const mapping: Mapping = { ...made, phase: "live", owner: "stored", told: false };
  const there = add(at, offset);
  if (event.kind === "access") return { ...event, mapping, offset: there };
  const value = { kind: "pointer", mapping: mapping.id, offset: there, varied: false } as const;
  // Inside a macro's arguments the text is the whole call.
  const text = event.kind === "release" ? (made.name ?? event.target.text) : event.target.text;
  return { ...event, target: { ...event.target, value, mapping, offset: there, text } };
}

function protectedIn(
  uses: NotedFunction["notes"]["uses"],
  known: ReadonlyMap<string, readonly KeptMember[]>,
): readonly string[] {
  return [...uses.values()].flatMap(({ holder, event }) =>
    known.has(holder) && event.kind === "protect" ? [holder] : [],
  );
}
