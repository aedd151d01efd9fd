/** The language server in a folder that takes a while to look at: what is said meanwhile, and that nobody waits for it. */
import * as path from "node:path";
import {
  CancellationTokenSource,
  type ClientCapabilities,
  DidChangeTextDocumentNotification,
  DocumentDiagnosticRequest,
  HoverRequest,
  LSPErrorCodes,
  WorkspaceDiagnosticRequest,
} from "vscode-languageserver-protocol/node";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { benchSource } from "../bench/source.js";
import { initParser } from "../src/syntax/index.js";
import { project } from "./cli.js";
import { Client, uriOf } from "./lsp-client.js";

/** One finding that the file shows alone, and one that depends on the file with careless(). */
const USER_C = `#include <sys/mman.h>
void *careless(unsigned long n);
int own(unsigned long n) {
  char *p = mmap(0, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == 0)
    return -1;
  return munmap(p, n);
}
int other(void) {
  char *q = careless(65536);
  if (q == 0)
    return -1;
  return munmap(q, 65536);
}
`;
const CARELESS_C = `#include <sys/mman.h>
void *careless(unsigned long n) { return mmap(0, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }
`;

let large = "";
beforeAll(async () => {
  await initParser();
  large = benchSource(3000).text;
});

/** A client with `user.c` open in a folder of many files. */
async function inLargeFolder(capabilities: ClientCapabilities): Promise<{ client: Client; uri: string }> {
  const files: Record<string, string> = { "user.c": USER_C, "careless.c": CARELESS_C };
  for (let i = 0; i < 100; i++) files[`small/${i}.c`] = "int f(void);\n";
  for (let i = 0; i < 8; i++) files[`large/${i}.c`] = large;
  const root = project(files);
  const client = await Client.start({
    folders: [root],
    capabilities,
    initializationOptions: { debounce: 5 },
  });
  onTestFinished(() => {
    client.process.kill();
  });
  const uri = uriOf(path.join(root, "user.c"));
  await client.open(uri, USER_C);
  return { client, uri };
}

const MAPPING = { line: 6, character: 16 };

test("a document's own findings come first, those that need the other files later", async () => {
  const { client } = await inLargeFolder({});
  await client.next(({ diagnostics }) => diagnostics.length === 2);
  expect(client.published.map(({ diagnostics }) => diagnostics.map(({ range }) => range.start.line))).toEqual(
    [[4], [4, 10]],
  );
});

test("meanwhile questions are answered, edits too, and what waits for all files can be cancelled", async () => {
  const { client, uri } = await inLargeFolder({});
  const ended: string[] = [];
  const cancelling = new CancellationTokenSource();
  const all = client.connection.sendRequest(
    WorkspaceDiagnosticRequest.type,
    { previousResultIds: [] },
    cancelling.token,
  );
  all.then(
    () => ended.push("all"),
    () => ended.push("cancelled"),
  );
  const hover = await client.connection.sendRequest(HoverRequest.type, {
    textDocument: { uri },
    position: MAPPING,
  });
  expect(JSON.stringify(hover)).toContain("**Mapping**");
  const mended = client.next(({ version }) => version === 2);
  await client.connection.sendNotification(DidChangeTextDocumentNotification.type, {
    textDocument: { uri, version: 2 },
    contentChanges: [{ text: USER_C.replace("p == 0", "p == MAP_FAILED") }],
  });
  expect((await mended).diagnostics).toEqual([]);
  expect(ended).toEqual([]);
  cancelling.cancel();
  await expect(all).rejects.toMatchObject({ code: LSPErrorCodes.RequestCancelled });
  const whole = await client.next(({ version, diagnostics }) => version === 2 && diagnostics.length > 0);
  expect(whole.diagnostics.map(({ range }) => range.start.line)).toEqual([10]);
});

test("a client that asks is told to ask again, or is told the whole at once", async () => {
  const asks = { textDocument: { diagnostic: {} } };
  const lines = async (client: Client, uri: string): Promise<readonly number[]> => {
    const report = await client.connection.sendRequest(DocumentDiagnosticRequest.type, {
      textDocument: { uri },
    });
    return report.kind === "full" ? report.items.map(({ range }) => range.start.line) : [];
  };
  const again = await inLargeFolder({ ...asks, workspace: { diagnostics: { refreshSupport: true } } });
  expect(await lines(again.client, again.uri)).toEqual([4]);
  const { refreshes } = again.client.asked;
  const before = refreshes.length;
  await expect.poll(() => refreshes.length, { timeout: 30_000 }).toBeGreaterThan(before);
  expect(await lines(again.client, again.uri)).toEqual([4, 10]);
  const once = await inLargeFolder(asks);
  expect(await lines(once.client, once.uri)).toEqual([4, 10]);
});
