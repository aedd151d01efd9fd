/** What all functions of the program together tell of the members of one struct. */
import { elsewhereIn, heldUses } from "./held.js";
import { keptBackTold } from "./conditional-release.js";
import type { MemberNotes, NotedFunction } from "./members.js";
import { abandonment, homeOf, isNoEnd, keptMembers, mayFree, mayRelease, twinsOf } from "./members.js";
import { isNeverSet } from "./member-text.js";
import { memberUnmaps } from "./member-unmaps.js";
import type { Naming } from "./naming.js";
import { stayingFailures } from "./staying.js";
import type { Definition, Told, UnitAnalysis } from "./unit-analysis.js";

/** A struct, and the functions that speak of it. */
export interface StructGroup {
  readonly struct: string;
  /** The file that defines it. */
  readonly home: string;
  readonly noted: readonly NotedFunction[];
  /** By member, the functions that let go of it, in all of the program. */
  readonly letGo: ReadonlyMap<string, ReadonlySet<MemberNotes>>;
}

type Kept = ReturnType<typeof keptMembers>;

export function* structTold(
  group: StructGroup,
  linted: readonly UnitAnalysis[],
  naming: Naming,
): Iterable<Told> {
  const { struct, noted } = group;
  const kept = keptMembers(noted, struct);
  const units = linted.map(({ unit }) => unit);
  for (const [definition, events] of memberUnmaps(noted, (member) =>
    isNeverSet(member, noted, units, naming),
  ))
    for (const event of events) yield { definition, event };
  yield* stayingFailures(noted);
  yield* usesTold(noted, linted);
  yield* nulledTold(noted, kept);
  yield* abandonedTold(group, kept, linted);
}

/** What is done with a member in one function, as the mapping that others put there. */
export function* usesTold(noted: readonly NotedFunction[], linted: readonly UnitAnalysis[]): Iterable<Told> {
  for (const [definition, events] of heldUses(noted, elsewhereIn(linted)))
    for (const event of events) yield { definition, event };
}

/** A function sets a member to NULL that others fill with a mapping. */
function* nulledTold(noted: readonly NotedFunction[], kept: Kept): Iterable<Told> {
  for (const definition of noted) {
    for (const [member, { mapping }] of kept) {
      const { outline, notes } = definition;
      const site = notes.nulled.get(member);
      if (site === undefined || notes.letGo.has(member)) continue;
      yield { definition, event: { kind: "abandon", site, function: outline.name, mapping, member } };
    }
  }
}

/** A function ends the struct with the mapping still in it. */
function* abandonedTold(group: StructGroup, kept: Kept, linted: readonly UnitAnalysis[]): Iterable<Told> {
  const { noted, letGo } = group;
  for (const [member, { outline: keeper, mapping }] of kept) {
    const releasing = releasingIn(linted, member);
    if (releasing.length === 0 && twinsOf(member, noted).some((one) => releasingIn(linted, one).length > 0))
      continue;
    const given = letGo.get(member) ?? new Set();
    yield* keptBackTold({ member, noted, releasing, letGo: given }, linted);
    const releasingNotes = releasing.map(({ analysis, outline }) => analysis.known(outline)?.notes);
    if ([...given].some((notes) => !releasingNotes.includes(notes))) continue;
    if (releasing.length === 0) yield* refilledTold(member, noted);
    if (!releasingNotes.every((notes) => notes !== undefined && isNoEnd(notes, member))) continue;
    for (const definition of inSightOf(group, linted)) {
      const { analysis, outline } = definition;
      if (outline === keeper || releasing.some((one) => belongTogether(one, definition))) continue;
      if (analysis.known(outline) === undefined && !mayFree(outline, member)) continue;
      const { notes } = analysis.analyze(outline);
      const event = abandonment(outline, notes, member, mapping, releasing.length > 0);
      if (event === undefined) continue;
      yield { definition, event };
      break;
    }
  }
}

/** Those that release it, and what calls them or is called by them, end it together. */
function belongTogether({ outline: a }: Definition, { outline: b }: Definition): boolean {
  return a === b || a.names.has(b.name) || b.names.has(a.name);
}

/** A loop puts one mapping after the other into a member that no function releases or asks for. */
function* refilledTold(member: string, noted: readonly NotedFunction[]): Iterable<Told> {
  if (noted.some(({ notes }) => notes.tests.againstNull.has(member))) return;
  for (const definition of noted) {
    const { outline, notes } = definition;
    const { repeated, mapping, site } = notes.pointed.get(member) ?? {};
    if (repeated !== true || mapping === undefined || site === undefined) continue;
    yield {
      definition,
      event: {
        kind: "lose",
        site,
        function: outline.name,
        mapping: { ...mapping, phase: "live", owner: "local" },
        how: "overwritten",
        releasedElsewhere: false,
      },
    };
  }
}

/** The functions of the files for which the struct is the one defined in `home`. */
function* inSightOf({ struct, home }: StructGroup, linted: readonly UnitAnalysis[]): Iterable<Definition> {
  for (const analysis of linted)
    if (homeOf(analysis.unit, struct) === home)
      for (const outline of analysis.unit.functions) yield { analysis, outline };
}

/** The functions that may release what the member holds. */
function releasingIn(linted: readonly UnitAnalysis[], member: string): readonly Definition[] {
  return linted.flatMap((analysis) =>
    analysis.unit.functions
      .filter((f) => mayRelease(analysis.unit, f, member, analysis.known(f)?.notes))
      .map((outline): Definition => ({ analysis, outline })),
  );
}
