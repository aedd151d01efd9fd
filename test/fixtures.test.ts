/** Every rule against every C fixture: fixtures/<rule>/*.c say in comments what must be found, and nothing else may be. */
import { execFile, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { lint, loadParser } from "../src/lint.js";
import { rules } from "../src/rules/index.js";
import { differences, expectations } from "./support/expectations.js";

const FIXTURES = fileURLToPath(new URL("../fixtures/", import.meta.url));
const ids = rules.map(({ id }) => id);
const severities = new Map(rules.map(({ id, severity }) => [id, severity]));
const run = promisify(execFile);
const hasCompiler = spawnSync("cc", ["--version"]).error === undefined;

/** The C files of a rule that are linted; a reproducer is a program to run. */
function filesOf(id: string): readonly string[] {
  const directory = path.join(FIXTURES, id);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith(".c") && name !== "reproducer.c")
    .sort();
}

function read(id: string, name: string): string {
  return readFileSync(path.join(FIXTURES, id, name), "utf8");
}

beforeAll(loadParser);

test("every folder belongs to a rule", () => {
  const folders = readdirSync(FIXTURES).filter((name) => name !== "engine" && name !== "programs");
  expect(folders.filter((name) => !ids.includes(name))).toEqual([]);
});

describe.each(ids)("%s", (id) => {
  test("bad.c shows the defect, good.c does without it", () => {
    const wanted = expectations(read(id, "bad.c")).map(({ kind, rule }) => `${kind} ${rule}`);
    expect(wanted).toContain(`want ${id}`);
    expect(expectations(read(id, "good.c"))).toEqual([]);
  });

  test.each(filesOf(id))("%s", (name) => {
    const text = read(id, name);
    const expected = expectations(text);
    expect(expected.filter(({ rule }) => !ids.includes(rule))).toEqual([]);
    const { diagnostics, notices } = lint([{ path: `fixtures/${id}/${name}`, text }], severities);
    expect(notices).toEqual([]);
    const found = diagnostics.map(({ rule, message, location }) => ({
      rule,
      message,
      line: location.start.line,
    }));
    expect(differences(expected, found)).toEqual([]);
  });

  test.skipIf(!hasCompiler)("compiles without a warning", async () => {
    const flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"];
    const files = filesOf(id).map((name) => path.join(FIXTURES, id, name));
    const { stderr } = await run("cc", [...flags, ...files]).catch((error: { stderr: string }) => error);
    expect(stderr).toBe("");
  });
});
