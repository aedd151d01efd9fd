/** Findings told to the client: sent to it, or given when it asks. */
import {
  type Connection,
  type Diagnostic as ProtocolDiagnostic,
  type DocumentDiagnosticReport,
  DocumentDiagnosticReportKind,
  MessageType,
  type PreviousResultId,
  ShowMessageNotification,
  type WorkspaceDiagnosticReport,
} from "vscode-languageserver/node";
import type { Diagnostic } from "../diagnostic.js";
import { findingsIn } from "./answers.js";
import * as convert from "./convert.js";
import type { Project } from "./project.js";
import { Reports } from "./reports.js";
import type { Place, Workspace } from "./workspace.js";

export class Diagnostics {
  readonly #reports = new Reports();
  /** Send those of all files, not only of the open ones. */
  #everything = false;
  readonly #shownMistakes = new Set<string>();

  constructor(
    readonly connection: Connection,
    readonly workspace: Workspace,
    readonly client: () => convert.Abilities,
  ) {}

  /** The conversions' view of a project's files. */
  filesOf(project: Project): convert.Files {
    return {
      uriOf: (file) => this.workspace.uriOf(project, file),
      linesOf: (file) => project.linesOf(file),
    };
  }

  #converted(project: Project, findings: readonly Diagnostic[]): ProtocolDiagnostic[] {
    const files = this.filesOf(project);
    return findings.map((finding) => convert.toDiagnostic(finding, files, this.client()));
  }

  /** Findings by address: of the open documents, or of all files. A project that fails costs itself alone. */
  #findings(
    of: "documents" | "everything",
    projects: readonly Project[] = this.workspace.projects,
  ): ReadonlyMap<string, ProtocolDiagnostic[]> {
    const result = new Map<string, ProtocolDiagnostic[]>();
    for (const { uri } of this.workspace.documents) result.set(uri, []);
    for (const project of projects) {
      try {
        const byFile = new Map<string, Diagnostic[]>();
        for (const finding of project.checked().findings) {
          const { file } = finding.location;
          byFile.set(file, [...(byFile.get(file) ?? []), finding]);
        }
        for (const [file, findings] of byFile) {
          const uri = this.workspace.uriOf(project, file);
          if (of === "everything" || result.has(uri)) result.set(uri, this.#converted(project, findings));
        }
      } catch (error) {
        this.connection.console.error(
          error instanceof Error ? (error.stack ?? error.message) : String(error),
        );
      }
      this.#tellMistake(project);
    }
    return result;
  }

  /** A configuration that is not valid is spoken of once. */
  #tellMistake({ mistake }: Project): void {
    if (mistake === undefined || this.#shownMistakes.has(mistake)) return;
    this.#shownMistakes.add(mistake);
    const message = `mmaplint: ${mistake}`;
    void this.connection.sendNotification(ShowMessageNotification.type, { type: MessageType.Error, message });
  }

  /**
   * Sends what the client does not know yet: of open documents in folders that nothing is known of first what they say
   * alone. Whatever changes meanwhile has it called again.
   */
  async publish(): Promise<void> {
    if (await this.workspace.lookedAtEarly()) this.#publishEarly();
    if (await this.workspace.lookedAt()) this.#publishAll();
  }

  #publishEarly(): void {
    const early = this.workspace.projects.flatMap((project) => project.early ?? []);
    const versions = this.#versions();
    for (const [uri, diagnostics] of this.#findings("documents", early))
      if (this.workspace.placeOf(uri)?.project.early !== undefined)
        this.#send(uri, versions.get(uri), diagnostics);
  }

  #publishAll(): void {
    const found = this.#findings(this.#everything ? "everything" : "documents");
    const versions = this.#versions();
    const gone = this.#reports.uris.filter((uri) => !found.has(uri)).map((uri) => [uri, []] as const);
    for (const [uri, diagnostics] of [...found, ...gone]) {
      const version = versions.get(uri);
      this.#send(uri, version, diagnostics);
      if (version === undefined && diagnostics.length === 0) this.#reports.forget(uri);
    }
  }

  #send(uri: string, version: number | undefined, diagnostics: readonly ProtocolDiagnostic[]): void {
    const before = this.#reports.lastOf(uri);
    if (before === this.#reports.idOf(uri, [...diagnostics, version])) return;
    void this.connection.sendDiagnostics({
      uri,
      ...(version === undefined ? {} : { version }),
      diagnostics: [...diagnostics],
    });
  }

  /** Sends the findings in all files, which have been looked at, from now on; says how many there are. */
  publishEverything(): { readonly files: number; readonly findings: number } {
    this.#everything = true;
    if (!this.client().pulls) this.#publishAll();
    const found = [...this.#findings("everything").values()].filter((one) => one.length > 0);
    return { files: found.length, findings: found.reduce((sum, one) => sum + one.length, 0) };
  }

  /** The answer to a client that asks for one document's. `place`: undefined where it is not open. */
  report(uri: string, place: Place | undefined, previous: string | undefined): DocumentDiagnosticReport {
    const items = place === undefined ? [] : this.#converted(place.project, findingsIn(place));
    if (place !== undefined) this.#tellMistake(place.project);
    return this.#asReport(uri, items, previous);
  }

  /** The answer to a client that asks for those of all files, which have been looked at. */
  reportAll(previous: readonly PreviousResultId[]): WorkspaceDiagnosticReport {
    const found = this.#findings("everything");
    const versions = this.#versions();
    const known = new Map(previous.map(({ uri, value }) => [uri, value]));
    const uris = new Set([...found.keys(), ...known.keys()]);
    return {
      items: [...uris].map((uri) => ({
        ...this.#asReport(uri, found.get(uri) ?? [], known.get(uri)),
        uri,
        version: versions.get(uri) ?? null,
      })),
    };
  }

  #asReport(
    uri: string,
    items: ProtocolDiagnostic[],
    previous: string | undefined,
  ): DocumentDiagnosticReport & { readonly resultId: string } {
    const resultId = this.#reports.idOf(uri, items);
    return previous === resultId
      ? { kind: DocumentDiagnosticReportKind.Unchanged, resultId }
      : { kind: DocumentDiagnosticReportKind.Full, resultId, items };
  }

  #versions(): ReadonlyMap<string, number> {
    return new Map(this.workspace.documents.map(({ uri, version }) => [uri, version]));
  }
}
