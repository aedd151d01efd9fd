/** What a user sees and does in the window of VS Code, with the packaged extension installed. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, onTestFailed, test } from "vitest";
import { PROGRAM } from "../scripts/paths.js";
import { MENDED, NULL_CHECK } from "./support/programs.js";
import { until } from "./support/until.js";
import { startVsCode, type VsCode } from "./support/vscode.js";
import { folderWith, remove } from "./support/workspace.js";

let code: VsCode;

beforeAll(async () => {
  code = await startVsCode();
});
afterAll(() => code.stop());

/** Opens a folder, and in it a file at a line. */
async function opened(folder: string, file: string, line: number): Promise<Page> {
  const page = await code.browser.newPage({ viewport: { width: 1100, height: 720 } });
  page.setDefaultTimeout(60_000);
  onTestFailed(() => picture(page, "failed"));
  await code.open(page, folder, {
    gotoLineMode: "true",
    openFile: `${code.uriOf(path.join(folder, file))}:${line}:7`,
  });
  return page;
}

/** Saves what is to be seen, to be looked at, or as a picture of the documentation. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["UPDATE"] === "1" ? "docs/images" : "vscode-extension/test/pictures";
  await page.screenshot({ path: path.join(PROGRAM, folder, `${name}.png`) });
}

const textOf = (page: Page, selector: string): Promise<string> =>
  page
    .locator(selector)
    .allInnerTexts()
    .then((texts) => texts.join("\n").replaceAll("\u00a0", " "));

/** Runs a command by its title, as from the keyboard. */
async function command(page: Page, title: string): Promise<void> {
  await until(`the palette offers ${title}`, async () => {
    await page.keyboard.press("F1");
    await page.keyboard.type(title);
    const first = page.locator(".quick-input-list .monaco-list-row").first();
    return (await first.innerText({ timeout: 2_000 })).includes(title);
  });
  await page.keyboard.press("Enter");
}

test("a finding is seen, understood, mended and gone", async () => {
  const folder = folderWith({ "fill.c": NULL_CHECK });
  const page = await opened(folder, "fill.c", 4);
  await page.locator(".squiggly-error").first().waitFor();
  await until("the status bar counts it", async () =>
    (await textOf(page, "#mmaplint\\.mmaplint\\.mmaplint, .statusbar-item[id*=mmaplint]")).includes(
      "mmaplint 1",
    ),
  );

  await command(page, "Problems: Focus on Problems View");
  await until("the Problems view lists it", async () => {
    const problems = await textOf(page, ".markers-panel");
    return problems.includes("tested against NULL") && problems.includes("null-check");
  });

  const tested = page.locator(".view-line", { hasText: "bytes == NULL" }).getByText("bytes").first();
  await until("the hover explains it", async () => {
    await page.mouse.move(20, 300);
    await tested.hover();
    await page.locator(".monaco-hover", { hasText: "MAP_FAILED" }).waitFor({ timeout: 3_000 });
    return true;
  });

  await tested.click();
  await until("the quick fix is offered", async () => {
    await page.keyboard.press("Control+.");
    await page.locator(".action-widget").waitFor({ timeout: 2_000 });
    return (await textOf(page, ".action-widget")).includes("MAP_FAILED");
  });
  await page.keyboard.press("Enter");
  await until("the text is edited", async () =>
    (await textOf(page, ".view-lines")).includes("bytes == MAP_FAILED"),
  );
  await page.keyboard.press("Control+s");
  await until("the file is saved", () => readFileSync(path.join(folder, "fill.c"), "utf8") === MENDED);
  await until("the squiggle is gone", async () => (await page.locator(".squiggly-error").count()) === 0);
  await until("the Problems view is empty", async () =>
    (await textOf(page, ".markers-panel")).includes("No problems"),
  );
  await page.close();
  remove(folder);
});
