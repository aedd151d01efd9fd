/** (files, severities) -> findings. Pure and synchronous once the parser is loaded: no file access, no clock. */
import { analyze } from "./analyzer/index.js";
import type { AnalyzedFunction } from "./analyzer/index.js";
import { Memory } from "./analyzer/memory.js";
import type { FunctionModels } from "./analyzer/model/declared.js";
import type { Diagnostic, Notice, Severity } from "./diagnostic.js";
import { rules } from "./rules/index.js";
import type { File } from "./rules/judge.js";
import { judge } from "./rules/judge.js";
import type { Rule } from "./rules/rule.js";
import { couldMatter } from "./syntax/family.js";
import type { Naming } from "./analyzer/naming.js";
import { initParser, type Opener, unitOpener } from "./syntax/index.js";
import { finish, type Steps } from "./steps.js";
import type { CommandLine, Include, Source, Unit } from "./syntax/unit.js";

export { couldMatter };

/** Rule id -> severity; "default" is the rule's own, which it may lower where it is less certain. A rule not in the map is off. */
export type Severities = ReadonlyMap<string, Severity>;

export interface LintResult {
  /** Sorted by file, offset and rule. */
  readonly diagnostics: readonly Diagnostic[];
  readonly notices: readonly Notice[];
  readonly statistics: { readonly functions: number; readonly analyzed: number; readonly givenUp: number };
}

/** Loads the parser; once, before the first lint(). */
export async function loadParser(): Promise<void> {
  await initParser();
}

/** Where the rest of the program is found. */
export interface Surroundings {
  readonly include: Include;
  /** Further files, those that name one of the functions. */
  readonly naming: Naming;
  /** What the file at a path is compiled with; absent where nothing is known of any. */
  readonly commandLineOf?: ((path: string) => CommandLine | undefined) | undefined;
  /** What the user declares of functions that the file at a path calls; absent where nothing is declared. */
  readonly modelsOf?: ((path: string) => FunctionModels | undefined) | undefined;
  readonly kept?: Kept | undefined;
}

/** What those keep who lint the same files again and again: the opened files, and what is known of their functions. */
export interface Kept {
  readonly files: Opener;
  readonly memory: Memory;
  readonly judged: WeakMap<AnalyzedFunction["readings"], Judged>;
}

