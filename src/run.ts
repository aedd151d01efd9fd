/** One run of the linter, from options to what is to be printed; the process itself is cli.ts's affair. */
import { existsSync, statSync } from "node:fs";
import * as path from "node:path";
import type { Checked, Checker } from "./check.js";
import { type Config, ConfigError, configFinder, loadConfig } from "./config.js";
import type { Diagnostic, Notice } from "./diagnostic.js";
import type { Fixed } from "./fix.js";
import { namingModels } from "./models.js";
import type { LintOptions } from "./options.js";
import { type CompilationDatabase, readDatabase } from "./project/compilation-database.js";
import { discover, discoverListed, type Discovery } from "./project/discover.js";
import { reasonOf, replaceFile } from "./project/files.js";
import { load, type LoadedFile, type Loading, MAX_FILE_BYTES, toLoaded } from "./project/load.js";
import { type ProjectSurroundings, surroundingsOf } from "./project/surroundings.js";
import { reporters } from "./reporters/index.js";
import { type Report, totalsOf } from "./reporters/report.js";
import type { RuleMeta } from "./rules/rule.js";
import type { RuleChoice } from "./severities.js";
import { count, type Lines, linesOf } from "./text.js";
import { type Clock, messages, type Statistics } from "./messages.js";

/** What the outside world gives a run. */
export interface Host extends Clock {
  readonly cwd: string;
  readonly version: () => string;
  /** Whether the standard output wants colours. Asked before anything that draws them is loaded. */
  readonly colour: () => boolean;
  /** The whole standard input, at most so many bytes; undefined when there is more. */
  readonly readInput: (limit: number) => Promise<Buffer | undefined>;
}

export interface Outcome {
  readonly exitCode: 0 | 1 | 2;
  readonly output: string | Uint8Array;
  readonly errorOutput: string;
}

/** A run that ends before anything was linted, by the user's mistake. */
export function mistaken(sentences: readonly string[]): Outcome {
  const lines = sentences.flatMap((sentence) => sentence.split("\n"));
  return { exitCode: 2, output: "", errorOutput: lines.map((line) => `mmaplint: ${line}\n`).join("") };
}

function badOutput(cwd: string, output: string | undefined): string | undefined {
  if (output === undefined) return undefined;
  if (output === "") return "--output: the name of the file is missing";
  const absolute = path.resolve(cwd, output);
  const directory = path.dirname(absolute);
  if (!existsSync(directory)) {
    return `--output ${output}: the directory ${path.dirname(output)} does not exist; create it first`;
  }
  if (statSync(absolute, { throwIfNoEntry: false })?.isDirectory() === true) {
    return `--output ${output}: is a directory; name a file in it`;
  }
  return undefined;
}

interface Inputs extends Loading<Config> {
  readonly seen: number;
  readonly around: ProjectSurroundings<Config>;
}

/** @throws ConfigError */
function databaseOf({ build }: LintOptions, cwd: string): CompilationDatabase | undefined {
  if (build === undefined) return undefined;
  const database = readDatabase(cwd, build);
  if (typeof database === "string") throw new ConfigError(database);
  return database;
}

/** Finds the files that name a function of which their configuration says that it maps or unmaps. */
function namesModel(): (text: string, settings: Config) => boolean {
  const known = new Map<Config, RegExp | undefined>();
  return (text, settings) => {
    if (!known.has(settings)) known.set(settings, namingModels(settings.models));
    return known.get(settings)?.test(text) === true;
  };
}

function readFiles(options: LintOptions, cwd: string): Inputs {
  const { paths } = options;
  const database = databaseOf(options, cwd);
  const fixed = options.config === undefined ? undefined : loadConfig(cwd, options.config);
  const settingsFor = fixed === undefined ? configFinder(cwd) : () => fixed;
  const how = { cwd, settingsFor, ignoredBy: ({ ignore }: Config) => ignore };
  const found: Discovery<Config> =
    paths.length === 0 && database !== undefined
      ? discoverListed(how, database.files, database.shown)
      : discover({ ...how, paths: paths.length === 0 ? ["."] : paths });
  const { files, notices, mistakes } = load(found.files, namesModel());
  return {
    files,
    notices: [...found.notices, ...notices],
    mistakes: [...found.mistakes, ...mistakes],
    seen: found.files.length,
    around: surroundingsOf(cwd, found.files, database),
  };
}

