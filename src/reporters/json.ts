/** Everything that is known, for programs. Keys are added over time, none is taken away. */
import type { Notice } from "../diagnostic.js";
import { fingerprints, shortId } from "../fingerprint.js";
import { ruleUrl } from "../rules/page.js";
import { type Report, type ReportContext, totalsOf } from "./report.js";

/** JSON has no undefined: what is not known is null. */
function notice({ file, function: name, line, reason }: Notice) {
  return { file, function: name ?? null, line: line ?? null, reason };
}

/** @see Reporter */
export function json(report: Report, context: ReportContext): string {
  const ids = fingerprints(report.findings, context.lines).map(shortId);
  const value = {
    version: context.version,
    findings: report.findings.map((finding, position) => ({
      id: ids[position],
      ...finding,
      mapping: finding.mapping ?? null,
      edit: finding.edit ?? null,
      url: ruleUrl(finding.rule),
    })),
    suppressed: report.suppressed.map(({ diagnostic, reason }) => ({
      rule: diagnostic.rule,
      message: diagnostic.message,
      location: diagnostic.location,
      reason: reason ?? null,
    })),
    notices: report.notices.map(notice),
    summary: totalsOf(report.findings),
  };
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
