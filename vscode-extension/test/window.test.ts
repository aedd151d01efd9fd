/** What a user sees and does in the window of VS Code, with the packaged extension installed. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { PROGRAM } from "../scripts/paths.js";
import { MENDED, NULL_CHECK } from "./support/programs.js";
import { startVsCode, type VsCode } from "./support/vscode.js";
import {
  command,
  insist,
  opened,
  PATIENCE,
  picture,
  pictureOfDocs,
  SHORTLY,
  textOf,
} from "./support/window.js";
import { folderWith, remove } from "./support/workspace.js";

let code: VsCode;

beforeAll(async () => {
  code = await startVsCode();
});
afterAll(() => code.stop());

test("a finding is seen, understood, mended and gone", async () => {
  const folder = folderWith({ "fill.c": NULL_CHECK });
  onTestFinished(() => remove(folder));
  const page = await opened(code, { folder, file: "fill.c", line: 4, column: 7 });
  const squiggles = page.locator(".squiggly-error");
  const problems = page.locator(".markers-panel");
  const tested = page.locator(".view-line", { hasText: "bytes == NULL" }).getByText("bytes").first();

  await expect.poll(() => squiggles.count(), PATIENCE).toBeGreaterThan(0);
  await expect.poll(() => textOf(page.locator(".statusbar-item")), PATIENCE).toContain("mmaplint 1");

  await command(page, "Problems: Focus on Problems View");
  await expect.poll(() => textOf(problems), PATIENCE).toContain("tested against NULL");
  expect(await textOf(problems)).toContain("null-check");

  await insist(async () => {
    await page.mouse.move(20, 300);
    await tested.hover();
    await page.locator(".monaco-hover", { hasText: "tested against NULL" }).waitFor(SHORTLY);
  });

  await tested.click();
  await insist(async () => {
    await page.keyboard.press("Control+.");
    await page.locator(".action-widget .focused", { hasText: "MAP_FAILED" }).waitFor(SHORTLY);
  });
  await page.keyboard.press("Enter");
  await expect.poll(() => textOf(page.locator(".view-lines")), PATIENCE).toContain("bytes == MAP_FAILED");
  await page.keyboard.press("Control+s");
  await expect.poll(() => readFileSync(path.join(folder, "fill.c"), "utf8"), PATIENCE).toBe(MENDED);
  await expect.poll(() => squiggles.count(), PATIENCE).toBe(0);
  await expect.poll(() => textOf(problems), PATIENCE).toContain("No problems");
});

test("a rule's reproducer runs in a terminal, once the user has confirmed", async () => {
  const folder = folderWith({ "fill.c": NULL_CHECK });
  onTestFinished(() => remove(folder));
  const page = await opened(code, { folder, file: "fill.c", line: 4, column: 7 });
  await page.locator(".squiggly-error").first().waitFor();
  const dialog = page.locator(".monaco-dialog-box");
  const terminal = page.locator(".xterm-rows");
  const begin = async (): Promise<void> => {
    await command(page, "mmaplint: Run a Rule's Reproducer in a Terminal");
    // The rule of the finding at the cursor is the first one.
    await page.locator(".quick-input-list .focused", { hasText: "at the cursor" }).waitFor();
    await page.keyboard.press("Enter");
    await dialog.waitFor();
  };

  await begin();
  expect(await textOf(dialog)).toContain("Compile and run the reproducer of null-check?");
  await dialog.getByText("Cancel").click();
  await dialog.waitFor({ state: "hidden" });
  expect(await terminal.count()).toBe(0);

  await begin();
  await dialog.getByText("Run", { exact: true }).click();
  await expect.poll(() => textOf(terminal), PATIENCE).toContain("1 rule: 1 shown");
  expect(await textOf(terminal)).toContain("The test against MAP_FAILED notices: Cannot allocate memory");
  await picture(page, "vscode-reproducer");
});

test("a small program of the usual kind, with the usual mistakes, as the documentation shows it", async () => {
  const folder = folderWith({
    "table/table.c": readFileSync(path.join(PROGRAM, "examples/table.c"), "utf8"),
  });
  onTestFinished(() => remove(folder));
  const page = await opened(code, {
    folder: path.join(folder, "table"),
    file: "table.c",
    line: 78,
    column: 5,
  });
  await command(page, "View: Toggle Primary Side Bar Visibility");
  await command(page, "Problems: Focus on Problems View");
  const problems = page.locator(".markers-panel");
  await expect.poll(() => textOf(problems), PATIENCE).toContain("'header' is written after it was unmapped");
  await insist(async () => {
    await page.mouse.move(20, 300);
    await page.locator(".view-line", { hasText: "header->count = 1" }).getByText("header").first().hover();
    await page.locator(".monaco-hover", { hasText: "after it was unmapped" }).waitFor(SHORTLY);
  });
  await pictureOfDocs(page, "vscode-finding");

  await page.mouse.move(20, 300);
  await page.locator(".view-line", { hasText: "header->count = 1" }).getByText("header").first().click();
  await command(page, "View: Toggle Panel Visibility");
  await command(page, "mmaplint: Explain Rule");
  await page.locator(".quick-input-list .focused", { hasText: "at the cursor" }).waitFor();
  await page.keyboard.press("Enter");
  const preview = page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
  await preview.getByRole("heading", { name: "Why it matters" }).waitFor();
  expect(await textOf(preview.locator("h1"))).toBe("use-after-unmap");
  await pictureOfDocs(page, "vscode-rule");
});
