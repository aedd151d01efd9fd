/** An editor for the tests and the bench of the language server: the built program over stdio. */
import { type ChildProcess, spawn } from "node:child_process";
import { pathToFileURL } from "node:url";
import {
  type ClientCapabilities,
  createProtocolConnection,
  type DidChangeTextDocumentParams,
  DidChangeTextDocumentNotification,
  DidCloseTextDocumentNotification,
  DidOpenTextDocumentNotification,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  type InitializeResult,
  type ProtocolConnection,
  PublishDiagnosticsNotification,
  type PublishDiagnosticsParams,
  ConfigurationRequest,
  DiagnosticRefreshRequest,
  InlayHintRefreshRequest,
  RegistrationRequest,
  ShowMessageNotification,
  ShutdownRequest,
} from "vscode-languageserver-protocol/node";
import { CLI } from "./cli.js";

export interface ClientOptions {
  /** Absolute directories. */
  readonly folders: readonly string[];
  readonly capabilities?: ClientCapabilities;
  readonly initializationOptions?: unknown;
  /** Answers the server when it asks for settings. */
  readonly settings?: (scopeUri: string | undefined) => unknown;
}

interface Asked {
  readonly registered: string[];
  readonly messages: string[];
  readonly refreshes: ("diagnostics" | "hints")[];
}

type Matches = (published: PublishDiagnosticsParams) => boolean;

/** A started server that has been initialized. */
export class Client {
  readonly published: PublishDiagnosticsParams[] = [];
  readonly #waiting = new Set<{
    readonly matches: Matches;
    readonly done: (p: PublishDiagnosticsParams) => void;
  }>();

  private constructor(
    readonly process: ChildProcess,
    readonly connection: ProtocolConnection,
    readonly initialized: InitializeResult,
    /** What the server has asked and told by itself. */
    readonly asked: Asked,
  ) {
    connection.onNotification(PublishDiagnosticsNotification.type, (published) => {
      this.published.push(published);
      for (const waiting of this.#waiting) {
        if (!waiting.matches(published)) continue;
        this.#waiting.delete(waiting);
        waiting.done(published);
      }
    });
  }

  static async start(options: ClientOptions): Promise<Client> {
    const { folders, capabilities = {}, initializationOptions, settings } = options;
    const child = spawn(process.execPath, [CLI, "lsp", "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
    const connection = createProtocolConnection(child.stdout, child.stdin);
    const asked: Asked = { registered: [], messages: [], refreshes: [] };
    connection.onRequest(ConfigurationRequest.type, ({ items }) =>
      items.map(({ scopeUri }) => settings?.(scopeUri) ?? null),
    );
    connection.onRequest(RegistrationRequest.type, ({ registrations }) => {
      asked.registered.push(...registrations.map(({ method }) => method));
    });
    connection.onRequest(DiagnosticRefreshRequest.type, () => {
      asked.refreshes.push("diagnostics");
    });
    connection.onRequest(InlayHintRefreshRequest.type, () => {
      asked.refreshes.push("hints");
    });
    connection.onNotification(ShowMessageNotification.type, ({ message }) => {
      asked.messages.push(message);
    });
    connection.listen();
    const result = await connection.sendRequest(InitializeRequest.type, {
      processId: process.pid,
      rootUri: null,
      capabilities,
      workspaceFolders: folders.map((folder) => ({ uri: uriOf(folder), name: folder })),
      initializationOptions,
    });
    const client = new Client(child, connection, result, asked);
    await connection.sendNotification(InitializedNotification.type, {});
    return client;
  }

  async open(uri: string, text: string, version = 1, languageId = "c"): Promise<void> {
    await this.connection.sendNotification(DidOpenTextDocumentNotification.type, {
      textDocument: { uri, languageId, version, text },
    });
  }

  async change(
    uri: string,
    version: number,
    contentChanges: DidChangeTextDocumentParams["contentChanges"],
  ): Promise<void> {
    await this.connection.sendNotification(DidChangeTextDocumentNotification.type, {
      textDocument: { uri, version },
      contentChanges,
    });
  }

  async close(uri: string): Promise<void> {
    await this.connection.sendNotification(DidCloseTextDocumentNotification.type, { textDocument: { uri } });
  }

  /** The next diagnostics, of those that come from now on, that match. */
  next(matches: Matches): Promise<PublishDiagnosticsParams> {
    return new Promise((done) => this.#waiting.add({ matches, done }));
  }

  /** Shuts the server down as a client does; its exit code. */
  async stop(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.process.on("close", resolve));
    await this.connection.sendRequest(ShutdownRequest.type);
    await this.connection.sendNotification(ExitNotification.type);
    const code = await ended;
    this.connection.dispose();
    return code;
  }
}

export function uriOf(file: string): string {
  return pathToFileURL(file).href;
}
