/**
 * Code frames, as compilers print them:
 *
 *     error[null-check]: the result of mmap is tested against NULL
 *       --> src/table.c:12:7
 *        |
 *      9 |   char *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
 *        |             -------------------------------------------- 1. mapped here
 *     ...
 *     12 |   if (p == NULL)
 *        |       ^^^^^^^^^
 *        |
 *        = help: compare the result with MAP_FAILED
 *        = rule: https://…/null-check.md
 *        = id: 52c8b4a9f01e
 */
import { stripVTControlCharacters } from "node:util";
import type { Diagnostic, Location, Severity } from "../diagnostic.js";
import { fingerprints, shortId } from "../fingerprint.js";
import { ruleUrl } from "../rules/page.js";
import { count, lineText, visible } from "../text.js";
import { type Report, type ReportContext, totalsOf } from "./report.js";

const TAB = 4;
/** Columns of code that are shown of a line; a longer one is cut around what it is about. */
const WIDTH = 120;

type Paint = (text: string) => string;

interface Palette {
  readonly severity: (severity: Severity) => Paint;
  readonly strong: Paint;
  readonly dim: Paint;
  readonly step: Paint;
}

/** Select Graphic Rendition, ECMA-48 8.3.117. */
function sgr(on: number, off: number): Paint {
  return (text) => `\u001b[${on}m${text}\u001b[${off}m`;
}

const strong = sgr(1, 22);
const COLOURS: Readonly<Record<Severity, Paint>> = {
  error: sgr(31, 39),
  warning: sgr(33, 39),
  note: sgr(36, 39),
};

const palette: Palette = {
  severity: (severity) => (text) => strong(COLOURS[severity](text)),
  strong,
  dim: sgr(2, 22),
  step: sgr(34, 39),
};

/** Cells that a character takes on a terminal: East Asian wide characters and emoji take two, marks none. */
function cells(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (/\p{Mn}|\p{Me}|\p{Cf}/u.test(character)) return 0;
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd);
  return wide ? 2 : 1;
}

interface Shown {
  readonly text: string;
  /** Cells before the marked part, and of it. */
  readonly before: number;
  readonly marked: number;
}

/** A line with tabs spread, control characters visible and a length that fits, and where the marked part came to be. */
function show(line: string, start: number, end: number): Shown {
  const from = line.length > WIDTH * 2 ? Math.max(0, start - WIDTH / 2) : 0;
  const to = line.length > WIDTH * 2 ? Math.min(line.length, from + WIDTH) : line.length;
  let text = from > 0 ? "…" : "";
  let cell = text.length;
  let before: number | undefined;
  let after: number | undefined;
  let at = from;
  for (const character of line.slice(from, to)) {
    if (at >= start) before ??= cell;
    if (at >= end) after ??= cell;
    const spread = character === "\t" ? " ".repeat(TAB - (cell % TAB)) : visible(character);
    text += spread;
    cell += spread === character ? cells(character) : spread.length;
    at += character.length;
  }
  before ??= cell;
  return {
    text: to < line.length ? `${text}…` : text,
    before,
    marked: Math.max(1, (after ?? cell) - before),
  };
}

interface Mark {
  readonly location: Location;
  readonly sign: string;
  readonly label: string;
  readonly paint: Paint;
}

/** The lines of one file that a finding is about, each underlined where it is; gaps are shown as dots. */
function frame(marks: readonly Mark[], width: number, context: ReportContext): string[] {
  const output: string[] = [];
  const gutter = palette.dim(`${" ".repeat(width)} |`);
  let previous: number | undefined;
  for (const { location, sign, label, paint } of marks) {
    const lines = context.lines(location.file);
    if (lines === undefined) continue;
    const { line, column } = location.start;
    const source = lineText(lines, line);
    const last = location.end.line === line ? location.end.column - 1 : source.length;
    const shown = show(source, column - 1, Math.max(last, column));
    if (previous !== undefined && line !== previous && line !== previous + 1) output.push(palette.dim("..."));
    if (line !== previous) output.push(`${palette.dim(`${String(line).padStart(width)} |`)} ${shown.text}`);
    const underline = `${" ".repeat(shown.before)}${paint(sign.repeat(shown.marked))}`;
    output.push(`${gutter} ${underline}${label === "" ? "" : ` ${paint(label)}`}`);
    previous = line;
  }
  return output;
}

