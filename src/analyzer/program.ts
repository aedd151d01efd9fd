/** The linted files as one program: which functions matter in it, and what only all of them together tell. */
import type { Steps } from "../steps.js";
import type { FunctionOutline, Source, Unit } from "../syntax/unit.js";
import { byStruct } from "./by-struct.js";
import { counterpartUnmaps } from "./counterparts.js";
import { definesOne, failureHandlers } from "./failure-handlers.js";
import type { Event } from "./events.js";
import { elsewhereIn, heldUses } from "./held.js";
import { heldGlobals, mayAccess } from "./held-globals.js";
import { Externals } from "./linkage.js";
import type { MemberNotes, NotedFunction } from "./members.js";
import {
  abandonment,
  fieldOf,
  byHome,
  homeOf,
  isNoEnd,
  keptMembers,
  mayClear,
  mayFree,
  mayRelease,
  mayTest,
  notesOfGlobals,
  structsOf,
  twinsOf,
} from "./members.js";
import type { Memory } from "./memory.js";
import { isNeverSet, mayFreeMember } from "./member-text.js";
import { memberUnmaps } from "./member-unmaps.js";
import { tellSiblings } from "./sibling-callers.js";
import { stayingFailures } from "./staying.js";
import { type FunctionModels, modelsWith } from "./model/declared.js";
import { libraryModel } from "./model/library.js";
import type { AnalyzedFunction, Around, Definition, GivenUp } from "./unit-analysis.js";
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
  readonly #externals = new Externals((unit) => this.#analysisOf(unit));
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
        if (!outline.static && !asked.has(outline.name) && !ENTRY_POINTS.has(outline.name))
          news.add(outline.name);
      }
      if (news.size > 0 && round++ < MAX_ROUNDS) {
        for (const name of news) asked.add(name);
        yield* this.#add(this.naming(news));
      }
      wave =
        telling.size === 0 ? [] : this.#callersOf(telling, names).filter(({ outline }) => !seen.has(outline));
      for (const { outline } of wave) seen.add(outline);
    }
    const defines = (name: string, unit: Unit): boolean =>
      this.#externals.link(name, this.#analysisOf(unit)) !== undefined;
    for (const one of tellSiblings([...this.#reported.values()], defines))
      this.#reported.set(one.outline, one);
    const told = counterpartUnmaps([...this.#reported.values()], (unit) => this.#analysisOf(unit));
    for (const [definition, event] of told) this.#append(definition, event);
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
    for (const analysis of this.#linted) {
      for (const outline of analysis.unit.functions) {
        for (const name of outline.names) {
          if (!names.has(name)) continue;
          const callee = this.#externals.link(name, analysis);
          const members = typeof callee === "object" ? telling.get(callee.outline) : undefined;
          if (members === undefined) continue;
          if (members !== "anything" && ![...members].some((member) => outline.names.has(member))) continue;
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
    for (const { definition, event } of stayingFailures(globals)) this.#append(definition, event);
    this.#tellUses(globals);
    const speaking = byStruct(noted);
    for (const struct of structsOf(noted)) {
      yield;
      for (const [home, group] of byHome(struct, speaking.get(struct) ?? []))
        this.#tellStruct(struct, home, group, letGo);
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

  #tellStruct(
    struct: string,
    home: string,
    noted: readonly NotedFunction[],
    letGo: ReadonlyMap<string, ReadonlySet<MemberNotes>>,
  ): void {
    for (const [definition, events] of memberUnmaps(noted, (member) =>
      isNeverSet(member, noted, this.units, this.naming),
    ))
      for (const event of events) this.#append(definition, event);
    for (const { definition, event } of stayingFailures(noted)) this.#append(definition, event);
    this.#tellUses(noted);
    const kept = keptMembers(noted, struct);
    for (const definition of noted) {
      for (const [member, { mapping }] of kept) {
        const { outline, notes } = definition;
        const site = notes.nulled.get(member);
        if (site === undefined || notes.letGo.has(member)) continue;
        this.#append(definition, { kind: "abandon", site, function: outline.name, mapping, member });
      }
    }
    for (const [member, { outline: keeper, mapping }] of kept) {
      const releasing = this.#releasing(member);
      if (releasing.length === 0 && twinsOf(member, noted).some((one) => this.#releasing(one).length > 0))
        continue;
      const releasingNotes = releasing.map(({ analysis, outline }) => analysis.known(outline)?.notes);
      if ([...(letGo.get(member) ?? [])].some((notes) => !releasingNotes.includes(notes))) continue;
      if (releasing.length === 0) this.#tellRefilled(member, noted);
      if (!releasingNotes.every((notes) => notes !== undefined && isNoEnd(notes, member))) continue;
      for (const definition of this.#inSightOf(struct, home)) {
        const { analysis, outline } = definition;
        // Those that release it, and what calls them or is called by them, end it together.
        if (
          releasing.some(
            (one) =>
              one.outline === outline ||
              one.outline.names.has(outline.name) ||
              outline.names.has(one.outline.name),
          )
        )
          continue;
        if (outline === keeper || !(analysis.known(outline) !== undefined || mayFree(outline, member)))
          continue;
        const { notes } = analysis.analyze(outline);
        const event = abandonment(outline, notes, member, mapping, releasing.length > 0);
        if (event === undefined) continue;
        this.#append(definition, event);
        break;
      }
    }
  }

  /** A loop puts one mapping after the other into a member that no function releases or asks for. */
  #tellRefilled(member: string, noted: readonly NotedFunction[]): void {
    if (noted.some(({ notes }) => notes.tests.againstNull.has(member))) return;
    for (const definition of noted) {
      const { outline, notes } = definition;
      const { repeated, mapping, site } = notes.pointed.get(member) ?? {};
      if (repeated !== true || mapping === undefined || site === undefined) continue;
      this.#append(definition, {
        kind: "lose",
        site,
        function: outline.name,
        mapping: { ...mapping, phase: "live", owner: "local" },
        how: "overwritten",
        releasedElsewhere: false,
      });
    }
  }

  #tellUses(noted: readonly NotedFunction[]): void {
    const uses = heldUses(noted, elsewhereIn(this.#linted));
    for (const [definition, events] of uses) for (const event of events) this.#append(definition, event);
  }

  /** The functions of the files for which the struct is the one defined in `home`. */
  *#inSightOf(struct: string, home: string): Iterable<Definition> {
    for (const analysis of this.#linted)
      if (homeOf(analysis.unit, struct) === home)
        for (const outline of analysis.unit.functions) yield { analysis, outline };
  }

  /** The functions that may release what the member holds. */
  #releasing(member: string): readonly Definition[] {
    return this.#linted.flatMap((analysis) =>
      analysis.unit.functions
        .filter((f) => mayRelease(analysis.unit, f, member, analysis.known(f)?.notes))
        .map((outline): Definition => ({ analysis, outline })),
    );
  }
}
