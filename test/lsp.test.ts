/** The language server as an editor sees it: the built program over stdio. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import {
  CancellationTokenSource,
  type ClientCapabilities,
  type CodeAction,
  CodeActionRequest,
  type Diagnostic,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  DidChangeWorkspaceFoldersNotification,
  DidSaveTextDocumentNotification,
  DocumentDiagnosticRequest,
  ExecuteCommandRequest,
  FileChangeType,
  type Hover,
  HoverRequest,
  InlayHintRequest,
  LSPErrorCodes,
  type Position,
  type PublishDiagnosticsParams,
  ShowDocumentRequest,
  TextDocumentEdit,
  WorkspaceDiagnosticRequest,
} from "vscode-languageserver-protocol/node";
import { describe, expect, onTestFinished, test } from "vitest";
import { CLEAN, NULL_CHECK, project } from "./cli.js";
import { Client, type ClientOptions, uriOf } from "./lsp-client.js";

const UTF8: ClientCapabilities = { general: { positionEncodings: ["utf-8", "utf-16"] } };
const UTF16: ClientCapabilities = { general: { positionEncodings: ["utf-16"] } };
const WATCHES: ClientCapabilities = { workspace: { didChangeWatchedFiles: { dynamicRegistration: true } } };
const PULLS: ClientCapabilities = { textDocument: { diagnostic: {} } };

/** Quick to answer, so that a test is quick; the debounce has a test of its own. */
const QUICK = { debounce: 5 };

async function started(options: ClientOptions): Promise<Client> {
  const client = await Client.start({ initializationOptions: QUICK, ...options });
  onTestFinished(() => {
    client.process.kill();
  });
  return client;
}

/** Opens a text, and gives what is published of it. */
async function opened(client: Client, uri: string, text: string): Promise<PublishDiagnosticsParams> {
  const published = client.next((one) => one.uri === uri && one.version === 1);
  await client.open(uri, text);
  return published;
}

/** A client with one folder, in which one file is open. */
async function withFile(
  text: string,
  capabilities: ClientCapabilities = {},
  options: Partial<ClientOptions> = {},
): Promise<{ client: Client; uri: string; root: string; diagnostics: readonly Diagnostic[] }> {
  const root = project({ "a.c": text });
  const client = await started({ folders: [root], capabilities, ...options });
  const uri = uriOf(path.join(root, "a.c"));
  const { diagnostics } = await opened(client, uri, text);
  return { client, uri, root, diagnostics };
}

/** The only one there is. */
function sole<Item>([item, ...more]: readonly Item[]): Item {
  if (item === undefined || more.length > 0) throw new Error("there is not exactly one");
  return item;
}

function codes(diagnostics: readonly Diagnostic[]): readonly unknown[] {
  return diagnostics.map(({ code }) => code);
}

/** The text between two places, as an editor with this encoding finds it. */
function textAt(text: string, { start, end }: Diagnostic["range"], encoding: "utf-8" | "utf-16"): string {
  const lines = text.split("\n");
  const offset = ({ line, character }: Position): number => {
    const before = lines.slice(0, line).join("\n").length + (line > 0 ? 1 : 0);
    const units =
      encoding === "utf-16"
        ? character
        : Buffer.from(lines[line] ?? "")
            .subarray(0, character)
            .toString().length;
    return before + units;
  };
  return text.slice(offset(start), offset(end));
}

function placeOf(text: string, needle: string, plus = 0): Position {
  const offset = text.indexOf(needle) + plus;
  if (offset < plus) throw new Error(`the text has no ${needle}`);
  const before = text.slice(0, offset);
  return { line: before.split("\n").length - 1, character: offset - (before.lastIndexOf("\n") + 1) };
}

async function hoverAt(client: Client, uri: string, position: Position): Promise<string | undefined> {
  const hover: Hover | null = await client.connection.sendRequest(HoverRequest.type, {
    textDocument: { uri },
    position,
  });
  const contents = hover?.contents;
  return typeof contents === "object" && "value" in contents ? contents.value : undefined;
}

async function actionsAt(
  client: Client,
  uri: string,
  line: number,
  only?: string[],
): Promise<readonly CodeAction[]> {
  const place = { line, character: 0 };
  const found = await client.connection.sendRequest(CodeActionRequest.type, {
    textDocument: { uri },
    range: { start: place, end: place },
    context: { diagnostics: [], ...(only === undefined ? {} : { only }) },
  });
  return (found ?? []).filter(
    (one): one is CodeAction => "title" in one && !("command" in one && typeof one.command === "string"),
  );
}

/** The text after the action's edit of the only document. */
function edited(text: string, action: CodeAction | undefined): string {
  const [change] = action?.edit?.documentChanges ?? [];
  const edits =
    change !== undefined && TextDocumentEdit.is(change)
      ? change.edits
      : (Object.values(action?.edit?.changes ?? {})[0] ?? []);
  const lines = text.split("\n");
  const offset = ({ line, character }: Position): number =>
    lines.slice(0, line).join("\n").length + (line > 0 ? 1 : 0) + character;
  return edits.reduceRight(
    (all, edit) =>
      all.slice(0, offset(edit.range.start)) +
      ("newText" in edit ? edit.newText : edit.snippet.value) +
      all.slice(offset(edit.range.end)),
    text,
  );
}