function sameStart(left: Location, right: Location): boolean {
  return left.file === right.file && left.start.offset === right.start.offset;
}

/** Steps and the finding itself, those of one file together, in the order in which they stand there. */
function marksOf(finding: Diagnostic): Mark[] {
  const steps: Mark[] = finding.story.map(({ location, message }, index) => ({
    location,
    sign: "-",
    label: visible(`${index + 1}. ${message}`),
    paint: palette.step,
  }));
  // A step that is the finding's own place is told there, not underlined twice.
  const here = steps.findLast((step) => sameStart(step.location, finding.location));
  const own: Mark = {
    location: finding.location,
    sign: "^",
    label: here?.label ?? "",
    paint: palette.severity(finding.severity),
  };
  const others = steps.filter((step) => step !== here);
  const inFile = (mark: Mark): boolean => mark.location.file === finding.location.file;
  return [...others.filter((mark) => !inFile(mark)), ...[own, ...others.filter(inFile)].sort(byLine)];
}

function byLine(left: Mark, right: Mark): number {
  return left.location.start.line - right.location.start.line;
}

function block(finding: Diagnostic, id: string, context: ReportContext): string {
  const marks = marksOf(finding);
  const width = Math.max(...marks.map(({ location }) => String(location.start.line).length));
  const indent = " ".repeat(width);
  const { start, file } = finding.location;
  const paint = palette.severity(finding.severity);
  const output = [
    `${paint(`${finding.severity}[${finding.rule}]`)}${palette.strong(`: ${visible(finding.message)}`)}`,
    `${indent}${palette.dim("-->")} ${visible(file)}:${start.line}:${start.column}`,
  ];
  const gutter = palette.dim(`${indent} |`);
  let group: Mark[] = [];
  const flush = (): void => {
    if (group.length === 0) return;
    const place = group[0]?.location;
    if (place !== undefined && place.file !== file) {
      output.push(
        `${indent}${palette.dim(":::")} ${visible(place.file)}:${place.start.line}:${place.start.column}`,
      );
    }
    output.push(gutter, ...frame(group, width, context));
    group = [];
  };
  for (const mark of marks) {
    const last = group.at(-1);
    if (last !== undefined && last.location.file !== mark.location.file) flush();
    group.push(mark);
  }
  flush();
  output.push(gutter, ...notes(finding, id).map((note) => `${indent} ${palette.dim("=")} ${note}`));
  return output.join("\n");
}

function notes(finding: Diagnostic, id: string): string[] {
  const lines = [`${palette.strong("help:")} ${visible(finding.help)}`];
  if (finding.edit !== undefined) {
    const how = finding.edit.safety === "safe" ? "--fix does it" : "suggested, to be checked by a person";
    lines.push(`${palette.strong("edit:")} ${visible(finding.edit.title)} (${how})`);
  }
  lines.push(`${palette.strong("rule:")} ${ruleUrl(finding.rule)}`);
  lines.push(`${palette.strong("id:")} ${id}`);
  return lines;
}

/** @see Reporter */
export function full(report: Report, context: ReportContext): string {
  if (report.findings.length === 0) return "";
  const { errors, warnings, notes: advice } = totalsOf(report.findings);
  const totals = `${count(errors, "error")}, ${count(warnings, "warning")}, ${count(advice, "note")}`;
  const ids = fingerprints(report.findings, context.lines).map(shortId);
  const blocks = report.findings.map((finding, position) => block(finding, ids[position] ?? "", context));
  const text = `${blocks.join("\n\n")}\n\n${totals}\n`;
  return context.colour ? text : stripVTControlCharacters(text);
}
