/** What was confirmed, as text or as JSON. Pure. */
import type { Diagnostic } from "../diagnostic.js";
import type { ConfirmFormat } from "../options.js";
import { count, visible } from "../text.js";
import type { Attempt } from "./attempts.js";
import { type Status, statusOf, type Verdict } from "./verdict.js";

/** A finding, and what came of trying it. */
export interface Result extends Attempt {
  readonly finding: Diagnostic;
  readonly id: string;
}

export interface Report {
  readonly results: readonly Result[];
  /** How often the program was run. */
  readonly runs: number;
  /** How it ends when nothing is done to it. */
  readonly baseline: string;
  /** The calls of the family that were seen then. */
  readonly calls: number;
}

const MARKS: Readonly<Record<Status, string>> = {
  confirmed: "✖",
  handled: "✔",
  undecided: "?",
  "not reached": "–",
  "not by injection": "–",
};

/** A verdict as a clause, without its status. */
function inWords(verdict: Verdict): string {
  switch (verdict.kind) {
    case "crash":
      return `the program dies by SIG${verdict.signal} ${verdict.where}`;
    case "passed-on":
      return `${verdict.to} is given MAP_FAILED, and fails`;
    case "wrong-result":
      return `the exit code is as ever, but ${verdict.difference}`;
    case "unnoticed":
      return `the program ends as if the call had succeeded, with the same ${verdict.same}`;
    case "page-bound":
    case "by-itself":
    case "not-seen":
      return verdict.how;
    case "reported":
      return `${verdict.how}: the failure is noticed`;
    case "second-way":
      return verdict.how;
    case "endless":
      return `no end within ${verdict.seconds} s: waiting, retrying, or hung`;
    case "not-reached":
      return verdict.why;
    case "impossible":
      return verdict.because;
  }
}

/** How sure it is that the call was the finding's. */
function caveat({ precision, verdict }: Result): string {
  if (precision === "line" || verdict.kind === "impossible" || verdict.kind === "not-reached") return "";
  const by =
    precision === "function" ? "the call is known by its function only" : "nothing says that it is this call";
  return ` (${by}: compile with -g)`;
}

function sentence(result: Result): string {
  const { treatment, verdict } = result;
  const words = inWords(verdict);
  return visible(`${treatment === undefined ? words : `${treatment}: ${words}`}${caveat(result)}`);
}

function block(result: Result): string {
  const { finding, id } = result;
  const { file, start } = finding.location;
  const status = statusOf(result);
  const head = `${visible(file)}:${start.line}:${start.column}  ${finding.rule}  ${id}`;
  return `${head}\n  ${MARKS[status]} ${status}: ${sentence(result)}\n`;
}

/** Rules that no injection says anything of, each once: many findings share one reason. */
function impossible(results: readonly Result[]): string {
  const byRule = new Map<string, readonly Result[]>();
  for (const result of results) {
    byRule.set(result.finding.rule, [...(byRule.get(result.finding.rule) ?? []), result]);
  }
  const lines = [...byRule].map(
    ([rule, [first, ...others]]) =>
      `  ${rule} (${count(others.length + 1, "finding")}): ${first === undefined ? "" : inWords(first.verdict)}\n`,
  );
  return lines.length === 0 ? "" : `not by injection\n${lines.join("")}`;
}

function totals(results: readonly Result[]): Readonly<Record<Status, number>> {
  const number = (status: Status): number => results.filter((result) => statusOf(result) === status).length;
  return {
    confirmed: number("confirmed"),
    handled: number("handled"),
    undecided: number("undecided"),
    "not reached": number("not reached"),
    "not by injection": number("not by injection"),
  };
}

function pretty({ results, runs, baseline, calls }: Report): string {
  const tried = results.filter(({ verdict }) => verdict.kind !== "impossible");
  const others = results.filter(({ verdict }) => verdict.kind === "impossible");
  const parts = Object.entries(totals(results)).flatMap(([status, number]) =>
    number === 0 ? [] : [`${number} ${status}`],
  );
  return [
    `as it is: ${baseline}, ${count(calls, "call")} of the family`,
    ...tried.map(block),
    ...(others.length === 0 ? [] : [impossible(others)]),
    `${parts.join(", ") || "no findings"}; the program was run ${runs} times\n`,
  ].join("\n");
}

function json({ results, runs, baseline, calls }: Report, version: string): string {
  const value = {
    version,
    baseline,
    calls,
    runs,
    results: results.map((result) => ({
      id: result.id,
      rule: result.finding.rule,
      message: result.finding.message,
      location: result.finding.location,
      status: statusOf(result),
      treatment: result.treatment ?? null,
      precision: result.precision,
      verdict: result.verdict,
      text: sentence(result),
    })),
    summary: totals(results),
  };
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** The report's text, ending with a newline. */
export function formatReport(report: Report, format: ConfirmFormat, version: () => string): string {
  return format === "json" ? json(report, version()) : pretty(report);
}
