/**
 * Two functions of one file that belong together by their names, block_alloc() and block_free(): what one hands out, and
 * what the other unmaps of what it is given. No caller need be in sight.
 */
import type { Unit } from "../syntax/unit.js";
import { add, type Amount, constantValue, sameAmount, symbolOf } from "./amount.js";
import type { AbandonEvent, UnmapEvent } from "./events.js";
import { compareLengths, inOtherPages } from "./lengths.js";
import type { Mapping } from "./mapping.js";
import { substitute } from "./substitution.js";
import type { Outcome, Summary } from "./summary.js";
import type { AnalyzedFunction, Definition, Told, UnitAnalysis } from "./unit-analysis.js";
import { asAmount, isCallersVariable } from "./value.js";

/** One function that has been analyzed, with what it told. */
interface Pairable extends Definition {
  readonly summary: Summary | "unknown";
  readonly unmaps: readonly UnmapEvent[];
}

interface Handed {
  readonly mapping: Mapping;
  /** Bytes from the mapping's start to what the caller gets. */
  readonly offset: Amount;
}

/** The unmappings that do not match what the counterpart has mapped, and those that are missing, file by file. */
export function* counterpartsTold(
  functions: readonly AnalyzedFunction[],
  analysisOf: (unit: Unit) => UnitAnalysis,
): Iterable<Told> {
  const byUnit = new Map<Unit, Pairable[]>();
  for (const { unit, outline, readings } of functions) {
    const analysis = analysisOf(unit);
    const { summary } = analysis.analyze(outline);
    const unmaps = (readings[0] ?? []).filter((event) => event.kind === "unmap");
    const told = byUnit.get(unit);
    const one: Pairable = { analysis, outline, summary, unmaps };
    if (told === undefined) byUnit.set(unit, [one]);
    else told.push(one);
  }
  for (const told of byUnit.values())
    for (const [definition, event] of [...unmapsOf(told), ...forgottenKinds(told)])
      yield { definition, event };
}

/**
 * block_alloc() hands out a mapping on one of its paths, and block_free() gives its parameter to shmdt() on some
 * path and to nobody on the others: it has forgotten that kind.
 */
function forgottenKinds(functions: readonly Pairable[]): ReadonlyMap<Pairable, AbandonEvent> {
  const events = new Map<Pairable, AbandonEvent>();
  for (const one of functions) {
    const stem = stemOf(one.outline.name, "releases");
    const ending = stem === undefined ? undefined : otherEnding(one);
    if (ending === undefined) continue;
    const makers = functions.filter(({ outline }) => stemOf(outline.name, "makes") === stem);
    const [maker, second] = makers;
    if (maker === undefined || second !== undefined || maker.summary === "unknown") continue;
    const mapping = maker.summary.outcomes.flatMap(handedBy)[0]?.mapping;
    if (mapping === undefined || mapping.flags.may.has("MAP_FIXED")) continue;
    events.set(one, {
      kind: "abandon",
      site: { file: one.analysis.unit.source.path, ...one.outline.nameSpan },
      function: one.outline.name,
      mapping,
      member: ending.parameter,
      because: { kind: "counterpart", maker: maker.outline.name, by: ending.by },
    });
  }
  return events;
}

/** What the function gives its parameter to on some of its paths, where all others leave it alone. */
function otherEnding({
  summary,
  outline,
}: Pairable): { readonly parameter: string; readonly by: string } | undefined {
  if (summary === "unknown" || [...outline.names].some((name) => UNMAPS.test(name))) return undefined;
  const given = summary.outcomes.map(({ mappings }) => mappings.filter(isOfParameter));
  const ended = given.flatMap((all) => all.find(({ unmappedBy }) => unmappedBy === "shmdt") ?? []);
  const [first] = ended;
  if (first === undefined || ended.some(({ id }) => id !== first.id)) return undefined;
  // Somebody else has had it, or it was written: a list of what is free may hold it.
  const isLeft = (all: readonly Mapping[]): boolean => all.every(({ id }) => id !== first.id);
  const isClean = summary.outcomes.every(
    ({ mappings, stores, epochs }, i) =>
      stores.length === 0 &&
      epochs.every((epoch) => !first.id.endsWith(epoch)) &&
      (isLeft(given[i] ?? []) || mappings.some(({ id, phase }) => id === first.id && phase === "unmapped")),
  );
  const someLeave = given.some((all, i) => isLeft(all) && !isAskedFor(summary.outcomes[i], first));
  return isClean && someLeave ? { parameter: first.name ?? "", by: first.unmappedBy ?? "" } : undefined;
}

/** The path has looked at the parameter itself: `if (p == NULL) return;`. */
function isAskedFor(outcome: Outcome | undefined, { id }: Mapping): boolean {
  return (
    outcome?.conditions.some(([{ terms }]) => terms.some((term) => id === `given:${term.symbol.id}`)) === true
  );
}

function isOfParameter({ source, address }: Mapping): boolean {
  const amount = asAmount(address);
  const [term, second] = amount?.terms ?? [];
  return source === "given" && second === undefined && term?.symbol.origin.kind === "parameter";
}

const UNMAPS = /unmap|mremap/i;

