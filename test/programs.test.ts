/** Programs of several files: fixtures/programs/<name>/ is linted as one, and says in comments what must be found. */
import { execFile, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import type { Naming } from "../src/analyzer/naming.js";
import { couldMatter, lint, loadParser, type LintResult } from "../src/lint.js";
import { includeAmong } from "../src/project/surroundings.js";
import { rules } from "../src/rules/index.js";
import type { Source } from "../src/syntax/unit.js";
import { differences, expectations } from "./support/expectations.js";

const PROGRAMS = fileURLToPath(new URL("../fixtures/programs/", import.meta.url));
const severities = new Map(rules.map(({ id, severity }) => [id, severity]));
const run = promisify(execFile);
const hasCompiler = spawnSync("cc", ["--version"]).error === undefined;

function sourcesOf(program: string): readonly Source[] {
  return readdirSync(PROGRAMS + program, { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => /\.[ch]$/.test(name))
    .sort()
    .map((name) => ({ path: name, text: readFileSync(path.join(PROGRAMS, program, name), "utf8") }));
}

/** As the command line does it: files that name the family first, others when a function of theirs is called. */
function lintProgram(sources: readonly Source[]): LintResult {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const include = includeAmong(byPath.keys(), (name) => byPath.get(name));
  const first = sources.filter(({ text }) => couldMatter(text));
  const naming: Naming = (names, wanted) =>
    sources.filter(
      (source) =>
        !first.includes(source) &&
        wanted?.meets(source) !== false &&
        [...names].some((name) => new RegExp(`\\b${name}\\b`).test(source.text)),
    );
  return lint(first, severities, { include, naming });
}

beforeAll(loadParser);

describe.each(readdirSync(PROGRAMS))("%s", (program) => {
  const sources = sourcesOf(program);

  test("finds what the comments say", () => {
    const { diagnostics, notices } = lintProgram(sources);
    expect(notices).toEqual([]);
    for (const { path: name, text } of sources) {
      const found = diagnostics
        .filter(({ location }) => location.file === name)
        .map(({ rule, message, location }) => ({ rule, message, line: location.start.line }));
      expect(differences(expectations(text), found), name).toEqual([]);
    }
  });

  test("does not depend on the order of the files", () => {
    expect(lintProgram(sources.toReversed())).toEqual(lintProgram(sources));
  });

  test.skipIf(!hasCompiler)("compiles without a warning", async () => {
    const files = sources
      .map(({ path: name }) => path.join(PROGRAMS, program, name))
      .filter((name) => name.endsWith(".c"));
    const flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"];
    const include = ["include", "include/uapi"].flatMap((at) => ["-I", path.join(PROGRAMS, program, at)]);
    const { stderr } = await run("cc", [...flags, ...include, ...files]).catch(
      (error: { stderr: string }) => error,
    );
    expect(stderr).toBe("");
  });
});

describe("includeAmong", () => {
  const among = (paths: readonly string[]) => {
    const include = includeAmong(paths, (name) => ({ path: name, text: "" }));
    return (name: string, from: string, angled = false): string | undefined =>
      include(name, from, angled)?.path;
  };

  test("the file beside the including one comes first, then the nearest", () => {
    const paths = ["a/x.h", "b/x.h", "b/c/y.h", "include/y.h"];
    expect(among(paths)("x.h", "a/m.c")).toBe("a/x.h");
    expect(among(paths)("../b/x.h", "a/m.c")).toBe("b/x.h");
    expect(among(paths)("y.h", "b/m.c")).toBe("b/c/y.h");
    expect(among(paths)("c/y.h", "a/m.c")).toBe("b/c/y.h");
  });

  test("none where two are equally near, and no stand-in for a header of the system", () => {
    expect(among(["a/x.h", "b/x.h"])("x.h", "m.c")).toBeUndefined();
    expect(among(["compat/sys/mman.h"])("sys/mman.h", "m.c", true)).toBeUndefined();
    expect(among(["compat/sys/mman.h"])("sys/mman.h", "m.c")).toBe("compat/sys/mman.h");
  });

  test("never leads out of the tree", () => {
    expect(among(["etc/x.h"])("../../../etc/x.h", "a/m.c")).toBe("etc/x.h");
    expect(among(["etc/x.h"])("/etc/y.h", "a/m.c")).toBeUndefined();
  });
});
