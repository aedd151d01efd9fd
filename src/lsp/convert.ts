/** Between findings, edits and hints, and what the protocol calls so. */
import {
  type CodeAction,
  CodeActionKind,
  type Diagnostic as ProtocolDiagnostic,
  type DiagnosticRelatedInformation,
  DiagnosticSeverity,
  DiagnosticTag,
  type Hover,
  type InitializeParams,
  type InlayHint,
  MarkupKind,
  PositionEncodingKind,
  type TextDocumentEdit,
  type TextEdit,
  type WorkspaceEdit,
} from "vscode-languageserver/node";
import type { AlignedArgument } from "../analyzer/inspect.js";
import type { Change, Diagnostic, Location, Position, Severity, Span } from "../diagnostic.js";
import { ruleUrl } from "../rules/page.js";
import { UNUSED_SUPPRESSION } from "../suppress.js";
import type { Lines } from "../text.js";
import { type Action, REASON } from "./actions.js";
import { type Encoding, placeAt, type Range, rangeOf } from "./positions.js";

/** What the client can do, as far as it makes a difference. */
export interface Abilities {
  readonly encoding: Encoding;
  readonly relatedInformation: boolean;
  /** Edits that name the version of the document that they are meant for. */
  readonly versionedEdits: boolean;
  /** Edits with a place to type at. */
  readonly snippets: boolean;
  /** It asks for diagnostics, and need not be sent any. */
  readonly pulls: boolean;
  readonly refreshesDiagnostics: boolean;
  readonly refreshesHints: boolean;
  readonly tellsFolders: boolean;
  readonly tellsSettings: boolean;
  readonly registersSettings: boolean;
  readonly registersWatches: boolean;
  readonly showsDocuments: boolean;
}

export function abilitiesOf({ capabilities }: InitializeParams): Abilities {
  const { general, textDocument, window, workspace } = capabilities;
  const encodings = general?.positionEncodings ?? [];
  return {
    // The client's first choice, of the two that are known here.
    encoding:
      encodings.find((one) => one === PositionEncodingKind.UTF8 || one === PositionEncodingKind.UTF16) ===
      PositionEncodingKind.UTF8
        ? "utf-8"
        : "utf-16",
    relatedInformation: textDocument?.publishDiagnostics?.relatedInformation === true,
    versionedEdits: workspace?.workspaceEdit?.documentChanges === true,
    snippets: workspace?.workspaceEdit?.snippetEditSupport === true,
    pulls: textDocument?.diagnostic !== undefined,
    refreshesDiagnostics: workspace?.diagnostics?.refreshSupport === true,
    refreshesHints: workspace?.inlayHint?.refreshSupport === true,
    tellsFolders: workspace?.workspaceFolders === true,
    tellsSettings: workspace?.configuration === true,
    registersSettings: workspace?.didChangeConfiguration?.dynamicRegistration === true,
    registersWatches: workspace?.didChangeWatchedFiles?.dynamicRegistration === true,
    showsDocuments: window?.showDocument?.support === true,
  };
}

/** Of a client that has not said anything yet. */
export const NO_ABILITIES = abilitiesOf({ capabilities: {}, processId: null, rootUri: null });

/** What a conversion has to know of the files that findings name. */
export interface Files {
  readonly uriOf: (file: string) => string;
  /** The lines as the client has them. */
  readonly linesOf: (file: string) => Lines | undefined;
}

export const SOURCE = "mmaplint";
export const FIX_ALL = `${CodeActionKind.SourceFixAll}.${SOURCE}`;
export const OPEN_REPRODUCER = "mmaplint.openReproducer";

const SEVERITIES: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  note: DiagnosticSeverity.Information,
};

/** Lines and columns are the same in the engine's view of a text and in the client's; offsets are not. */
function spanOf({ start, end }: Location, lines: Lines): Span {
  const offset = ({ line, column }: Position): number => (lines.starts[line - 1] ?? 0) + column - 1;
  return { start: offset(start), end: offset(end) };
}

