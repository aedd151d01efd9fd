/** The whole program: which functions matter, their summaries from the callees up, and the events of each. */
import type { Site } from "../diagnostic.js";
import type { FunctionOutline, Unit } from "../syntax/unit.js";
import { analyzeFunction } from "./analyze-function.js";
import type { Event } from "./events.js";
import { NoFixpoint } from "./fixpoint.js";
import type { Cfg } from "./ir.js";
import type { Context, Pointed } from "./machine.js";
import type { MemberNotes } from "./members.js";
import { abandonment, keptMembers, mayFree, mayRelease, memberUnmaps } from "./members.js";
import { lower } from "./lower.js";
import { TooLarge } from "./block-builder.js";
import { isFamilyName } from "./model/library.js";
import type { Summary } from "./summary.js";
import { concerns } from "./summary.js";

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
    const program = new UnitAnalysis(unit, units);
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
  readonly notes: MemberNotes;
}

const UNKNOWN: Result = {
  readings: [],
  summary: "unknown",
  notes: { letGo: new Set(), freed: [], kept: [], pointed: new Map(), nulled: new Map(), unmapped: [] },
};

/** The functions of one file, each analyzed once when it is first wanted. */
class UnitAnalysis {
  readonly functions: AnalyzedFunction[] = [];
  readonly givenUp: GivenUp[] = [];
  forcedJoins = 0;
  readonly #byName: ReadonlyMap<string, FunctionOutline>;
  readonly #results = new Map<FunctionOutline, Result>();
  readonly #running = new Set<FunctionOutline>();
  readonly #reported = new Set<FunctionOutline>();
  readonly #familyMacros: ReadonlySet<string>;
  readonly #saysNoreturn: boolean;
  #extra = 0;
  #ending: ReadonlySet<string> | undefined;

  constructor(
    readonly unit: Unit,
    readonly all: readonly Unit[],
  ) {
    const byName = new Map<string, FunctionOutline>();
    for (const outline of unit.functions) {
      if (!byName.has(outline.name) && !(isFamilyName(outline.name) && isForeign(unit, outline)))
        byName.set(outline.name, outline);
    }
    this.#byName = byName;
    this.#familyMacros = macrosOfFamily(unit);
    this.#saysNoreturn = NORETURN.test(unit.source.text);
  }

