/** What a run says on the standard error: mistakes, what was given up, statistics. */
import type { Diagnostic, Notice } from "./diagnostic.js";
import type { LintResult } from "./lint.js";
import type { LintOptions } from "./options.js";
import { count, visible } from "./text.js";

export interface Clock {
  /** Milliseconds since some point in the past. */
  readonly now: () => number;
}

export interface Statistics {
  readonly mistakes: readonly string[];
  readonly notices: readonly Notice[];
  /** Findings that --quiet leaves out. */
  readonly hidden: number;
  /** What --fix did, as a clause. */
  readonly edited: string | undefined;
  readonly findings: readonly Diagnostic[];
  readonly phases: readonly { readonly name: string; readonly milliseconds: number }[];
  readonly filesSeen: number;
  readonly filesMatching: number;
  readonly functions: LintResult["statistics"];
}

function noticeLine({ file, function: name, line, reason }: Notice): string {
  const place = line === undefined ? file : `${file}:${line}`;
  return name === undefined
    ? `${place}: not linted: ${reason}`
    : `${place}: function ${name} not analyzed: ${reason}`;
}

/** Files that were given up are named always, functions only where the user asks for them. */
function noticeLines(notices: readonly Notice[], debug: boolean): string[] {
  const files = notices.filter((notice) => notice.function === undefined);
  const functions = notices.filter((notice) => notice.function !== undefined);
  if (debug || functions.length === 0) return notices.map(noticeLine);
  return [
    ...files.map(noticeLine),
    `${count(functions.length, "function")} not analyzed; --debug names them`,
  ];
}

function frequencies(words: Iterable<string>): string[] {
  const numbers = new Map<string, number>();
  for (const word of words) numbers.set(word, (numbers.get(word) ?? 0) + 1);
  return [...numbers]
    .sort((left, right) => right[1] - left[1] || (left[0] < right[0] ? -1 : 1))
    .map(([word, number]) => `  ${String(number).padStart(8)}  ${word}`);
}

function statisticsLines(statistics: Statistics): string[] {
  const { functions, filesSeen, filesMatching, phases, findings, notices } = statistics;
  const lines = [
    "time",
    ...phases.map(({ name, milliseconds }) => `  ${milliseconds.toFixed(1).padStart(8)}  ms ${name}`),
  ];
  lines.push(
    "files",
    `  ${String(filesSeen).padStart(8)}  found`,
    `  ${String(filesMatching).padStart(8)}  name the mmap family`,
    "functions",
    `  ${String(functions.functions).padStart(8)}  in those files`,
    `  ${String(functions.analyzed).padStart(8)}  analyzed`,
    `  ${String(functions.givenUp).padStart(8)}  given up`,
  );
  lines.push("findings by rule", ...frequencies(findings.map(({ rule }) => rule)));
  if (notices.length > 0)
    lines.push("given up by reason", ...frequencies(notices.map(({ reason }) => reason)));
  return lines;
}

/** The text for the standard error; empty when all went well and nothing else was asked for. */
export function messages(options: LintOptions, statistics: Statistics): string {
  const lines = [...statistics.mistakes, ...noticeLines(statistics.notices, options.debug)];
  if (statistics.edited !== undefined) lines.push(statistics.edited);
  if (statistics.hidden > 0)
    lines.push(`${count(statistics.hidden, "finding")} below error not shown (--quiet)`);
  const text = lines.map((line) => `mmaplint: ${visible(line)}\n`);
  if (options.stats) text.push(...statisticsLines(statistics).map((line) => `${visible(line)}\n`));
  return text.join("");
}
