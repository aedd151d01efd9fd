/** The rules' pages and reproducers that the extension brings along, as documents that can be read and not changed. */
import * as vscode from "vscode";

const SCHEME = "mmaplint";

export function pageOf(rule: string): vscode.Uri {
  return vscode.Uri.from({ scheme: SCHEME, path: `/docs/rules/${rule}.md` });
}

export function reproducerOf(rule: string): vscode.Uri {
  return vscode.Uri.from({ scheme: SCHEME, path: `/reproducers/${rule}.c` });
}

/** Reads through the editor's file system: in a browser the extension is no directory but an address. */
export function registerDocuments(extension: vscode.Uri): vscode.Disposable {
  const home = vscode.Uri.joinPath(extension, "dist/server");
  return vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
    async provideTextDocumentContent({ path }) {
      return new TextDecoder().decode(await vscode.workspace.fs.readFile(vscode.Uri.joinPath(home, path)));
    },
  });
}
