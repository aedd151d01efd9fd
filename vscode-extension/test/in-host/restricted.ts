/** What the extension does in Restricted Mode: it lints, and runs nothing. */
import * as vscode from "vscode";
import { NULL_CHECK } from "../support/programs.js";
import { equal, runAll, shown, type Tests, untilRules } from "./report.js";

const tests: Tests = {
  "files are linted": async () => {
    equal(vscode.workspace.isTrusted, false, "trust");
    const { document } = await shown("restricted.c", NULL_CHECK);
    await untilRules(document.uri, ["null-check"]);
  },

  "a reproducer is not run": async () => {
    const started: string[] = [];
    const listener = vscode.tasks.onDidStartTask(({ execution }) => started.push(execution.task.name));
    await vscode.commands.executeCommand("mmaplint.runReproducer", "null-check");
    listener.dispose();
    equal(started, [], "tasks");
    equal(
      vscode.window.terminals.map(({ name }) => name),
      [],
      "terminals",
    );
  },
};

export const run = (): Promise<void> => runAll(tests);
