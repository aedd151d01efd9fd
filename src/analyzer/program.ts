/** The linted files as one program: which functions matter in it, and what only all of them together tell. */
import type { Steps } from "../steps.js";
import type { FunctionOutline, Source, Unit } from "../syntax/unit.js";
import { byStruct } from "./by-struct.js";
import { counterpartsTold } from "./counterparts.js";
import { definesOne, failureHandlers } from "./failure-handlers.js";
import type { Event } from "./events.js";
import {
  entriesOf,
  EVERYWHERE,
  fillings,
  FunctionTables,
  mayCallThrough,
  mayFill,
} from "./function-tables.js";
import { heldGlobals, mayAccess } from "./held-globals.js";
import { Externals } from "./linkage.js";
import type { MemberNotes, NotedFunction } from "./members.js";
import { byHome, fieldOf, mayClear, mayTest, notesOfGlobals, structsOf } from "./members.js";
import type { Memory } from "./memory.js";
import { mayFreeMember } from "./member-text.js";
import { tellSiblings } from "./sibling-callers.js";
import { stayingFailures } from "./staying.js";
import { structTold, usesTold } from "./struct-told.js";
import { type FunctionModels, modelsWith } from "./model/declared.js";
import { libraryModel } from "./model/library.js";
import type { AnalyzedFunction, Around, Definition, GivenUp, Told } from "./unit-analysis.js";
import { UnitAnalysis } from "./unit-analysis.js";
import type { Naming } from "./naming.js";
import { concerns } from "./summary.js";
import { lastName } from "./value.js";
import { membersFilled, membersMapped, variablesMapped } from "./relevance.js";

/** A name of another linkage than C's: every program has its own. */
const ENTRY_POINTS = new Set(["main", "_start"]);

/** Rounds of looking for callers of callers in other files. */
const MAX_ROUNDS = 3;

export class Program {
  readonly #analyses = new Map<Unit, UnitAnalysis>();
  readonly #tables = new FunctionTables((source) => this.open(source));
  readonly #externals = new Externals((unit) => this.#analysisOf(unit), this.#tables);
  /** The linted files among them, in the order of their paths. */
  readonly #linted: UnitAnalysis[] = [];
  readonly #reported = new Map<FunctionOutline, AnalyzedFunction>();

