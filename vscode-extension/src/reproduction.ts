/** Running a rule's reproducer, which the extension brings along, in a terminal. */
import * as vscode from "vscode";

/**
 * A task, not a terminal with a shell: its output stays when it ends, no shell reads the rule's name, and VS Code itself
 * refuses tasks in Restricted Mode.
 */
export async function reproduction(program: string, directory: string, rule: string): Promise<void> {
  const execution = new vscode.ProcessExecution(
    process.execPath,
    [program, "reproduce", "--format", "full", rule],
    {
      cwd: directory,
      // The host of extensions is Electron on the desktop, and a plain Node.js with this.
      env: { ELECTRON_RUN_AS_NODE: "1" },
    },
  );
  const task = new vscode.Task(
    { type: "mmaplint", rule },
    vscode.TaskScope.Workspace,
    `reproduce ${rule}`,
    "mmaplint",
    execution,
  );
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, clear: true };
  await vscode.tasks.executeTask(task);
}
