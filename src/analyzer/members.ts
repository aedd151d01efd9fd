/**
 * Struct members across functions: a mapping put into a member by one function, and what the others do with it. What
 * no single function shows is told as events here, after all of them have been analyzed.
 */
import type { Site } from "../diagnostic.js";
import type { FunctionOutline, Unit } from "../syntax/unit.js";
import { ANY_MEMBER } from "./member-notes.js";
import type { AbandonEvent, Event } from "./events.js";
import type { Definition } from "./unit-analysis.js";
import type {
  Ending,
  FailedHeld,
  Freed,
  HeldUse,
  HolderTests,
  KeptMember,
  Pointed,
  UnmappedMember,
} from "./machine.js";
import { type Mapping, tell } from "./mapping.js";

/** What the analysis of one function has noted of struct members. */
export interface MemberNotes {
  readonly letGo: ReadonlySet<string>;
  readonly freed: readonly Freed[];
  readonly kept: readonly KeptMember[];
  readonly pointed: ReadonlyMap<string, Pointed>;
  readonly nulled: ReadonlyMap<string, Site>;
  readonly unmapped: readonly UnmappedMember[];
  readonly failed: readonly FailedHeld[];
  readonly endings: readonly Ending[];
  readonly uses: ReadonlyMap<string, HeldUse>;
  readonly refilled: ReadonlySet<string>;
  readonly cleared: ReadonlySet<string>;
  readonly tests: HolderTests;
}

export interface NotedFunction extends Definition {
  readonly events: readonly Event[];
  readonly notes: MemberNotes;
}

const RELEASING_NAME = /unmap|shmdt|mremap/i;
const FREEING_NAME = /free|destroy|release|delete|dealloc|^close$/i;

export interface Kept {
  readonly outline: FunctionOutline;
  readonly mapping: Mapping;
}

/** The members of a struct that mappings are put into, each with the first such mapping. */
export function keptMembers(functions: readonly NotedFunction[], struct: string): ReadonlyMap<string, Kept> {
  const kept = new Map<string, Kept>();
  for (const { outline, events } of functions) {
    for (const event of events) {
      if (event.kind !== "escape" || event.member === undefined || kept.has(event.member)) continue;
      if (structOf(event.member) !== struct) continue;
      const { mapping } = event;
      if (
        mapping.source === "given" ||
        mapping.source === "heap" ||
        mapping.seen ||
        mapping.flags.may.size === 0 ||
        mapping.flags.may.has("MAP_FIXED")
      )
        continue;
      kept.set(event.member, {
        outline,
        mapping: { ...mapping, name: mapping.name ?? fieldOf(event.member) },
      });
    }
  }
  return kept;
}

/** The other members into which somebody has put pointers into the same mapping: one of them is unmapped for all. */
export function twinsOf(member: string, functions: readonly NotedFunction[]): readonly string[] {
  const twins = functions.flatMap(({ notes: { kept } }) => {
    const own = new Set(kept.flatMap((one) => (one.member === member ? [one.mapping.id] : [])));
    return kept.flatMap((one) => (one.member !== member && own.has(one.mapping.id) ? [one.member] : []));
  });
  return [...new Set(twins)];
}

/** "struct shm" of "struct shm.base". */
export function structOf(member: string): string {
  return member.slice(0, member.lastIndexOf("."));
}

/** "base" of "struct shm.base". */
export function fieldOf(member: string): string {
  return member.slice(member.lastIndexOf(".") + 1);
}

/** The file that defines the struct for a unit; the unit itself when none in sight does. */
export function homeOf(unit: Unit, struct: string): string {
  return unit.homeOf(struct.replace(/^\w+ /, "")) ?? unit.source.path;
}

/**
 * The one header that defines the struct for all those functions whose file sees a definition, where others do not: a
 * header of theirs was not found, for they speak of its members.
 */
