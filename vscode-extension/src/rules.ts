/** The rules by their ids, as the settings know them. */
import * as vscode from "vscode";

interface Manifest {
  readonly contributes: {
    readonly configuration: {
      readonly properties: {
        readonly "mmaplint.rules": { readonly properties: Readonly<Record<string, { description: string }>> };
      };
    };
  };
}

/** Rule id to its summary. */
export function rulesOf({ packageJSON }: { readonly packageJSON: Manifest }): ReadonlyMap<string, string> {
  const { properties } = packageJSON.contributes.configuration.properties["mmaplint.rules"];
  return new Map(Object.entries(properties).map(([id, { description }]) => [id, description]));
}

/** The rule of a finding at the cursor, else the one that the user picks; undefined when none is picked. */
export async function chooseRule(
  rules: ReadonlyMap<string, string>,
  placeHolder: string,
): Promise<string | undefined> {
  const here = new Set(rulesAtCursor());
  const items = [...rules]
    .map(([label, detail]) => ({ label, detail, description: here.has(label) ? "at the cursor" : "" }))
    .sort((left, right) => right.description.length - left.description.length);
  const chosen = await vscode.window.showQuickPick(items, { placeHolder, matchOnDetail: true });
  return chosen?.label;
}

function rulesAtCursor(): readonly string[] {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) return [];
  const { document, selection } = editor;
  return findingsIn(document.uri)
    .filter(({ range }) => range.contains(selection.active))
    .map(({ code }) => String(typeof code === "object" ? code.value : code));
}

/** What mmaplint has to say of a document. */
export function findingsIn(uri: vscode.Uri): readonly vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(uri).filter(({ source }) => source === "mmaplint");
}
