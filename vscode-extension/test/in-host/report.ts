/** Tests within VS Code's host of extensions, where the editor's API is: run one after the other, told as a line each. */
import * as vscode from "vscode";
import { until } from "../support/until.js";
import { MARK, type Result } from "./results.js";

export type Tests = Readonly<Record<string, () => Promise<void>>>;

/** Runs every test. The editor's `console.log` is what the outside hears. */
export async function runAll(tests: Tests): Promise<void> {
  for (const [name, test] of Object.entries(tests)) {
    let result: Result = { name };
    try {
      await test();
    } catch (error) {
      result = { name, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    console.log(MARK + JSON.stringify(result));
    await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  }
}

export function equal(actual: unknown, expected: unknown, what = "value"): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${what}: expected ${right}, got ${left}`);
}

/** A file of the folder that the window is open on. */
export function inFolder(name: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (folder === undefined) throw new Error("no folder is open");
  return vscode.Uri.joinPath(folder.uri, name);
}

/** Shows a document that has this text, and waits for nothing. */
export async function shown(name: string, text: string): Promise<vscode.TextEditor> {
  const uri = inFolder(name);
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  return vscode.window.showTextDocument(uri, { preview: false });
}

export function findingsOf(uri: vscode.Uri): readonly vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(uri).filter(({ source }) => source === "mmaplint");
}

export function ruleOf({ code }: vscode.Diagnostic): string {
  return String(typeof code === "object" ? code.value : code);
}

/** Waits until a document has findings of exactly these rules. */
export async function untilRules(uri: vscode.Uri, expected: readonly string[]): Promise<void> {
  const now = (): string => findingsOf(uri).map(ruleOf).sort().join();
  await until(
    `findings of ${expected.join() || "nothing"}`,
    () => now() === [...expected].sort().join(),
    now,
  );
}
