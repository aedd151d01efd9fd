/** SARIF 2.1.0, within what GitHub code scanning takes, and with what other consumers use besides. */
import * as path from "node:path";
import type {
  CodeFlow,
  Fix,
  Location as SarifLocation,
  Log,
  Notification,
  ReportingDescriptor,
  Result,
} from "sarif";
import type { Change, Diagnostic, Edit, Location, Notice } from "../diagnostic.js";
import { fingerprints } from "../fingerprint.js";
import { securitySeverity } from "../presets.js";
import { rulePage, ruleUrl } from "../rules/page.js";
import type { RuleMeta } from "../rules/rule.js";
import { unusedSuppression } from "../suppress.js";
import { positionOf } from "../text.js";
import type { Report, ReportContext } from "./report.js";

/** Code scanning refuses a longer fullDescription. */
const MAX_DESCRIPTION = 1024;
/** Code scanning keeps this many locations of a thread flow. */
const MAX_FLOW_LOCATIONS = 1000;
const MAX_SNIPPET = 1000;
const ROOT = "%SRCROOT%";

/** The directory that URIs are relative to: the working directory, or one above it when a file lies outside. */
function rootOf(report: Report, cwd: string): string {
  const files = [
    ...report.findings.flatMap(({ location, story }) => [
      location.file,
      ...story.map((step) => step.location.file),
    ]),
    ...report.suppressed.map(({ diagnostic }) => diagnostic.location.file),
    ...report.notices.map(({ file }) => file),
  ];
  let root = cwd;
  for (const file of new Set(files)) {
    const absolute = path.resolve(cwd, file);
    while (path.relative(root, absolute).startsWith("..") && path.dirname(root) !== root)
      root = path.dirname(root);
  }
  return root;
}

interface Scope {
  readonly root: string;
  readonly context: ReportContext;
}

function uriOf({ root, context }: Scope, file: string): string {
  const relative = path.relative(root, path.resolve(context.cwd, file));
  return relative.split(path.sep).map(encodeURIComponent).join("/") || ".";
}

function physical(scope: Scope, { file, start, end }: Location): SarifLocation {
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(scope, file), uriBaseId: ROOT },
      region: { startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column },
    },
  };
}

/** The location of a finding itself, with its text for viewers that do not have the source. */
function primary(scope: Scope, { location, function: name }: Diagnostic): SarifLocation {
  const place = physical(scope, location);
  const lines = scope.context.lines(location.file);
  const text = lines?.text.slice(
    location.start.offset,
    Math.min(location.end.offset, location.start.offset + MAX_SNIPPET),
  );
  const region = place.physicalLocation?.region;
  if (region !== undefined && text !== undefined && text !== "") region.snippet = { text };
  if (name !== "") place.logicalLocations = [{ name, kind: "function" }];
  return place;
}

function shortened(text: string): string {
  return text.length <= MAX_DESCRIPTION ? text : `${text.slice(0, MAX_DESCRIPTION - 1)}…`;
}

function descriptor(rule: RuleMeta): ReportingDescriptor {
  const score = securitySeverity(rule);
  const tags = ["mmap", ...(score === undefined ? ["correctness"] : ["security"])];
  for (const number of rule.cwe) tags.push(`external/cwe/cwe-${String(number).padStart(3, "0")}`);
  const page = rulePage(rule);
  return {
    id: rule.id,
    name: rule.id.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase()),
    shortDescription: { text: `${rule.summary}.` },
    fullDescription: { text: shortened(rule.why) },
    help: { text: `${rule.why}\n\nWhat to do: ${rule.help}.`, markdown: page },
    helpUri: ruleUrl(rule.id),
    defaultConfiguration: { level: rule.severity, enabled: rule.optIn !== true && rule.preview !== true },
    properties: {
      tags,
      precision: rule.preview === true ? "medium" : "high",
      "problem.severity": rule.severity === "note" ? "recommendation" : rule.severity,
      ...(score === undefined ? {} : { "security-severity": score.toFixed(1) }),
    },
  };
}

function codeFlow(scope: Scope, finding: Diagnostic): CodeFlow {
  const end = { location: finding.location, message: finding.message };
  const steps = [...finding.story.slice(0, MAX_FLOW_LOCATIONS - 1), end];
  return {
    message: { text: "How it comes about" },
    threadFlows: [
      {
        locations: steps.map(({ location, message }, index) => ({
          location: { ...physical(scope, location), message: { text: message } },
          importance:
            index === 0 || index === steps.length - 1 ? ("essential" as const) : ("important" as const),
        })),
      },
    ],
  };
}

