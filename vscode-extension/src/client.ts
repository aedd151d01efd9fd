/** What the desktop, the remote and the web extension share: the client's options, and the life of the client. */
import * as vscode from "vscode";
import { registerCommands } from "./commands.js";
import { registerDocuments } from "./documents.js";
import type { Platform } from "./platform.js";
import { registerStatus } from "./status.js";
import { tracing } from "./tracing.js";

/** Not `git` and its like: the old side of a comparison is nobody's to mend. */
const SCHEMES = ["file", "untitled", "vscode-vfs", "vscode-remote", "vscode-test-web", "memfs"];

/** VS Code takes headers for C++. */
const DOCUMENTS = SCHEMES.flatMap((scheme) => [
  { scheme, language: "c" },
  { scheme, language: "cpp", pattern: "**/*.h" },
]);

/** Registers what users see, and starts the server. VS Code runs no command before this is done. */
export async function activateOn(platform: Platform, context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel("mmaplint", { log: true });
  const traces = tracing(output);
  const client = await platform.createClient({
    documentSelector: DOCUMENTS,
    outputChannel: output,
    traceOutputChannel: traces,
    // All other settings the server asks for, as soon as it runs.
    initializationOptions: () => ({
      debounce: vscode.workspace.getConfiguration("mmaplint").get("debounce"),
    }),
    markdown: { isTrusted: { enabledCommands: ["mmaplint.explainRule", "mmaplint.openReproducer"] } },
  });
  context.subscriptions.push(
    output,
    traces,
    client,
    registerDocuments(context.extensionUri),
    registerStatus(client),
    ...registerCommands(client, context.extension, platform.runReproducer),
  );
  try {
    await client.start();
  } catch (error) {
    output.error(error instanceof Error ? error : String(error));
    void offerOutput("mmaplint: the language server does not start", output);
  }
}

async function offerOutput(message: string, output: vscode.LogOutputChannel): Promise<void> {
  const chosen = await vscode.window.showErrorMessage(message, "Show Output");
  if (chosen !== undefined) output.show();
}
