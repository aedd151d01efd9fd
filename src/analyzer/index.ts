/** The whole program: which functions matter, their summaries from the callees up, and the events of each. */
import type { Site } from "../diagnostic.js";
import type { FunctionOutline, Unit } from "../syntax/unit.js";
import { analyzeFunction } from "./analyze-function.js";
import { ANY_MEMBER } from "./calls.js";
import type { Event } from "./events.js";
import { NoFixpoint } from "./fixpoint.js";
import type { Cfg } from "./ir.js";
import type { Freed } from "./machine.js";
import type { Mapping } from "./mapping.js";
import { lower, TooLarge } from "./lower.js";
import { isFamilyName } from "./model/library.js";
import type { Summary } from "./summary.js";

/** Calls are followed into bodies this deep; beyond, a function counts as unknown. */
const MAX_CALL_DEPTH = 6;
/** Bodies read only to learn what they do with a pointer given to them, for each file. */
const MAX_EXTRA_SUMMARIES = 300;

export interface AnalyzedFunction {
  readonly unit: Unit;
  readonly outline: FunctionOutline;
  /** One list for each reading of the function's conditionals. */
  readonly readings: readonly (readonly Event[])[];
}

export interface GivenUp {
  readonly unit: Unit;
  readonly outline: FunctionOutline;
  readonly reason: string;
}

export interface Analysis {
  readonly functions: readonly AnalyzedFunction[];
  readonly givenUp: readonly GivenUp[];
  /** Joins that the limit on states forced. */
  readonly forcedJoins: number;
}

/**
 * Analyzes the units as one program. Never throws for what a unit contains: a function that cannot be read or does not
 * come to an end is given up alone.
 */
export function analyze(units: readonly Unit[]): Analysis {
  const functions: AnalyzedFunction[] = [];
  const givenUp: GivenUp[] = [];
  let forcedJoins = 0;
  for (const unit of units) {
    const program = new UnitAnalysis(unit);
    program.run();
    functions.push(...program.functions);
    givenUp.push(...program.givenUp);
    forcedJoins += program.forcedJoins;
  }
  return { functions, givenUp, forcedJoins };
}

interface Result {
  readonly readings: readonly (readonly Event[])[];
  readonly summary: Summary | "unknown";
  readonly letGo: ReadonlySet<string>;
  readonly freed: readonly Freed[];
}

const UNKNOWN: Result = { readings: [], summary: "unknown", letGo: new Set(), freed: [] };

/** The functions of one file, each analyzed once when it is first wanted. */
class UnitAnalysis {
  readonly functions: AnalyzedFunction[] = [];
  readonly givenUp: GivenUp[] = [];
  forcedJoins = 0;
  readonly #byName: ReadonlyMap<string, FunctionOutline>;
  readonly #results = new Map<FunctionOutline, Result>();
  readonly #running = new Set<FunctionOutline>();
  readonly #reported = new Set<FunctionOutline>();
  #extra = 0;

  constructor(readonly unit: Unit) {
    const byName = new Map<string, FunctionOutline>();
    for (const outline of unit.functions) if (!byName.has(outline.name)) byName.set(outline.name, outline);
    this.#byName = byName;
  }

  /** Functions that name the family, then those that call one whose summary says something of mappings, and so on. */
  run(): void {
    const { functions } = this.unit;
    let wave = functions.filter((f) => namesFamily(f));
    const seen = new Set<FunctionOutline>(wave);
    while (wave.length > 0) {
      const telling = new Set<string>();
      for (const outline of wave) {
        const { summary } = this.#report(outline);
        if (summary !== "unknown" && (summary.relevant || summary.outcomes.length === 0)) telling.add(outline.name);
      }
      wave = telling.size === 0 ? [] : functions.filter((f) => !seen.has(f) && callsOne(f, telling));
      for (const outline of wave) seen.add(outline);
    }
    this.#abandoned();
    this.functions.sort((a, b) => a.outline.span.start - b.outline.span.start);
  }

