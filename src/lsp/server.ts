/** The language server: what the client asks and tells, put to the projects. */
import { pathToFileURL } from "node:url";
import {
  type CancellationToken,
  type CodeAction,
  CodeActionKind,
  type CodeActionParams,
  type Connection,
  createConnection,
  type Disposable,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  type DocumentDiagnosticReport,
  FileChangeType,
  type Hover,
  type HoverParams,
  type InitializeParams,
  type InitializeResult,
  type InlayHint,
  type InlayHintParams,
  LSPErrorCodes,
  type PreviousResultId,
  ResponseError,
  TextDocumentSyncKind,
  type WorkspaceDiagnosticReport,
} from "vscode-languageserver/node";
import { loadParser } from "../lint.js";
import { reproducerFile } from "../reproduce/files.js";
import { actionsIn, alignmentsIn, explanationAt, fixAllIn } from "./answers.js";
import * as convert from "./convert.js";
import { Diagnostics } from "./diagnostics.js";
import { offsetAt } from "./positions.js";
import { Quiet } from "./quiet.js";
import { type Settings, settingsOf } from "./settings.js";
import { type Place, Workspace } from "./workspace.js";

const LINT_WORKSPACE = "mmaplint.lintWorkspace";

const WATCHED = [
  "**/*.[chCH]",
  "**/mmaplint.config.json",
  "**/package.json",
  "**/.gitignore",
  "**/compile_commands.json",
];

const FILE_CHANGES = {
  [FileChangeType.Created]: "created",
  [FileChangeType.Changed]: "changed",
  [FileChangeType.Deleted]: "deleted",
} as const;

export interface Streams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly version: string;
}

/** Serves one client until it says `exit` or closes the stream. */
export function serve({ input, output, version }: Streams): void {
  serveOn(createConnection(input, output), version);
}

/** The same on a connection of any kind, a worker's in a browser as well. */
export function serveOn(connection: Connection, version: string): void {
  new Server(connection, version).listen();
}

/** What is waited for; throws as soon as the client cancels the request that waits for it. */
async function unlessCancelled<Value>(value: Promise<Value>, token: CancellationToken): Promise<Value> {
  let listening: Disposable | undefined;
  const cancelled = new Promise<never>((_, reject) => {
    const refuse = (): void =>
      reject(new ResponseError(LSPErrorCodes.RequestCancelled, "the client has cancelled the request"));
    if (token.isCancellationRequested) refuse();
    else listening = token.onCancellationRequested(refuse);
  });
  try {
    return await Promise.race([value, cancelled]);
  } finally {
    listening?.dispose();
  }
}

class Server {
  #client = convert.NO_ABILITIES;
  /** For all that the client does not speak of in particular. */
  #settings: Settings = settingsOf(undefined);
  readonly #settingsOfFolder = new Map<string, Settings>();
  readonly #workspace = new Workspace((directory) => this.#settingsIn(directory));
  readonly #quiet = new Quiet();
  readonly #diagnostics: Diagnostics;
  /** Something is to be published when it is quiet. */
  #waiting = false;

  constructor(
    readonly connection: Connection,
    readonly version: string,
  ) {
    this.#diagnostics = new Diagnostics(connection, this.#workspace, () => this.#client);
  }

