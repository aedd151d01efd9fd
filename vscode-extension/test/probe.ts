import { startVsCode } from "./support/vscode.js";
import { cpSync, mkdirSync } from "node:fs";
const code = await startVsCode({ "remote.extensionKind": { "mmaplint.mmaplint": ["web"] } });
mkdirSync("/tmp/probe-ws", { recursive: true });
cpSync("/work/main/examples/table.c", "/tmp/probe-ws/table.c");
const page = await code.browser.newPage({ viewport: { width: 1280, height: 800 } });
page.on("console", (m) => console.log("console:", m.text().slice(0, 400)));
try {
  await code.open(page, "/tmp/probe-ws", {
    gotoLineMode: "true",
    openFile: code.uriOf("/tmp/probe-ws/table.c") + ":37:7",
  });
  await page.waitForSelector(".squiggly-error", { timeout: 20000 });
  console.log("OK");
} catch (e) {
  console.log(String(e).slice(0, 500));
}
await page.keyboard.press("F1");
await page.keyboard.type("mmaplint: Show Output");
await page.waitForTimeout(1500);
await page.keyboard.press("Enter");
await page.waitForTimeout(2000);
await page.screenshot({ path: "/tmp/probe.png" });
await code.stop();
