/** The command line end to end: options, formats, exit codes, streams. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { expect, test } from "vitest";
import { rules } from "../src/rules/index.js";
import { CLEAN, CLI, mmaplint, NULL_CHECK, project } from "./cli.js";

test("a clean program: no output, exit code 0", async () => {
  const run = await mmaplint(project({ "a.c": CLEAN }), []);
  expect(run).toEqual({ code: 0, stdout: "", stderr: "" });
});

test("an error: reported with place, rule and message, exit code 1", async () => {
  const run = await mmaplint(project({ "src/a.c": NULL_CHECK }), ["src"]);
  expect(run.code).toBe(1);
  expect(run.stdout).toMatch(/^ {2}src\/a\.c:4:/m);
  expect(run.stdout).toMatch(/✖ +4:\d+ .*null-check$/m);
  expect(run.stdout).toContain("1 error;");
  expect(run.stderr).toBe("");
});

test("--format full shows the code, the way there, and the help", async () => {
  const run = await mmaplint(project({ "a.c": NULL_CHECK }), ["--format", "full"]);
  expect(run.code).toBe(1);
  expect(run.stdout).toMatch(/^error\[null-check\]: /);
  expect(run.stdout).toContain("--> a.c:4:");
  expect(run.stdout).toContain("4 |   if (p == NULL)");
  expect(run.stdout).toMatch(/\^+/);
  expect(run.stdout).toContain("1. ");
  expect(run.stdout).toContain("= help: compare the result with MAP_FAILED");
  expect(run.stdout).toContain(
    "= rule: https://github.com/mmaplint/mmaplint/blob/main/docs/rules/null-check.md",
  );
});

test("--format json can be parsed", async () => {
  const run = await mmaplint(project({ "a.c": NULL_CHECK }), ["--format", "json"]);
  const report = JSON.parse(run.stdout);
  expect(report.summary).toMatchObject({ errors: 1 });
  expect(report.findings[0]).toMatchObject({ rule: "null-check", function: "f", location: { file: "a.c" } });
});

test("-o writes the report to a file, and nothing else", async () => {
  const directory = project({ "a.c": NULL_CHECK });
  const run = await mmaplint(directory, ["--format", "json", "-o", "out.json"]);
  expect(run).toMatchObject({ code: 1, stdout: "" });
  expect(JSON.parse(readFileSync(path.join(directory, "out.json"), "utf8")).summary.errors).toBe(1);
});

test("-o into a missing directory: named, exit code 2", async () => {
  const directory = project({ "a.c": NULL_CHECK });
  const run = await mmaplint(directory, ["-o", "missing/out.txt"]);
  expect(run.code).toBe(2);
  expect(run.stderr).toContain("the directory missing does not exist; create it first");
  expect(existsSync(path.join(directory, "missing"))).toBe(false);
});

test("-o to a directory or to /dev/null", async () => {
  const directory = project({ "a.c": NULL_CHECK, "out/keep": "" });
  const run = await mmaplint(directory, ["-o", "out"]);
  expect(run.code).toBe(2);
  expect(run.stderr).toContain("--output out: is a directory");
  expect((await mmaplint(directory, ["-o", "/dev/null"])).code).toBe(1);
  expect(spawnSync("test", ["-c", "/dev/null"]).status).toBe(0);
});

test("--rule turns a rule off, or changes its severity", async () => {
  const directory = project({ "a.c": NULL_CHECK });
  expect(await mmaplint(directory, ["--rule", "null-check=off"])).toMatchObject({ code: 0, stdout: "" });
  const note = await mmaplint(directory, ["--rule", "null-check=note"]);
  expect(note.code).toBe(0);
  expect(note.stdout).toContain("note: ");
  expect((await mmaplint(directory, ["--rule=null-check=warning"])).code).toBe(1);
});

test("--rule and --preset name what is wrong and the nearest right spelling", async () => {
  const directory = project({ "a.c": NULL_CHECK });
  const unknown = await mmaplint(directory, ["--rule", "null-chek=off"]);
  expect(unknown).toMatchObject({ code: 2, stdout: "" });
  expect(unknown.stderr).toContain('there is no rule "null-chek"; did you mean "null-check"?');
  expect((await mmaplint(directory, ["--rule", "null-check=eror"])).stderr).toContain(
    'did you mean "error"?',
  );
  expect((await mmaplint(directory, ["--rule", "null-check"])).code).toBe(2);
  const preset = await mmaplint(directory, ["--preset", "strickt"]);
  expect(preset.code).toBe(2);
  expect(preset.stderr).toContain(
    'must be one of recommended, strict, security, portability, embedded; did you mean "strict"?',
  );
});

test("--max-warnings lets warnings pass, not errors", async () => {
  const directory = project({ "a.c": NULL_CHECK });
  const warn = ["--rule", "null-check=warning"];
  expect((await mmaplint(directory, warn)).code).toBe(1);
  expect((await mmaplint(directory, [...warn, "--max-warnings", "1"])).code).toBe(0);
  expect((await mmaplint(directory, ["--max-warnings", "9"])).code).toBe(1);
  expect((await mmaplint(directory, ["--max-warnings", "many"])).code).toBe(2);
});

test("--quiet hides what is less than an error, and says so", async () => {
  const directory = project({ "a.c": NULL_CHECK });
  const run = await mmaplint(directory, ["--quiet", "--rule", "null-check=warning"]);
  expect(run).toMatchObject({ code: 1, stdout: "" });
  expect(run.stderr).toContain("1 finding below error not shown (--quiet)");
  expect((await mmaplint(directory, ["--quiet"])).stdout).toContain("null-check");
});

test("--stdin takes the name and the configuration of --stdin-filename", async () => {
  const directory = project({ "src/mmaplint.config.json": '{ "rules": { "null-check": "note" } }' });
  const run = await mmaplint(directory, ["--stdin", "--stdin-filename", "src/new.c"], { input: NULL_CHECK });
  expect(run.code).toBe(0);
  expect(run.stdout).toContain("src/new.c:4:");
  const unnamed = await mmaplint(directory, ["--stdin"], { input: NULL_CHECK });
  expect(unnamed.code).toBe(1);
  expect(unnamed.stdout).toContain("stdin.c:4:");
});

test("contradictions are mistakes", async () => {
  const directory = project({ "a.c": CLEAN });
  for (const args of [
    ["--stdin", "a.c"],
    ["--stdin", "--fix"],
    ["--fix", "--fix-dry-run"],
    ["--stdin-filename", "a.c"],
    ["--format", "xml"],
    ["--format"],
    ["--frmat", "json"],
    ["--no-such"],
    [""],
  ]) {
    const run = await mmaplint(directory, args);
    expect(run, args.join(" ")).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr, args.join(" ")).toMatch(/^mmaplint: .+\n$/);
  }
});

test("--help, --version, --list-rules, --explain", async () => {
  const directory = project();
  const help = await mmaplint(directory, ["--help"]);
  expect(help.code).toBe(0);
  expect(help.stdout).toContain("Examples:");
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  expect(await mmaplint(directory, ["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  const list = await mmaplint(directory, ["--list-rules"]);
  for (const { id } of rules) expect(list.stdout).toMatch(new RegExp(`^${id} +(?:note|warning|error) `, "m"));
  const page = await mmaplint(directory, ["--explain", "null-check"]);
  expect(page.stdout).toMatch(/^# null-check\n/);
  for (const heading of ["Why it matters", "What to do", "What it does not flag", "References"]) {
    expect(page.stdout).toContain(`## ${heading}\n`);
  }
  const unknown = await mmaplint(directory, ["--explain", "nullcheck"]);
  expect(unknown).toMatchObject({ code: 2, stdout: "" });
  expect(unknown.stderr).toContain('did you mean "null-check"?');
});

test("--stats and --debug speak on the standard error only", async () => {
  const run = await mmaplint(project({ "a.c": NULL_CHECK, "b.c": "int x;\n" }), [
    "--stats",
    "--debug",
    "--format",
    "json",
  ]);
  expect(JSON.parse(run.stdout).summary.errors).toBe(1);
  for (const line of [
    /ms find and read files/,
    / 2 {2}found/,
    / 1 {2}name the mmap family/,
    / 1 {2}null-check/,
  ]) {
    expect(run.stderr).toMatch(line);
  }
});

test("a closed pipe is no error", () => {
  const directory = project();
  let program = "";
  for (let number = 0; number < 2000; number++) program += NULL_CHECK.replace("f(", `f${number}(`);
  writeFileSync(path.join(directory, "a.c"), program);
  const command = `"${process.execPath}" "${CLI}" --format json a.c | head -n 1`;
  const run = spawnSync("sh", ["-c", command], { cwd: directory, encoding: "utf8", timeout: 30_000 });
  expect(run).toMatchObject({ stdout: "{\n", stderr: "" });
});

test("a large report comes through a pipe whole", async () => {
  let program = "";
  for (let number = 0; number < 500; number++) program += NULL_CHECK.replace("f(", `f${number}(`);
  const run = await mmaplint(project({ "a.c": program }), ["--format", "json"]);
  expect(JSON.parse(run.stdout).summary.errors).toBe(500);
});

test("colours: none into a pipe, FORCE_COLOR asks for them, NO_COLOR wins", async () => {
  const directory = project({ "a.c": NULL_CHECK });
  for (const format of ["pretty", "full"]) {
    const plain = await mmaplint(directory, ["--format", format]);
    expect(plain.stdout).not.toContain("\u001b");
    const forced = await mmaplint(directory, ["--format", format], { env: { FORCE_COLOR: "1" } });
    expect(forced.stdout).toContain("\u001b[");
    expect(forced.stderr).toBe("");
    const both = await mmaplint(directory, ["--format", format], {
      env: { FORCE_COLOR: "1", NO_COLOR: "1" },
    });
    expect(both.stdout).not.toContain("\u001b");
    expect(both.stderr).toBe("");
  }
  const linked = await mmaplint(directory, [], { env: { FORCE_COLOR: "1", FORCE_HYPERLINK: "1" } });
  expect(linked.stdout).toContain(
    "\u001b]8;;https://github.com/mmaplint/mmaplint/blob/main/docs/rules/null-check.md",
  );
});