  /** Structs that are freed while a member of theirs holds a mapping that nobody else can release. */
  #abandoned(): void {
    const kept = keptMembers(this.functions);
    if (kept.size === 0) return;
    const letGo = new Set([...this.#results.values()].flatMap((result) => [...result.letGo]));
    for (const [member, { outline: keeper, mapping }] of kept) {
      if (letGo.has(member) || this.unit.functions.some((f) => this.#releasesField(f, member))) continue;
      for (const outline of this.unit.functions) {
        if (outline === keeper || !this.#mayFree(outline, member)) continue;
        const ends = this.#analyze(outline, 0).freed.filter((f) => endsMember(f, member, mapping));
        const freed = ends.find(({ closes }) => closes === undefined) ?? ends[0];
        if (freed === undefined) continue;
        const event: Event = { kind: "abandon", site: freed.site, function: outline.name, mapping, member };
        this.#append(outline, event);
        break;
      }
    }
  }

  /** Does the function speak of such a member and of something that releases mappings? Then it is taken to release it. */
  #releasesField(outline: FunctionOutline, member: string): boolean {
    const field = member.slice(member.lastIndexOf(".") + 1);
    if (!outline.names.has(field) || ![...outline.names].some((name) => RELEASING_NAME.test(name))) return false;
    const result = this.#results.get(outline);
    if (result !== undefined && result.readings.length > 0 && !result.letGo.has(ANY_MEMBER)) return false;
    const text = this.unit.source.text.slice(outline.span.start, outline.span.end);
    return new RegExp(`(?:->|\\.)\\s*${field}\\b`).test(text);
  }

  #mayFree(outline: FunctionOutline, member: string): boolean {
    if (this.#results.has(outline)) return true;
    const struct = member.slice(0, member.lastIndexOf(".")).replace(/^\w+ /, "");
    return outline.names.has(struct) && [...outline.names].some((name) => FREEING_NAME.test(name));
  }

  #append(outline: FunctionOutline, event: Event): void {
    const at = this.functions.findIndex((f) => f.outline === outline);
    const known = this.functions[at];
    if (known === undefined) this.functions.push({ unit: this.unit, outline, readings: [[event]] });
    else this.functions[at] = { ...known, readings: [[...(known.readings[0] ?? []), event], ...known.readings.slice(1)] };
  }

  #report(outline: FunctionOutline): Result {
    const result = this.#analyze(outline, 0);
    if (!this.#reported.has(outline) && result.readings.length > 0) {
      this.#reported.add(outline);
      this.functions.push({ unit: this.unit, outline, readings: result.readings });
    }
    return result;
  }

  #analyze(outline: FunctionOutline, depth: number): Result {
    const known = this.#results.get(outline);
    if (known !== undefined) return known;
    if (this.#running.has(outline) || depth > MAX_CALL_DEPTH) return UNKNOWN;
    this.#running.add(outline);
    const result = this.#compute(outline, depth);
    this.#running.delete(outline);
    this.#results.set(outline, result);
    return result;
  }

  #compute(outline: FunctionOutline, depth: number): Result {
    const parsed = this.unit.parse(outline);
    if (parsed.kind === "failed") return this.#giveUp(outline, parsed.reason);
    const readings: (readonly Event[])[] = [];
    const letGo = new Set<string>();
    const freed: Freed[] = [];
    let summary: Summary | undefined;
    try {
      parsed.readings.forEach((definition, i) => {
        const result = analyzeFunction(this.#context(lower(definition, this.unit), outline, depth, letGo, freed));
        readings.push(result.events);
        this.forcedJoins += result.forced;
        if (i === 0) summary = result.summary;
      });
    } catch (error) {
      if (error instanceof NoFixpoint || error instanceof TooLarge) return this.#giveUp(outline, error.message);
      return this.#giveUp(outline, `internal error: ${error instanceof Error ? error.message : String(error)}`);
    }
    return { readings, summary: summary ?? "unknown", letGo, freed };
  }

  #giveUp(outline: FunctionOutline, reason: string): Result {
    this.givenUp.push({ unit: this.unit, outline, reason });
    return UNKNOWN;
  }

  #context(cfg: Cfg, outline: FunctionOutline, depth: number, letGo: Set<string>, freed: Freed[]): Parameters<typeof analyzeFunction>[0] {
    const { text } = this.unit.source;
    return {
      cfg,
      places: new Map(),
      letGo,
      freed,
      cleansUp: [...outline.names].some((name) => CLEANUP_ATTRIBUTE.test(name)),
      catchesFaults: FAULT_CATCHERS.some((name) => outline.names.has(name)),
      text: (site: Site) => text.slice(site.start, site.end),
      summaryOf: (name, wanted) => this.#summaryOf(name, wanted, depth),
    };
  }

  /** A body is worth reading when it may touch mappings, may end the process, or gets something to do with them. */
  #summaryOf(name: string, wanted: boolean, depth: number): Summary | "unknown" | undefined {
    const outline = this.#byName.get(name);
    if (outline === undefined) return undefined;
    const known = this.#results.get(outline);
    if (known !== undefined) return known.summary;
    if (!namesFamily(outline) && !mayNotReturn(outline)) {
      if (!wanted || this.#extra >= MAX_EXTRA_SUMMARIES) return "unknown";
      this.#extra++;
    }
    return this.#analyze(outline, depth + 1).summary;
  }
}

function namesFamily(outline: FunctionOutline): boolean {
  for (const name of outline.names) if (isFamilyName(name)) return true;
  return outline.names.has("MAP_FAILED");
}

const CLEANUP_ATTRIBUTE = /^(?:_*cleanup_*|_cleanup_\w+|g_auto\w*|__free)$/;
const FAULT_CATCHERS = ["sigsetjmp", "setjmp", "_setjmp", "__sigsetjmp", "SIGSEGV", "SIGBUS"];
const ENDS = ["exit", "_exit", "abort", "err", "errx", "verr", "longjmp", "siglongjmp", "error", "__builtin_unreachable"];

function mayNotReturn(outline: FunctionOutline): boolean {
  return ENDS.some((name) => outline.names.has(name));
}

function callsOne(outline: FunctionOutline, names: ReadonlySet<string>): boolean {
  for (const name of names) if (outline.names.has(name)) return true;
  return false;
}

const FREEING_NAME = /free|destroy|release|delete|dealloc|^close$/i;

interface Kept {
  readonly outline: FunctionOutline;
  readonly mapping: Mapping;
}

/** The struct members that mappings are put into, each with the first such mapping. */
function keptMembers(functions: readonly AnalyzedFunction[]): ReadonlyMap<string, Kept> {
  const kept = new Map<string, Kept>();
  for (const { outline, readings } of functions) {
    for (const event of readings.flat()) {
      if (event.kind !== "escape" || event.member === undefined || kept.has(event.member)) continue;
      const { mapping } = event;
      if (mapping.source === "given" || mapping.source === "heap" || !mapping.flags.may.size || mapping.flags.may.has("MAP_FIXED")) continue;
      kept.set(event.member, { outline, mapping: { ...mapping, name: mapping.name ?? event.member.slice(event.member.lastIndexOf(".") + 1) } });
    }
  }
  return kept;
}

const RELEASING_NAME = /unmap|shmdt|mremap/i;

function endsMember({ struct, closes }: Freed, member: string, mapping: Mapping): boolean {
  if (closes !== undefined) return closes === mapping.fdMember;
  return struct === member.slice(0, member.lastIndexOf("."));
}