describe("diagnostics that are sent", () => {
  test("say what, where, why and with what story", async () => {
    const { client, uri, diagnostics } = await withFile(NULL_CHECK, {
      textDocument: { publishDiagnostics: { relatedInformation: true } },
    });
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]).toMatchObject({
      code: "null-check",
      severity: 1,
      source: "mmaplint",
      message: "mmap() fails with MAP_FAILED, but 'p' is tested against NULL",
      codeDescription: { href: expect.stringMatching(/docs\/rules\/null-check\.md$/) },
      relatedInformation: [{ location: { uri }, message: "mapped here, length 10" }, { location: { uri } }],
    });
    expect(textAt(NULL_CHECK, sole(diagnostics).range, "utf-16")).toBe("p == NULL");
    expect(await client.stop()).toBe(0);
  });

  test("leave the story out where the client cannot show it", async () => {
    const { diagnostics } = await withFile(NULL_CHECK);
    expect(diagnostics[0]).not.toHaveProperty("relatedInformation");
  });

  test("mark a suppression that silences nothing as unnecessary", async () => {
    const { diagnostics } = await withFile(`// mmaplint-disable-next-line null-check -- gone\n${CLEAN}`);
    expect(diagnostics).toMatchObject([{ code: "unused-suppression", tags: [1] }]);
  });

  test("are taken back when the document is closed", async () => {
    const { client, uri } = await withFile(NULL_CHECK);
    const gone = client.next((one) => one.uri === uri);
    await client.close(uri);
    expect(await gone).toEqual({ uri, diagnostics: [] });
  });

  test("are of the text that is open, not of the one on disk", async () => {
    const { client, uri } = await withFile(CLEAN);
    const next = client.next((one) => one.version === 2);
    await client.change(uri, 2, [{ text: NULL_CHECK }]);
    expect(codes((await next).diagnostics)).toEqual(["null-check"]);
  });

  test("come for a document that is on no disk, and for one outside of the folders", async () => {
    const root = project({ "a.c": CLEAN });
    const outside = project({
      "b.c": CLEAN,
      "mmaplint.config.json": `{ "rules": { "null-check": "note" } }`,
    });
    const client = await started({ folders: [root] });
    expect(codes((await opened(client, "untitled:Untitled-1", NULL_CHECK)).diagnostics)).toEqual([
      "null-check",
    ]);
    const found = await opened(client, uriOf(path.join(outside, "b.c")), NULL_CHECK);
    expect(found.diagnostics).toMatchObject([{ code: "null-check", severity: 3 }]);
  });

  test("do not come for what is not C", async () => {
    const { client } = await withFile(CLEAN);
    await client.open("file:///a.py", NULL_CHECK, 1, "python");
    const { diagnostics } = await opened(client, "untitled:b.c", NULL_CHECK);
    expect(diagnostics).toHaveLength(1);
    expect(client.published.filter(({ uri }) => uri === "file:///a.py")).toEqual([]);
  });
});

/** In front of the finding stand an umlaut (2 bytes, 1 unit), a CJK character (3, 1) and an emoji (4, 2). */
const WIDE = NULL_CHECK.replace("if (p == NULL)", "/* ü漢😀 */ if (p == NULL)");

describe.each([
  ["utf-8", UTF8],
  ["utf-16", UTF16],
] as const)("in %s", (encoding, capabilities) => {
  test("places are counted as the client counts", async () => {
    const { client, uri, diagnostics } = await withFile(WIDE, capabilities);
    expect(client.initialized.capabilities.positionEncoding).toBe(encoding);
    expect(textAt(WIDE, sole(diagnostics).range, encoding)).toBe("p == NULL");
    const { line } = sole(diagnostics).range.start;
    const at = sole(diagnostics).range.start.character;
    const width = encoding === "utf-8" ? 9 : 4;
    expect(at).toBe("  /* ".length + width + " */ if (".length);
    expect(await hoverAt(client, uri, { line, character: at })).toContain("not tested yet");
  });

  test("changes are applied where the client means them", async () => {
    const { client, uri, diagnostics } = await withFile(WIDE, capabilities);
    const { start, end } = sole(diagnostics).range;
    const next = client.next((one) => one.version === 2);
    await client.change(uri, 2, [
      { range: { start: { ...end, character: end.character - 4 }, end }, text: "MAP_FAILED" },
      { range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }, text: "/* 😀 */\n" },
      // Where the emoji of the line is now; it goes.
      {
        range: {
          start: { line: start.line + 1, character: encoding === "utf-8" ? 10 : 7 },
          end: { line: start.line + 1, character: encoding === "utf-8" ? 14 : 9 },
        },
        text: "",
      },
      {
        range: { start: { line: start.line + 1, character: 0 }, end: { line: start.line + 1, character: 2 } },
        text: "\t",
      },
    ]);
    expect((await next).diagnostics).toEqual([]);
    const back = client.next((one) => one.version === 3);
    const line = "\t/* ü漢 */ if (p == ";
    const character = encoding === "utf-8" ? Buffer.byteLength(line) : line.length;
    const range = {
      start: { line: start.line + 1, character },
      end: { line: start.line + 1, character: character + "MAP_FAILED".length },
    };
    await client.change(uri, 3, [{ range, text: "NULL" }]);
    expect(codes((await back).diagnostics)).toEqual(["null-check"]);
  });

  test("actions edit what they mean", async () => {
    const { client, uri, diagnostics } = await withFile(WIDE, capabilities);
    const [fix] = await actionsAt(client, uri, sole(diagnostics).range.start.line);
    const edit = Object.values(fix?.edit?.changes ?? {})[0] ?? [];
    expect(textAt(WIDE, sole(edit).range, encoding)).toBe("p == NULL");
  });
});

