/** The default: one line a finding, through eslint-formatter-pretty, which knows terminals, links and alignment. */
import * as path from "node:path";
import { stripVTControlCharacters } from "node:util";
import formatterPretty from "eslint-formatter-pretty";
import type { Diagnostic } from "../diagnostic.js";
import { ruleUrl } from "../rules/page.js";
import { count, visible } from "../text.js";
import { type Report, type ReportContext, totalsOf } from "./report.js";

/**
 * The formatter takes quotes and backticks in messages for marks of its own and drops them. Noncharacters stand in
 * for them on the way through.
 */
const QUOTE = "\ufdd0";
const BACKTICK = "\ufdd1";

function protect(text: string): string {
  return visible(text).replaceAll("'", QUOTE).replaceAll("`", BACKTICK);
}

function restore(text: string): string {
  return text.replaceAll(QUOTE, "'").replaceAll(BACKTICK, "`");
}

/** The formatter's own summary counts notes as warnings; this is the part before it. */
function withoutSummary(text: string): string {
  const end = text.lastIndexOf("\n\n");
  return end === -1 ? text : text.slice(0, end + 1);
}

function summary({ findings }: Report): string {
  const { errors, warnings, notes } = totalsOf(findings);
  const parts: string[] = [];
  if (errors > 0) parts.push(count(errors, "error"));
  if (warnings > 0) parts.push(count(warnings, "warning"));
  if (notes > 0) parts.push(count(notes, "note"));
  return `  ${parts.join(", ")}; --format full shows how each comes about, --explain RULE says why it matters`;
}

function byFile(findings: readonly Diagnostic[]): Map<string, Diagnostic[]> {
  const groups = new Map<string, Diagnostic[]>();
  for (const finding of findings) {
    const group = groups.get(finding.location.file);
    if (group === undefined) groups.set(finding.location.file, [finding]);
    else group.push(finding);
  }
  return groups;
}

/** The formatter knows errors and warnings only. */
function toMessage({ severity, location, message, rule }: Diagnostic) {
  return {
    ruleId: rule,
    severity: severity === "error" ? (2 as const) : (1 as const),
    message: protect(severity === "note" ? `note: ${message}` : message),
    line: location.start.line,
    column: location.start.column,
  };
}

/** @see Reporter */
export function pretty(report: Report, context: ReportContext): string {
  if (report.findings.length === 0) return "";
  const results = [...byFile(report.findings)].map(([file, findings]) => ({
    filePath: visible(path.resolve(context.cwd, file)),
    messages: findings.map(toMessage),
    errorCount: findings.filter(({ severity }) => severity === "error").length,
    warningCount: findings.filter(({ severity }) => severity !== "error").length,
    fatalErrorCount: 0,
    fixableErrorCount: 0,
    fixableWarningCount: 0,
    suppressedMessages: [],
    usedDeprecatedRules: [],
  }));
  const ids = new Set(report.findings.map(({ rule }) => rule));
  const rulesMeta = Object.fromEntries([...ids].map((id) => [id, { docs: { url: ruleUrl(id) } }]));
  const text = restore(formatterPretty(results, { cwd: context.cwd, rulesMeta }));
  const whole = `${withoutSummary(text)}\n${summary(report)}\n`;
  return context.colour ? whole : stripVTControlCharacters(whole);
}
