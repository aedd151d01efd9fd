/**
 * A function unmaps what a member holds only where another member of the struct has a certain value, and who puts the
 * mapping there leaves another value beside it: as it was made, it is never released.
 */
import type { FunctionOutline } from "../syntax/unit.js";
import { constantValue } from "./amount.js";
import { placeRead } from "./epochs.js";
import type { AbandonEvent } from "./events.js";
import type { Ending, KeptMember, Machine, UnmappedMember } from "./machine.js";
import type { MemberNotes, NotedFunction } from "./members.js";
import { fieldOf, mayReleaseByName, structOf } from "./members.js";
import { setsTo } from "./member-text.js";
import type { Definition, Told, UnitAnalysis } from "./unit-analysis.js";
import type { Range } from "./range.js";
import { structAt } from "./siblings.js";
import { asAmount } from "./value.js";

/** Endings of one function that are noted; who has more ends in too many ways to be read like this. */
const MAX_ENDINGS = 64;

/** What a path that ends well has asked of the memory that it was given, and what it has unmapped of it. */
export function noteEnding({ context, state }: Machine, hasFailed: boolean): void {
  if (context.endings.length > MAX_ENDINGS) return;
  const unmapped = new Set<string>();
  for (const { source, phase, address } of state.mappings.values()) {
    const place = source === "given" && phase === "unmapped" ? placeRead(asAmount(address)) : undefined;
    if (place !== undefined) unmapped.add(place);
  }
  const asked = new Map<string, Range>();
  for (const [key, range] of state.facts) asked.set(placeRead(state.forms.get(key)) ?? key, range);
  context.endings.push({ unmapped, asked, hasFailed });
}

/** A member that holds a mapping, and who has to do with it. */
interface Held {
  readonly member: string;
  readonly noted: readonly NotedFunction[];
  /** Those that may release what it holds. */
  readonly releasing: readonly Definition[];
  /** Those that give it to somebody else. */
  readonly letGo: ReadonlySet<MemberNotes>;
}

/** The one function that releases it does so only where another member says so. */
export function keptBackTold(
  { member, noted, releasing, letGo }: Held,
  linted: readonly UnitAnalysis[],
): readonly Told[] {
  const keepers = new Set(noted.filter(({ notes }) => keeps(notes, member)).map(({ outline }) => outline));
  const [sole, second] = releasing.filter(({ outline }) => !keepers.has(outline));
  const notes = sole?.analysis.known(sole.outline)?.notes;
  if (sole === undefined || second !== undefined || notes === undefined) return [];
  const isAny = (wanted: (one: Definition) => boolean): boolean =>
    linted.some((analysis) => analysis.unit.functions.some((outline) => wanted({ analysis, outline })));
  // Who has made it may have it initialized by others; whoever else gives it away may have it released.
  const mayEnd = ({ analysis, outline }: Definition): boolean => {
    const other = analysis.known(outline)?.notes;
    if (other === undefined || other === notes || !letGo.has(other)) return false;
    return !keeps(other, member) && mayReleaseByName(outline);
  };
  const isSetBack = (field: string, value: number): boolean =>
    isAny(
      ({ analysis, outline }) =>
        outline !== sole.outline && !keepers.has(outline) && setsTo(analysis.unit, outline, field, value),
    );
  const event = keptBack({ outline: sole.outline, notes }, member, noted, isSetBack);
  return event === undefined || isAny(mayEnd) ? [] : [{ definition: sole, event }];
}

function keeps({ kept }: MemberNotes, member: string): boolean {
  return kept.some((one) => one.member === member);
}

/**
 * Of the one function that unmaps what the member holds, apart from those that put it there. `isSetBack`: does another one
 * set a member to this?
 */
function keptBack(
  { outline, notes }: { readonly outline: FunctionOutline; readonly notes: MemberNotes },
  member: string,
  noted: readonly NotedFunction[],
  isSetBack: (field: string, value: number) => boolean,
): AbandonEvent | undefined {
  const [unmapped, ...others] = notes.unmapped.filter((one) => one.member === member);
  if (unmapped?.place === undefined) return undefined;
  // The same call, in another reading of the conditionals.
  const { place, call } = unmapped;
  if (others.some((one) => one.place !== place || one.call.site.start !== call.site.start)) return undefined;
  const made = noted.flatMap((one) =>
    one.notes.kept.filter((kept) => kept.member === member).map((kept) => ({ kept, keeper: one.outline })),
  );
  for (const asked of switchesOf(notes.endings, unmapped)) {
    const beside = `${structOf(member)}.${asked.field}`;
    const values = made.map(({ kept }) => valueBeside(kept, beside)).filter((value) => value !== undefined);
    const [value] = values;
    const [{ keeper, kept } = {}] = made;
    if (value === undefined || keeper === undefined || kept === undefined || keeper === outline) continue;
    if (values.some((other) => other !== value) || !holds(asked.without, value)) continue;
    if (asked.releasing.some((range) => holds(range, value)) || !isSetBack(asked.field, value)) continue;
    return {
      kind: "abandon",
      site: call.site,
      function: outline.name,
      mapping: { ...kept.mapping, name: kept.mapping.name ?? fieldOf(member) },
      member,
      because: { kind: "unless", field: asked.field, value, maker: keeper.name },
    };
  }
  return undefined;
}

interface Switch {
  readonly field: string;
  /** As the paths find it that unmap. */
  readonly releasing: readonly Range[];
  /** As a path finds it that ends well without, and has asked for nothing else. */
  readonly without: Range;
}

/** The members beside it on which alone it rests whether the function unmaps it. */
function switchesOf(endings: readonly Ending[], { place = "" }: UnmappedMember): readonly Switch[] {
  const struct = structAt(place);
  const releasing = endings.filter(({ unmapped }) => unmapped.has(place));
  if (struct === undefined || releasing.length === 0) return [];
  const isThere = (key: string, { min, not }: Range): boolean =>
    (key === place || key === struct.slice(1, -1)) && (min > 0 || not.includes(0));
  return endings.flatMap(({ unmapped, asked, hasFailed }): readonly Switch[] => {
    const others = [...asked].filter(([key, range]) => !isThere(key, range));
    const [[key, without] = ["", undefined], second] = others;
    const field = key.startsWith(struct) ? key.slice(struct.length) : "";
    if (hasFailed || unmapped.has(place) || second !== undefined || without === undefined) return [];
    if (!/^\w+$/.test(field) || key === place) return [];
    const ranges = releasing.map((one) => one.asked.get(key)).filter((range) => range !== undefined);
    return ranges.length < releasing.length ? [] : [{ field, releasing: ranges, without }];
  });
}

function valueBeside({ beside }: KeptMember, member: string): number | undefined {
  const value = beside.get(member);
  return value === undefined ? undefined : constantValue(value);
}

function holds({ min, max, not }: Range, value: number): boolean {
  return min <= value && value <= max && !not.includes(value);
}