  /** Functions that name the family, then those that call one whose summary says something of mappings, and so on. */
  run(): void {
    const { functions } = this.unit;
    let wave = functions.filter((f) => namesFamily(f, this.#familyMacros));
    const seen = new Set<FunctionOutline>(wave);
    while (wave.length > 0) {
      const telling = new Map<string, ReadonlySet<string> | "anything">();
      for (const outline of wave) {
        const { summary } = this.#report(outline);
        if (summary !== "unknown" && (summary.relevant || summary.outcomes.length === 0))
          telling.set(outline.name, concerns(summary));
      }
      wave = telling.size === 0 ? [] : functions.filter((f) => !seen.has(f) && callsOne(f, telling));
      for (const outline of wave) seen.add(outline);
    }
    this.#tellMembers();
    this.functions.sort((a, b) => a.outline.span.start - b.outline.span.start);
  }

  /** What only all functions together tell of struct members. */
  #tellMembers(): void {
    for (const outline of this.unit.functions)
      if (namesKeptField(outline, this.functions)) this.#report(outline);
    const noted = this.functions.map(({ outline, readings }) => ({
      outline,
      events: readings.flat(),
      notes: this.#analyze(outline, 0).notes,
    }));
    for (const [outline, events] of memberUnmaps(noted))
      for (const event of events) this.#append(outline, event);
    const kept = keptMembers(noted);
    if (kept.size === 0) return;
    const letGo = new Set([...this.#results.values()].flatMap(({ notes }) => [...notes.letGo]));
    for (const { outline, notes } of noted) {
      for (const [member, { mapping }] of kept) {
        const site = notes.nulled.get(member);
        if (site !== undefined && !notes.letGo.has(member))
          this.#append(outline, { kind: "abandon", site, function: outline.name, mapping, member });
      }
    }
    for (const [member, { outline: keeper, mapping }] of kept) {
      if (letGo.has(member) || this.#mayBeReleased(member)) continue;
      for (const outline of this.unit.functions) {
        if (outline === keeper || !(this.#results.has(outline) || mayFree(outline, member))) continue;
        const event = abandonment(outline, this.#analyze(outline, 0).notes, member, mapping);
        if (event === undefined) continue;
        this.#append(outline, event);
        break;
      }
    }
  }

  #mayBeReleased(member: string): boolean {
    return this.all.some((unit) =>
      unit.functions.some((f) => mayRelease(unit, f, member, this.#results.get(f)?.notes)),
    );
  }

  #append(outline: FunctionOutline, event: Event): void {
    const at = this.functions.findIndex((f) => f.outline === outline);
    const known = this.functions[at];
    if (known === undefined) this.functions.push({ unit: this.unit, outline, readings: [[event]] });
    else
      this.functions[at] = {
        ...known,
        readings: [[...(known.readings[0] ?? []), event], ...known.readings.slice(1)],
      };
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
    const notes = {
      letGo: new Set<string>(),
      freed: [],
      kept: [],
      pointed: new Map<string, Pointed>(),
      nulled: new Map<string, Site>(),
      unmapped: [],
    };
    let summary: Summary | undefined;
    try {
      parsed.readings.forEach((definition, i) => {
        const result = analyzeFunction(this.#context(lower(definition, this.unit), outline, depth, notes));
        readings.push(result.events);
        this.forcedJoins += result.forced;
        if (i === 0) summary = result.summary;
      });
    } catch (error) {
      if (error instanceof NoFixpoint || error instanceof TooLarge)
        return this.#giveUp(outline, error.message);
      return this.#giveUp(
        outline,
        `internal error: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    return { readings, summary: summary ?? "unknown", notes };
  }

  #giveUp(outline: FunctionOutline, reason: string): Result {
    this.givenUp.push({ unit: this.unit, outline, reason });
    return UNKNOWN;
  }

  #context(
    cfg: Cfg,
    outline: FunctionOutline,
    depth: number,
    notes: Pick<Context, "letGo" | "freed" | "kept" | "pointed" | "nulled" | "unmapped">,
  ): Context {
    const { text } = this.unit.source;
    return {
      cfg,
      places: new Map(),
      plainTests: new Set(),
      zeroed: new Set(),
      ...notes,
      cleansUp: [...outline.names].some((name) => CLEANUP_ATTRIBUTE.test(name)),
      catchesFaults: FAULT_CATCHERS.some((name) => outline.names.has(name)),
      wipes: this.unit.functions.some(({ name }) => WIPES.test(name)),
      calledBy: (name) => this.#calledBy(name),
      unlinksShared: () => this.all.some(({ source }) => source.text.includes("shm_unlink")),
      text: (site: Site) => text.slice(site.start, site.end),
      defines: (name) => this.#byName.has(name),
      neverReturns: (name) => this.#declaredToEnd(name),
      summaryOf: (name, wanted) => this.#summaryOf(name, wanted, depth),
    };
  }

  /** Declared never to return. Declarations are parsed only in a file that says so of anything. */
  #declaredToEnd(name: string): boolean {
    return this.#saysNoreturn && this.unit.global(name)?.noreturn === true;
  }

  #calledBy(name: string): ReadonlySet<string> | undefined {
    const outline = this.#byName.get(name);
    if (outline === undefined) return undefined;
    const body = this.unit.source.text.slice(outline.span.start, outline.span.end);
    return new Set([
      ...[...body.matchAll(/\b(\w+)\s*\(/g)].map(([, called = ""]) => called).filter((n) => n !== name),
      ...[...outline.names].filter((n) => n.startsWith("uc_") || n === "__asm__" || n === "asm"),
    ]);
  }

  /** Is the last thing it does to call something that may end the process? */
  #seemsToEnd({ name, span }: FunctionOutline): boolean {
    this.#ending ??= functionsThatMayEnd(this.unit, (n) => this.#declaredToEnd(n));
    if (!this.#ending.has(name)) return false;
    const tail = this.unit.source.text.slice(Math.max(span.start, span.end - TAIL), span.end);
    return [...tail.matchAll(/\b(\w+)\s*\(/g)].some(
      ([, called = ""]) => this.#ending?.has(called) === true || this.#declaredToEnd(called),
    );
  }

  /** A body is worth reading when it may touch mappings, may end the process, or gets something to do with them. */
  #summaryOf(name: string, wanted: boolean, depth: number): Summary | "unknown" | undefined {
    const outline = this.#byName.get(name);
    if (outline === undefined) return undefined;
    const known = this.#results.get(outline);
    if (known !== undefined) return known.summary;
    if (!namesFamily(outline, this.#familyMacros) && !this.#seemsToEnd(outline)) {
      if (!wanted || this.#extra >= MAX_EXTRA_SUMMARIES) return "unknown";
      this.#extra++;
    }
    return this.#analyze(outline, depth + 1).summary;
  }
}

function namesFamily(outline: FunctionOutline, familyMacros: ReadonlySet<string>): boolean {
  for (const name of outline.names) if (isFamilyName(name) || familyMacros.has(name)) return true;
  return outline.names.has("MAP_FAILED");
}

/** Characters at the end of a function in which a call that ends the process is looked for. */
const TAIL = 300;

/** The macros of the file whose bodies name the family. */
function macrosOfFamily(unit: Unit): ReadonlySet<string> {
  const found = new Set<string>();
  for (const macro of unit.macros) {
    for (const [name] of (unit.macroBody(macro) ?? "").matchAll(/\w+/g))
      if (isFamilyName(name) || name === "MAP_FAILED") found.add(macro);
  }
  return found;
}

const CLEANUP_ATTRIBUTE = /^(?:_*cleanup_*|_cleanup_\w+|g_auto\w*|__free)$/;
const FOREIGN_PLATFORM = /\b(?:_*WIN32_*|_WIN64|_MSC_VER|_WIN32_WCE|__MINGW\w*|__OS2__|VMS|__AMIGA\w*)\b/;

/** Stands in a conditional for a platform that has no mmap of its own: elsewhere the name is the system's. */
function isForeign({ source }: Unit, outline: FunctionOutline): boolean {
  let depth = 0;
  const before = source.text.slice(0, outline.span.start).split("\n");
  for (let i = before.length - 1; i >= 0; i--) {
    const directive = /^[ \t]*#[ \t]*(if\w*|else|elif|endif)\b(.*)/.exec(before[i] ?? "");
    if (directive === null) continue;
    const [, kind = "", condition = ""] = directive;
    if (kind === "endif") depth++;
    else if (kind.startsWith("if") && depth > 0) depth--;
    else if (kind.startsWith("if") && kind !== "ifndef" && FOREIGN_PLATFORM.test(condition)) return true;
  }
  return false;
}

/** Does it name a member that some function puts a mapping into? */
function namesKeptField(outline: FunctionOutline, functions: readonly AnalyzedFunction[]): boolean {
  if (!outline.names.has("NULL")) return false;
  return functions.some(({ readings }) =>
    readings.some((events) =>
      events.some(
        (e) =>
          e.kind === "escape" &&
          e.member !== undefined &&
          e.mapping.source === "mmap" &&
          outline.names.has(e.member.slice(e.member.lastIndexOf(".") + 1)),
      ),
    ),
  );
}

const WIPES = /(?:mem_?zero|zero_?mem|zeroi[sz]e|cleanse|wipe|scrub|secure_(?:zero|clear)|explicit_bzero)/i;
const FAULT_CATCHERS = ["sigsetjmp", "setjmp", "_setjmp", "__sigsetjmp", "SIGSEGV", "SIGBUS"];
const ENDS = [
  "exit",
  "_exit",
  "abort",
  "err",
  "errx",
  "verr",
  "longjmp",
  "siglongjmp",
  "error",
  "__builtin_unreachable",
];

const NORETURN = /noreturn|_Noreturn|__dead/;

/** The functions that may end the process, or call one of the file that may. */
function functionsThatMayEnd(unit: Unit, declaredToEnd: (name: string) => boolean): ReadonlySet<string> {
  const ending = new Set<string>(ENDS);
  for (let before = -1; before !== ending.size;) {
    before = ending.size;
    for (const { name, names } of unit.functions)
      if (!ending.has(name) && [...names].some((n) => ending.has(n) || declaredToEnd(n))) ending.add(name);
  }
  return ending;
}

/** Does it call one of the functions, and speak of what that one does? */
function callsOne(
  { names }: FunctionOutline,
  telling: ReadonlyMap<string, ReadonlySet<string> | "anything">,
): boolean {
  for (const [name, members] of telling) {
    if (names.has(name) && (members === "anything" || [...members].some((member) => names.has(member))))
      return true;
  }
  return false;
}
