/** The functions of one file, each analyzed once, when it is first wanted. */
import type { Site } from "../diagnostic.js";
import type { FunctionOutline, Unit } from "../syntax/unit.js";
import { analyzeFunction, type Watch } from "./analyze-function.js";
import { TooLarge } from "./block-builder.js";
import type { Event } from "./events.js";
import { NoFixpoint } from "./fixpoint.js";
import type { Cfg } from "./ir.js";
import { lower } from "./lower.js";
import type { Context, Wanted } from "./machine.js";
import type { MemberNotes } from "./members.js";
import type { Memory, Outcome, Questions } from "./memory.js";
import type { Models } from "./model/declared.js";
import { isFamilyName } from "./model/library.js";
import { functionsThatMayEnd, isForeign, macrosOfFamily, namesFamily, openedFor } from "./relevance.js";
import type { Summary } from "./summary.js";

/** How many calls lie between the function that is judged and another one. */
interface Depth {
  readonly all: number;
  /** Since the last function that names the family: those are judged themselves, and wait for nobody. */
  readonly beyond: number;
}

const JUDGED: Depth = { all: 0, beyond: 0 };

/** Calls are followed into bodies this deep; beyond, a function counts as unknown. */
const MAX_DEPTH: Depth = { all: 24, beyond: 6 };
/** Bodies read only to learn what they do with a pointer given to them, for each file. */
const MAX_EXTRA_SUMMARIES = 300;

export interface Result {
  /** One list for each reading of the function's conditionals. */
  readonly readings: readonly (readonly Event[])[];
  readonly summary: Summary | "unknown";
  /** Where every open condition is the other way round; undefined where none is. */
  readonly otherwise?: Summary | "unknown";
  readonly notes: MemberNotes;
}

const UNKNOWN: Result = {
  readings: [],
  summary: "unknown",
  notes: noNotes(),
};

function noNotes(): Pick<Context, keyof MemberNotes> {
  return {
    letGo: new Set(),
    freed: [],
    kept: [],
    pointed: new Map(),
    nulled: new Map(),
    cleared: new Set(),
    unmapped: [],
    failed: [],
    endings: [],
    uses: new Map(),
    refilled: new Set(),
    tests: { againstNull: new Map(), againstFailed: new Set(), ofResults: new Map() },
  };
}

export interface AnalyzedFunction {
  readonly unit: Unit;
  readonly outline: FunctionOutline;
  /** One list for each reading of the function's conditionals. */
  readonly readings: readonly (readonly Event[])[];
}

/** A function and the file that it is in. */
export interface Definition {
  readonly analysis: UnitAnalysis;
  readonly outline: FunctionOutline;
}

/** An event that only several functions together tell, and the one of them that it is for. */
export interface Told {
  readonly definition: Definition;
  readonly event: Event;
}

/** Finds what a name that is called in a file means; "ambiguous" where several functions could be meant. */
export type Link = (name: string, from: UnitAnalysis) => Definition | "ambiguous" | undefined;

/** What the analysis of a function asks of the linted files as a whole. */
export interface Around {
  /** Is the word anywhere in them? */
  mentions(word: string): boolean;
  /** Is the result of a mapping call put into a variable of that name? */
  holdsMapping(name: string): boolean;
}

export interface GivenUp {
  readonly unit: Unit;
  readonly outline: FunctionOutline;
  readonly reason: string;
}

export class UnitAnalysis {
  readonly givenUp: GivenUp[] = [];
  /** Joins that the limit on states forced. */
  forcedJoins = 0;
  readonly #results = new Map<FunctionOutline, Result>();
  readonly #running = new Set<FunctionOutline>();
  #byName: ReadonlyMap<string, FunctionOutline> | undefined;
  #ownFamilyMacros: ReadonlySet<string> | undefined;
  #familyMacros: ReadonlySet<string> | undefined;
  #ending: ReadonlySet<string> | undefined;
  #wipes: boolean | undefined;
  #fixedPageSize: boolean | undefined;
  #extra = 0;
  readonly #leading = new Map<string, boolean>();

  constructor(
    readonly unit: Unit,
    readonly link: Link,
    readonly analysisOf: (unit: Unit) => UnitAnalysis,
    readonly around: Around,
    /** As they hold in this file. */
    readonly models: Models,
    readonly memory: Memory | undefined,
  ) {}

  /** The functions by name; of several the first that Linux as usually built has. */
  get byName(): ReadonlyMap<string, FunctionOutline> {
    if (this.#byName === undefined) {
      const byName = new Map<string, FunctionOutline>();
      for (const outline of this.unit.functions) {
        const other = byName.get(outline.name);
        if (other !== undefined && (other.usual || !outline.usual)) continue;
        if (!(isFamilyName(outline.name) && isForeign(this.unit, outline))) byName.set(outline.name, outline);
      }
      this.#byName = byName;
    }
    return this.#byName;
  }

  namesFamily(outline: FunctionOutline): boolean {
    this.#familyMacros ??= new Set(
      [this.unit, ...this.unit.headers()].flatMap((unit) => [...this.analysisOf(unit).ownFamilyMacros]),
    );
    return namesFamily(outline, this.#familyMacros, this.models);
  }

