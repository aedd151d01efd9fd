/** The commands of the palette, and those that findings offer. */
import * as vscode from "vscode";
import type { BaseLanguageClient } from "vscode-languageclient";
import { createConfiguration } from "./configuration.js";
import { pageOf, reproducerOf } from "./documents.js";
import type { RunReproducer } from "./platform.js";
import { chooseRule, rulesOf } from "./rules.js";

export function registerCommands(
  client: BaseLanguageClient,
  extension: vscode.Extension<unknown>,
  runReproducer: RunReproducer | undefined,
): readonly vscode.Disposable[] {
  const rules = rulesOf(extension);
  /** A command about one rule: the one that it is called with, else one that the user picks. */
  const aboutRule = (id: string, placeHolder: string, act: (rule: string) => Promise<void>) =>
    vscode.commands.registerCommand(id, async (given: unknown) => {
      const rule =
        typeof given === "string" && rules.has(given) ? given : await chooseRule(rules, placeHolder);
      if (rule !== undefined) await act(rule);
    });
  return [
    aboutRule("mmaplint.explainRule", "Rule to explain", async (rule) => {
      await vscode.commands.executeCommand("markdown.showPreviewToSide", pageOf(rule));
    }),
    aboutRule("mmaplint.openReproducer", "Rule whose reproducer to open", async (rule) => {
      const document = await vscode.workspace.openTextDocument(reproducerOf(rule));
      await vscode.window.showTextDocument(document, { preview: true });
    }),
    aboutRule("mmaplint.runReproducer", "Rule whose reproducer to run", (rule) =>
      confirmAndRun(rule, runReproducer),
    ),
    vscode.commands.registerCommand("mmaplint.createConfiguration", createConfiguration),
    vscode.commands.registerCommand("mmaplint.showOutput", () => client.outputChannel.show()),
    vscode.commands.registerCommand("mmaplint.restart", async () => {
      if (client.isRunning()) await client.stop();
      await client.start();
    }),
  ];
}

async function confirmAndRun(rule: string, run: RunReproducer | undefined): Promise<void> {
  if (run === undefined) {
    void vscode.window.showErrorMessage("mmaplint: no program can be run from a browser.");
    return;
  }
  if (!vscode.workspace.isTrusted) {
    void vscode.window.showErrorMessage(
      "mmaplint: nothing is run in Restricted Mode. Trust the folder first.",
    );
    return;
  }
  const chosen = await vscode.window.showWarningMessage(
    `Compile and run the reproducer of ${rule}?`,
    {
      modal: true,
      detail:
        "A small C program that comes with mmaplint does what the rule warns of, and then the same done right. It runs in a temporary directory, with limits on time and memory; nothing of your workspace is compiled or run.",
    },
    "Run",
  );
  if (chosen === "Run") await run(rule);
}
