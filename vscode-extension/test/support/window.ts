/** Using a window of VS Code as a person does: by keys, by the mouse, and by what is to be seen. */
import * as path from "node:path";
import type { Locator, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { PROGRAM } from "../../scripts/paths.js";
import type { VsCode } from "./vscode.js";

/** Milliseconds that an editor may take for an answer. */
export const PATIENCE = { timeout: 20_000 };
/** For one attempt of several. */
export const SHORTLY = { timeout: 3_000 };

const PICTURES = path.join(PROGRAM, "vscode-extension/test/pictures");

/** Saves what is to be seen, for whoever wants to look at it. */
export async function picture(page: Page, name: string, folder = PICTURES): Promise<void> {
  await page.screenshot({ path: path.join(folder, `${name}.png`) });
}

/** The same for a picture of the documentation, which is kept when UPDATE=1. */
export function pictureOfDocs(page: Page, name: string): Promise<void> {
  return picture(page, name, process.env["UPDATE"] === "1" ? path.join(PROGRAM, "docs/images") : PICTURES);
}

export interface Place {
  readonly folder: string;
  /** In the folder. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
}

/** Opens a window on a folder, with the cursor in a file; it is closed after the test. */
export async function opened({ browser, uriOf, open }: VsCode, place: Place): Promise<Page> {
  const { folder, file, line, column } = place;
  const page = await browser.newPage({ viewport: { width: 1100, height: 720 } });
  page.setDefaultTimeout(PATIENCE.timeout);
  onTestFinished(async ({ task }) => {
    if (task.result?.state === "fail") await picture(page, "failed");
    await page.close();
  });
  await open(page, folder, {
    gotoLineMode: "true",
    openFile: `${uriOf(path.join(folder, file))}:${line}:${column}`,
  });
  return page;
}

export async function textOf(found: Locator): Promise<string> {
  return (await found.allInnerTexts()).join("\n").replaceAll("\u00a0", " ");
}

/** Does something again and again until it is done without an error. */
export async function insist(attempt: () => Promise<void>): Promise<void> {
  await expect.poll(() => attempt().then(() => "done", String), PATIENCE).toBe("done");
}

/** Runs a command by its title, as from the keyboard. */
export async function command(page: Page, title: string): Promise<void> {
  await insist(async () => {
    await page.keyboard.press("F1");
    await page.locator(".quick-input-widget input[type=text]").fill(`>${title}`, SHORTLY);
    await page.locator(".quick-input-list .monaco-list-row.focused", { hasText: title }).waitFor(SHORTLY);
  });
  await page.keyboard.press("Enter");
}