  /** Does it name the family, or call what does? */
  concernsFamily(outline: FunctionOutline): boolean {
    return this.namesFamily(outline) || this.#leadsToFamily(outline);
  }

  get ownFamilyMacros(): ReadonlySet<string> {
    return (this.#ownFamilyMacros ??= macrosOfFamily(this.unit, this.models));
  }

  /** What is known already; undefined for a function that was not analyzed. */
  known(outline: FunctionOutline): Result | undefined {
    return this.#results.get(outline);
  }

  get results(): Iterable<Result> {
    return this.#results.values();
  }

  analyze(outline: FunctionOutline, depth = JUDGED): Result {
    const known = this.#results.get(outline);
    if (known !== undefined) return known;
    if (this.#running.has(outline)) return UNKNOWN;
    if (depth.all > MAX_DEPTH.all || depth.beyond > MAX_DEPTH.beyond) return UNKNOWN;
    this.#running.add(outline);
    const questions = this.#questions(depth);
    const analyze = (asked: Questions): Outcome => this.#compute(outline, asked);
    const { result, forced, givenUp } =
      this.memory?.outcome(this.unit, outline, questions, analyze) ?? analyze(questions);
    this.#running.delete(outline);
    this.#results.set(outline, result);
    this.forcedJoins += forced;
    if (givenUp !== undefined) this.givenUp.push({ unit: this.unit, outline, reason: givenUp });
    return result;
  }

  #compute(outline: FunctionOutline, questions: Questions): Outcome {
    const parsed = this.unit.parse(outline);
    if (parsed.kind === "failed") return gaveUp(parsed.reason);
    const readings: (readonly Event[])[] = [];
    const notes = noNotes();
    let summary: Summary | undefined;
    let otherwise: Summary | "unknown" | undefined = parsed.readings.length > 1 ? "unknown" : undefined;
    let forced = 0;
    try {
      parsed.readings.forEach((definition, i) => {
        const isOpposite = i === 1 && parsed.opposite;
        const asked = isOpposite ? inOtherReading(questions) : questions;
        const result = analyzeFunction(this.#context(lower(definition, this.unit), outline, asked, notes));
        readings.push(result.events);
        forced += result.forced;
        if (i === 0) summary = result.summary;
        if (isOpposite) otherwise = result.summary ?? "unknown";
      });
    } catch (error) {
      if (error instanceof NoFixpoint || error instanceof TooLarge) return gaveUp(error.message);
      return gaveUp(`internal error: ${error instanceof Error ? error.message : String(error)}`);
    }
    const told = { readings, summary: summary ?? "unknown", notes } as const;
    return { result: otherwise === undefined ? told : { ...told, otherwise }, forced, givenUp: undefined };
  }

  /** Analyzes a function once more, to look on; what comes of it is known already. */
  watch(outline: FunctionOutline, watch: Watch): void {
    const parsed = this.unit.parse(outline);
    if (parsed.kind === "failed") return;
    try {
      for (const definition of parsed.readings) {
        const cfg = lower(definition, this.unit);
        analyzeFunction(this.#context(cfg, outline, this.#questions(JUDGED), noNotes()), watch);
      }
    } catch {
      // Then it has been given up before, and whoever wants to know has been told.
    }
  }

  #context(
    cfg: Cfg,
    outline: FunctionOutline,
    questions: Questions,
    notes: Pick<Context, keyof MemberNotes>,
  ): Context {
    return {
      cfg,
      places: new Map(),
      localMembers: new Map(),
      written: new Set(),
      plainTests: new Set(),
      reprotected: new Set(),
      mayEnd: new Set(),
      zeroed: new Set(),
      copied: new Set(),
      believed: { released: new Map(), exits: [], ended: new Set() },
      ...notes,
      cleansUp: [...outline.names].some((name) => CLEANUP_ATTRIBUTE.test(name)),
      catchesFaults: FAULT_CATCHERS.some((name) => outline.names.has(name)),
      ...questions,
    };
  }

  /** What the function asks, that is so many calls away from the one that is judged. */
  #questions(depth: Depth): Questions {
    const { path, text } = this.unit.source;
    return {
      fixedPageSize: (this.#fixedPageSize ??= DEFINES_PAGE_SIZE.test(text)),
      wipes: (this.#wipes ??= this.unit.functions.some(({ name }) => WIPES.test(name))),
      calledBy: (name) => this.#calledBy(name),
      holdsMapping: (name) => this.around.holdsMapping(name),
      unlinksShared: () => this.around.mentions("shm_unlink"),
      openedFor: (variable) => openedFor(this.unit, variable),
      text: (site: Site) => (site.file === path ? text.slice(site.start, site.end) : ""),
      defines: (name) => !this.models.declares(name) && this.link(name, this) !== undefined,
      modelOf: (name) => this.models.libraryOf(name),
      neverReturns: (name) => this.unit.neverReturns(name),
      summaryOf: (name, wanted, otherwise) => {
        const result = this.#resultOf(name, wanted, depth);
        return typeof result === "object" && "notes" in result
          ? ((otherwise === true ? result.otherwise : undefined) ?? result.summary)
          : result;
      },
    };
  }

  #calledBy(name: string): ReadonlySet<string> | undefined {
    const outline = this.byName.get(name);
    if (outline === undefined) return undefined;
    const body = this.unit.source.text.slice(outline.span.start, outline.span.end);
    const called = [...body.matchAll(/\b(\w+)\s*\(/g)].map(([, word = ""]) => word);
    return new Set([
      // What a string or a comment says is no name of the function.
      ...called.filter((word) => word !== name && outline.names.has(word)),
      ...[...outline.names].filter((n) => n.startsWith("uc_") || n === "__asm__" || n === "asm"),
    ]);
  }

  /** A body is worth reading when it may touch mappings, may end the process, or gets something to do with them. */
  #resultOf(name: string, wanted: Wanted, depth: Depth): Result | Summary | "unknown" | undefined {
    if (this.models.declares(name)) return this.models.summaryOf(name);
    const linked = this.link(name, this);
    if (linked === undefined || linked === "ambiguous") return linked === undefined ? undefined : "unknown";
    const { analysis, outline } = linked;
    const known = analysis.known(outline);
    if (known !== undefined && wanted !== "where it returns") return known;
    const isJudged = analysis.namesFamily(outline);
    const isWorthIt =
      isJudged ||
      analysis.#seemsToEnd(outline) ||
      analysis.#isAccessor(outline) ||
      analysis.#leadsToFamily(outline);
    if (!isWorthIt && known === undefined) {
      if (wanted === false || this.#extra >= MAX_EXTRA_SUMMARIES) return "unknown";
      this.#extra++;
    }
    const below = { all: depth.all + 1, beyond: isJudged ? 0 : depth.beyond + 1 };
    const result = analysis.analyze(outline, below);
    if (isWorthIt || wanted !== "where it returns" || result.summary === "unknown") return result;
    return result.summary.mayEnd ? "unknown" : result;
  }

  /** A body that does nothing but return what a member holds, or a sum. */
  #isAccessor({ span }: FunctionOutline): boolean {
    const { text } = this.unit.source;
    const body = text.indexOf("{", span.start);
    return (
      span.end - body < LONGEST_ACCESSOR && /^\{\s*return\b[^;(]*;\s*\}$/.test(text.slice(body, span.end))
    );
  }

  /**
   * Does it call a function that names the family, or that leads to one? Who calls it may be analyzed before anything is
   * known of it.
   */
  #leadsToFamily(outline: FunctionOutline, left = MAX_LEADING): boolean {
    if (left === 0) return false;
    const key = `${outline.span.start} ${left}`;
    let leads = this.#leading.get(key);
    if (leads === undefined) {
      leads = [...outline.names].some((name) => {
        const linked = this.link(name, this);
        if (linked === undefined || linked === "ambiguous") return false;
        return (
          linked.analysis.namesFamily(linked.outline) ||
          linked.analysis.#leadsToFamily(linked.outline, left - 1)
        );
      });
      this.#leading.set(key, leads);
    }
    return leads;
  }

  /** Is the last thing it does to call something that may end the process? */
  #seemsToEnd({ name, span }: FunctionOutline): boolean {
    const ends = (n: string): boolean => this.unit.neverReturns(n) || this.models.ends(n);
    this.#ending ??= functionsThatMayEnd(this.unit, ends);
    if (!this.#ending.has(name)) return false;
    const tail = this.unit.source.text.slice(Math.max(span.start, span.end - TAIL), span.end);
    return [...tail.matchAll(/\b(\w+)\s*\(/g)].some(
      ([, called = ""]) => this.#ending?.has(called) === true || ends(called),
    );
  }
}

/** The same conditions are the other way round in what is called. */
function inOtherReading(questions: Questions): Questions {
  return { ...questions, summaryOf: (name, wanted) => questions.summaryOf(name, wanted, true) };
}

function gaveUp(reason: string): Outcome {
  return { result: UNKNOWN, forced: 0, givenUp: reason };
}

/** Characters of a body that is taken for an accessor. */
const LONGEST_ACCESSOR = 120;

/** Calls between a function and one that names the family. */
const MAX_LEADING = 2;

/** Characters at the end of a function in which a call that ends the process is looked for. */
const TAIL = 300;

const CLEANUP_ATTRIBUTE = /^(?:_*cleanup_*|_cleanup_\w+|g_auto\w*|__free)$/;
/** The headers in which glibc and the kernel define PAGE_SIZE, on machines with pages of 4 KiB only. */
const DEFINES_PAGE_SIZE = /^[ \t]*#[ \t]*include[ \t]*<(?:sys\/user|asm\/page)\.h>/m;
const WIPES = /(?:mem_?zero|zero_?mem|zeroi[sz]e|cleanse|wipe|scrub|secure_(?:zero|clear)|explicit_bzero)/i;
const FAULT_CATCHERS = ["sigsetjmp", "setjmp", "_setjmp", "__sigsetjmp", "SIGSEGV", "SIGBUS"];
