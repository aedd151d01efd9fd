/** What can be done about a finding: the edit that it proposes, a comment that silences it, a look at a program. */
import type { Change, Diagnostic, Edit, Span } from "../diagnostic.js";
import { changesTogether } from "../edit.js";
import { suppressionsOf, UNUSED_SUPPRESSION } from "../suppress.js";
import { type Lines, lineText } from "../text.js";

/** Changes to the finding's own file, sorted, without overlaps. Offsets are into the text that the client has. */
export interface EditAction {
  readonly kind: "edit";
  readonly title: string;
  readonly changes: readonly Change[];
  readonly safety: Edit["safety"];
  /** The findings that it deals with. */
  readonly findings: readonly Diagnostic[];
}

export interface ReproducerAction {
  readonly kind: "reproducer";
  readonly title: string;
  readonly rule: string;
  readonly findings: readonly Diagnostic[];
}

export type Action = EditAction | ReproducerAction;

/** One file, its findings, and its lines as the client has them. */
export interface ActionScope {
  readonly lines: Lines;
  readonly findings: readonly Diagnostic[];
  /** The offset in the client's text of an offset in the engine's. */
  readonly offsetOf: (offset: number) => number;
  readonly hasReproducer: (rule: string) => boolean;
}

/** What stands for the reason until a person writes one. */
export const REASON = "reason";

/** What can be done about one of the scope's findings, the best first. */
export function actionsFor(finding: Diagnostic, scope: ActionScope): readonly Action[] {
  return [
    ...ownEdit(finding, scope),
    ...sameEverywhere(finding, scope),
    ...silencing(finding, scope),
    ...reproducer(finding, scope),
  ];
}

/** All the safe edits of a file at once; undefined where there are none. */
export function fixAll(scope: ActionScope): EditAction | undefined {
  const { changes, edits } = changesTogether(scope.findings);
  if (edits === 0) return undefined;
  return edit("Make all safe edits of mmaplint", changes, "safe", [], scope);
}

function edit(
  title: string,
  changes: readonly Change[],
  safety: Edit["safety"],
  findings: readonly Diagnostic[],
  { offsetOf }: ActionScope,
): EditAction {
  const moved = changes.map(({ span, text }) => ({
    span: { start: offsetOf(span.start), end: offsetOf(span.end) },
    text,
  }));
  return { kind: "edit", title, changes: moved, safety, findings };
}

function ownEdit(finding: Diagnostic, scope: ActionScope): readonly EditAction[] {
  const proposed = finding.edit;
  if (proposed === undefined || proposed.changes.length === 0) return [];
  const { title, safety, changes } = proposed;
  const named = `${title.charAt(0).toUpperCase()}${title.slice(1)}${safety === "safe" ? "" : " (please check)"}`;
  return [edit(named, changes, safety, [finding], scope)];
}

/** The edits of all findings of the rule in the file, where there are several. */
function sameEverywhere({ rule, edit: own }: Diagnostic, scope: ActionScope): readonly EditAction[] {
  if (own === undefined) return [];
  const safeties: readonly Edit["safety"][] = own.safety === "safe" ? ["safe"] : ["safe", "suggested"];
  const alike = scope.findings.filter((other) => other.rule === rule && other.edit !== undefined);
  const { changes, edits } = changesTogether(alike, safeties);
  if (edits < 2) return [];
  return [edit(`Fix all ${edits} of ${rule} in this file`, changes, own.safety, alike, scope)];
}

/** A comment above the line, or another rule in the one that is there. */
function silencing(finding: Diagnostic, { lines }: ActionScope): readonly EditAction[] {
  const { rule } = finding;
  const { line } = finding.location.start;
  // A comment cannot say of itself that it is needed, and between the lines of a macro none can stand.
  if (rule === UNUSED_SUPPRESSION || lineText(lines, line - 1).endsWith("\\")) return [];
  const title = `Silence ${rule} on this line`;
  const silenced = (change: Change): readonly EditAction[] => [
    { kind: "edit", title, changes: [change], safety: "suggested", findings: [finding] },
  ];
  const there = suppressionsOf(lines).find((one) => one.line === line && one.rules.length > 0);
  if (there !== undefined) {
    const last = there.rules.at(-1) ?? "";
    const at = endOfLastRule(lines.text, there.span, last);
    return silenced({ span: { start: at, end: at }, text: `, ${rule}` });
  }
  const start = lines.starts[line - 1] ?? 0;
  const indent = /^[ \t]*/.exec(lineText(lines, line))?.[0] ?? "";
  const ending = /\r\n|\n|\r/.exec(lines.text)?.[0] ?? "\n";
  const text = `${indent}// mmaplint-disable-next-line ${rule} -- ${REASON}${ending}`;
  return silenced({ span: { start, end: start }, text });
}

/** Behind the last rule that a comment names: before its reason, in which the rule may be named again. */
function endOfLastRule(text: string, { start, end }: Span, rule: string): number {
  const comment = text.slice(start, end);
  const reason = /\s--(?=\s|$)/.exec(comment)?.index ?? comment.length;
  return start + comment.lastIndexOf(rule, reason - rule.length) + rule.length;
}

function reproducer(finding: Diagnostic, { hasReproducer }: ActionScope): readonly ReproducerAction[] {
  const { rule } = finding;
  if (!hasReproducer(rule)) return [];
  return [
    { kind: "reproducer", title: `See what ${rule} does: open the reproducer`, rule, findings: [finding] },
  ];
}
