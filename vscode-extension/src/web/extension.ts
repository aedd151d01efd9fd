/** The extension in a browser: the server is a worker, and no process can be started. */
import * as vscode from "vscode";
import { LanguageClient } from "vscode-languageclient/browser";
import { BrowserMessageReader, BrowserMessageWriter } from "vscode-languageserver-protocol/browser";
import { activateOn } from "../client.js";
import { type DeliveredFile, type Delivery, PROGRAM, PROGRAM_FILES } from "./delivery.js";
import { converters, mirrored, mirroredWorkspace } from "./mirror.js";

/** The files that the program reads beside its code. */
function programFiles(program: vscode.Uri): Promise<readonly DeliveredFile[]> {
  return Promise.all(
    PROGRAM_FILES.map(async (name): Promise<DeliveredFile> => {
      const bytes = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(program, name));
      return [`${PROGRAM}/${name}`, bytes];
    }),
  );
}

/** A worker is only started from the address of the page itself: from a Blob. */
async function startWorker(extension: vscode.Uri): Promise<Worker> {
  const code = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(extension, "dist/web/server.js"));
  const address = URL.createObjectURL(new Blob([new Uint8Array(code)], { type: "text/javascript" }));
  return new Worker(address);
}

/** Waits until the files are there, as the server is going to read them at what it is told next. */
function deliver(worker: Worker, delivery: Delivery): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", () => resolve(), { once: true });
    worker.addEventListener("error", ({ message }) => reject(new Error(message)), { once: true });
    worker.postMessage(delivery, delivery.port === undefined ? [] : [delivery.port]);
  });
}

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const { extensionUri } = context;
  let worker: Worker | undefined;
  context.subscriptions.push({ dispose: () => worker?.terminate() });
  const connect = async () => {
    worker?.terminate();
    worker = await startWorker(extensionUri);
    const { port1, port2 } = new MessageChannel();
    const program = await programFiles(vscode.Uri.joinPath(extensionUri, "dist/server"));
    await deliver(worker, { files: [...program, ...(await mirroredWorkspace())], port: port2 });
    return { reader: new BrowserMessageReader(port1), writer: new BrowserMessageWriter(port1) };
  };
  await activateOn(
    {
      createClient: async (options) =>
        new LanguageClient("mmaplint", "mmaplint", connect, {
          ...options,
          uriConverters: converters,
          middleware: {
            workspace: {
              didChangeWatchedFile: async (event, next) => {
                const file = await mirrored(converters.protocol2Code(event.uri));
                if (worker !== undefined) await deliver(worker, { files: [file] });
                await next(event);
              },
            },
          },
        }),
      runReproducer: undefined,
    },
    context,
  );
}