test("the client's first choice of encodings is taken", async () => {
  const { client } = await withFile(CLEAN, { general: { positionEncodings: ["utf-32", "utf-16", "utf-8"] } });
  expect(client.initialized.capabilities.positionEncoding).toBe("utf-16");
});

describe("while somebody types", () => {
  test("only the newest version is answered", async () => {
    const { client, uri } = await withFile(CLEAN, {}, { initializationOptions: { debounce: 100 } });
    const before = client.published.length;
    const last = client.next((one) => one.version === 40);
    for (let version = 2; version <= 40; version++) {
      await client.change(uri, version, [
        { range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }, text: "\n" },
      ]);
    }
    await last;
    const since = client.published.slice(before).map(({ version }) => version);
    expect(since.at(-1)).toBe(40);
    // A machine that stops in between may make a pause of the typing, but not one after each key.
    expect(since.length).toBeLessThan(5);
  });

  test("a question about a version that is outdated is refused, and one that was cancelled", async () => {
    const { client, uri } = await pulling(NULL_CHECK, { initializationOptions: { debounce: 300 } });
    const insert = {
      range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
      text: "\n",
    };
    await client.change(uri, 2, [insert]);
    const outdated = client.connection.sendRequest(DocumentDiagnosticRequest.type, { textDocument: { uri } });
    const hover = client.connection.sendRequest(HoverRequest.type, {
      textDocument: { uri },
      position: { line: 0, character: 0 },
    });
    hover.catch(() => undefined);
    outdated.catch(() => undefined);
    await client.change(uri, 3, [insert]);
    const cancelled = new CancellationTokenSource();
    const third = client.connection.sendRequest(
      DocumentDiagnosticRequest.type,
      { textDocument: { uri } },
      cancelled.token,
    );
    const fourth = client.connection.sendRequest(DocumentDiagnosticRequest.type, { textDocument: { uri } });
    third.catch(() => undefined);
    cancelled.cancel();
    await expect(outdated).rejects.toMatchObject({
      code: LSPErrorCodes.ServerCancelled,
      data: { retriggerRequest: true },
    });
    await expect(hover).rejects.toMatchObject({ code: LSPErrorCodes.ContentModified });
    await expect(third).rejects.toMatchObject({ code: LSPErrorCodes.RequestCancelled });
    expect(await fourth).toMatchObject({ kind: "full", items: [{ code: "null-check" }] });
  });
});

/** A client that asks for diagnostics, with one file open. */
async function pulling(
  text: string,
  options: Partial<ClientOptions> = {},
): Promise<{ client: Client; uri: string; root: string }> {
  const root = project({ "a.c": text });
  const client = await started({ folders: [root], capabilities: PULLS, ...options });
  const uri = uriOf(path.join(root, "a.c"));
  await client.open(uri, text);
  return { client, uri, root };
}

async function pulled(client: Client, uri: string, previousResultId?: string) {
  return client.connection.sendRequest(DocumentDiagnosticRequest.type, {
    textDocument: { uri },
    ...(previousResultId === undefined ? {} : { previousResultId }),
  });
}

describe("diagnostics that are asked for", () => {
  test("are not sent as well", async () => {
    const { client, uri } = await pulling(NULL_CHECK);
    expect(await pulled(client, uri)).toMatchObject({ kind: "full", items: [{ code: "null-check" }] });
    expect(client.published).toEqual([]);
  });

  test("are unchanged where nothing has changed", async () => {
    const { client, uri } = await pulling(NULL_CHECK);
    const { resultId } = await pulled(client, uri);
    expect(await pulled(client, uri, resultId)).toEqual({ kind: "unchanged", resultId });
    await client.change(uri, 2, [{ text: CLEAN }]);
    expect(await pulled(client, uri, resultId)).toMatchObject({ kind: "full", items: [] });
  });

  test("come for all files of the workspace, open or not", async () => {
    const { client, uri, root } = await pulling(CLEAN);
    writeFileSync(path.join(root, "b.c"), NULL_CHECK);
    await client.connection.sendNotification(DidChangeWatchedFilesNotification.type, {
      changes: [{ uri: uriOf(path.join(root, "b.c")), type: FileChangeType.Created }],
    });
    const other = uriOf(path.join(root, "b.c"));
    const all = await client.connection.sendRequest(WorkspaceDiagnosticRequest.type, {
      previousResultIds: [],
    });
    expect(all.items).toMatchObject([
      { uri, version: 1, kind: "full", items: [] },
      { uri: other, version: null, kind: "full", items: [{ code: "null-check" }] },
    ]);
    const previousResultIds = all.items.map((one) => ({ uri: one.uri, value: one.resultId ?? "" }));
    const again = await client.connection.sendRequest(WorkspaceDiagnosticRequest.type, { previousResultIds });
    expect(again.items.map(({ kind }) => kind)).toEqual(["unchanged", "unchanged"]);
  });
});

