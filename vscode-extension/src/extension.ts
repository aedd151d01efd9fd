/** The extension on the desktop and on a remote machine: the server is a process of its own. */
import * as vscode from "vscode";
import { LanguageClient, TransportKind } from "vscode-languageclient/node";
import { activateOn } from "./client.js";
import { reproduction } from "./reproduction.js";

export function activate(context: vscode.ExtensionContext): Promise<void> {
  const program = vscode.Uri.joinPath(context.extensionUri, "dist/server/dist/cli.js").fsPath;
  return activateOn(
    {
      createClient: async (options) =>
        new LanguageClient(
          "mmaplint",
          // The transport adds --stdio. The working directory is not the workspace's: nothing there is to matter.
          {
            module: program,
            args: ["lsp"],
            transport: TransportKind.stdio,
            options: { cwd: context.extensionPath },
          },
          options,
        ),
      runReproducer: (rule) => reproduction(program, context.extensionPath, rule),
    },
    context,
  );
}
