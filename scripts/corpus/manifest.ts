/** The corpus as data: corpus/bugs.jsonl and corpus/good.jsonl, read and checked. corpus/README.md explains the fields. */
import { readFileSync } from "node:fs";

/** How much of the program a finding needs: the file alone, or all C files of the repository at that commit. */
const NEEDS = ["local", "cross-file", "macro"] as const;
export type Needs = (typeof NEEDS)[number];

interface Common {
  readonly repo: string;
  /** Path and 1-based line of the place, in the version that is judged first. */
  readonly path: string;
  readonly line: number;
  /** The rule that is to report it, or that must not. */
  readonly class: string;
  readonly needs: Needs;
  readonly note: string;
}

/** A real defect: has to be found in `before`, and not any more in `fix`. */
export interface Defect extends Common {
  readonly kind: "defect";
  readonly before: string;
  readonly fix: string;
  /** Other lines of `path` at which a report is as right. */
  readonly altLines: readonly number[];
  readonly fixedPath: string;
  /** Undefined where the fix is itself wrong, so that silence is not to be expected. */
  readonly fixedLine: number | undefined;
}

/** Correct code that looks wrong: has to stay silent. */
export interface GoodPlace extends Common {
  readonly kind: "good";
  readonly commit: string;
}

export type Entry = Defect | GoodPlace;

type Fields = Readonly<Record<string, unknown>>;

/** The commit whose version an entry's `path` and `line` stand in. */
export function commitOf(entry: Entry): string {
  return entry.kind === "defect" ? entry.before : entry.commit;
}

/** A commit as it is shown to people. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 10);
}

/** What identifies an entry in accepted.json; stays the same as long as the entry's place and class do. */
export function keyOf(entry: Entry): string {
  return `${entry.repo} ${shortCommit(commitOf(entry))} ${entry.path}:${entry.line} ${entry.class}`;
}

function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string" || value === "") throw new Error(`"${name}" has to be a text`);
  return value;
}

function commitIn(fields: Fields, name: string): string {
  const value = textOf(fields, name);
  // Commits are handed to git as arguments, where anything but a hash could mean something else.
  if (!/^[0-9a-f]{40}$/.test(value)) throw new Error(`"${name}" has to be a commit of 40 digits`);
  return value;
}

function lineOf(value: unknown, name: string): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1)
    throw new Error(`"${name}" has to be a line number`);
  return value;
}

function commonOf(fields: Fields): Common {
  const needs = NEEDS.find((name) => name === (fields["needs"] ?? "local"));
  if (needs === undefined) throw new Error(`"needs" has to be one of ${NEEDS.join(", ")}`);
  const repo = textOf(fields, "repo");
  if (!/^[\w.-]+\/[\w.-]+$/.test(repo)) throw new Error('"repo" has to be owner/name');
  return {
    repo,
    path: textOf(fields, "path"),
    line: lineOf(fields["line"], "line"),
    class: textOf(fields, "class"),
    needs,
    note: textOf(fields, "note"),
  };
}

function defectOf(fields: Fields): Defect {
  const alternatives = fields["alt_lines"] ?? [];
  if (!Array.isArray(alternatives)) throw new Error('"alt_lines" has to be a list of line numbers');
  const fixedLine = fields["fixed_line"] ?? undefined;
  return {
    kind: "defect",
    ...commonOf(fields),
    before: commitIn(fields, "before"),
    fix: commitIn(fields, "fix"),
    altLines: alternatives.map((line: unknown) => lineOf(line, "alt_lines")),
    fixedPath: textOf(fields, "fixed_path"),
    fixedLine: fixedLine === undefined ? undefined : lineOf(fixedLine, "fixed_line"),
  };
}

function goodPlaceOf(fields: Fields): GoodPlace {
  return { kind: "good", ...commonOf(fields), commit: commitIn(fields, "commit") };
}

/** The entries of a manifest's text, one JSON object a line. Throws with the line's number when one is not right. */
function parseLines<Kind extends Entry>(name: string, text: string, of: (fields: Fields) => Kind): Kind[] {
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    try {
      return [of(JSON.parse(line))];
    } catch (error) {
      throw new Error(`${name}:${index + 1}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  });
}

/** All entries of the two texts, defects first. Throws when one is malformed, or stands there twice. */
export function parseCorpus(bugs: string, good: string): readonly Entry[] {
  const entries: Entry[] = [
    ...parseLines("bugs.jsonl", bugs, defectOf),
    ...parseLines("good.jsonl", good, goodPlaceOf),
  ];
  const seen = new Set<string>();
  for (const key of entries.map(keyOf)) {
    if (seen.has(key)) throw new Error(`the corpus has two entries for ${key}`);
    seen.add(key);
  }
  return entries;
}

/** The project's own corpus. */
export function readCorpus(): readonly Entry[] {
  return parseCorpus(readPart("bugs.jsonl"), readPart("good.jsonl"));
}

/** Sets of other projects' defects, which no figure is accepted for: how far the rules carry. */
export const FURTHER_SETS = ["others", "unseen"] as const;

export type FurtherSet = (typeof FURTHER_SETS)[number];

export function isFurtherSet(name: string): name is FurtherSet {
  return FURTHER_SETS.some((set) => set === name);
}

/** Throws as readCorpus() does. */
export function readFurther(set: FurtherSet): readonly Entry[] {
  return parseCorpus(readPart(`${set}.jsonl`), "");
}

function readPart(name: string): string {
  return readFileSync(new URL(`../../corpus/${name}`, import.meta.url), "utf8");
}
