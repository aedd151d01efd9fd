/** The package as users get it: packed, installed in an empty folder, started. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { CLEAN, NULL_CHECK, project } from "./cli.js";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

interface LockedPackage {
  readonly version: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
}

const lock: { packages: Record<string, LockedPackage> } = JSON.parse(
  readFileSync(path.join(ROOT, "package-lock.json"), "utf8"),
);
const manifest: {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
} = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));

describe("dependencies", () => {
  const installed = Object.entries(lock.packages).filter(([name, { dev }]) => name !== "" && dev !== true);

  test("are pinned exactly", () => {
    for (const version of Object.values({ ...manifest.dependencies, ...manifest.devDependencies })) {
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    }
  });

  test("run nothing at the user's install", () => {
    expect(installed.filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);
  });

  test("have licences that ask for nothing but their notice", () => {
    const allowed = /^\(?(?:MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|CC0-1\.0)(?: OR .*)?\)?$/;
    expect(installed.filter(([, { license }]) => !allowed.test(license ?? "none"))).toEqual([]);
  });
});

test("the packed package installs in an empty folder and works there", { timeout: 240_000 }, () => {
  const directory = project({
    "use/package.json": '{ "private": true, "type": "module" }',
    "use/src/a.c": NULL_CHECK,
  });
  const use = path.join(directory, "use");
  const npm = (cwd: string, ...args: string[]): string =>
    execFileSync("npm", [...args, "--loglevel=error"], {
      cwd,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  npm(ROOT, "pack", "--pack-destination", directory);
  const tarball = readdirSync(directory).find((name) => name.endsWith(".tgz"));
  npm(
    use,
    "install",
    "--omit=dev",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    path.join(directory, tarball ?? ""),
  );

  const home = path.join(use, "node_modules/mmaplint");
  expect(readdirSync(home).sort()).toEqual(
    ["LICENSE", "dist", "package.json", "schema"]
      .concat(existsSync(path.join(ROOT, "README.md")) ? ["README.md"] : [])
      .sort(),
  );
  expect(readFileSync(path.join(home, "dist/syntax/tree-sitter-c.wasm.txt"), "utf8")).toMatch(
    /^tree-sitter-c\.wasm is part of tree-sitter-c \d+\.\d+\.\d+, https:[^]*MIT/,
  );
  for (const name of ["typescript", "tree-sitter-c", "vitest"]) {
    expect(existsSync(path.join(use, "node_modules", name)), name).toBe(false);
  }

  const run = spawnSync(path.join(use, "node_modules/.bin/mmaplint"), ["src"], {
    cwd: use,
    encoding: "utf8",
  });
  expect(run.stderr).toBe("");
  expect(run.stdout).toContain("null-check");
  expect(run.status).toBe(1);

  const shown = spawnSync(path.join(use, "node_modules/.bin/mmaplint"), ["reproduce", "null-check"], {
    cwd: use,
    encoding: "utf8",
  });
  expect(shown).toMatchObject({
    status: 0,
    stderr: "",
    stdout: expect.stringMatching(/^✔ null-check +shown/m),
  });

  const tried = spawnSync(
    path.join(use, "node_modules/.bin/mmaplint"),
    ["confirm", "--yes", "src", "--", "/bin/true"],
    { cwd: use, encoding: "utf8" },
  );
  expect(tried).toMatchObject({
    status: 0,
    stderr: "",
    stdout: expect.stringMatching(/– not reached: the program never calls mmap\(\)/),
  });

  writeFileSync(
    path.join(use, "library.js"),
    `import { lint, loadParser, presetSeverities, rules } from "mmaplint";
await loadParser();
const severities = presetSeverities("recommended", rules);
const bad = lint([{ path: "a.c", text: ${JSON.stringify(NULL_CHECK)} }], severities);
const good = lint([{ path: "a.c", text: ${JSON.stringify(CLEAN)} }], severities);
console.log(bad.diagnostics.map(({ rule }) => rule).join(), good.diagnostics.length);
`,
  );
  const library = spawnSync(process.execPath, ["library.js"], { cwd: use, encoding: "utf8" });
  expect(library).toMatchObject({ stdout: "null-check 0\n", stderr: "" });
});