  readonly #around: Around = {
    mentions: (word) => this.#linted.some(({ unit }) => unit.source.text.includes(word)),
    holdsMapping: (name) => this.#linted.some(({ unit }) => variablesMapped(unit).has(name)),
  };

  constructor(
    readonly open: (source: Source) => Unit,
    readonly naming: Naming,
    readonly modelsOf: (path: string) => FunctionModels | undefined,
    readonly memory: Memory | undefined,
  ) {}

  /** The sources that name the family first, then whatever calls what they define. A step is a file or a function. */
  *run(sources: readonly Source[]): Steps<void> {
    let wave = (yield* this.#add(sources)).flatMap((analysis) =>
      analysis.unit.functions
        .filter((outline) => analysis.namesFamily(outline))
        .map((outline): Definition => ({ analysis, outline })),
    );
    yield* this.#addTables(this.#linted);
    yield* this.#addFailureHandlers(wave);
    const seen = new Set(wave.map(({ outline }) => outline));
    const asked = new Set<string>();
    for (let round = 0; wave.length > 0;) {
      const telling = new Map<FunctionOutline, ReadonlySet<string> | "anything">();
      const names = new Set<string>();
      const news = new Set<string>();
      for (const definition of wave) {
        yield;
        const { summary } = this.#report(definition);
        if (summary === "unknown" || !summary.relevant) continue;
        const { outline } = definition;
        telling.set(outline, concerns(summary));
        names.add(outline.name);
        const isKnown = !outline.static || this.#tables.hold(outline.name);
        if (isKnown && !asked.has(outline.name) && !ENTRY_POINTS.has(outline.name)) news.add(outline.name);
      }
      if (news.size > 0 && round++ < MAX_ROUNDS) {
        for (const name of news) asked.add(name);
        yield* this.#addTables(yield* this.#add(this.#callersOutside(news)));
      }
      wave =
        telling.size === 0 ? [] : this.#callersOf(telling, names).filter(({ outline }) => !seen.has(outline));
      for (const { outline } of wave) seen.add(outline);
    }
    const defines = (name: string, unit: Unit): boolean =>
      this.#externals.link(name, this.#analysisOf(unit)) !== undefined;
    for (const one of tellSiblings([...this.#reported.values()], defines))
      this.#reported.set(one.outline, one);
    const told = counterpartsTold([...this.#reported.values()], (unit) => this.#analysisOf(unit));
    this.#tell(told);
    yield* this.#tellMembers();
  }

  get functions(): readonly AnalyzedFunction[] {
    const byPath = new Map(this.#linted.map(({ unit }, i) => [unit, i]));
    return [...this.#reported.values()].sort(
      (a, b) =>
        (byPath.get(a.unit) ?? 0) - (byPath.get(b.unit) ?? 0) || a.outline.span.start - b.outline.span.start,
    );
  }

  /** The linted file at a path. */
  find(path: string): UnitAnalysis | undefined {
    return this.#linted.find(({ unit }) => unit.source.path === path);
  }

  get units(): readonly Unit[] {
    return this.#linted.map(({ unit }) => unit);
  }

  get givenUp(): readonly GivenUp[] {
    return [...this.#analyses.values()].flatMap(({ givenUp }) => givenUp);
  }

  get forcedJoins(): number {
    return [...this.#analyses.values()].reduce((sum, { forcedJoins }) => sum + forcedJoins, 0);
  }

  #analysisOf(unit: Unit): UnitAnalysis {
    let analysis = this.#analyses.get(unit);
    if (analysis === undefined) {
      analysis = new UnitAnalysis(
        unit,
        this.#externals.link,
        (other) => this.#analysisOf(other),
        this.#around,
        modelsWith(this.modelsOf(unit.source.path)),
        this.memory,
      );
      this.#analyses.set(unit, analysis);
    }
    return analysis;
  }

  /** Opens the files in the order of their paths: whatever depends on an order must not depend on the caller's. */
  *#add(sources: readonly Source[]): Steps<readonly UnitAnalysis[]> {
    const added: UnitAnalysis[] = [];
    for (const source of sources.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
      yield;
      const analysis = this.#analysisOf(this.open(source));
      if (!this.#linted.includes(analysis)) added.push(analysis);
    }
    for (const analysis of added) this.#externals.add(analysis);
    this.#linted.push(...added);
    this.#linted.sort((a, b) => (a.unit.source.path < b.unit.source.path ? -1 : 1));
    return added;
  }

  /** The files that name one of the functions, or call one through a member that holds it. */
  #callersOutside(functions: ReadonlySet<string>): readonly Source[] {
    const members = this.#tables.members;
    if (members.size === 0) return this.naming(functions);
    const named = new RegExp(`\\b(?:${[...functions].join("|")})\\b`);
    return this.naming(new Set([...functions, ...members]), {
      meets: (source) => named.test(source.text) || mayCallThrough(source, members),
      looks: false,
    });
  }

  /** Where functions of the files that concern the family are put into members of structs, all that is put there. */
  *#addTables(analyses: readonly UnitAnalysis[]): Steps<void> {
    const known = this.#tables.members;
    const members = new Set<string>();
    for (const analysis of analyses) {
      yield;
      for (const { member, value } of fillings(analysis.unit.source)) {
        if (known.has(member) || members.has(member) || EVERYWHERE.test(member)) continue;
        const outline = analysis.byName.get(value);
        if (outline !== undefined && analysis.concernsFamily(outline)) members.add(member);
      }
    }
    if (known.size > 0) for (const { unit } of analyses) this.#tables.add(entriesOf(unit.source, known));
    if (members.size === 0) return;
    const sources = new Set(this.#linted.map(({ unit }) => unit.source));
    for (const source of this.naming(members, { meets: (one) => mayFill(one, members), looks: true }))
      sources.add(source);
    for (const source of sources) {
      yield;
      this.#tables.add(entriesOf(source, members));
    }
  }

  /** Whether what is called after a failure comes back, only its definition tells. */
  *#addFailureHandlers(wave: readonly Definition[]): Steps<void> {
    const names = new Set(
      wave.flatMap(({ analysis, outline }) =>
        failureHandlers(analysis.unit, outline).filter(
          (name) =>
            !analysis.unit.neverReturns(name) &&
            !analysis.unit.macros.has(name) &&
            libraryModel(name) === undefined &&
            this.#externals.link(name, analysis) === undefined,
        ),
      ),
    );
    if (names.size === 0) return;
    const defining = this.naming(names, { meets: (source) => definesOne(source, names), looks: true });
    for (const source of defining.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
      yield;
      this.#externals.add(this.#analysisOf(this.open(source)));
    }
  }

  /** The functions that call one of these, and speak of what it does. */
  #callersOf(
    telling: ReadonlyMap<FunctionOutline, ReadonlySet<string> | "anything">,
    names: ReadonlySet<string>,
  ): Definition[] {
    const callers: Definition[] = [];
    const behind = new Map(
      [...this.#tables.members].map((path) => [
        path,
        this.#externals.behind({ struct: undefined, path })?.outline,
      ]),
    );
    for (const analysis of this.#linted) {
      const calls = (outline: FunctionOutline, callee: FunctionOutline | undefined): boolean => {
        const members = callee === undefined ? undefined : telling.get(callee);
        return members === "anything" || [...(members ?? [])].some((member) => outline.names.has(member));
      };
      for (const outline of analysis.unit.functions) {
        for (const name of outline.names) {
          const callee = names.has(name) ? this.#externals.link(name, analysis) : undefined;
          const direct = typeof callee === "object" ? callee.outline : undefined;
          if (!calls(outline, direct) && !calls(outline, behind.get(name))) continue;
          callers.push({ analysis, outline });
          break;
        }
      }
    }
    return callers;
  }

  #report({ analysis, outline }: Definition): ReturnType<UnitAnalysis["analyze"]> {
    const result = analysis.analyze(outline);
    if (!this.#reported.has(outline) && result.readings.length > 0)
      this.#reported.set(outline, { unit: analysis.unit, outline, readings: result.readings });
    return result;
  }

  #append({ analysis, outline }: Definition, event: Event): void {
    const known = this.#reported.get(outline);
    const readings = known?.readings ?? [];
    this.#reported.set(outline, {
      unit: analysis.unit,
      outline,
      readings: [[...(readings[0] ?? []), event], ...readings.slice(1)],
    });
  }

  #tell(told: Iterable<Told>): void {
    for (const { definition, event } of told) this.#append(definition, event);
  }

  /** What only all functions together tell of struct members. */
  *#tellMembers(): Steps<void> {
    yield* this.#reportClearing();
    yield* this.#reportTesting();
    yield* this.#reportFreeing();
    yield* this.#reportUsing();
    const noted = [...this.#reported.values()].map(({ unit, outline, readings }): NotedFunction => {
      const analysis = this.#analysisOf(unit);
      return { analysis, outline, events: readings.flat(), notes: analysis.analyze(outline).notes };
    });
    const letGo = new Map<string, Set<MemberNotes>>();
    for (const { results } of this.#analyses.values())
      for (const { notes } of results)
        for (const member of notes.letGo) letGo.set(member, (letGo.get(member) ?? new Set()).add(notes));
    const globals = noted.map((one) => ({
      ...one,
      notes: notesOfGlobals(one.notes, one.analysis.unit.source.path),
    }));
    this.#tell(stayingFailures(globals));
    this.#tell(usesTold(globals, this.#linted));
    const speaking = byStruct(noted);
    for (const struct of structsOf(noted)) {
      yield;
      for (const [home, group] of byHome(struct, speaking.get(struct) ?? []))
        this.#tell(structTold({ struct, home, noted: group, letGo }, this.#linted, this.naming));
    }
  }

  /** Analyzes the functions that set to NULL a member which others fill with a mapping. */
  *#reportClearing(): Steps<void> {
    const filled = membersFilled(this.#events());
    if (filled.size === 0) return;
    const fields = new Set([...filled].map(fieldOf));
    yield* this.#reportThose((unit, outline) => mayClear(unit, outline, fields));
  }

  /** Analyzes the functions that compare with NULL what may hold MAP_FAILED since another one has ended. */
  *#reportTesting(): Steps<void> {
    const names = new Set(
      this.#notes().flatMap(({ failed }) => failed.map(({ holder }) => lastName(holder))),
    );
    if (names.size > 0) yield* this.#reportThose((unit, outline) => mayTest(unit, outline, names));
  }

  /** Analyzes the functions that free what others fill with a mapping and nobody unmaps, in whatever file. */
  *#reportFreeing(): Steps<void> {
    const fields = new Set([...membersMapped(this.#events())].map(fieldOf));
    for (const { unmapped } of this.#notes())
      for (const { member } of unmapped) fields.delete(fieldOf(member));
    if (fields.size === 0) return;
    yield* this.#add(this.naming(fields, { meets: ({ text }) => mayFreeMember(text, fields), looks: false }));
    yield* this.#reportThose(({ source: { text } }, { span }) =>
      mayFreeMember(text.slice(span.start, span.end), fields),
    );
  }

  /** Analyzes the functions that access, by its name, a variable at file scope in which others leave a mapping. */
  *#reportUsing(): Steps<void> {
    const kept = [...this.#reported.values()].map(
      ({ unit, outline }) => [unit, this.#analysisOf(unit).analyze(outline).notes.kept] as const,
    );
    const held = heldGlobals(kept);
    if (held.shared.size > 0 || held.own.size > 0)
      yield* this.#reportThose((unit, outline) => mayAccess(unit, outline, held));
  }

  *#reportThose(wanted: (unit: Unit, outline: FunctionOutline) => boolean): Steps<void> {
    for (const analysis of this.#linted) {
      yield;
      for (const outline of analysis.unit.functions)
        if (wanted(analysis.unit, outline)) this.#report({ analysis, outline });
    }
  }

  #events(): readonly Event[] {
    return [...this.#reported.values()].flatMap(({ readings }) => readings.flat());
  }

  #notes(): readonly MemberNotes[] {
    return [...this.#reported.values()].map(
      ({ unit, outline }) => this.#analysisOf(unit).analyze(outline).notes,
    );
  }
}