function soleHome(functions: readonly NotedFunction[], struct: string): string | undefined {
  const homes = new Set(functions.map(({ analysis }) => analysis.unit.homeOf(struct.replace(/^\w+ /, ""))));
  const [home, ...others] = [...homes].filter((one) => one !== undefined);
  return homes.has(undefined) && others.length === 0 && home?.endsWith(".h") === true ? home : undefined;
}

/** The functions by the file that defines the struct for them: another file's struct of that name is another one. */
export function byHome(
  struct: string,
  noted: readonly NotedFunction[],
): ReadonlyMap<string, readonly NotedFunction[]> {
  const groups = new Map<string, NotedFunction[]>();
  const sole = soleHome(noted, struct);
  for (const one of noted) {
    const home = sole ?? homeOf(one.analysis.unit, struct);
    const restricted = { ...one, notes: notesOfStruct(one.notes, struct) };
    const group = groups.get(home);
    if (group === undefined) groups.set(home, [restricted]);
    else group.push(restricted);
  }
  return groups;
}

/** The structs of whose members something was noted. */
export function structsOf(functions: readonly NotedFunction[]): ReadonlySet<string> {
  const members = functions.flatMap(({ notes, events }) => [
    ...notes.pointed.keys(),
    ...notes.nulled.keys(),
    ...[...notes.kept, ...notes.unmapped].map(({ member }) => member).filter((member) => !isGlobal(member)),
    ...notes.failed.map(({ holder }) => holder).filter((holder) => !isGlobal(holder)),
    ...events.flatMap((event) =>
      event.kind === "escape" && event.member !== undefined ? [event.member] : [],
    ),
  ]);
  return new Set(members.map(structOf));
}

function isGlobal(holder: string): boolean {
  return holder.startsWith("::");
}

/** Those that speak of variables at file scope; one with internal linkage is another in each file. */
export function notesOfGlobals(notes: MemberNotes, file: string): MemberNotes {
  const named = (holder: string): string => holder.replace("::static:", `::static:${file}:`);
  return {
    ...notes,
    kept: notes.kept
      .filter(({ member }) => isGlobal(member))
      .map((one) => ({ ...one, member: named(one.member) })),
    uses: new Map(
      [...notes.uses]
        .filter(([, { holder }]) => isGlobal(holder))
        .map(([key, use]) => [key, { ...use, holder: named(use.holder) }]),
    ),
    refilled: new Set([...notes.refilled].filter(isGlobal).map(named)),
    failed: notes.failed
      .filter(({ holder }) => isGlobal(holder))
      .map((one) => ({ ...one, holder: named(one.holder) })),
    tests: {
      againstNull: new Map(
        [...notes.tests.againstNull]
          .filter(([holder]) => isGlobal(holder))
          .map(([holder, site]) => [named(holder), site]),
      ),
      againstFailed: new Set([...notes.tests.againstFailed].filter(isGlobal).map(named)),
      ofResults: notes.tests.ofResults,
    },
  };
}

/** Those that speak of members of this struct, and what was freed. */
function notesOfStruct(notes: MemberNotes, struct: string): MemberNotes {
  const isOf = (member: string): boolean => structOf(member) === struct;
  return {
    ...notes,
    kept: notes.kept.filter(({ member }) => isOf(member)),
    uses: new Map([...notes.uses].filter(([, { holder }]) => isOf(holder))),
    unmapped: notes.unmapped.filter(({ member }) => isOf(member)),
    pointed: new Map([...notes.pointed].filter(([member]) => isOf(member))),
    nulled: new Map([...notes.nulled].filter(([member]) => isOf(member))),
    failed: notes.failed.filter(({ holder }) => isOf(holder)),
    tests: {
      againstNull: new Map([...notes.tests.againstNull].filter(([holder]) => isOf(holder))),
      againstFailed: new Set([...notes.tests.againstFailed].filter(isOf)),
      ofResults: notes.tests.ofResults,
    },
  };
}

/** Does it call something that by its name may release what it is given? */
export function mayReleaseByName({ names }: FunctionOutline): boolean {
  return [...names].some((name) => RELEASING_NAME.test(name) || FREEING_NAME.test(name));
}

