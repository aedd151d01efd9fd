/** The tests of test/in-host, run where extensions run: in a folder that is trusted, and in one that is not. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { build } from "esbuild";
import { beforeAll, describe, expect, test } from "vitest";
import { EXTENSION } from "../scripts/paths.js";
import { MARK, type Result } from "./in-host/results.js";
import { startVsCode } from "./support/vscode.js";
import { folderWith, remove } from "./support/workspace.js";

/** A bundled file of test/in-host, beside the manifest that an extension under development needs. */
async function bundled(name: string): Promise<string> {
  const folder = folderWith({
    "package.json": JSON.stringify({
      name: "tests",
      publisher: "mmaplint",
      version: "0.0.0",
      engines: { vscode: "*" },
    }),
  });
  await build({
    entryPoints: [path.join(EXTENSION, `test/in-host/${name}.ts`)],
    outfile: path.join(folder, "tests.cjs"),
    bundle: true,
    platform: "node",
    format: "cjs",
    external: ["vscode"],
    logLevel: "warning",
  });
  return folder;
}

/** Milliseconds after which what has been told until then is taken. */
const DEADLINE = 240_000;

/** The names of the tests in a file, so that each counts as a test out here, and none can go missing. */
function namesIn(name: string): readonly string[] {
  const text = readFileSync(path.join(EXTENSION, `test/in-host/${name}.ts`), "utf8");
  return [...text.matchAll(/^ {2}"([^"]+)": async/gm)].map((match) => match[1] ?? "");
}

interface Outcome {
  readonly results: ReadonlyMap<string, Result>;
  /** Everything that the window has logged. */
  readonly log: string;
}

/** Runs the tests of one file in a window of their own. */
async function runInHost(name: string, settings: Readonly<Record<string, unknown>>): Promise<Outcome> {
  const code = await startVsCode(settings);
  const development = await bundled(name);
  const folder = folderWith({ ".vscode/settings.json": "{}" });
  try {
    const page = await code.browser.newPage({ viewport: { width: 1100, height: 720 } });
    const log: string[] = [];
    page.on("console", (message) => log.push(message.text()));
    const exit = new Promise<void>((resolve) => {
      void page.exposeFunction("codeAutomationExit", () => resolve());
    });
    await page.exposeFunction("codeAutomationLog", (_kind: string, args: unknown[]) =>
      log.push(args.join(" ")),
    );
    await code.open(page, folder, {
      extensionDevelopmentPath: code.uriOf(development),
      extensionTestsPath: code.uriOf(path.join(development, "tests.cjs")),
    });
    await Promise.race([exit, setTimeout(DEADLINE, undefined, { ref: false })]);
    const results = log
      .filter((line) => line.includes(MARK))
      .map((line): Result => JSON.parse(line.slice(line.indexOf(MARK) + MARK.length)));
    return { results: new Map(results.map((result) => [result.name, result])), log: log.join("\n") };
  } finally {
    await code.stop();
    remove(development);
    remove(folder);
  }
}

describe.each([
  ["trusted", {}],
  [
    "restricted",
    { "security.workspace.trust.enabled": true, "security.workspace.trust.startupPrompt": "never" },
  ],
] as const)("in a folder that is %s:", (name, settings) => {
  let outcome: Outcome;
  beforeAll(async () => {
    outcome = await runInHost(name, settings);
  }, 300_000);

  test.each(namesIn(name))("%s", (title) => {
    const result = outcome.results.get(title);
    if (result === undefined) throw new Error(`the test was not run; the log says:\n${outcome.log}`);
    expect(result.error).toBeUndefined();
  });
});