const WRAPPER_C = `#include <sys/mman.h>
#include "map.h"
void *map_or_null(unsigned long n) {
  void *p = mmap(0, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return p == MAP_FAILED ? 0 : p;
}
`;
const USER_C = `#include <sys/mman.h>
#include "map.h"
int use(void) {
  char *p = map_or_null(CHUNK);
  if (p == 0)
    return -1;
  return munmap(p, CHUNK);
}
`;
const MAP_H = "#define CHUNK 65536\nvoid *map_or_null(unsigned long n);\n";
/** It gives MAP_FAILED now, which its caller does not expect. */
const CARELESS_C = WRAPPER_C.replace("return p == MAP_FAILED ? 0 : p", "return p");

describe("across files", () => {
  test("what one file says of a function is known in another, saved or not", async () => {
    const root = project({
      "wrapper.c": WRAPPER_C,
      "user.c": USER_C,
      "map.h": MAP_H,
    });
    const client = await started({ folders: [root] });
    const user = uriOf(path.join(root, "user.c"));
    const wrapper = uriOf(path.join(root, "wrapper.c"));
    expect((await opened(client, user, USER_C)).diagnostics).toEqual([]);
    // In the editor alone.
    const careless = client.next(({ uri }) => uri === user);
    await client.open(wrapper, CARELESS_C);
    expect(codes((await careless).diagnostics)).toEqual(["null-check"]);
    const again = client.next(({ uri }) => uri === user);
    await client.close(wrapper);
    expect((await again).diagnostics).toEqual([]);
  });

  test("a file that names nothing of the family is read where it calls what does", async () => {
    const caller = `void *map_or_null(unsigned long);
int g(void) { char *p = map_or_null(1); if (p == 0) return 1; return p[0]; }
`;
    const root = project({ "wrapper.c": CARELESS_C, "caller.c": caller, "map.h": MAP_H });
    const client = await started({ folders: [root] });
    const uri = uriOf(path.join(root, "caller.c"));
    expect(codes((await opened(client, uri, caller)).diagnostics)).toContain("null-check");
    const gone = client.next(({ version }) => version === 2);
    await client.change(uri, 2, [{ text: caller.replaceAll("map_or_null", "other") }]);
    expect((await gone).diagnostics).toEqual([]);
    const back = client.next(({ version }) => version === 3);
    await client.change(uri, 3, [{ text: caller }]);
    expect(codes((await back).diagnostics)).toContain("null-check");
  });

  test("an edit of a header reaches the files that include it", async () => {
    const c = `#include <sys/mman.h>\n#include "size.h"\nvoid f(void *p) { mmap(p, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }\n`;
    const h = "#define SIZE 65536\n";
    const root = project({ "a.c": c, "size.h": h });
    const client = await started({ folders: [root] });
    const uri = uriOf(path.join(root, "a.c"));
    const header = uriOf(path.join(root, "size.h"));
    expect(codes((await opened(client, uri, c)).diagnostics)).not.toContain("zero-length");
    const zero = client.next((one) => one.uri === uri);
    await opened(client, header, h);
    await client.change(header, 2, [{ text: "#define SIZE 0\n" }]);
    expect(codes((await zero).diagnostics)).toContain("zero-length");
  });

  test("all files are linted when that is wished", async () => {
    const root = project({ "a.c": CLEAN, "b.c": NULL_CHECK, "c.c": NULL_CHECK });
    const client = await started({ folders: [root] });
    const b = client.next(({ uri }) => uri.endsWith("b.c"));
    const done = client.connection.sendRequest(ExecuteCommandRequest.type, {
      command: "mmaplint.lintWorkspace",
    });
    expect(await done).toEqual({ files: 2, findings: 2 });
    expect(codes((await b).diagnostics)).toEqual(["null-check"]);
    expect(
      await client.connection
        .sendRequest(ExecuteCommandRequest.type, { command: "no" })
        .catch((e) => e.message),
    ).toBe("there is no command no");
  });
});

const HOVERED = `#include <fcntl.h>
#include <sys/mman.h>
int f(const char *path, unsigned long n) {
  int fd = open(path, O_RDWR);
  char *p = mmap(0, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 8192);
  if (p == MAP_FAILED) // mmaplint-disable-line null-check, no-such-rule -- it is not null-check
    return -1;
  p[0] = 1;
  if (msync(p + 100, 10, MS_SYNC) < 0)
    return munmap(p, n);
  return munmap(p, n);
}
`;

