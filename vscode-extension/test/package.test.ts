/** The package as users get it, and the types of what goes into it. */
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import * as path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { EXTENSION, PROGRAM } from "../scripts/paths.js";
import { NULL_CHECK } from "./support/programs.js";
import { folderWith, remove } from "./support/workspace.js";

const DIST = path.join(EXTENSION, "dist");

test("types: tsc", () => {
  const { stdout } = spawnSync(path.join(PROGRAM, "node_modules/.bin/tsc"), ["-p", EXTENSION], {
    encoding: "utf8",
  });
  expect(stdout).toBe("");
});

test("one file that is loaded in a moment, with nothing in it that is built for one machine", () => {
  expect(statSync(path.join(EXTENSION, "mmaplint.vsix")).size).toBeLessThan(1_500_000);
  const files = readdirSync(DIST, { recursive: true, encoding: "utf8" });
  expect(files.filter((file) => /\.(?:node|so|dylib|dll|exe)$/.test(file))).toEqual([]);
});

test("the program in it needs nothing beside it", () => {
  const folder = folderWith({
    "src/fill.c": NULL_CHECK,
    // Checked by the schema, with packages that are loaded on demand.
    "src/mmaplint.config.json": '{ "rules": { "null-check": "warning" }, "ignore": ["other/"] }',
  });
  onTestFinished(() => remove(folder));
  execFileSync("cp", ["-r", path.join(DIST, "server"), folder]);
  const cli = path.join(folder, "server/dist/cli.js");
  const run = spawnSync(process.execPath, [cli, "--format", "json", "src"], {
    cwd: folder,
    encoding: "utf8",
  });
  expect(run.stderr).toBe("");
  expect(run.stdout).toMatch(/"null-check"/);
  const diff = spawnSync(process.execPath, [cli, "--fix-dry-run", "src"], { cwd: folder, encoding: "utf8" });
  expect(diff.stdout).toContain("+  if (bytes == MAP_FAILED)");
});

test("the licences of what is bundled ask for nothing but their notice", () => {
  const notices = readFileSync(path.join(DIST, "LICENSES.txt"), "utf8");
  const packages = [...notices.matchAll(/^[@\w][^ \n]* \d+\.\d+\.\d+ \((.*)\)$/gm)].map((match) => match[1]);
  expect(packages.length).toBeGreaterThan(20);
  expect(new Set(packages)).toEqual(new Set(["MIT", "ISC", "BSD-3-Clause", "BlueOak-1.0.0"]));
});
