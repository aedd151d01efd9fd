/** What can be said of places in an open document: findings, what is known of mappings, what can be done. */
import { type AlignedArgument, alignedArguments, inspect } from "../analyzer/inspect.js";
import type { Diagnostic, Span } from "../diagnostic.js";
import { reproducerFile } from "../reproduce/files.js";
import { suppressionsOf } from "../suppress.js";
import { positionOf } from "../text.js";
import { type Action, type ActionScope, actionsFor, type EditAction, fixAll } from "./actions.js";
import { aboutRule, mappingPage, pageOfRule } from "./hover.js";
import { paddedOffset, plainLayout, unpaddedOffset } from "./layout.js";
import type { Place } from "./workspace.js";

export function findingsIn({ project, file }: Place): readonly Diagnostic[] {
  return project.checked().findings.filter(({ location }) => location.file === file);
}

/** Markdown about what stands at an offset, and what it is about; both in the client's text. */
export interface Explanation {
  readonly text: string;
  readonly span: Span;
}

export function explanationAt(place: Place, offset: number): Explanation | undefined {
  const named = ruleNamedAt(place, offset);
  if (named !== undefined) return named;
  const mapping = mappingAt(place, offset);
  const { lines } = place.document;
  const { line, column } = positionOf(lines, offset);
  const found = findingsIn(place).filter(({ location: { start, end } }) => {
    const behindStart = line > start.line || (line === start.line && column >= start.column);
    return behindStart && (line < end.line || (line === end.line && column <= end.column));
  });
  const texts = [mapping?.text, ...new Set(found.map(({ rule }) => aboutRule(rule)))].filter(
    (text) => text !== undefined,
  );
  if (texts.length === 0) return undefined;
  return { text: texts.join("\n\n---\n\n"), span: mapping?.span ?? { start: offset, end: offset } };
}

/** The page of the rule that a comment names there. */
function ruleNamedAt({ document: { lines } }: Place, offset: number): Explanation | undefined {
  const { text } = lines;
  const comment = suppressionsOf(lines).find(({ span }) => span.start <= offset && offset < span.end);
  if (comment === undefined) return undefined;
  let start = offset;
  let end = offset;
  while (/[a-z-]/.test(text[start - 1] ?? "")) start--;
  while (/[a-z-]/.test(text[end] ?? "")) end++;
  const id = text.slice(start, end);
  const page = comment.rules.includes(id) ? pageOfRule(id) : undefined;
  return page === undefined ? undefined : { text: page, span: { start, end } };
}

function mappingAt(place: Place, offset: number): Explanation | undefined {
  const { project, file, document } = place;
  const program = project.program();
  const layout = project.layoutOf(file) ?? plainLayout(document.lines.text);
  const found = program === undefined ? undefined : inspect(program, file, paddedOffset(layout, offset));
  if (found === undefined) return undefined;
  const here = (one: number): number => unpaddedOffset(layout, one);
  return {
    text: mappingPage(found.insights, (at) =>
      at.file === file ? positionOf(document.lines, here(at.start)).line : undefined,
    ),
    span: { start: here(found.span.start), end: here(found.span.end) },
  };
}

/** The offsets and addresses given to calls in a part of the text; spans are the client's. */
export function alignmentsIn(
  { project, file, document }: Place,
  { start, end }: Span,
): readonly AlignedArgument[] {
  const program = project.program();
  if (program === undefined) return [];
  const layout = project.layoutOf(file) ?? plainLayout(document.lines.text);
  return alignedArguments(program, file)
    .map(({ span, alignment }) => ({
      span: { start: unpaddedOffset(layout, span.start), end: unpaddedOffset(layout, span.end) },
      alignment,
    }))
    .filter(({ span }) => span.start < end && span.end > start);
}

function scopeOf(place: Place): ActionScope {
  const { project, file, document } = place;
  const layout = project.layoutOf(file) ?? plainLayout(document.lines.text);
  return {
    lines: document.lines,
    findings: findingsIn(place),
    offsetOf: (offset) => unpaddedOffset(layout, offset),
    hasReproducer: (rule) => reproducerFile(rule) !== undefined,
  };
}

/** What can be done about the findings of some lines, numbered from 1. */
export function actionsIn(place: Place, first: number, last: number): readonly Action[] {
  const scope = scopeOf(place);
  return scope.findings
    .filter(({ location: { start, end } }) => start.line <= last && end.line >= first)
    .flatMap((finding) => actionsFor(finding, scope));
}

export function fixAllIn(place: Place): EditAction | undefined {
  return fixAll(scopeOf(place));
}