describe("hover", () => {
  test("says in words what is known of a mapping", async () => {
    const { client, uri } = await withFile(HOVERED);
    const made = await hoverAt(client, uri, placeOf(HOVERED, "*p = mmap", 1));
    expect(made?.split("\n")).toEqual([
      "**Mapping**",
      "",
      "- phase: mapped, or MAP_FAILED: not tested yet",
      "- length: `n` bytes",
      "- protection: read, write",
      "- flags: shared: writes reach the file and other processes",
      "- backing: a file, opened by `open(O_RDWR)`, from byte `8192` on",
      "- address: its start",
      "- alignment: begins a page, whatever the page size",
      "",
      "So far: mapped here, length n (line 5).",
    ]);
    expect(await hoverAt(client, uri, placeOf(HOVERED, "mmap(0"))).toBe(made);
    const later = await hoverAt(client, uri, placeOf(HOVERED, "p + 100", 2));
    expect(later).toContain("- phase: mapped\n");
    expect(later).toContain("- address: `+100` bytes from its start\n- alignment: does not begin a page");
    expect(later).toContain("written here (line 8)");
    // There is a finding too, so its rule is explained.
    expect(later).toContain("unaligned-address.md");
    expect(await hoverAt(client, uri, placeOf(HOVERED, "int fd", 4))).toBeUndefined();
  });

  test("explains a rule that a comment names", async () => {
    const { client, uri } = await withFile(HOVERED);
    const page = await hoverAt(client, uri, placeOf(HOVERED, "null-check,", 3));
    expect(page).toMatch(/^# null-check\n[^]*## Why it matters[^]*## How to silence it/);
    expect(await hoverAt(client, uri, placeOf(HOVERED, "no-such-rule"))).not.toContain("# no-such-rule");
    expect(await hoverAt(client, uri, placeOf(HOVERED, "disable-line"))).not.toContain("# null-check");
  });

  test("is about the text as it is now", async () => {
    const { client, uri } = await withFile(HOVERED, {}, { initializationOptions: { debounce: 50 } });
    await client.change(uri, 2, [{ text: HOVERED.replace("MAP_SHARED", "MAP_PRIVATE") }]);
    expect(await hoverAt(client, uri, placeOf(HOVERED, "mmap(0"))).toContain("- flags: private");
  });
});

const DOCUMENT_CHANGES: ClientCapabilities = { workspace: { workspaceEdit: { documentChanges: true } } };

describe("code actions", () => {
  test("make a safe edit, after which the finding is gone", async () => {
    const { client, uri } = await withFile(NULL_CHECK, DOCUMENT_CHANGES);
    const [fix] = await actionsAt(client, uri, 3);
    expect(fix).toMatchObject({ kind: "quickfix", isPreferred: true, diagnostics: [{ code: "null-check" }] });
    expect(fix?.edit?.documentChanges).toMatchObject([{ textDocument: { uri, version: 1 } }]);
    const text = edited(NULL_CHECK, fix);
    expect(text).toBe(CLEAN);
    const gone = client.next(({ version }) => version === 2);
    await client.change(uri, 2, [{ text }]);
    expect((await gone).diagnostics).toEqual([]);
  });

  test("mark an edit that a person has to look at", async () => {
    // Something else than the result of mmap() gets to the test as well.
    const text = NULL_CHECK.replace("char *p = mmap", "char *p = 0; if (fd >= 0) p = mmap");
    const { client, uri } = await withFile(text);
    const [fix] = await actionsAt(client, uri, 3);
    expect(fix?.title).toMatch(/ \(please check\)$/);
    expect(fix).not.toHaveProperty("isPreferred");
  });

  test("silence a finding with a reason, and again on the same line", async () => {
    const { client, uri } = await withFile(NULL_CHECK.replaceAll("\n", "\r\n"));
    const text = NULL_CHECK.replaceAll("\n", "\r\n");
    const silence = (await actionsAt(client, uri, 3)).find(({ title }) => title.startsWith("Silence"));
    const silenced = edited(text, silence);
    expect(silenced.split("\r\n").slice(3, 5)).toEqual([
      "  // mmaplint-disable-next-line null-check -- reason",
      "  if (p == NULL)",
    ]);
    const gone = client.next(({ version }) => version === 2);
    await client.change(uri, 2, [{ text: silenced }]);
    expect((await gone).diagnostics).toEqual([]);
    const other = silenced.replace("null-check --", "unchecked-map --");
    const back = client.next(({ version }) => version === 3);
    await client.change(uri, 3, [{ text: other }]);
    expect(codes((await back).diagnostics)).toContain("null-check");
    const more = (await actionsAt(client, uri, 4)).find(
      ({ title }) => title === "Silence null-check on this line",
    );
    expect(edited(other, more)).toContain(
      "// mmaplint-disable-next-line unchecked-map, null-check -- reason",
    );
  });

  test("put the cursor on the reason where the client can", async () => {
    const { client, uri } = await withFile(NULL_CHECK, {
      workspace: { workspaceEdit: { documentChanges: true, snippetEditSupport: true } },
    });
    const silence = (await actionsAt(client, uri, 3)).find(({ title }) => title.startsWith("Silence"));
    expect(silence?.edit?.documentChanges).toMatchObject([
      { edits: [{ snippet: { kind: "snippet", value: expect.stringContaining("-- ${1:reason}\n") } }] },
    ]);
  });

  test("fix all of a kind, and all that is safe", async () => {
    const text = NULL_CHECK + NULL_CHECK.replace("int f(", "int g(").replace("#include <sys/mman.h>\n", "");
    const { client, uri, diagnostics } = await withFile(text);
    expect(diagnostics).toHaveLength(2);
    const fixed = text.replaceAll("p == NULL", "p == MAP_FAILED");
    const all = (await actionsAt(client, uri, 3)).find(
      ({ title }) => title === "Fix all 2 of null-check in this file",
    );
    expect(edited(text, all)).toBe(fixed);
    const source = await actionsAt(client, uri, 0, ["source.fixAll"]);
    expect(source).toMatchObject([{ kind: "source.fixAll.mmaplint" }]);
    expect(edited(text, source[0])).toBe(fixed);
    expect(await actionsAt(client, uri, 3, ["refactor"])).toEqual([]);
  });

  test("open the rule's reproducer, by the client or by the server", async () => {
    const { client, uri } = await withFile(NULL_CHECK, { window: { showDocument: { support: true } } });
    const shown: string[] = [];
    client.connection.onRequest(ShowDocumentRequest.type, (asked) => {
      shown.push(asked.uri);
      return { success: true };
    });
    const action = (await actionsAt(client, uri, 3)).find(({ command }) => command !== undefined);
    expect(action?.command).toMatchObject({ command: "mmaplint.openReproducer", arguments: ["null-check"] });
    await client.connection.sendRequest(
      ExecuteCommandRequest.type,
      sole([action?.command].filter((c) => c !== undefined)),
    );
    expect(shown).toEqual([expect.stringMatching(/^file:.*\/reproducers\/null-check\.c$/)]);
    for (const rule of ["../cli", "no-such-rule", 7])
      await expect(
        client.connection.sendRequest(ExecuteCommandRequest.type, {
          command: "mmaplint.openReproducer",
          arguments: [rule],
        }),
      ).rejects.toThrow("there is no reproducer");
  });

  test("remove a suppression that silences nothing", async () => {
    const text = `// mmaplint-disable-next-line null-check -- gone\n${CLEAN}`;
    const { client, uri } = await withFile(text);
    const actions = await actionsAt(client, uri, 0);
    expect(actions.map(({ kind }) => kind)).toEqual(["quickfix", "source.fixAll.mmaplint"]);
    expect(edited(text, actions[0])).toBe(CLEAN);
  });
});

describe("inlay hints", () => {
  const asked = async (client: Client, uri: string) => {
    const range = { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } };
    const hints = await client.connection.sendRequest(InlayHintRequest.type, {
      textDocument: { uri },
      range,
    });
    return (hints ?? []).map(
      ({ position, label }) => `${position.line}:${position.character} ${String(label)}`,
    );
  };

  test("are off until they are asked for", async () => {
    const { client, uri } = await withFile(HOVERED);
    expect(await asked(client, uri)).toEqual([]);
    await client.connection.sendNotification(DidChangeConfigurationNotification.type, {
      settings: { mmaplint: { inlayHints: { pageAlignment: true } } },
    });
    expect(await asked(client, uri)).toEqual(["4:67 4 KiB page", "8:19 no page", "9:19 page", "10:17 page"]);
  });
});

