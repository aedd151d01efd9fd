/** What reporters are given. A reporter is a pure function of these two values. */
import type { Diagnostic, Notice } from "../diagnostic.js";
import type { RuleMeta } from "../rules/rule.js";
import type { Suppressed } from "../suppress.js";
import type { Lines } from "../text.js";

export interface Report {
  /** Sorted by file, offset, rule. */
  readonly findings: readonly Diagnostic[];
  /** Silenced by comments; of interest to formats that keep account of them. */
  readonly suppressed: readonly Suppressed[];
  readonly notices: readonly Notice[];
}

export interface ReportContext {
  /** mmaplint's own version. */
  readonly version: string;
  /** Absolute working directory, which relative paths in the report are relative to. */
  readonly cwd: string;
  /** Whether escape sequences for colours and links are wanted. */
  readonly colour: boolean;
  /** Every rule there is, whether on or off. */
  readonly rules: readonly RuleMeta[];
  /** The text of a linted file, by the path that locations carry; undefined for any other file. */
  readonly lines: (file: string) => Lines | undefined;
}

/** The whole report as text, ending with a newline; empty when there is nothing to say. */
export type Reporter = (report: Report, context: ReportContext) => string;

export interface Totals {
  readonly errors: number;
  readonly warnings: number;
  readonly notes: number;
}

export function totalsOf(findings: readonly Diagnostic[]): Totals {
  const number = (severity: Diagnostic["severity"]): number =>
    findings.filter((finding) => finding.severity === severity).length;
  return { errors: number("error"), warnings: number("warning"), notes: number("note") };
}
