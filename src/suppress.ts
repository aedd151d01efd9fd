/**
 * Suppressions: comments in the C source that silence findings, one line at a time.
 *
 *     p = mmap(0, n, prot, flags, fd, 0); // mmaplint-disable-line null-check -- checked by the caller
 *     // mmaplint-disable-next-line hardcoded-page-size, unaligned-offset -- this board has 4 KiB pages
 *
 * A suppression that silences nothing is itself reported (`unused-suppression`), so that none outlives its cause.
 */
import type { Diagnostic, Edit, Location, Severity, Span } from "./diagnostic.js";
import { didYouMean } from "./nearest.js";
import type { RuleMeta } from "./rules/rule.js";
import { type Lines, linesOf, positionOf } from "./text.js";

/** The id under which a suppression that silences nothing is reported. */
export const UNUSED_SUPPRESSION = "unused-suppression";

/** What `unused-suppression` says about itself; it judges comments, not C, so it is not in the list of rules. */
export const unusedSuppression: RuleMeta = {
  id: UNUSED_SUPPRESSION,
  summary: "a suppression comment silences nothing",
  why: "The finding it once silenced is gone. Left in place, it would silence a later mistake on the same line.",
  help: "remove the comment",
  severity: "note",
  cwe: [],
  since: "0.1.0",
  references: [],
  silent: ["A suppression of a rule that is off, or in a file of which a part could not be analyzed."],
};

/** A text without it holds no suppression. */
const MARK = "mmaplint-disable-";
const DIRECTIVE = /^\s*mmaplint-disable-(next-line|line)(?![\w-])([^]*)$/;

export interface Suppression {
  readonly rules: readonly string[];
  /** What follows `--`; undefined when no reason is given. */
  readonly reason: string | undefined;
  /** 1-based number of the line whose findings are silenced. */
  readonly line: number;
  /** The whole comment, delimiters included. */
  readonly span: Span;
}

/** A finding that a comment silences. */
export interface Suppressed {
  readonly diagnostic: Diagnostic;
  readonly reason: string | undefined;
}

export interface Suppressions {
  readonly kept: readonly Diagnostic[];
  readonly suppressed: readonly Suppressed[];
}

/** The end of a string or character literal that starts at `start`; a literal never goes past its line. */
function endOfLiteral(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at];
    if (character === "\\") at++;
    else if (character === quote || character === "\n") return at + 1;
  }
  return text.length;
}

/** The end of a `//` comment: the end of the line, a backslash before it continuing the comment. */
function endOfLineComment(text: string, start: number): number {
  let end = text.indexOf("\n", start);
  while (end !== -1 && /\\\r?$/.test(text.slice(Math.max(start, end - 2), end)))
    end = text.indexOf("\n", end + 1);
  if (end === -1) return text.length;
  return text[end - 1] === "\r" ? end - 1 : end;
}

/** The comments of a C text, in order; comment marks inside literals are none. Linear in the length of the text. */
export function comments(text: string): Span[] {
  const found: Span[] = [];
  const mark = /\/[/*]|["']/g;
  for (let match = mark.exec(text); match !== null; match = mark.exec(text)) {
    const start = match.index;
    let end: number;
    if (match[0] === "//" || match[0] === "/*") {
      const close = match[0] === "//" ? endOfLineComment(text, start) : text.indexOf("*/", start + 2) + 2;
      end = close < 2 ? text.length : close;
      found.push({ start, end });
    } else {
      end = endOfLiteral(text, start);
    }
    mark.lastIndex = end;
  }
  return found;
}

/** The suppressions that a text's comments hold. */
export function suppressionsOf(lines: Lines): Suppression[] {
  const { text } = lines;
  if (!text.includes(MARK)) return [];
  const found: Suppression[] = [];
  for (const span of comments(text)) {
    const block = text.startsWith("/*", span.start);
    const body = text.slice(span.start + 2, block ? span.end - 2 : span.end);
    const match = DIRECTIVE.exec(body);
    if (match === null) continue;
    const rest = match[2] ?? "";
    const dashes = /(?:^|\s)--(?=\s|$)/.exec(rest);
    const ids = dashes === null ? rest : rest.slice(0, dashes.index);
    const reason = dashes === null ? "" : rest.slice(dashes.index + dashes[0].length).trim();
    const line =
      match[1] === "line"
        ? positionOf(lines, span.start).line
        : positionOf(lines, Math.max(span.start, span.end - 1)).line + 1;
    found.push({
      rules: ids.split(/[\s,]+/).filter((id) => id !== ""),
      reason: reason === "" ? undefined : reason,
      line,
      span,
    });
  }
  return found;
}