describe("configuration", () => {
  const changed = (client: Client, file: string, type: FileChangeType): Promise<void> =>
    client.connection.sendNotification(DidChangeWatchedFilesNotification.type, {
      changes: [{ uri: uriOf(file), type }],
    });

  test("files are watched, and read again when they change", async () => {
    const { client, root } = await withFile(NULL_CHECK, WATCHES);
    expect(client.asked.registered).toContain("workspace/didChangeWatchedFiles");
    const config = path.join(root, "mmaplint.config.json");
    const off = client.next(() => true);
    writeFileSync(config, `{ "rules": { "null-check": "off" } }`);
    await changed(client, config, FileChangeType.Created);
    expect((await off).diagnostics).toEqual([]);
    const on = client.next(() => true);
    rmSync(config);
    await changed(client, config, FileChangeType.Deleted);
    expect(codes((await on).diagnostics)).toEqual(["null-check"]);
    const note = client.next(() => true);
    const manifest = path.join(root, "package.json");
    writeFileSync(manifest, `{ "mmaplint": { "rules": { "null-check": "note" } } }`);
    await changed(client, manifest, FileChangeType.Created);
    expect((await note).diagnostics).toMatchObject([{ code: "null-check", severity: 3 }]);
  });

  test("that is not valid is spoken of once, and the last valid one holds", async () => {
    const { client, root } = await withFile(NULL_CHECK, WATCHES);
    const config = path.join(root, "mmaplint.config.json");
    const note = client.next(() => true);
    writeFileSync(config, `{ "rules": { "null-check": "note" } }`);
    await changed(client, config, FileChangeType.Created);
    expect((await note).diagnostics).toMatchObject([{ severity: 3 }]);
    for (let round = 0; round < 2; round++) {
      writeFileSync(config, `{ "rules": { "nul-check": "note" } }`);
      await changed(client, config, FileChangeType.Changed);
      const uri = uriOf(path.join(root, "a.c"));
      const again = client.next(({ version }) => version === round + 2);
      await client.change(uri, round + 2, [{ text: `${NULL_CHECK}\n` }]);
      expect((await again).diagnostics).toMatchObject([{ severity: 3 }]);
    }
    expect(client.asked.messages).toEqual([
      `mmaplint: mmaplint.config.json: rules: there is no rule "nul-check"; did you mean "null-check"?`,
    ]);
  });

  test("settings hold where there is no configuration file", async () => {
    const bare = project({ "a.c": NULL_CHECK });
    const own = project({ "a.c": NULL_CHECK, "mmaplint.config.json": "{}" });
    const client = await started({
      folders: [bare, own],
      initializationOptions: { ...QUICK, rules: { "null-check": "note" } },
    });
    const first = uriOf(path.join(bare, "a.c"));
    const second = uriOf(path.join(own, "a.c"));
    expect((await opened(client, first, NULL_CHECK)).diagnostics).toMatchObject([{ severity: 3 }]);
    expect((await opened(client, second, NULL_CHECK)).diagnostics).toMatchObject([{ severity: 1 }]);
  });

  test("settings are asked for, folder by folder, when they have changed", async () => {
    const strict = project({ "a.c": NULL_CHECK });
    const lax = project({ "a.c": NULL_CHECK });
    let severity = "warning";
    const client = await started({
      folders: [strict, lax],
      capabilities: {
        workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: true } },
      },
      settings: (scope) => (scope === uriOf(lax) ? { rules: { "null-check": severity } } : {}),
    });
    const uri = uriOf(path.join(lax, "a.c"));
    const first = client.next((one) => one.diagnostics[0]?.severity === 2);
    await client.open(uri, NULL_CHECK);
    await first;
    expect(codes((await opened(client, uriOf(path.join(strict, "a.c")), NULL_CHECK)).diagnostics)).toEqual([
      "null-check",
    ]);
    severity = "off";
    const off = client.next((one) => one.uri === uri);
    await client.connection.sendNotification(DidChangeConfigurationNotification.type, { settings: null });
    expect((await off).diagnostics).toEqual([]);
    expect(client.asked.registered).toEqual(["workspace/didChangeConfiguration"]);
  });
});