  listen(): void {
    const { connection } = this;
    const workspace = this.#workspace;
    connection.onInitialize((params) => this.#initialize(params));
    connection.onInitialized(() => this.#initialized());
    connection.onDidOpenTextDocument(({ textDocument: { uri, languageId, version, text } }) => {
      if (!this.#client.registersWatches) workspace.reload();
      workspace.open(uri, languageId, version, text);
      this.#disturbed();
    });
    connection.onDidChangeTextDocument(({ textDocument: { uri, version }, contentChanges }) => {
      workspace.change(uri, version, contentChanges);
      this.#disturbed();
    });
    connection.onDidSaveTextDocument(() => {
      if (this.#client.registersWatches) return;
      workspace.reload();
      this.#disturbed();
    });
    connection.onDidCloseTextDocument(({ textDocument: { uri } }) => {
      workspace.close(uri);
      this.#disturbed();
    });
    connection.onDidChangeWatchedFiles(({ changes }) => {
      workspace.filesChanged(changes.map(({ uri, type }) => ({ uri, kind: FILE_CHANGES[type] })));
      this.#outdated();
    });
    connection.onDidChangeConfiguration(({ settings }) => this.#settingsChanged(settings));
    connection.onHover((params, token) => this.#hover(params, token));
    connection.onCodeAction((params, token) => this.#codeActions(params, token));
    connection.onExecuteCommand(({ command, arguments: args }, token) =>
      this.#execute(command, args ?? [], token),
    );
    connection.languages.inlayHint.on((params, token) => this.#hints(params, token));
    connection.languages.diagnostics.on(({ textDocument: { uri }, previousResultId }, token) =>
      this.#pulled(uri, previousResultId, token),
    );
    connection.languages.diagnostics.onWorkspace(({ previousResultIds }, token) =>
      this.#pulledAll(previousResultIds, token),
    );
    connection.listen();
  }

  async #initialize(params: InitializeParams): Promise<InitializeResult> {
    await loadParser();
    this.#client = convert.abilitiesOf(params);
    this.#settings = settingsOf(params.initializationOptions);
    this.#quiet.milliseconds = this.#settings.debounce;
    const workspace = this.#workspace;
    workspace.encoding = this.#client.encoding;
    const { workspaceFolders, rootUri } = params;
    const folders = workspaceFolders?.map(({ uri }) => uri) ?? (rootUri === null ? [] : [rootUri]);
    for (const uri of folders) workspace.addFolder(uri);
    return {
      capabilities: {
        positionEncoding: this.#client.encoding,
        textDocumentSync: {
          openClose: true,
          change: TextDocumentSyncKind.Incremental,
          save: { includeText: false },
        },
        diagnosticProvider: {
          identifier: convert.SOURCE,
          interFileDependencies: true,
          workspaceDiagnostics: true,
        },
        hoverProvider: true,
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, convert.FIX_ALL] },
        inlayHintProvider: true,
        executeCommandProvider: { commands: [LINT_WORKSPACE] },
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
      serverInfo: { name: "mmaplint", version: this.version },
    };
  }

  async #initialized(): Promise<void> {
    const { client } = this.connection;
    if (this.#client.tellsFolders) {
      this.connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
        for (const { uri } of removed) this.#workspace.removeFolder(uri);
        for (const { uri } of added) this.#workspace.addFolder(uri);
        void this.#askSettings();
      });
    }
    if (this.#client.registersWatches) {
      const watchers = WATCHED.map((globPattern) => ({ globPattern }));
      await client.register(DidChangeWatchedFilesNotification.type, { watchers });
    }
    if (this.#client.registersSettings) {
      await client.register(DidChangeConfigurationNotification.type, { section: "mmaplint" });
    }
    await this.#askSettings();
  }

  #settingsIn(directory: string): Settings {
    return this.#settingsOfFolder.get(directory) ?? this.#settings;
  }

  async #settingsChanged(settings: unknown): Promise<void> {
    // Clients that can be asked send nothing worth reading.
    if (!this.#client.tellsSettings) this.#settings = settingsOf(settings);
    await this.#askSettings();
  }

  async #askSettings(): Promise<void> {
    if (this.#client.tellsSettings) {
      const { projects } = this.#workspace;
      const answers: readonly unknown[] = await this.connection.workspace.getConfiguration([
        { section: "mmaplint" },
        ...projects.map(({ root }) => ({ section: "mmaplint", scopeUri: pathToFileURL(root).href })),
      ]);
      if (answers[0] !== null && answers[0] !== undefined) this.#settings = settingsOf(answers[0]);
      projects.forEach(({ root }, i) => {
        const answer = answers[i + 1];
        if (answer !== null && answer !== undefined) this.#settingsOfFolder.set(root, settingsOf(answer));
      });
    }
    this.#workspace.reconfigure();
    this.#outdated();
    if (this.#client.refreshesHints) await this.connection.languages.inlayHint.refresh();
  }

  /** A document is another one now; what is said of it is brought up to date when it is quiet. */
  #disturbed(): void {
    this.#quiet.disturb();
    if (this.#waiting) return;
    this.#waiting = true;
    void this.#quiet.wait().then(() => {
      this.#waiting = false;
      return this.#client.pulls ? this.#lookAround() : this.#diagnostics.publish();
    });
  }

