/** Outcomes as text: the table by class, the misses and alarms, what changed, the figures of docs/accuracy.md. */
import type { Changes } from "./accepted.js";
import { commitOf, type Entry, shortCommit } from "./manifest.js";
import type { Outcome } from "./score.js";

export const ACCURACY_PAGE = new URL("../../docs/accuracy.md", import.meta.url);

/** What is counted of a class, or of all. */
interface Counts {
  readonly defects: number;
  readonly found: number;
  /** Defects whose fix is right, so that it has to be silent after it. */
  readonly fixed: number;
  readonly fixedAlarms: number;
  readonly good: number;
  readonly goodAlarms: number;
}

function countsOf(outcomes: readonly Outcome[]): Counts {
  const defects = outcomes.filter(({ entry }) => entry.kind === "defect");
  const good = outcomes.filter(({ entry }) => entry.kind === "good");
  return {
    defects: defects.length,
    found: defects.filter(({ found }) => found).length,
    fixed: defects.filter(({ entry }) => entry.kind === "defect" && entry.fixedLine !== undefined).length,
    fixedAlarms: defects.filter(({ alarm }) => alarm).length,
    good: good.length,
    goodAlarms: good.filter(({ alarm }) => alarm).length,
  };
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "-" : `${Math.round((100 * part) / whole)} %`;
}

const HEADINGS = ["class", "defects", "found", "", "alarms after the fix", "good places", "alarms"];

function row(name: string, counts: Counts): readonly string[] {
  const { defects, found, fixedAlarms, good, goodAlarms } = counts;
  return [name, String(defects), String(found), percent(found, defects)].concat(
    [fixedAlarms, good, goodAlarms].map(String),
  );
}

/** A Markdown table, padded as prettier does: it is read in terminals as well. The first column is of words. */
function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = HEADINGS.map((_, column) =>
    Math.max(3, ...rows.map((cells) => (cells[column] ?? "").length)),
  );
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const padded = rows.map((cells) =>
    line(
      widths.map((width, at) =>
        at === 0 ? (cells[at] ?? "").padEnd(width) : (cells[at] ?? "").padStart(width),
      ),
    ),
  );
  const rule = line(widths.map((width, at) => (at === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)));
  return [padded[0], rule, ...padded.slice(1)].join("\n");
}

/** Every class with its counts, those with most defects first, and the sum. */
export function table(outcomes: readonly Outcome[]): string {
  const classes = [...new Set(outcomes.map(({ entry }) => entry.class))].map((name) => ({
    name,
    counts: countsOf(outcomes.filter(({ entry }) => entry.class === name)),
  }));
  classes.sort((a, b) => b.counts.defects - a.counts.defects || (a.name < b.name ? -1 : 1));
  const rows = classes.map(({ name, counts }) => row(name, counts));
  return markdownTable([HEADINGS, ...rows, row("all", countsOf(outcomes))]);
}

/** Recall and the rates of false alarms, in a sentence. */
export function rates(outcomes: readonly Outcome[]): string {
  const { defects, found, fixed, fixedAlarms, good, goodAlarms } = countsOf(outcomes);
  const rate = (part: number, whole: number, what: string): string =>
    `${part} of ${whole} ${what} (${percent(part, whole)})`;
  return (
    `Found: ${rate(found, defects, "defects")}. False alarms: ${rate(fixedAlarms, fixed, "after the fix")}, ` +
    `${rate(goodAlarms, good, "on good places")}.`
  );
}

function place(entry: Entry, commit: string, path: string, line: number): string {
  return `${entry.class} ${entry.repo} ${shortCommit(commit)} ${path}:${line}`;
}

/** The defect, or the good place: where it stands and what is the matter with it. */
function entryLine(entry: Entry): string {
  const needs = entry.needs === "local" ? "" : ` (${entry.needs})`;
  return `${place(entry, commitOf(entry), entry.path, entry.line)}${needs}: ${entry.note}`;
}

/** Where a false alarm stands. */
function alarmLine(entry: Entry): string {
  if (entry.kind === "good" || entry.fixedLine === undefined) return entryLine(entry);
  return `${place(entry, entry.fix, entry.fixedPath, entry.fixedLine)}, after the fix of: ${entry.note}`;
}

/** Every defect that is not found and every false alarm, a line each. */
export function misses(outcomes: readonly Outcome[]): readonly string[] {
  const missed = outcomes.filter(({ entry, found }) => entry.kind === "defect" && !found);
  const alarms = outcomes.filter(({ alarm }) => alarm);
  return [
    ...missed.map(({ entry }) => `missed  ${entryLine(entry)}`),
    ...alarms.map(({ entry }) => `alarm   ${alarmLine(entry)}`),
  ];
}

/** What appeared and what vanished since the accepted result, a line each; better news have a plus. */
export function changeLines({ gained, lost, newAlarms, goneAlarms }: Changes): readonly string[] {
  return [
    ...gained.map(({ entry }) => `appeared  + found   ${entryLine(entry)}`),
    ...newAlarms.map(({ entry }) => `appeared  - alarm   ${alarmLine(entry)}`),
    ...lost.map(({ entry }) => `vanished  - found   ${entryLine(entry)}`),
    ...goneAlarms.map(({ entry }) => `vanished  + alarm   ${alarmLine(entry)}`),
  ];
}

const BEGIN = "<!-- figures: npm run corpus -- --accept -->";
const END = "<!-- end of the figures -->";

/** What stands between the markers of docs/accuracy.md. */
export function figures(outcomes: readonly Outcome[]): string {
  return `${BEGIN}\n\n${rates(outcomes)}\n\n${table(outcomes)}\n\n${END}`;
}

/** The page with today's figures in place of the old ones. Throws when a marker is missing. */
export function withFigures(page: string, outcomes: readonly Outcome[]): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END, begin);
  if (begin === -1 || end === -1) throw new Error(`docs/accuracy.md has to hold ${BEGIN} and ${END}`);
  return page.slice(0, begin) + figures(outcomes) + page.slice(end + END.length);
}