/** Removes the comment, and its line where nothing else stands on it. */
function removal(text: string, span: Span): Edit {
  let { start, end } = span;
  while (start > 0 && /[ \t]/.test(text[start - 1] ?? "")) start--;
  const alone = start === 0 || text[start - 1] === "\n";
  const rest = /^[ \t]*(\r?\n|$)/.exec(text.slice(end, end + 200));
  if (rest === null) return { title: "remove the comment", safety: "safe", changes: [{ span, text: "" }] };
  if (alone) end += rest[0].length;
  return { title: "remove the comment", safety: "safe", changes: [{ span: { start, end }, text: "" }] };
}

function unusedDiagnostic(
  file: string,
  lines: Lines,
  suppression: Suppression,
  severity: Severity,
  unused: readonly string[],
  known: ReadonlySet<string>,
): Diagnostic {
  const location: Location = {
    file,
    start: positionOf(lines, suppression.span.start),
    end: positionOf(lines, suppression.span.end),
  };
  const unknown = unused.find((id) => !known.has(id));
  let message = `the suppression of ${unused.join(", ")} silences nothing on line ${suppression.line}`;
  if (suppression.rules.length === 0) message = "the suppression names no rule, so it silences nothing";
  else if (unknown !== undefined) message = `there is no rule "${unknown}"${didYouMean(unknown, known)}`;
  const whole = unused.length === suppression.rules.length;
  return {
    rule: UNUSED_SUPPRESSION,
    severity,
    message,
    location,
    function: "",
    mapping: undefined,
    story: [],
    help:
      suppression.rules.length === 0
        ? "name the rules: mmaplint-disable-next-line <rule>, <rule> -- <reason>"
        : "remove what is not needed: a later mistake on this line would be silenced too",
    edit: whole && unknown === undefined ? removal(lines.text, suppression.span) : undefined,
  };
}

/** What one file's suppressions are judged by. */
export interface SuppressionScope {
  readonly file: string;
  readonly text: string;
  /** The file's own findings. */
  readonly diagnostics: readonly Diagnostic[];
  readonly knownRules: ReadonlySet<string>;
  /** A suppression of a rule that is off cannot be judged, and is not called unused. */
  readonly activeRules: ReadonlySet<string>;
  /** Undefined when `unused-suppression` is off, or when a part of the file was not analyzed. */
  readonly unusedSeverity: Severity | undefined;
}

/** Takes the silenced findings out of one file's findings, and adds a finding for each unused suppression. */
export function suppress(scope: SuppressionScope): Suppressions {
  if (!scope.text.includes(MARK)) return { kept: scope.diagnostics, suppressed: [] };
  const lines = linesOf(scope.text);
  const suppressions = suppressionsOf(lines);
  if (suppressions.length === 0) return { kept: scope.diagnostics, suppressed: [] };
  const used = new Set<string>();
  const kept: Diagnostic[] = [];
  const suppressed: Suppressed[] = [];
  const perLine = new Map<number, number[]>();
  for (const [index, { line }] of suppressions.entries())
    perLine.set(line, [...(perLine.get(line) ?? []), index]);
  for (const diagnostic of scope.diagnostics) {
    const index = (perLine.get(diagnostic.location.start.line) ?? []).find((candidate) =>
      suppressions[candidate]?.rules.includes(diagnostic.rule),
    );
    if (index === undefined) {
      kept.push(diagnostic);
    } else {
      used.add(`${index} ${diagnostic.rule}`);
      suppressed.push({ diagnostic, reason: suppressions[index]?.reason });
    }
  }
  const severity = scope.unusedSeverity;
  if (severity === undefined) return { kept, suppressed };
  for (const [index, suppression] of suppressions.entries()) {
    const judged = (id: string): boolean => scope.activeRules.has(id) || !scope.knownRules.has(id);
    const unused = suppression.rules.filter((id) => judged(id) && !used.has(`${index} ${id}`));
    if (unused.length > 0 || suppression.rules.length === 0) {
      kept.push(unusedDiagnostic(scope.file, lines, suppression, severity, unused, scope.knownRules));
    }
  }
  return { kept, suppressed };
}