test("what a build says of a file counts where the settings name the build", async () => {
  const text = `#include <sys/mman.h>
void f(void *p) { mmap(p, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }
`;
  const database = (size: number): string =>
    JSON.stringify([{ directory: "..", file: "a.c", arguments: ["cc", `-DSIZE=${size}`, "-c", "a.c"] }]);
  const root = project({ "a.c": text, "out/compile_commands.json": database(0) });
  const file = path.join(root, "out/compile_commands.json");
  let build: unknown = "out";
  const client = await started({
    folders: [root],
    capabilities: { workspace: { configuration: true, ...WATCHES.workspace } },
    settings: () => ({ build }),
  });
  const uri = uriOf(path.join(root, "a.c"));
  const zero = client.next(({ diagnostics }) => codes(diagnostics).includes("zero-length"));
  await client.open(uri, text);
  await zero;
  const typed = client.next(({ version }) => version === 2);
  await client.change(uri, 2, [{ text: `${text}\n` }]);
  expect(codes((await typed).diagnostics)).toContain("zero-length");
  const gone = client.next(({ diagnostics }) => !codes(diagnostics).includes("zero-length"));
  writeFileSync(file, database(65536));
  await client.connection.sendNotification(DidChangeWatchedFilesNotification.type, {
    changes: [{ uri: uriOf(file), type: FileChangeType.Changed }],
  });
  await gone;
  expect(client.asked.messages).toEqual([]);
  for (build of ["..", "nowhere"]) {
    await client.connection.sendNotification(DidChangeConfigurationNotification.type, { settings: null });
    await expect
      .poll(() => client.asked.messages.at(-1))
      .toContain(`the setting build, "${String(build)}": `);
  }
  expect(client.asked.messages[0]).toContain("is not in the folder");
  expect(client.asked.messages[1]).toContain("nowhere cannot be read: there is no such file");
});

describe("folders", () => {
  test("each is a program of its own, and they come and go", async () => {
    const one = project({ "user.c": USER_C });
    const two = project({ "wrapper.c": WRAPPER_C, "map.h": "void *map_or_null(unsigned long n);\n" });
    const client = await started({ folders: [one], capabilities: { workspace: { workspaceFolders: true } } });
    const user = uriOf(path.join(one, "user.c"));
    const wrapper = uriOf(path.join(two, "wrapper.c"));
    expect((await opened(client, user, USER_C)).diagnostics).toEqual([]);
    expect((await opened(client, wrapper, `${WRAPPER_C}${NULL_CHECK}`)).diagnostics).toMatchObject([
      { severity: 1 },
    ]);
    writeFileSync(path.join(two, "mmaplint.config.json"), `{ "rules": { "null-check": "note" } }`);
    const added = client.next((published) => published.uri === wrapper);
    await client.connection.sendNotification(DidChangeWorkspaceFoldersNotification.type, {
      event: { added: [{ uri: uriOf(two), name: "two" }], removed: [] },
    });
    expect((await added).diagnostics).toMatchObject([{ severity: 3 }]);
  });

  test("a file belongs to the innermost one", async () => {
    const root = project({
      "inner/a.c": NULL_CHECK,
      "inner/mmaplint.config.json": `{ "rules": { "null-check": "note" } }`,
    });
    const client = await started({ folders: [root, path.join(root, "inner")] });
    const { diagnostics } = await opened(client, uriOf(path.join(root, "inner/a.c")), NULL_CHECK);
    expect(diagnostics).toMatchObject([{ severity: 3 }]);
  });
});

