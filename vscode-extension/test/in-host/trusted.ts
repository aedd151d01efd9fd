/** What the extension does in a folder that the user trusts. */
import * as vscode from "vscode";
import { until } from "../support/until.js";
import { MENDED, NULL_CHECK } from "../support/programs.js";
import { equal, findingsOf, inFolder, runAll, shown, type Tests, untilRules } from "./report.js";

function replaceAll(editor: vscode.TextEditor, text: string): Thenable<boolean> {
  const { document } = editor;
  const all = new vscode.Range(document.positionAt(0), document.positionAt(document.getText().length));
  return editor.edit((edit) => edit.replace(all, text));
}

/** The place of a word's first occurrence after another one. */
function placeOf(document: vscode.TextDocument, text: string): vscode.Position {
  return document.positionAt(document.getText().indexOf(text));
}

async function actionsAt(document: vscode.TextDocument, range: vscode.Range): Promise<vscode.CodeAction[]> {
  return vscode.commands.executeCommand("vscode.executeCodeActionProvider", document.uri, range);
}

const tests: Tests = {
  "a finding has its rule, a link, its severity and its story": async () => {
    const { document } = await shown("story.c", NULL_CHECK);
    await untilRules(document.uri, ["null-check"]);
    const [finding] = findingsOf(document.uri);
    equal(finding?.severity, vscode.DiagnosticSeverity.Error);
    const { code } = finding ?? {};
    equal(typeof code === "object" && code.target.path.endsWith("docs/rules/null-check.md"), true, "link");
    equal(document.getText(finding?.range), "bytes == NULL", "range");
    equal(finding?.relatedInformation?.[0]?.location.range.start.line, 2, "line of the story's first step");
  },

  "findings follow the text as it is typed, saved or not": async () => {
    const editor = await shown("typed.c", MENDED);
    await replaceAll(editor, NULL_CHECK);
    await untilRules(editor.document.uri, ["null-check"]);
    await replaceAll(editor, MENDED);
    await untilRules(editor.document.uri, []);
  },

  "a document that has no file is linted": async () => {
    const document = await vscode.workspace.openTextDocument({ language: "c", content: NULL_CHECK });
    await vscode.window.showTextDocument(document);
    await untilRules(document.uri, ["null-check"]);
  },

  "a header is linted, though VS Code takes it for C++": async () => {
    const { document } = await shown("inline.h", NULL_CHECK.replace("int fill", "static inline int fill"));
    equal(document.languageId, "cpp");
    await untilRules(document.uri, ["null-check"]);
  },

  "hovering over a mapping tells what is known of it": async () => {
    const { document } = await shown("hover.c", MENDED);
    const at = placeOf(document, "bytes[0]").translate(0, 1);
    await until("the hover tells of the mapping", async () => {
      const hovers: vscode.Hover[] = await vscode.commands.executeCommand(
        "vscode.executeHoverProvider",
        document.uri,
        at,
      );
      const text = hovers
        .flatMap(({ contents }) => contents.map((part) => (typeof part === "string" ? part : part.value)))
        .join("\n");
      return /mapp/.test(text) && /private/i.test(text);
    });
  },

  "the quick fix mends the program": async () => {
    const { document } = await shown("fixed.c", NULL_CHECK);
    await untilRules(document.uri, ["null-check"]);
    const range = findingsOf(document.uri)[0]?.range ?? new vscode.Range(0, 0, 0, 0);
    const fix = await until("a fix is offered", async () =>
      (await actionsAt(document, range)).find(
        ({ isPreferred, edit }) => isPreferred === true && edit !== undefined,
      ),
    );
    equal(fix.kind?.value, vscode.CodeActionKind.QuickFix.value);
    equal(fix.edit !== undefined && (await vscode.workspace.applyEdit(fix.edit)), true, "applied");
    equal(document.getText(), MENDED);
    await document.save();
    await untilRules(document.uri, []);
  },

  "a finding can be silenced on its line, with a reason": async () => {
    const { document } = await shown("silenced.c", NULL_CHECK);
    await untilRules(document.uri, ["null-check"]);
    const range = findingsOf(document.uri)[0]?.range ?? new vscode.Range(0, 0, 0, 0);
    const silence = await until("silencing is offered", async () =>
      (await actionsAt(document, range)).find(({ title }) => /disable|silence/i.test(title)),
    );
    equal(silence.edit !== undefined && (await vscode.workspace.applyEdit(silence.edit)), true, "applied");
    equal(/mmaplint-disable-next-line null-check -- /.test(document.getText()), true, "comment");
    await untilRules(document.uri, []);
  },

  "a setting counts at once": async () => {
    const { document } = await shown("setting.c", NULL_CHECK);
    await untilRules(document.uri, ["null-check"]);
    const configuration = vscode.workspace.getConfiguration("mmaplint");
    await configuration.update("rules", { "null-check": "off" }, vscode.ConfigurationTarget.Workspace);
    await untilRules(document.uri, []);
    await configuration.update("rules", undefined, vscode.ConfigurationTarget.Workspace);
    await untilRules(document.uri, ["null-check"]);
  },

  "a configuration is created, counts, and is opened when it is there": async () => {
    const { document } = await shown("configured.c", NULL_CHECK);
    await untilRules(document.uri, ["null-check"]);
    await vscode.commands.executeCommand("mmaplint.createConfiguration");
    const file = inFolder("mmaplint.config.json");
    const written = new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
    equal(JSON.parse(written).preset, "recommended");
    const off = JSON.stringify({ rules: { "null-check": "off" } });
    await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(off));
    await untilRules(document.uri, []);
    await vscode.commands.executeCommand("mmaplint.createConfiguration");
    equal(new TextDecoder().decode(await vscode.workspace.fs.readFile(file)), off, "content is left alone");
    await vscode.workspace.fs.delete(file);
    await untilRules(document.uri, ["null-check"]);
  },

  "a rule is explained in a panel": async () => {
    await vscode.commands.executeCommand("mmaplint.explainRule", "missing-msync");
    await until("the page is shown", () =>
      vscode.window.tabGroups.all.some(({ tabs }) =>
        tabs.some(({ label }) => label.includes("missing-msync.md")),
      ),
    );
  },

  "a finding leads to its rule's reproducer": async () => {
    const { document } = await shown("reproduced.c", NULL_CHECK);
    await untilRules(document.uri, ["null-check"]);
    const range = findingsOf(document.uri)[0]?.range ?? new vscode.Range(0, 0, 0, 0);
    const { command } = await until("the reproducer is offered", async () =>
      (await actionsAt(document, range)).find((action) => action.command !== undefined),
    );
    await vscode.commands.executeCommand(command?.command ?? "", ...(command?.arguments ?? []));
    await until("the reproducer is shown", () => {
      const { activeTextEditor: editor } = vscode.window;
      return (
        editor?.document.uri.path === "/reproducers/null-check.c" &&
        editor.document.getText().includes("mmap(")
      );
    });
  },

  "linting the workspace tells of files that are not open": async () => {
    const uri = inFolder("closed.c");
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(NULL_CHECK));
    await vscode.commands.executeCommand("mmaplint.lintWorkspace");
    await untilRules(uri, ["null-check"]);
  },

  "the server can be restarted": async () => {
    const { document } = await shown("restart.c", NULL_CHECK);
    await untilRules(document.uri, ["null-check"]);
    await vscode.commands.executeCommand("mmaplint.restart");
    await untilRules(document.uri, ["null-check"]);
  },
};

export const run = (): Promise<void> => runAll(tests);