async function readInput(options: LintOptions, name: string, host: Host): Promise<Inputs> {
  const absolute = path.resolve(host.cwd, name);
  const database = databaseOf(options, host.cwd);
  const settings =
    options.config === undefined
      ? configFinder(host.cwd)(path.dirname(absolute))
      : loadConfig(host.cwd, options.config);
  const file = { path: name.split(path.sep).join("/"), absolute, settings };
  const bytes = await host.readInput(MAX_FILE_BYTES);
  const loaded =
    bytes === undefined ? `it has more than ${MAX_FILE_BYTES} bytes` : toLoaded(file, bytes, namesModel());
  const notices: Notice[] = [];
  if (typeof loaded === "string") {
    notices.push({ file: file.path, function: undefined, line: undefined, reason: loaded });
  }
  return {
    files: typeof loaded === "object" ? [loaded] : [],
    notices,
    mistakes: [],
    seen: 1,
    around: surroundingsOf(host.cwd, [file], database),
  };
}

const NOTHING: Checked = {
  files: [],
  findings: [],
  suppressed: [],
  notices: [],
  statistics: { functions: 0, analyzed: 0, givenUp: 0 },
};

async function loadRules(): Promise<readonly RuleMeta[]> {
  return (await import("./rules/index.js")).rules;
}

async function checkerFor(
  choice: RuleChoice,
  rules: readonly RuleMeta[],
  around: Checker["around"],
): Promise<Checker> {
  const engine = await import("./lint.js");
  await engine.loadParser();
  return { lint: engine.lintInSteps, rules, choice, around };
}

function linesByFile(files: readonly LoadedFile<Config>[]): (file: string) => Lines | undefined {
  const texts = new Map(files.map(({ path: name, text }) => [name, text]));
  const known = new Map<string, Lines>();
  return (file) => {
    const text = texts.get(file);
    if (text === undefined) return undefined;
    const remembered = known.get(file) ?? linesOf(text);
    known.set(file, remembered);
    return remembered;
  };
}

async function formatted(
  options: LintOptions,
  host: Host,
  report: Report,
  files: readonly LoadedFile<Config>[],
): Promise<string> {
  const human = options.format === "pretty" || options.format === "full";
  if (human && report.findings.length === 0) return "";
  const colour = host.colour() && options.output === undefined;
  const reporter = await reporters[options.format]();
  return reporter(report, {
    version: host.version(),
    cwd: host.cwd,
    colour,
    rules: await loadRules(),
    lines: linesByFile(files),
  });
}

/** Tells what stands in the way from what was wanted. */
export function isSentences<Value>(value: Value | readonly string[]): value is readonly string[] {
  return Array.isArray(value);
}

interface Prepared {
  readonly choice: RuleChoice;
  readonly inputs: Inputs;
}

