/** What a user sees and does in the window of VS Code, with the packaged extension installed. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { PROGRAM } from "../scripts/paths.js";
import { MENDED, NULL_CHECK } from "./support/programs.js";
import { startVsCode, type VsCode } from "./support/vscode.js";
import { folderWith, remove } from "./support/workspace.js";

/** Milliseconds that an editor may take for an answer. */
const PATIENCE = { timeout: 20_000 };
/** For one attempt of several. */
const SHORTLY = { timeout: 3_000 };

let code: VsCode;

beforeAll(async () => {
  code = await startVsCode();
});
afterAll(() => code.stop());

/** Opens a window on a file of a folder, with the cursor in it. */
async function opened(folder: string, file: string, line: number, column: number): Promise<Page> {
  const page = await code.browser.newPage({ viewport: { width: 1100, height: 720 } });
  page.setDefaultTimeout(PATIENCE.timeout);
  onTestFinished(async ({ task }) => {
    if (task.result?.state === "fail") await page.screenshot({ path: path.join(PICTURES, "failed.png") });
    await page.close();
  });
  await code.open(page, folder, {
    gotoLineMode: "true",
    openFile: `${code.uriOf(path.join(folder, file))}:${line}:${column}`,
  });
  return page;
}

/** Where what is to be seen is saved: for the documentation when UPDATE=1, else only to be looked at. */
const PICTURES = path.join(
  PROGRAM,
  process.env["UPDATE"] === "1" ? "docs/images" : "vscode-extension/test/pictures",
);

async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
}

async function textOf(found: Locator): Promise<string> {
  return (await found.allInnerTexts()).join("\n").replaceAll("\u00a0", " ");
}

/** Does something again and again until it is done without an error. */
async function insist(attempt: () => Promise<void>): Promise<void> {
  await expect.poll(() => attempt().then(() => "done", String), PATIENCE).toBe("done");
}

/** Runs a command by its title, as from the keyboard. */
async function command(page: Page, title: string): Promise<void> {
  await insist(async () => {
    await page.keyboard.press("F1");
    await page.keyboard.type(title);
    await page.locator(".quick-input-list .monaco-list-row.focused", { hasText: title }).waitFor(SHORTLY);
  });
  await page.keyboard.press("Enter");
}

test("a finding is seen, understood, mended and gone", async () => {
  const folder = folderWith({ "fill.c": NULL_CHECK });
  onTestFinished(() => remove(folder));
  const page = await opened(folder, "fill.c", 4, 7);
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
  const page = await opened(folder, "fill.c", 4, 7);
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
  await expect
    .poll(() => textOf(terminal), PATIENCE)
    .toMatch(/that is MAP_FAILED[^]*\[SIGSEGV\][^]*\[exit 0\]/);
  await picture(page, "vscode-reproducer");
});

test("a small program of the usual kind, with the usual mistakes, as the documentation shows it", async () => {
  const folder = folderWith({
    "table/table.c": readFileSync(path.join(PROGRAM, "examples/table.c"), "utf8"),
  });
  onTestFinished(() => remove(folder));
  const page = await opened(path.join(folder, "table"), "table.c", 78, 5);
  await command(page, "View: Toggle Primary Side Bar Visibility");
  await command(page, "Problems: Focus on Problems View");
  const problems = page.locator(".markers-panel");
  await expect.poll(() => textOf(problems), PATIENCE).toContain("'header' is written after it was unmapped");
  await insist(async () => {
    await page.mouse.move(20, 300);
    await page.locator(".view-line", { hasText: "header->count = 1" }).getByText("header").first().hover();
    await page.locator(".monaco-hover", { hasText: "after it was unmapped" }).waitFor(SHORTLY);
  });
  await picture(page, "vscode-finding");

  await page.mouse.move(20, 300);
  await page.locator(".view-line", { hasText: "header->count = 1" }).getByText("header").first().click();
  await command(page, "View: Toggle Panel Visibility");
  await command(page, "mmaplint: Explain Rule");
  await page.locator(".quick-input-list .focused", { hasText: "at the cursor" }).waitFor();
  await page.keyboard.press("Enter");
  const preview = page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
  await preview.getByRole("heading", { name: "Why it matters" }).waitFor();
  expect(await textOf(preview.locator("h1"))).toBe("use-after-unmap");
  await picture(page, "vscode-rule");
});
