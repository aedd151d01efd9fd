/** What was tried, as a table, in full, or as JSON. Pure. */
import { describeEnding } from "../native/execute.js";
import type { Toolchain } from "../native/toolchain.js";
import type { ReproduceFormat } from "../options.js";
import { count, lastLine, visible } from "../text.js";
import type { Header } from "./header.js";
import { transcript } from "./transcript.js";
import type { Trial } from "./trial.js";
import type { Verdict } from "./verdict.js";

/** One rule's reproducer, tried and judged. */
export interface Result {
  readonly header: Header;
  readonly trial: Trial;
  readonly verdict: Verdict;
}

export interface Report {
  readonly toolchain: Toolchain;
  readonly results: readonly Result[];
  readonly milliseconds: number;
  /** The directory with sources, programs and what they left, where the user wants to look at it. */
  readonly kept: string | undefined;
}

const MARKS: Readonly<Record<Verdict["kind"], string>> = {
  shown: "✔",
  "stand-in": "✔",
  hidden: "–",
  "not-demonstrable": "–",
  skipped: "–",
  "not-shown": "✖",
  "compile-failed": "✖",
};

function inWords(verdict: Verdict): string {
  switch (verdict.kind) {
    case "shown":
      return "shown";
    case "stand-in":
      return "shown by a stand-in";
    case "hidden":
      return `hidden here; --emulate ${verdict.machine}`;
    case "not-demonstrable":
      return "not demonstrable";
    case "skipped":
      return "skipped";
    case "not-shown":
      return "NOT SHOWN";
    case "compile-failed":
      return "NOT COMPILED";
  }
}

/** The one line that tells most: why not, or the last words of the bad side. */
function evidence({ verdict, trial }: Result): string {
  if (verdict.kind === "compile-failed") {
    const lines = verdict.why.split("\n");
    return lines.find((line) => /\berror\b/i.test(line)) ?? lines[0] ?? "";
  }
  if ("why" in verdict) return verdict.why;
  return trial.kind === "ran" ? lastLine(trial.runs.bad.stdout) : "";
}

function ends({ trial }: Result): string {
  if (trial.kind === "uncompiled") return "";
  const { bad, good } = trial.runs;
  return `${describeEnding(bad.ending)}, ${describeEnding(good.ending)}`;
}

function table(results: readonly Result[]): string {
  const rows = results.map((result) => [
    result.header.rule,
    inWords(result.verdict),
    ends(result),
    visible(evidence(result)),
  ]);
  const head = ["rule", "verdict", "bad, good", "what was seen"];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (mark: string, cells: readonly string[]): string =>
    `${mark} ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd();
  const body = results.map(({ verdict }, index) => line(MARKS[verdict.kind], rows[index] ?? []));
  return `${[line(" ", head), ...body].join("\n")}\n`;
}

/** How many results have each verdict, in a fixed order, without those that none has. */
function totals(results: readonly Result[]): readonly (readonly [string, number])[] {
  const kinds = Object.keys(MARKS);
  return kinds
    .map((kind) => [kind, results.filter(({ verdict }) => verdict.kind === kind).length] as const)
    .filter(([, number]) => number > 0);
}

function summary({ results, toolchain, milliseconds }: Report): string {
  const parts = totals(results).map(([kind, number]) => `${number} ${kind}`);
  const where = toolchain.target === "native" ? "" : ` on ${toolchain.target}`;
  const seconds = (milliseconds / 1000).toFixed(1);
  return `${count(results.length, "rule")}${where}: ${parts.join(", ")}; ${seconds} s, ${toolchain.compiler.join(" ")}\n`;
}

function inFull(result: Result, toolchain: Toolchain): string {
  const { header, verdict, trial } = result;
  const lines = [`${MARKS[verdict.kind]} ${header.rule}: ${header.summary}`, ""];
  const output = trial.kind === "ran" ? transcript(toolchain, trial.runs) : `${trial.messages}\n`;
  lines.push(
    ...output
      .trimEnd()
      .split("\n")
      .map((line) => `    ${visible(line)}`),
    "",
  );
  const why = "why" in verdict && trial.kind === "ran" ? `: ${verdict.why}` : "";
  const what = verdict.kind === "stand-in" ? `: ${verdict.what}` : "";
  lines.push(`  ${inWords(verdict)}${visible(why)}${visible(what)}`, "");
  return `${lines.join("\n")}\n`;
}

function run({ ending, stdout, stderr, milliseconds }: (Trial & { kind: "ran" })["runs"]["bad"]) {
  return { ending, stdout, stderr, milliseconds: Math.round(milliseconds) };
}

/** Keys are added over time, none is taken away. */
function json(report: Report, version: string): string {
  const value = {
    version,
    target: report.toolchain.target,
    compiler: report.toolchain.compiler,
    results: report.results.map(({ header, verdict, trial }) => ({
      rule: header.rule,
      summary: header.summary,
      verdict,
      bad: trial.kind === "ran" ? run(trial.runs.bad) : null,
      good: trial.kind === "ran" ? run(trial.runs.good) : null,
    })),
    kept: report.kept ?? null,
    summary: Object.fromEntries(totals(report.results)),
    milliseconds: Math.round(report.milliseconds),
  };
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** The report's text, ending with a newline. */
export function formatReport(report: Report, format: ReproduceFormat, version: () => string): string {
  if (format === "json") return json(report, version());
  const { results, toolchain, kept } = report;
  const body =
    format === "full" ? results.map((result) => inFull(result, toolchain)).join("") : `${table(results)}\n`;
  const place = kept === undefined ? "" : `kept: ${kept}\n`;
  return `${body}${summary(report)}${place}`;
}