/** Each of the mapping that the counterpart hands out. */
function unmapsOf(functions: readonly Pairable[]): ReadonlyMap<Pairable, UnmapEvent> {
  const makers = functions.flatMap(({ outline, summary }) => {
    const handed = handedOut(summary);
    const stem = stemOf(outline.name, "makes");
    return handed === undefined || stem === undefined ? [] : [{ stem, handed }];
  });
  const takers = functions.flatMap((one) => {
    const stem = stemOf(one.outline.name, "releases");
    return stem === undefined || one.unmaps.length === 0 || isCalledHere(one) ? [] : [{ stem, one }];
  });
  const events = new Map<Pairable, UnmapEvent>();
  for (const { stem, one } of takers) {
    const alike = makers.filter((maker) => maker.stem === stem);
    // dev_map_grant() and dev_unmap() are a pair where the file has no other of either kind.
    const begins = (other: { readonly stem: string }): boolean =>
      other.stem.startsWith(stem.slice(0, -1)) && other.stem.includes(stem.slice(-1));
    const isSole = / [*+]$/.test(stem) && takers.filter(begins).length === 1;
    const [maker, second] = alike.length > 0 ? alike : isSole ? makers.filter(begins) : [];
    if (maker === undefined || maker.handed === "several" || second !== undefined) continue;
    const { handed } = maker;
    const wrong = one.unmaps.map((event) => mismatch(event, handed));
    // One call that fits is for what the maker hands out; the others may be for something else.
    const [first] = wrong;
    if (first !== undefined && wrong.every((event) => event !== undefined)) events.set(one, first);
  }
  return events;
}

/** A caller in sight shows what it is given: an address and a length that need not be what the counterpart handed out. */
function isCalledHere({ analysis, outline: { name } }: Definition): boolean {
  return analysis.unit.functions.some((other) => other.name !== name && other.names.has(name));
}

/** "block *" of block_alloc, "grant +" of grant_map: whoever speaks of mapping has its counterpart in who unmaps. */
function stemOf(name: string, kind: "makes" | "releases"): string | undefined {
  const verb = kind === "makes" ? MAKES : RELEASES;
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split("_");
  const rest = words.filter((word) => word !== "");
  const found = rest.filter((word) => verb.test(word));
  return found.length === 1 && rest.length > 1
    ? rest.map((word) => (!verb.test(word) ? word : MAPS.test(word) ? "+" : "*")).join(" ")
    : undefined;
}

const MAPS = /map$/;
const MAKES = /^(?:m?alloc|allocate|new|create|m?map|get|acquire|attach|open)$/;
const RELEASES = /^(?:m?free|dealloc|deallocate|delete|destroy|m?unmap|put|release|detach|close)$/;

/** The mapping that callers get, where it is one and always at the same distance from its start. */
function handedOut(summary: Summary | "unknown"): Handed | "several" | undefined {
  if (summary === "unknown") return undefined;
  const all = summary.outcomes.flatMap(handedBy);
  const [first] = all;
  if (first === undefined) return undefined;
  const returns = all.length > 0 && summary.outcomes.some((outcome) => outcome.returns?.kind === "pointer");
  return all.length === summary.outcomes.filter((outcome) => succeeds(outcome, returns)).length &&
    all.every(({ offset, mapping }) => mapping.id === first.mapping.id && sameAmount(offset, first.offset))
    ? first
    : "several";
}

/** Does the caller get a pointer? `returned`: as the result, where any number may be one to something else. */
function succeeds({ returns, stores }: Outcome, returned: boolean): boolean {
  const values = [returns, ...stores.map(({ value }) => value)];
  const isOther = returned && returns?.kind === "amount" && constantValue(returns.amount) === undefined;
  return isOther || values.some((value) => value?.kind === "pointer");
}

function handedBy({ returns, stores, mappings }: Outcome): readonly Handed[] {
  const out = stores.flatMap(({ place, value }) => (isCallersVariable(place.key) ? [value] : []));
  return [returns, ...out].flatMap((value) => {
    if (value?.kind !== "pointer" || value.varied) return [];
    const mapping = mappings.find(({ id }) => id === value.mapping);
    return mapping?.source === "mmap" && mapping.phase === "live" ? [{ mapping, offset: value.offset }] : [];
  });
}

/** The event as it is of the counterpart's mapping, if it does not fit that one for certain. */
function mismatch(event: UnmapEvent, { mapping, offset }: Handed): UnmapEvent | undefined {
  const { target } = event;
  const address = target.mapping === undefined ? undefined : asAmount(target.mapping.address);
  const isParameter = address?.terms.length === 1 && address.terms[0]?.symbol.origin.kind === "parameter";
  if (target.mapping?.source !== "given" || !isParameter || target.offset === undefined || target.varied)
    return undefined;
  const start = add(offset, target.offset);
  const length = event.length === undefined ? undefined : byName(event.length);
  const mapped = mapping.length === undefined ? undefined : byName(mapping.length);
  const live = { ...mapping, phase: "live" as const, length: mapped };
  const told = {
    ...event,
    fromMember: true,
    length,
    target: { ...target, mapping: live, offset: start },
  };
  if (isOneSided(start)) return told;
  if (constantValue(start) !== 0 || length === undefined || mapped === undefined) return undefined;
  const comparison = compareLengths(mapped, length);
  return comparison === "longer" || comparison === "shorter" || inOtherPages(mapped, length)
    ? told
    : undefined;
}

/** Sizes that are only added or only taken away: it is not 0, whatever they are. */
function isOneSided({ constant, terms }: Amount): boolean {
  const signs = new Set([constant, ...terms.map(({ coefficient }) => coefficient)].map(Math.sign));
  signs.delete(0);
  return signs.size === 1 && terms.every(({ symbol }) => /^(?:sizeof|page)$/.test(symbol.origin.kind));
}

/** With parameters by their names: what both functions call `size` is one number. */
function byName(amount: Amount): Amount {
  return substitute(amount, ({ origin }) =>
    origin.kind === "parameter" && origin.name !== ""
      ? symbolOf({ kind: "constant", name: `.parameter ${origin.name}` })
      : undefined,
  );
}