describe("files on disk", () => {
  test("of a client that does not watch them are read again when a document is saved", async () => {
    const root = project({ "wrapper.c": WRAPPER_C, "user.c": USER_C, "map.h": MAP_H });
    const client = await started({ folders: [root] });
    const user = uriOf(path.join(root, "user.c"));
    expect((await opened(client, user, USER_C)).diagnostics).toEqual([]);
    writeFileSync(path.join(root, "wrapper.c"), CARELESS_C);
    const saved = client.next(({ uri }) => uri === user);
    await client.connection.sendNotification(DidSaveTextDocumentNotification.type, {
      textDocument: { uri: user },
    });
    expect(codes((await saved).diagnostics)).toEqual(["null-check"]);
  });

  test("that appear and disappear count", async () => {
    const root = project({ "user.c": USER_C, "map.h": MAP_H });
    const client = await started({ folders: [root], capabilities: WATCHES });
    const user = uriOf(path.join(root, "user.c"));
    const wrapper = path.join(root, "wrapper.c");
    expect((await opened(client, user, USER_C)).diagnostics).toEqual([]);
    for (const [type, expected] of [
      [FileChangeType.Created, ["null-check"]],
      [FileChangeType.Deleted, []],
    ] as const) {
      if (type === FileChangeType.Created) writeFileSync(wrapper, CARELESS_C);
      else rmSync(wrapper);
      const next = client.next(({ uri }) => uri === user);
      await client.connection.sendNotification(DidChangeWatchedFilesNotification.type, {
        changes: [{ uri: uriOf(wrapper), type }],
      });
      expect(codes((await next).diagnostics)).toEqual(expected);
    }
  });

  test("that are ignored are not linted, also when they are open", async () => {
    const root = project({
      "gen/a.c": NULL_CHECK,
      "b.c": NULL_CHECK,
      "mmaplint.config.json": `{ "ignore": ["gen/"] }`,
    });
    const client = await started({ folders: [root] });
    expect((await opened(client, uriOf(path.join(root, "gen/a.c")), NULL_CHECK)).diagnostics).toEqual([]);
    expect((await opened(client, uriOf(path.join(root, "b.c")), NULL_CHECK)).diagnostics).toHaveLength(1);
  });
});

describe("what is hostile or broken", () => {
  test.each([
    ["half a function", `${NULL_CHECK}int g(void) { char *p = mmap(0,`],
    ["nothing but brackets", `${"(".repeat(100_000)}mmap`],
    ["a million blocks", `void f(void) { mmap(0,1,1,1,1,1); ${"{".repeat(100_000)}`],
    ["NUL bytes", `\0\0mmap(`],
    ["half a surrogate pair", `/* \ud83d */ mmap( \udc00`],
    ["a single line of a megabyte", `int mmap_${"x".repeat(1_000_000)};`],
    ["endless conditionals", `${"#if mmap\n".repeat(20_000)}`],
  ])("%s costs no other document anything", async (_name, text) => {
    const { client, root } = await withFile(CLEAN);
    await opened(client, uriOf(path.join(root, "broken.c")), text);
    const { diagnostics } = await opened(client, uriOf(path.join(root, "b.c")), NULL_CHECK);
    expect(codes(diagnostics)).toEqual(["null-check"]);
    expect(await client.stop()).toBe(0);
  });

  test("messages that make no sense are survived", async () => {
    const { client, uri, root } = await withFile(CLEAN);
    const far = { line: 4_000_000_000, character: 4_000_000_000 };
    await client.change("file:///never/opened.c", 7, [{ text: "x" }]);
    await client.change(uri, 2, [{ range: { start: far, end: { line: 0, character: 0 } }, text: "x" }]);
    await client.close("file:///never/opened.c");
    await client.connection.sendNotification(DidChangeConfigurationNotification.type, {
      settings: { mmaplint: { rules: 7, preset: ["x"], debounce: "x" } },
    });
    await expect(hoverAt(client, uri, far)).resolves.toBeUndefined();
    await expect(hoverAt(client, "http://example.org/%00.c", far)).resolves.toBeUndefined();
    const { diagnostics } = await opened(client, uriOf(path.join(root, "b.c")), NULL_CHECK);
    expect(codes(diagnostics)).toEqual(["null-check"]);
  });

  test("nothing of a workspace is executed, and no link is followed out of it", async () => {
    const outside = project({ "secret.h": "#define SIZE 0\n" });
    const root = project({
      "mmaplint.config.js": `require("fs").writeFileSync(${JSON.stringify(path.join(outside, "executed"))}, "")`,
      "package.json": `{ "main": "mmaplint.config.js" }`,
    });
    const { symlinkSync, existsSync } = await import("node:fs");
    symlinkSync(path.join(outside, "secret.h"), path.join(root, "size.h"));
    mkdirSync(path.join(root, "node_modules"));
    const text = `#include <sys/mman.h>\n#include "size.h"\nvoid f(void *p) { mmap(p, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }\n`;
    const client = await started({ folders: [root] });
    const { diagnostics } = await opened(client, uriOf(path.join(root, "a.c")), text);
    expect(codes(diagnostics)).not.toContain("zero-length");
    expect(existsSync(path.join(outside, "executed"))).toBe(false);
  });
});
