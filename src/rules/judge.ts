/** Shows events to rules and makes diagnostics of what they answer. */
import type { Because, Event } from "../analyzer/events.js";
import type { Mapping } from "../analyzer/mapping.js";
import {
  type Diagnostic,
  LEAVES,
  type Location,
  type Severity,
  type Site,
  type Step,
} from "../diagnostic.js";
import type { Finding, Rule, Verdict } from "./rule.js";

/** The file that the events are in. */
export interface File {
  readonly text: string;
  /** 1-based line and column of an offset in this file, or in another that a story leads to. */
  positionIn(path: string): (offset: number) => { readonly line: number; readonly column: number };
}

/** The findings of the given rules in the events of one function of one file, each once. */
export function judge(
  events: readonly Event[],
  rules: readonly { readonly rule: Rule; readonly severity: Severity | undefined }[],
  functionName: string,
  file: File,
): Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  for (const event of events) {
    for (const { rule, severity } of rules) {
      const verdict = ask(rule, event, file.text);
      if (verdict === undefined) continue;
      const finding: Finding = typeof verdict === "string" ? { message: verdict } : verdict;
      const diagnostic = toDiagnostic(rule, severity, finding, event, functionName, file);
      const key = `${rule.id} ${diagnostic.location.start.offset}`;
      if (!found.has(key)) found.set(key, diagnostic);
    }
  }
  return [...found.values()];
}

function ask(rule: Rule, event: Event, text: string): Verdict {
  // The handler under an event's kind takes that kind of event: the type of `on` says so, but not to this lookup.
  const handler = rule.on[event.kind] as ((event: Event, text: string) => Verdict) | undefined;
  return handler?.(event, text);
}

function toDiagnostic(
  rule: Rule,
  severity: Severity | undefined,
  finding: Finding,
  event: Event,
  name: string,
  file: File,
): Diagnostic {
  const mapping = mappingOf(event);
  const site = finding.site ?? event.site;
  return {
    rule: rule.id,
    severity: severity ?? finding.severity ?? rule.severity,
    message: finding.message,
    location: locate(site, file),
    function: name,
    mapping: mapping?.name,
    story: storyOf(mapping, event, file),
    help: rule.help,
    edit: finding.edit,
  };
}

function mappingOf(event: Event): Mapping | undefined {
  if (event.kind === "handler") return undefined;
  return "mapping" in event ? event.mapping : event.target.mapping;
}

function storyOf(mapping: Mapping | undefined, event: Event, file: File): readonly Step[] {
  const steps = (mapping?.history ?? []).map(({ site, message }): Step => ({
    location: locate(site, file),
    message,
  }));
  const last = lastStep(event);
  return last === undefined ? steps : [...steps, { location: locate(event.site, file), message: last }];
}

function lastStep(event: Event): string | undefined {
  switch (event.kind) {
    case "exit":
      return LEAVES;
    case "abandon":
      return endOf(event.because);
    case "access":
      return event.mode === "read" ? "read here" : event.mode === "write" ? "written here" : "called here";
    case "unmap":
      return "unmapped here";
    case "release":
      return "released here";
    case "lose":
      return event.how === "discarded" ? undefined : "overwritten here";
    case "check":
    case "result":
      return "tested here";
    case "protect":
    case "advise":
    case "lock":
    case "sync":
    case "flush":
      return `${event.call.function}() here`;
    case "file":
      return `${event.call.function}() here`;
    case "handler":
    case "map":
    case "request":
    case "remap":
    case "escape":
      return undefined;
    case "stay":
      return event.mapping.phase === "failed"
        ? "MAP_FAILED stays where it is"
        : "its address stays where it is";
  }
}

function endOf(because: Because | undefined): string {
  switch (because?.kind) {
    case undefined:
      return "its holder ends here";
    case "counterpart":
      return "released here if it is of another kind";
    case "unless":
      return "unmapped here, on some paths";
  }
}

function locate(site: Site, file: File): Location {
  const position = file.positionIn(site.file);
  const at = (offset: number): Location["start"] => ({ ...position(offset), offset });
  return { file: site.file, start: at(site.start), end: at(site.end) };
}