/** What was found in a function's events, and in view of what. */
interface Judged {
  readonly severities: string;
  readonly unit: Unit;
  /** The other files in which the stories of the findings have places. */
  readonly others: ReadonlyMap<string, Unit | undefined>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Nothing known yet. Whoever keeps it says by `files.forget` which texts have changed. */
export function nothingKept({
  include,
  commandLineOf,
}: Pick<Surroundings, "include" | "commandLineOf">): Kept {
  return { files: unitOpener(include, commandLineOf), memory: new Memory(), judged: new WeakMap() };
}

const NOTHING_AROUND: Surroundings = { include: () => undefined, naming: () => [] };

/** Lints the sources as one program, with what is around them. Never throws for what a source contains. */
export function lint(
  sources: readonly Source[],
  severities: Severities,
  around: Surroundings = NOTHING_AROUND,
): LintResult {
  return finish(lintInSteps(sources, severities, around));
}

export function* lintInSteps(
  sources: readonly Source[],
  severities: Severities,
  { include, naming, commandLineOf, modelsOf, kept }: Surroundings,
): Steps<LintResult> {
  const files = kept?.files ?? unitOpener(include, commandLineOf);
  const analysis = yield* analyze(sources, { open: files.open, naming, modelsOf, memory: kept?.memory });
  const active = rules
    .filter(({ id }) => severities.has(id))
    .map((rule) => ({ rule, severity: overridden(rule, severities.get(rule.id)) }));
  const chosen = JSON.stringify([...severities]);
  const findings = analysis.functions.flatMap(
    (f) => keptFindings(f, chosen, files, kept) ?? judgeAndKeep(f, active, chosen, files, kept),
  );
  const diagnostics = unique(findings).sort(byPlace);
  return {
    diagnostics,
    notices: analysis.givenUp.map(({ unit, outline, reason }) =>
      notice(unit, outline.name, outline.nameSpan.start, reason),
    ),
    statistics: {
      functions: analysis.units.reduce((sum, unit) => sum + unit.functions.length, 0),
      analyzed: analysis.functions.length,
      givenUp: analysis.givenUp.length,
    },
  };
}

/** A severity that the user chose overrides what the rule says of a single finding. */
function overridden(rule: Rule, severity: Severity | undefined): Severity | undefined {
  return severity === rule.severity ? undefined : severity;
}

/** What an earlier run has found in the same events, while all that it has looked at is the same. */
function keptFindings(
  { unit, readings }: AnalyzedFunction,
  severities: string,
  files: Opener,
  kept: Kept | undefined,
): readonly Diagnostic[] | undefined {
  const known = kept?.judged.get(readings);
  if (known === undefined || known.unit !== unit || known.severities !== severities) return undefined;
  return [...known.others].every(([path, other]) => files.find(path) === other)
    ? known.diagnostics
    : undefined;
}

function judgeAndKeep(
  f: AnalyzedFunction,
  active: Parameters<typeof judge>[1],
  severities: string,
  files: Opener,
  kept: Kept | undefined,
): readonly Diagnostic[] {
  const { unit, readings } = f;
  const others = new Map<string, Unit | undefined>();
  const diagnostics = judgeFunction(f, active, (path) => {
    const other = files.find(path);
    others.set(path, other);
    return (other ?? unit).position;
  });
  kept?.judged.set(readings, { severities, unit, others, diagnostics });
  return diagnostics;
}

function judgeFunction(
  { unit, outline, readings }: AnalyzedFunction,
  active: Parameters<typeof judge>[1],
  positionIn: File["positionIn"],
): Diagnostic[] {
  const file: File = { text: unit.source.text, positionIn };
  const byReading = readings.map((events) => judge(events, active, outline.name, file));
  const [first = [], ...others] = byReading;
  const all = new Map(first.map((d) => [placeKey(d), d]));
  const known = mappedAt(readings[0] ?? []);
  for (const diagnostic of others.flat()) {
    if (all.has(placeKey(diagnostic)) || dependsOnConfiguration(diagnostic, known)) continue;
    all.set(placeKey(diagnostic), diagnostic);
  }
  return [...all.values()];
}

const ABSENCE: ReadonlySet<string> = new Set(rules.filter((rule) => rule.findsAbsence).map(({ id }) => id));

/** The same call was seen in the first reading, with whatever is missing in the second. */
function dependsOnConfiguration(diagnostic: Diagnostic, known: ReadonlySet<number>): boolean {
  const begin = diagnostic.story[0];
  return ABSENCE.has(diagnostic.rule) && begin !== undefined && known.has(begin.location.start.offset);
}

function mappedAt(events: AnalyzedFunction["readings"][number]): ReadonlySet<number> {
  const sites = new Set<number>();
  for (const event of events) if (event.kind === "map") sites.add(event.site.start);
  return sites;
}

/** The same place can be judged in a function and again where it is called. */
function unique(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Map<string, Diagnostic>();
  for (const d of diagnostics) {
    const key = `${d.location.file} ${placeKey(d)}`;
    if (!seen.has(key)) seen.set(key, d);
  }
  return [...seen.values()];
}

function placeKey(d: Diagnostic): string {
  return `${d.rule} ${d.location.start.offset}`;
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  if (a.location.file !== b.location.file) return a.location.file < b.location.file ? -1 : 1;
  return (
    a.location.start.offset - b.location.start.offset || (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : 0)
  );
}

function notice(unit: Unit, name: string, offset: number, reason: string): Notice {
  return { file: unit.source.path, function: name, line: unit.position(offset).line, reason };
}