/** A file that cannot be read any more is converted as if it were ASCII. */
function toRange(location: Location, { linesOf }: Files, encoding: Encoding): Range {
  const lines = linesOf(location.file);
  if (lines !== undefined) return rangeOf(lines, spanOf(location, lines), encoding);
  const place = ({ line, column }: Position): Range["start"] => ({ line: line - 1, character: column - 1 });
  return { start: place(location.start), end: place(location.end) };
}

export function toDiagnostic(finding: Diagnostic, files: Files, abilities: Abilities): ProtocolDiagnostic {
  const { rule, severity, message, location, story } = finding;
  const relatedInformation = story.map((step): DiagnosticRelatedInformation => ({
    location: {
      uri: files.uriOf(step.location.file),
      range: toRange(step.location, files, abilities.encoding),
    },
    message: step.message,
  }));
  return {
    range: toRange(location, files, abilities.encoding),
    severity: SEVERITIES[severity],
    code: rule,
    codeDescription: { href: ruleUrl(rule) },
    source: SOURCE,
    message,
    ...(rule === UNUSED_SUPPRESSION ? { tags: [DiagnosticTag.Unnecessary] } : {}),
    ...(abilities.relatedInformation && relatedInformation.length > 0 ? { relatedInformation } : {}),
  };
}

/** The document that an action changes. */
export interface Target {
  readonly uri: string;
  readonly version: number;
  readonly lines: Lines;
}

type SingleEdit = TextDocumentEdit["edits"][number];

function toPlainEdit({ span, text }: Change, { lines }: Target, { encoding }: Abilities): TextEdit {
  return { range: rangeOf(lines, span, encoding), newText: text };
}

function toEdit(change: Change, target: Target, abilities: Abilities): SingleEdit {
  const { text } = change;
  const plain = toPlainEdit(change, target, abilities);
  const reason = `-- ${REASON}`;
  if (!abilities.snippets || !text.includes(reason)) return plain;
  const escaped = text.replace(/[\\$}]/g, "\\$&");
  const value = escaped.replace(reason, () => `-- \${1:${REASON}}`);
  return { range: plain.range, snippet: { kind: "snippet", value } };
}

/** `kind`: as the client has asked for it. */
export function toCodeAction(
  action: Action,
  kind: string,
  target: Target,
  files: Files,
  abilities: Abilities,
): CodeAction {
  const diagnostics = action.findings.map((finding) => toDiagnostic(finding, files, abilities));
  const common = { title: action.title, kind, ...(diagnostics.length > 0 ? { diagnostics } : {}) };
  switch (action.kind) {
    case "edit": {
      const { uri, version } = target;
      const edit: WorkspaceEdit = abilities.versionedEdits
        ? {
            documentChanges: [
              {
                textDocument: { uri, version },
                edits: action.changes.map((change) => toEdit(change, target, abilities)),
              },
            ],
          }
        : { changes: { [uri]: action.changes.map((change) => toPlainEdit(change, target, abilities)) } };
      return {
        ...common,
        ...(action.safety === "safe" && action.findings.length === 1 ? { isPreferred: true } : {}),
        edit,
      };
    }
    case "reproducer":
      return {
        ...common,
        command: { title: action.title, command: OPEN_REPRODUCER, arguments: [action.rule] },
      };
  }
}

const HINTS: Readonly<Partial<Record<AlignedArgument["alignment"], readonly [string, string]>>> = {
  aligned: ["page", "Begins a page, whatever the page size."],
  only4k: ["4 KiB page", "Begins a page where pages have 4 KiB, not on every machine."],
  unaligned: ["no page", "Does not begin a page."],
};

/** Undefined where nothing is known. `span` is the client's. */
export function toInlayHint(
  { span, alignment }: AlignedArgument,
  lines: Lines,
  encoding: Encoding,
): InlayHint | undefined {
  const [label, tooltip] = HINTS[alignment] ?? [];
  if (label === undefined || tooltip === undefined) return undefined;
  return { position: placeAt(lines, span.end, encoding), label, tooltip, paddingLeft: true };
}

export function toHover(value: string, span: Span, lines: Lines, encoding: Encoding): Hover {
  return { contents: { kind: MarkupKind.Markdown, value }, range: rangeOf(lines, span, encoding) };
}
