/** The extension in a browser: client and server are workers there, and files come through the editor. */
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { MENDED, NULL_CHECK } from "./support/programs.js";
import { startVsCode, type VsCode } from "./support/vscode.js";
import { command, insist, opened, PATIENCE, SHORTLY, textOf } from "./support/window.js";
import { folderWith, remove } from "./support/workspace.js";

/** What is wrong here is only seen by who reads the other file as well: the mapping is unmapped there. */
const ACROSS = {
  "release.h": "void release(char *bytes);\n",
  "release.c":
    '#include <sys/mman.h>\n#include "release.h"\nvoid release(char *bytes) { munmap(bytes, 10); }\n',
  "use.c": `#include <sys/mman.h>
#include "release.h"
int use(int fd) {
  char *bytes = mmap(0, 10, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  if (bytes == MAP_FAILED)
    return -1;
  release(bytes);
  return bytes[0];
}
`,
};

let code: VsCode;

beforeAll(async () => {
  code = await startVsCode({ "remote.extensionKind": { "mmaplint.mmaplint": ["web"] } });
});
afterAll(() => code.stop());

test("a finding is seen and mended, and nothing can be run", async () => {
  const folder = folderWith({ "fill.c": NULL_CHECK });
  onTestFinished(() => remove(folder));
  const page = await opened(code, { folder, file: "fill.c", line: 4, column: 7 });
  const squiggles = page.locator(".squiggly-error");
  await expect.poll(() => squiggles.count(), PATIENCE).toBeGreaterThan(0);

  await command(page, "mmaplint: Run a Rule's Reproducer in a Terminal");
  await page.locator(".quick-input-list .focused", { hasText: "at the cursor" }).waitFor();
  await page.keyboard.press("Enter");
  await command(page, "Notifications: Show Notifications");
  const notifications = page.locator(".notifications-center");
  await expect.poll(() => textOf(notifications), PATIENCE).toContain("no program can be run from a browser");
  await page.keyboard.press("Escape");

  await page.locator(".view-line", { hasText: "bytes == NULL" }).getByText("bytes").first().click();
  await insist(async () => {
    await page.keyboard.press("Control+.");
    await page.locator(".action-widget .focused", { hasText: "MAP_FAILED" }).waitFor(SHORTLY);
  });
  await page.keyboard.press("Enter");
  await expect.poll(() => squiggles.count(), PATIENCE).toBe(0);
  await page.keyboard.press("Control+s");
  await expect.poll(() => readFileSync(path.join(folder, "fill.c"), "utf8"), PATIENCE).toBe(MENDED);
});

test("files that are not open count, and so does a configuration that is written later", async () => {
  const folder = folderWith(ACROSS);
  onTestFinished(() => remove(folder));
  const page = await opened(code, { folder, file: "use.c", line: 8, column: 10 });
  const status = page.locator(".statusbar-item");
  await command(page, "Problems: Focus on Problems View");
  await expect.poll(() => textOf(page.locator(".markers-panel")), PATIENCE).toContain("use-after-unmap");
  await expect.poll(() => textOf(status), PATIENCE).toContain("mmaplint 1");
  const off = JSON.stringify({ rules: { "use-after-unmap": "off" } });
  writeFileSync(path.join(folder, "mmaplint.config.json"), off);
  await expect.poll(() => textOf(page.locator(".markers-panel")), PATIENCE).toContain("No problems");
});

// Only here: a log on the remote side is written by a module of VS Code that would have to be compiled.
test("the output tells the traffic with the server, when it is traced", async () => {
  const folder = folderWith({
    "fill.c": NULL_CHECK,
    ".vscode/settings.json": '{ "mmaplint.trace.server": "messages" }',
  });
  onTestFinished(() => remove(folder));
  const page = await opened(code, { folder, file: "fill.c", line: 4, column: 7 });
  await page.locator(".squiggly-error").first().waitFor();
  await command(page, "mmaplint: Show Output");
  await expect
    .poll(() => textOf(page.locator(".output-view")), PATIENCE)
    .toContain("Received response 'workspace/diagnostic");
});
