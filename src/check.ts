/** One pass of the linter over loaded files: severities by file, suppressions, order. Edits come round here again. */
import type { Config } from "./config.js";
import type { Diagnostic, Notice } from "./diagnostic.js";
import { mergeEnds } from "./ends.js";
import type { Kept, lintInSteps, LintResult, Surroundings } from "./lint.js";
import type { RuleSeverities } from "./presets.js";
import type { LoadedFile } from "./project/load.js";
import type { ProjectSurroundings } from "./project/surroundings.js";
import type { RuleMeta } from "./rules/rule.js";
import { finish, type Steps } from "./steps.js";
import { adjusted, fileSeverities, isTest, knownRules, type RuleChoice } from "./severities.js";
import { suppress, type Suppressed, UNUSED_SUPPRESSION } from "./suppress.js";

export interface Checked {
  /** What was given, and the further files of the program that were read. */
  readonly files: readonly LoadedFile<Config>[];
  readonly findings: readonly Diagnostic[];
  readonly suppressed: readonly Suppressed[];
  readonly notices: readonly Notice[];
  readonly statistics: LintResult["statistics"];
}

type Around = ProjectSurroundings<Config>;

/** What a pass needs besides the files. */
export interface Checker {
  readonly lint: typeof lintInSteps;
  readonly rules: readonly RuleMeta[];
  readonly choice: RuleChoice;
  readonly around: Around;
  /** What earlier passes have left, where there are any. */
  readonly kept?: Kept;
}

function compare(left: Diagnostic, right: Diagnostic): number {
  const a = left.location;
  const b = right.location;
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  if (a.start.offset !== b.start.offset) return a.start.offset - b.start.offset;
  return left.rule < right.rule ? -1 : left.rule > right.rule ? 1 : 0;
}

function groupByFile(diagnostics: readonly Diagnostic[]): ReadonlyMap<string, readonly Diagnostic[]> {
  const groups = new Map<string, Diagnostic[]>();
  for (const diagnostic of diagnostics) {
    const group = groups.get(diagnostic.location.file) ?? [];
    group.push(diagnostic);
    groups.set(diagnostic.location.file, group);
  }
  return groups;
}

/** Computes each file's severities, once for all files that share a configuration without overrides. */
function severitiesByFile(
  files: readonly LoadedFile<Config>[],
  { choice, rules }: Checker,
): ReadonlyMap<string, RuleSeverities> {
  const shared = { tests: new Map<Config, RuleSeverities>(), others: new Map<Config, RuleSeverities>() };
  const result = new Map<string, RuleSeverities>();
  for (const file of files) {
    const { path, settings } = file;
    const known = isTest(path) ? shared.tests : shared.others;
    const common = settings.overrides.length === 0 ? known.get(settings) : undefined;
    const severities = common ?? fileSeverities(settings, file, choice, rules);
    if (settings.overrides.length === 0) known.set(settings, severities);
    result.set(path, severities);
  }
  return result;
}

/** May the build leave a part of the text out? What a comment there silences is seen by no run with this build. */
function leavesOut(text: string, commandLine: ReturnType<NonNullable<Around["commandLineOf"]>>): boolean {
  const names = [...(commandLine?.definitions ?? "").matchAll(/^#\w+ (\w+)/gm)].map(([, name]) => name);
  if (names.length === 0) return false;
  return new RegExp(`^[ \\t]*#[ \\t]*(?:el)?if.*\\b(?:${names.join("|")})\\b`, "m").test(text);
}

/** Lints the files as one program, with what is around them. */
export function check(given: readonly LoadedFile<Config>[], checker: Checker): Checked {
  return finish(checkInSteps(given, checker));
}

export function* checkInSteps(given: readonly LoadedFile<Config>[], checker: Checker): Steps<Checked> {
  const byPath = new Map(given.map((file) => [file.path, file]));
  const { include, commandLineOf, settingsOf } = checker.around;
  const naming: Surroundings["naming"] = (names, wanted) => {
    const named = checker.around.naming(names, byPath);
    const found = wanted === undefined ? named : named.filter(wanted.meets);
    if (wanted?.looks !== true) for (const file of found) byPath.set(file.path, file);
    return found;
  };
  const asRulesHaveIt = new Map(checker.rules.map(({ id, severity }) => [id, severity]));
  const sources = given.filter(({ matters }) => matters);
  const modelsOf: Surroundings["modelsOf"] = (path) => settingsOf(path)?.models;
  const around: Surroundings = { include, naming, commandLineOf, modelsOf, kept: checker.kept };
  const { diagnostics, notices, statistics } = yield* checker.lint(sources, asRulesHaveIt, around);
  const files = [...byPath.values()];
  const severities = severitiesByFile(files, checker);
  const byFile = groupByFile(diagnostics);
  const incomplete = new Set(notices.map(({ file }) => file));
  const known = knownRules(checker.rules);
  const findings: Diagnostic[] = [];
  const suppressed: Suppressed[] = [];
  for (const { path, text } of files) {
    const own = severities.get(path) ?? new Map();
    const result = suppress({
      file: path,
      text,
      diagnostics: (byFile.get(path) ?? []).flatMap((finding) => adjusted(finding, asRulesHaveIt, own) ?? []),
      knownRules: known,
      activeRules: new Set(own.keys()),
      unusedSeverity:
        incomplete.has(path) || leavesOut(text, commandLineOf?.(path))
          ? undefined
          : own.get(UNUSED_SUPPRESSION),
    });
    findings.push(...mergeEnds(result.kept));
    suppressed.push(...result.suppressed);
  }
  return { files, findings: findings.sort(compare), suppressed, notices, statistics };
}