/** Reads what is to be linted; sentences if the options do not allow it. */
async function prepare(options: LintOptions, host: Host): Promise<Prepared | readonly string[]> {
  // Rules are loaded only when something depends on them; a repository without mmap never gets that far.
  const named = options.preset !== undefined || options.rules.length > 0;
  const choice = named
    ? (await import("./severities.js")).ruleChoice(options.preset, options.rules, await loadRules())
    : { preset: undefined, rules: {} };
  if (isSentences(choice)) return choice;
  try {
    const inputs =
      options.stdinFilename === undefined
        ? readFiles(options, host.cwd)
        : await readInput(options, options.stdinFilename, host);
    return { choice, inputs };
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
}

/** Findings without a report, for those who do something else with them. */
export interface Found {
  readonly findings: readonly Diagnostic[];
  /** Paths that cannot be linted, and the like. */
  readonly mistakes: readonly string[];
  readonly lines: (file: string) => Lines | undefined;
}

/** Lints files; sentences if the options do not allow it. */
export async function find(options: LintOptions, host: Host): Promise<Found | readonly string[]> {
  const prepared = await prepare(options, host);
  if (isSentences(prepared)) return prepared;
  const { files, mistakes, around } = prepared.inputs;
  if (files.length === 0) return { findings: [], mistakes, lines: () => undefined };
  const checker = await checkerFor(prepared.choice, await loadRules(), around);
  const checked = (await import("./check.js")).check(files, checker);
  return { findings: checked.findings, mistakes, lines: linesByFile(checked.files) };
}

/** Runs the linter. Throws only for defects of mmaplint itself. */
export async function run(options: LintOptions, host: Host): Promise<Outcome> {
  const refused = badOutput(host.cwd, options.output);
  if (refused !== undefined) return mistaken([refused]);
  const started = host.now();
  const prepared = await prepare(options, host);
  if (isSentences(prepared)) return mistaken(prepared);
  return finish(options, host, prepared.inputs, prepared.choice, {
    name: "find and read files",
    milliseconds: host.now() - started,
  });
}

/** From texts to the outcome. */
async function finish(
  options: LintOptions,
  host: Host,
  inputs: Inputs,
  choice: RuleChoice,
  reading: Statistics["phases"][number],
): Promise<Outcome> {
  const phases = [reading];
  const timed = async <Result>(name: string, work: () => Result | Promise<Result>): Promise<Result> => {
    const start = host.now();
    const result = await work();
    phases.push({ name, milliseconds: host.now() - start });
    return result;
  };
  const mistakes = [...inputs.mistakes];
  let fixed: Fixed = { files: inputs.files, checked: NOTHING, edits: 0 };
  let diff: Uint8Array | undefined;
  if (inputs.files.length > 0) {
    const checker = await timed("load the parser", async () =>
      checkerFor(choice, await loadRules(), inputs.around),
    );
    const { check } = await import("./check.js");
    const checked = await timed("analyze", () => check(inputs.files, checker));
    fixed = { files: checked.files, checked, edits: 0 };
    if (options.edits !== "none") {
      const { diffFixed, fixAll, writeFixed } = await import("./fix.js");
      const all = await timed("edit", () => fixAll(checked.files, checked, checker));
      if (options.edits === "show") diff = await diffFixed(checked.files, all);
      else mistakes.push(...writeFixed(host.cwd, checked.files, all));
      // A dry run leaves the files as they are, and so what is to be said of them.
      if (options.edits === "write") fixed = all;
    }
  }
  if (options.edits === "show") diff ??= new Uint8Array();
  const { findings, suppressed, notices, statistics } = fixed.checked;
  const allNotices = [...inputs.notices, ...notices];
  const shown = options.quiet ? findings.filter(({ severity }) => severity === "error") : findings;
  const report: Report = { findings: shown, suppressed, notices: allNotices };
  const output = diff ?? (await timed("report", () => formatted(options, host, report, fixed.files)));
  if (options.output !== undefined) {
    try {
      replaceFile(
        path.resolve(host.cwd, options.output),
        typeof output === "string" ? Buffer.from(output) : output,
      );
    } catch (error) {
      mistakes.push(`--output ${options.output}: cannot be written: ${reasonOf(error)}`);
    }
  }
  const totals = totalsOf(findings);
  const failed = totals.errors > 0 || totals.warnings > options.maxWarnings;
  return {
    exitCode: mistakes.length > 0 ? 2 : failed ? 1 : 0,
    output: options.output === undefined ? output : "",
    errorOutput: messages(options, {
      mistakes,
      notices: allNotices,
      hidden: findings.length - shown.length,
      edited: options.edits === "write" && fixed.edits > 0 ? `made ${count(fixed.edits, "edit")}` : undefined,
      findings,
      phases,
      filesSeen: inputs.seen,
      filesMatching: fixed.files.filter(({ matters }) => matters).length,
      functions: statistics,
    }),
  };
}
