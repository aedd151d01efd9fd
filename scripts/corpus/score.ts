/** What the linter says of the corpus: every entry becomes one or two questions, every question one look at a file. */
import { check, type Checker } from "../../src/check.js";
import type { Config } from "../../src/config.js";
import type { Diagnostic } from "../../src/diagnostic.js";
import { lintInSteps } from "../../src/lint.js";
import { toLoaded } from "../../src/project/load.js";
import { surroundingsAmong } from "../../src/project/surroundings.js";
import { rules } from "../../src/rules/index.js";
import type { Entry } from "./manifest.js";
import { gitDirectory, readBlobs, readTree, type TreeFile } from "./repository.js";

/** A report this many lines beside the place still means it: statements are long, and fixes move braces. */
const NEAR = 2;

/** Is there a finding of `rule` in this file, at one of these lines? */
export interface Question {
  readonly commit: string;
  readonly path: string;
  /** Whether all C files of the repository are linted as one program, or this one alone. */
  readonly whole: boolean;
  readonly rule: string;
  readonly lines: readonly number[];
}

/** Of a defect whether it is found; of any entry whether there is a false alarm. */
export interface Verdict {
  readonly found: boolean;
  readonly alarm: boolean;
}

export interface Outcome extends Verdict {
  readonly entry: Entry;
}

export interface Scores {
  readonly outcomes: readonly Outcome[];
  /** Entries whose repository is not among the mirrors. */
  readonly skipped: readonly Entry[];
  /** Entries whose file or commit the mirror does not hold. */
  readonly unreadable: readonly Entry[];
}

/** Whether a finding, or a step of its story in the same file, stands at one of the question's lines. */
export function answers(finding: Diagnostic, { rule, path, lines }: Question): boolean {
  if (finding.rule !== rule || finding.location.file !== path) return false;
  return [finding.location, ...finding.story.map(({ location }) => location)].some(
    ({ file, start }) => file === path && lines.some((line) => Math.abs(line - start.line) <= NEAR),
  );
}

/** A defect is asked about before and after its fix, a good place once. */
export function questionsOf(entry: Entry): readonly Question[] {
  const { path, class: rule, needs } = entry;
  const whole = needs !== "local";
  if (entry.kind === "good") return [{ commit: entry.commit, path, whole, rule, lines: [entry.line] }];
  const { before, fix, line, altLines, fixedPath, fixedLine } = entry;
  return [
    { commit: before, path, whole, rule, lines: [line, ...altLines] },
    { commit: fix, path: fixedPath, whole, rule, lines: fixedLine === undefined ? [] : [fixedLine] },
  ];
}

const NO_CONFIG: Config = {
  source: undefined,
  preset: undefined,
  rules: {},
  ignore: undefined,
  overrides: [],
  models: new Map(),
};

/** The findings of `mmaplint` without options on these files alone. The parser has to be loaded. */
export function findingsIn(files: readonly TreeFile[]): readonly Diagnostic[] {
  const bytesOf = new Map(files.map(({ path, bytes }) => [path, bytes]));
  const found = files.map(({ path }) => ({ path, absolute: `/${path}`, settings: NO_CONFIG }));
  const around = surroundingsAmong(found, (path) => bytesOf.get(path));
  const checker: Checker = { lint: lintInSteps, rules, choice: { preset: undefined, rules: {} }, around };
  const loaded = found.flatMap((file) => {
    const bytes = bytesOf.get(file.path);
    const read = bytes === undefined ? undefined : toLoaded(file, bytes);
    return typeof read === "object" ? [read] : [];
  });
  return check(loaded, checker).findings;
}

/** Answers by question; a question whose file cannot be read has none. */
type Answers = ReadonlyMap<Question, boolean>;

function groupBy<Item>(items: readonly Item[], keyOfItem: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOfItem(item));
    if (group === undefined) groups.set(keyOfItem(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** Asks about files alone: all files of a repository in one git process, each linted once. */
function askAlone(directory: string, questions: readonly Question[]): Answers {
  const byFile = [...groupBy(questions, ({ commit, path }) => `${commit}:${path}`)];
  const blobs = readBlobs(
    directory,
    byFile.map(([name]) => name),
  );
  const found = new Map<Question, boolean>();
  for (const [index, [, group]] of byFile.entries()) {
    const bytes = blobs[index];
    const path = group[0]?.path;
    if (bytes === undefined || path === undefined) continue;
    const findings = findingsIn([{ path, bytes }]);
    for (const question of group)
      found.set(
        question,
        findings.some((finding) => answers(finding, question)),
      );
  }
  return found;
}

/** Asks about whole programs, one tree after the other, so that never two are in memory. */
function askWhole(directory: string, questions: readonly Question[]): Answers {
  const found = new Map<Question, boolean>();
  for (const [commit, group] of groupBy(questions, (question) => question.commit)) {
    const files = readTree(directory, commit);
    if (files === undefined) continue;
    const present = new Set(files.map(({ path }) => path));
    const findings = findingsIn(files);
    for (const question of group) {
      if (!present.has(question.path)) continue;
      found.set(
        question,
        findings.some((finding) => answers(finding, question)),
      );
    }
  }
  return found;
}

interface Asked {
  readonly entry: Entry;
  readonly questions: readonly Question[];
}

/** The verdict on an entry; undefined when one of its files could not be read. */
function verdictOn({ entry, questions }: Asked, found: Answers): Verdict | undefined {
  const answered = questions.flatMap((question) => found.get(question) ?? []);
  if (answered.length < questions.length) return undefined;
  const [first = false, second = false] = answered;
  return entry.kind === "defect" ? { found: first, alarm: second } : { found: false, alarm: first };
}

/** Lints what the entries need; `progress` is told after each repository how many entries are done. */
export function score(entries: readonly Entry[], mirrors: string, progress: (done: number) => void): Scores {
  const outcomes: Outcome[] = [];
  const skipped: Entry[] = [];
  const unreadable: Entry[] = [];
  for (const [repo, group] of groupBy(entries, (entry) => entry.repo)) {
    const directory = gitDirectory(mirrors, repo);
    if (directory === undefined) {
      skipped.push(...group);
      continue;
    }
    const asked = group.map((entry): Asked => ({ entry, questions: questionsOf(entry) }));
    const questions = asked.flatMap((one) => one.questions);
    const alone = questions.filter(({ whole }) => !whole);
    const found: Answers = new Map([
      ...askAlone(directory, alone),
      ...askWhole(
        directory,
        questions.filter(({ whole }) => whole),
      ),
    ]);
    for (const one of asked) {
      const verdict = verdictOn(one, found);
      if (verdict === undefined) unreadable.push(one.entry);
      else outcomes.push({ entry: one.entry, ...verdict });
    }
    progress(outcomes.length + skipped.length + unreadable.length);
  }
  return { outcomes, skipped, unreadable };
}
