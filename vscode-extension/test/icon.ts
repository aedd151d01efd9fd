/** Draws media/icon.png from media/icon.svg: `npx tsx vscode-extension/test/icon.ts`. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { EXTENSION } from "../scripts/paths.js";
import { launch } from "./support/browser.js";

const SIZE = 256;

const browser = await launch();
const page = await browser.newPage({ viewport: { width: SIZE, height: SIZE } });
const picture = readFileSync(path.join(EXTENSION, "media/icon.svg"), "utf8");
await page.setContent(`<style>body { margin: 0 } svg { width: ${SIZE}px }</style>${picture}`);
await page.screenshot({ path: path.join(EXTENSION, "media/icon.png"), omitBackground: true });
await browser.close();
