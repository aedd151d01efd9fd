/** The language server: what the client asks and tells, put to the projects. */
import { fileURLToPath, pathToFileURL } from "node:url";
import * as path from "node:path";
import {
  type Connection,
  createConnection,
  type InitializeParams,
  type InitializeResult,
  PositionEncodingKind,
  TextDocumentSyncKind,
} from "vscode-languageserver/node";
import { loadParser } from "../lint.js";
import { linesOf } from "../text.js";
import { type Files, toDiagnostic } from "./convert.js";
import { changed, type OpenDocument, sourceText } from "./documents.js";
import type { Encoding } from "./positions.js";
import { Project } from "./project.js";

/** Milliseconds of quiet after which a document that is typed in is looked at. */
const DEBOUNCE = 150;

export interface Streams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly version: string;
}

/** Serves one client until it says `exit` or closes the stream. */
export function serve({ input, output, version }: Streams): void {
  new Server(createConnection(input, output), version).listen();
}

class Server {
  readonly #documents = new Map<string, OpenDocument>();
  #encoding: Encoding = "utf-16";
  #projects: readonly Project[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(
    readonly connection: Connection,
    readonly version: string,
  ) {}

  listen(): void {
    const { connection } = this;
    connection.onInitialize((params) => this.#initialize(params));
    connection.onDidOpenTextDocument(({ textDocument: { uri, languageId, version, text } }) => {
      this.#documents.set(uri, { uri, language: languageId, version, lines: linesOf(text) });
      this.#schedule();
    });
    connection.onDidChangeTextDocument(({ textDocument: { uri, version }, contentChanges }) => {
      const document = this.#documents.get(uri);
      if (document === undefined) return;
      this.#documents.set(uri, changed(document, version, contentChanges, this.#encoding));
      this.#schedule();
    });
    connection.onDidCloseTextDocument(({ textDocument: { uri } }) => {
      this.#documents.delete(uri);
      void connection.sendDiagnostics({ uri, diagnostics: [] });
      this.#schedule();
    });
    connection.listen();
  }

  async #initialize({ capabilities, workspaceFolders }: InitializeParams): Promise<InitializeResult> {
    await loadParser();
    const encodings = capabilities.general?.positionEncodings ?? [];
    this.#encoding = encodings.includes(PositionEncodingKind.UTF8) ? "utf-8" : "utf-16";
    this.#projects = (workspaceFolders ?? []).map(({ uri }) => new Project(fileURLToPath(uri)));
    return {
      capabilities: {
        positionEncoding: this.#encoding,
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
      },
      serverInfo: { name: "mmaplint", version: this.version },
    };
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#publish(), DEBOUNCE);
  }

  #publish(): void {
    const overlay = new Map(
      [...this.#documents.values()].map((document) => [fileURLToPath(document.uri), sourceText(document)]),
    );
    for (const project of this.#projects) {
      const { findings, files } = project.check(overlay);
      const texts = new Map(files.map(({ path: file, text }) => [file, linesOf(text)]));
      const known: Files = {
        encoding: this.#encoding,
        uriOf: (file) => pathToFileURL(path.resolve(project.root, file)).href,
        linesOf: (file) => texts.get(file),
      };
      for (const { uri, version } of this.#documents.values()) {
        const shown = project.shown(fileURLToPath(uri));
        const own = findings.filter(({ location }) => location.file === shown);
        void this.connection.sendDiagnostics({
          uri,
          version,
          diagnostics: own.map((one) => toDiagnostic(one, known)),
        });
      }
    }
  }
}
