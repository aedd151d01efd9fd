/** Findings as the protocol has them. */
import {
  type Diagnostic as ProtocolDiagnostic,
  DiagnosticSeverity,
  type DiagnosticRelatedInformation,
} from "vscode-languageserver/node";
import type { Diagnostic, Location, Severity } from "../diagnostic.js";
import { ruleUrl } from "../rules/page.js";
import type { Lines } from "../text.js";
import { type Encoding, rangeOf } from "./positions.js";

/** What a conversion has to know of the files that findings name. */
export interface Files {
  readonly encoding: Encoding;
  readonly uriOf: (file: string) => string;
  readonly linesOf: (file: string) => Lines | undefined;
}

const SEVERITIES: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  note: DiagnosticSeverity.Information,
};

export const SOURCE = "mmaplint";

function toRange({ file, start, end }: Location, files: Files): ProtocolDiagnostic["range"] {
  const lines = files.linesOf(file);
  if (lines !== undefined) {
    return rangeOf(lines, { start: start.offset, end: end.offset }, files.encoding);
  }
  return {
    start: { line: start.line - 1, character: start.column - 1 },
    end: { line: end.line - 1, character: end.column - 1 },
  };
}

export function toDiagnostic(finding: Diagnostic, files: Files): ProtocolDiagnostic {
  const relatedInformation = finding.story.map(({ location, message }): DiagnosticRelatedInformation => ({
    location: { uri: files.uriOf(location.file), range: toRange(location, files) },
    message,
  }));
  return {
    range: toRange(finding.location, files),
    severity: SEVERITIES[finding.severity],
    code: finding.rule,
    codeDescription: { href: ruleUrl(finding.rule) },
    source: SOURCE,
    message: finding.message,
    ...(relatedInformation.length > 0 ? { relatedInformation } : {}),
  };
}
