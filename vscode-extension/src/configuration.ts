/** A first configuration file for a folder. */
import * as vscode from "vscode";

const FILE = "mmaplint.config.json";

async function chooseFolder(): Promise<vscode.WorkspaceFolder | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders.length > 1
    ? vscode.window.showWorkspaceFolderPick({ placeHolder: "Folder to configure" })
    : folders[0];
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}

/** Writes the file and opens it; one that is there is opened as it is. Completion comes from the schema. */
export async function createConfiguration(): Promise<void> {
  const folder = await chooseFolder();
  if (folder === undefined) {
    void vscode.window.showInformationMessage(
      "mmaplint: open a folder first, the configuration belongs in it.",
    );
    return;
  }
  const uri = vscode.Uri.joinPath(folder.uri, FILE);
  if (!(await exists(uri))) {
    const text = `${JSON.stringify({ preset: "recommended", rules: {}, ignore: [] }, undefined, 2)}\n`;
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  }
  await vscode.window.showTextDocument(uri);
}