function fix(scope: Scope, file: string, edit: Edit): Fix | undefined {
  const lines = scope.context.lines(file);
  if (lines === undefined) return undefined;
  const replacement = ({ span, text }: Change) => {
    const start = positionOf(lines, span.start);
    const end = positionOf(lines, span.end);
    return {
      deletedRegion: {
        startLine: start.line,
        startColumn: start.column,
        endLine: end.line,
        endColumn: end.column,
      },
      insertedContent: { text },
    };
  };
  return {
    description: { text: edit.title },
    artifactChanges: [
      {
        artifactLocation: { uri: uriOf(scope, file), uriBaseId: ROOT },
        replacements: edit.changes.map(replacement),
      },
    ],
  };
}

function result(scope: Scope, finding: Diagnostic, ruleIndex: number, fingerprint: string): Result {
  const edit = finding.edit === undefined ? undefined : fix(scope, finding.location.file, finding.edit);
  return {
    ruleId: finding.rule,
    ruleIndex,
    level: finding.severity,
    message: { text: `${finding.message}. What to do: ${finding.help}.` },
    locations: [primary(scope, finding)],
    partialFingerprints: { "mmaplint/v1": fingerprint },
    ...(finding.story.length === 0
      ? {}
      : {
          codeFlows: [codeFlow(scope, finding)],
          relatedLocations: finding.story
            .slice(0, MAX_FLOW_LOCATIONS)
            .map(({ location, message }, index) => ({
              id: index + 1,
              ...physical(scope, location),
              message: { text: message },
            })),
        }),
    ...(edit === undefined ? {} : { fixes: [edit] }),
  };
}

const NOT_ANALYZED: ReportingDescriptor = {
  id: "not-analyzed",
  name: "NotAnalyzed",
  shortDescription: { text: "A function or file was not analyzed." },
  fullDescription: {
    text: "Its code could not be read, or exceeds a limit. The rest was analyzed all the same.",
  },
  help: { text: "The message names the reason. Run mmaplint --debug for the list." },
};

function notification(scope: Scope, notice: Notice): Notification {
  const what = notice.function === undefined ? "the file" : `the function ${notice.function}`;
  return {
    level: "note",
    descriptor: { id: "not-analyzed" },
    message: { text: `${what} was not analyzed: ${notice.reason}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(scope, notice.file), uriBaseId: ROOT },
          ...(notice.line === undefined ? {} : { region: { startLine: notice.line } }),
        },
      },
    ],
  };
}

/** @see Reporter */
export function sarif(report: Report, context: ReportContext): string {
  const scope: Scope = { root: rootOf(report, context.cwd), context };
  const rules = [...context.rules, unusedSuppression];
  const index = new Map(rules.map(({ id }, position) => [id, position]));
  // Before the silenced ones: their fingerprints are not to depend on what else is silenced.
  const all = [...report.findings, ...report.suppressed.map(({ diagnostic }) => diagnostic)];
  const prints = fingerprints(all, context.lines);
  const toResult = (finding: Diagnostic, position: number): Result =>
    result(scope, finding, index.get(finding.rule) ?? -1, prints[position] ?? "");
  const found = report.findings.map(toResult);
  const suppressed = report.suppressed.map(({ diagnostic, reason }, position): Result => ({
    ...toResult(diagnostic, found.length + position),
    suppressions: [
      { kind: "inSource", status: "accepted", ...(reason === undefined ? {} : { justification: reason }) },
    ],
  }));
  const log: Log = {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "mmaplint",
            version: context.version,
            semanticVersion: context.version,
            informationUri: "https://github.com/mmaplint/mmaplint",
            language: "en",
            rules: rules.map(descriptor),
            notifications: [NOT_ANALYZED],
          },
        },
        automationDetails: { id: "mmaplint/" },
        columnKind: "utf16CodeUnits",
        originalUriBaseIds: {
          [ROOT]: {
            description: {
              text: "The directory that mmaplint was started in, or the one that holds all files.",
            },
          },
        },
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: report.notices.map((notice) => notification(scope, notice)),
          },
        ],
        results: [...found, ...suppressed],
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}
