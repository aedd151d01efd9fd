/** Other clients of the language server, each with the block that docs/editors.md offers for it. */
import { spawn } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { EXTENSION, PROGRAM } from "../scripts/paths.js";
import { MENDED, NULL_CHECK } from "./support/programs.js";
import { folderWith, remove } from "./support/workspace.js";

const SERVER = path.join(EXTENSION, "dist/server/dist/cli.js");

/** The block of docs/editors.md that is marked as tried with this editor. */
function blockFor(editor: string): string {
  const page = readFileSync(path.join(PROGRAM, "docs/editors.md"), "utf8");
  const block = new RegExp(`<!-- tried: ${editor} -->\\n\\n\`\`\`\\w+\\n([^]*?)\`\`\``).exec(page);
  if (block?.[1] === undefined) throw new Error(`docs/editors.md has no block that is tried with ${editor}`);
  return block[1];
}

interface Seen {
  /** What the editor has printed, read as JSON. */
  readonly report: Readonly<Record<string, unknown>>;
  /** The file as the editor has saved it. */
  readonly saved: string;
}

/** Starts an editor on a program with a mistake, with `mmaplint` on the path as users have it. */
async function mend(editor: string, program: string, args: readonly string[]): Promise<Seen> {
  const folder = folderWith({
    "config.txt": blockFor(editor),
    "bin/mmaplint": `#!/bin/sh\nexec "${process.execPath}" "${SERVER}" "$@"\n`,
    "src/fill.c": NULL_CHECK,
    "home/.keep": "",
  });
  onTestFinished(() => remove(folder));
  chmodSync(path.join(folder, "bin/mmaplint"), 0o755);
  const file = path.join(folder, "src/fill.c");
  const child = spawn(program, args, {
    cwd: path.join(folder, "src"),
    env: {
      ...process.env,
      PATH: `${path.join(folder, "bin")}:${process.env["PATH"]}`,
      HOME: path.join(folder, "home"),
      MMAPLINT_CONFIG: path.join(folder, "config.txt"),
      MMAPLINT_FILE: file,
    },
    timeout: 60_000,
  });
  const [output, errors]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (part: Buffer) => output.push(part));
  child.stderr.on("data", (part: Buffer) => errors.push(part));
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  const said = Buffer.concat(output).toString();
  if (code !== 0)
    throw new Error(`${program} failed with ${String(code)}:\n${said}\n${Buffer.concat(errors).toString()}`);
  return { report: JSON.parse(said), saved: readFileSync(file, "utf8") };
}

const clients = (name: string): string => path.join(EXTENSION, "test/clients", name);

test("Neovim shows a finding, tells of the mapping, and makes the fix", async () => {
  const { report, saved } = await mend("neovim", "nvim", [
    "--headless",
    "--clean",
    "-S",
    clients("neovim.lua"),
  ]);
  expect(report).toMatchObject({
    line: 4,
    severity: 1,
    text: expect.stringContaining("tested against NULL"),
  });
  expect(report["hover"]).toMatch(/mapp/);
  expect(report["action"]).toContain("MAP_FAILED");
  expect(saved).toBe(MENDED);
});

test("Emacs shows a finding with Eglot, and makes the fix", async () => {
  const { report, saved } = await mend("emacs", "emacs", ["--batch", "--load", clients("eglot.el")]);
  expect(report).toMatchObject({ line: 4, text: expect.stringContaining("tested against NULL") });
  expect(report["action"]).toContain("MAP_FAILED");
  expect(saved).toBe(MENDED);
});