/** Does it speak of such a member and of something that releases mappings? Then it is taken to release it. */
export function mayRelease(
  unit: Unit,
  outline: FunctionOutline,
  member: string,
  notes: MemberNotes | undefined,
): boolean {
  const field = fieldOf(member);
  if (!outline.names.has(field) || ![...outline.names].some((name) => RELEASING_NAME.test(name)))
    return false;
  if (notes?.unmapped.some((one) => one.member === member) === true) return true;
  if (notes !== undefined && !notes.letGo.has(ANY_MEMBER)) return false;
  const text = unit.source.text.slice(outline.span.start, outline.span.end);
  return new RegExp(`(?:->|\\.)\\s*${field}\\b`).test(text);
}

/**
 * Does it release what the member holds only to put another mapping there, or to free the struct itself? Then a struct
 * that is freed elsewhere still holds its mapping.
 */
export function isNoEnd({ kept, freed }: MemberNotes, member: string): boolean {
  return (
    kept.some((one) => one.member === member) ||
    freed.some(({ struct, closes }) => struct === structOf(member) && closes === undefined)
  );
}

/** Does it seem to set one of these members to NULL? */
export function mayClear(unit: Unit, outline: FunctionOutline, fields: ReadonlySet<string>): boolean {
  if (!outline.names.has("NULL") || ![...fields].some((field) => outline.names.has(field))) return false;
  const text = unit.source.text.slice(outline.span.start, outline.span.end);
  return [...text.matchAll(CLEARING)].some(([, field = ""]) => fields.has(field));
}

const CLEARING = /(?:->|\.)\s*(\w+)\s*=\s*(?:\(\s*void\s*\*\s*\)\s*)?NULL\b/g;

/** Does it seem to compare one of these members or variables with NULL? */
export function mayTest(unit: Unit, outline: FunctionOutline, names: ReadonlySet<string>): boolean {
  if (![...names].some((name) => outline.names.has(name))) return false;
  const text = unit.source.text.slice(outline.span.start, outline.span.end);
  return [...text.matchAll(TESTING)].some(
    ([, before = "", after = ""]) => names.has(before) || names.has(after),
  );
}

/** `!m->base`, `(m->base)`, `&& base)`, `m->base == NULL`. */
const TESTING = /(?:[!(&|]\s*(?:[\w.]|->)*?\b(\w+)\s*(?=[)&|?]))|\b(\w+)\s*[!=]=\s*(?:NULL|0)\b/g;

/** Is it worth analyzing to learn whether it frees the struct? */
export function mayFree(outline: FunctionOutline, member: string): boolean {
  const struct = structOf(member).replace(/^\w+ /, "");
  return outline.names.has(struct) && [...outline.names].some((name) => FREEING_NAME.test(name));
}

/**
 * The function frees the struct while its member holds the mapping. Where others release what the member holds, it
 * counts only that the struct itself is freed, and that it has come from elsewhere.
 */
export function abandonment(
  outline: FunctionOutline,
  notes: MemberNotes,
  member: string,
  mapping: Mapping,
  releasedByOthers: boolean,
): AbandonEvent | undefined {
  const ends = notes.freed.filter(({ struct, closes }) =>
    closes === undefined ? struct === structOf(member) : closes === mapping.fdMember,
  );
  const freed = ends.find(({ closes }) => closes === undefined) ?? ends[0];
  const isFreedItself = [...notes.uses.values()].some(
    ({ holder, event }) => holder === member && event.kind === "release",
  );
  if (freed === undefined || isFreedItself) return undefined;
  if (releasedByOthers && (freed.closes !== undefined || freed.own || notes.pointed.has(member)))
    return undefined;
  const closed = ends.find((end) => end.closes !== undefined && end !== freed);
  const history =
    closed === undefined ? mapping.history : tell(mapping, closed.site, "its descriptor is closed here");
  return {
    kind: "abandon",
    site: freed.site,
    function: outline.name,
    mapping: { ...mapping, history },
    member,
  };
}