  /** For clients that ask: has those ask again that were told what documents say alone. */
  async #lookAround(): Promise<void> {
    if (!(await this.#workspace.lookedAtEarly()) || !(await this.#workspace.lookedAt())) return;
    if (this.#client.refreshesDiagnostics) this.connection.languages.diagnostics.refresh();
  }

  /** Something else has changed that findings depend on, which a client that pulls has to be told. */
  #outdated(): void {
    this.#disturbed();
    if (this.#client.pulls && this.#client.refreshesDiagnostics)
      this.connection.languages.diagnostics.refresh();
  }

  /**
   * The document when it is quiet and looked at: what is said of it then is said of the newest version. While nothing is
   * known of a large folder, a project of the open documents alone answers, unless the whole is waited for. Throws where
   * the request is cancelled, or about a version that is not the newest any more.
   */
  async #settled(uri: string, token: CancellationToken, whole = false): Promise<Place | undefined> {
    const version = this.#workspace.placeOf(uri)?.document.version;
    for (;;) {
      await unlessCancelled(this.#quiet.wait(), token);
      const place = this.#workspace.placeOf(uri);
      if (place?.document.version !== version)
        throw new ResponseError(LSPErrorCodes.ContentModified, "the document has changed in the meantime");
      if (place === undefined) return undefined;
      const project = whole ? place.project : (place.project.early ?? place.project);
      if (await unlessCancelled(project.lookedAt(), token)) return { ...place, project };
    }
  }

  /** All folders, when it is quiet and they are looked at. Throws where the request is cancelled. */
  async #allSettled(token: CancellationToken): Promise<void> {
    do await unlessCancelled(this.#quiet.wait(), token);
    while (!(await unlessCancelled(this.#workspace.lookedAt(), token)));
  }

  async #pulled(
    uri: string,
    previous: string | undefined,
    token: CancellationToken,
  ): Promise<DocumentDiagnosticReport> {
    // Whom nobody can tell to ask again is told the whole at once.
    const whole = !this.#client.refreshesDiagnostics;
    const place = await this.#settled(uri, token, whole).catch((error: unknown) => {
      // In the protocol's words: the client is to ask again, if it has not done so already.
      const data = { retriggerRequest: !token.isCancellationRequested };
      throw error instanceof ResponseError && error.code === LSPErrorCodes.ContentModified
        ? new ResponseError(LSPErrorCodes.ServerCancelled, error.message, data)
        : error;
    });
    return this.#diagnostics.report(uri, place, previous);
  }

  async #pulledAll(
    previous: readonly PreviousResultId[],
    token: CancellationToken,
  ): Promise<WorkspaceDiagnosticReport> {
    await this.#allSettled(token);
    return this.#diagnostics.reportAll(previous);
  }

  async #hover({ textDocument, position }: HoverParams, token: CancellationToken): Promise<Hover | null> {
    const place = await this.#settled(textDocument.uri, token);
    if (place === undefined) return null;
    const { encoding } = this.#client;
    const { lines } = place.document;
    const found = explanationAt(place, offsetAt(lines, position, encoding));
    return found === undefined ? null : convert.toHover(found.text, found.span, lines, encoding);
  }

  async #codeActions(
    { textDocument, range, context }: CodeActionParams,
    token: CancellationToken,
  ): Promise<CodeAction[] | null> {
    const place = await this.#settled(textDocument.uri, token);
    if (place === undefined) return null;
    const wants = (kind: string): boolean =>
      context.only === undefined || context.only.some((one) => kind === one || kind.startsWith(`${one}.`));
    const { uri, version, lines } = place.document;
    const target = { uri, version, lines };
    const files = this.#diagnostics.filesOf(place.project);
    const actions: CodeAction[] = [];
    if (wants(CodeActionKind.QuickFix))
      for (const action of actionsIn(place, range.start.line + 1, range.end.line + 1))
        actions.push(convert.toCodeAction(action, CodeActionKind.QuickFix, target, files, this.#client));
    const all = wants(convert.FIX_ALL) ? fixAllIn(place) : undefined;
    if (all !== undefined)
      actions.push(convert.toCodeAction(all, convert.FIX_ALL, target, files, this.#client));
    return actions;
  }

  async #hints({ textDocument, range }: InlayHintParams, token: CancellationToken): Promise<InlayHint[]> {
    const place = await this.#settled(textDocument.uri, token);
    if (place === undefined || !this.#settingsIn(place.project.root).pageAlignment) return [];
    const { encoding } = this.#client;
    const { lines } = place.document;
    const span = { start: offsetAt(lines, range.start, encoding), end: offsetAt(lines, range.end, encoding) };
    return alignmentsIn(place, span).flatMap((one) => convert.toInlayHint(one, lines, encoding) ?? []);
  }

  async #execute(command: string, args: readonly unknown[], token: CancellationToken): Promise<unknown> {
    switch (command) {
      case LINT_WORKSPACE: {
        await this.#allSettled(token);
        if (this.#client.pulls) this.#outdated();
        return this.#diagnostics.publishEverything();
      }
      // Clients that know the command open the file themselves.
      case convert.OPEN_REPRODUCER: {
        const file = reproducerFile(String(args[0]));
        if (file === undefined)
          throw new ResponseError(
            LSPErrorCodes.RequestFailed,
            `there is no reproducer of ${String(args[0])}`,
          );
        if (!this.#client.showsDocuments)
          throw new ResponseError(LSPErrorCodes.RequestFailed, `open ${file.href}`);
        return this.connection.window.showDocument({ uri: file.href });
      }
      default:
        throw new ResponseError(LSPErrorCodes.RequestFailed, `there is no command ${command}`);
    }
  }
}
