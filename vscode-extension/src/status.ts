/** The item in the status bar: is the server there, and what does it say of the file in front. */
import * as vscode from "vscode";
import { type BaseLanguageClient, State } from "vscode-languageclient";
import { findingsIn } from "./rules.js";

export function registerStatus(client: BaseLanguageClient): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("mmaplint", vscode.StatusBarAlignment.Left);
  item.name = "mmaplint";
  item.command = "mmaplint.showOutput";
  const update = (): void => {
    const { text, tooltip, grave } = statusOf(client.state, vscode.window.activeTextEditor?.document);
    item.text = text;
    item.tooltip = tooltip;
    item.backgroundColor = grave ? new vscode.ThemeColor("statusBarItem.errorBackground") : undefined;
  };
  update();
  item.show();
  return vscode.Disposable.from(
    item,
    client.onDidChangeState(update),
    vscode.languages.onDidChangeDiagnostics(update),
    vscode.window.onDidChangeActiveTextEditor(update),
    vscode.workspace.onDidGrantWorkspaceTrust(update),
  );
}

interface Status {
  readonly text: string;
  readonly tooltip: string;
  readonly grave: boolean;
}

function statusOf(state: State, document: vscode.TextDocument | undefined): Status {
  switch (state) {
    case State.Starting:
      return { text: "$(loading~spin) mmaplint", tooltip: "The language server starts.", grave: false };
    case State.StartFailed:
    case State.Stopped:
      return {
        text: "$(error) mmaplint",
        tooltip: "The language server does not run. Click for its output.",
        grave: true,
      };
    case State.Running: {
      const count = document === undefined ? 0 : findingsIn(document.uri).length;
      const found = count === 0 ? "Nothing found" : count === 1 ? "1 finding" : `${count} findings`;
      const said = document === undefined ? "The language server runs." : `${found} in this file.`;
      const restricted = vscode.workspace.isTrusted
        ? ""
        : " Restricted Mode: files are linted, nothing is run.";
      return {
        text: count === 0 ? "$(check) mmaplint" : `$(warning) mmaplint ${count}`,
        tooltip: `${said}${restricted}`,
        grave: false,
      };
    }
  }
}
