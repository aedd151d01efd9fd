/** Bad and hostile input: a clear message, the right exit code, and the rest is still linted. */
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import * as path from "node:path";
import { expect, test } from "vitest";
import { CLEAN, CLI, mmaplint, NULL_CHECK, project } from "./cli.js";

test("a missing path is named, with the nearest name; the rest is linted", async () => {
  const run = await mmaplint(project({ "table.c": NULL_CHECK }), ["tabel.c", "table.c"]);
  expect(run.code).toBe(2);
  expect(run.stderr).toBe('mmaplint: tabel.c: there is no such file or directory; did you mean "table.c"?\n');
  expect(run.stdout).toContain("null-check");
});

test("a directory without C files", async () => {
  const run = await mmaplint(project({ "docs/readme.txt": "" }), ["docs"]);
  expect(run.code).toBe(2);
  expect(run.stderr).toContain("docs: no C files (.c, .h) are in this directory");
});

test("a directory that is named like a C file is a directory", async () => {
  const directory = project({ "x.c/inner.c": NULL_CHECK });
  const run = await mmaplint(directory, ["x.c"]);
  expect(run.code).toBe(1);
  expect(run.stdout).toContain("x.c/inner.c:4:");
});

test("a glob, a glob that matches nothing, and a file whose name looks like one", async () => {
  const directory = project({
    "src/a.c": NULL_CHECK,
    "src/deep/b.c": NULL_CHECK,
    "src/c.h": CLEAN,
    "src/x[1].c": NULL_CHECK,
    "lib/d.c": NULL_CHECK,
  });
  const files = async (...args: string[]): Promise<string[]> => {
    const run = await mmaplint(directory, ["--format", "json", ...args]);
    const found: { location: { file: string } }[] = JSON.parse(run.stdout).findings;
    return [...new Set(found.map(({ location }) => location.file))];
  };
  expect(await files("src/*.c")).toEqual(["src/a.c", "src/x[1].c"]);
  expect(await files("**/*.c")).toEqual(["lib/d.c", "src/a.c", "src/deep/b.c", "src/x[1].c"]);
  expect(await files("{lib,src/deep}/?.c")).toEqual(["lib/d.c", "src/deep/b.c"]);
  expect(await files("src/x[1].c")).toEqual(["src/x[1].c"]);
  expect(await files("src/a.c", "./src/a.c", path.join(directory, "src"))).toEqual([
    "src/a.c",
    "src/deep/b.c",
    "src/x[1].c",
  ]);
  const nothing = await mmaplint(directory, ["src/*.cpp"]);
  expect(nothing.code).toBe(2);
  expect(nothing.stderr).toContain("src/*.cpp: no file matches this pattern");
});

test("an explicit file is linted whatever its extension", async () => {
  const run = await mmaplint(project({ "a.inc": NULL_CHECK }), ["a.inc"]);
  expect(run.code).toBe(1);
});

test("a named pipe and a socket among the inputs do not hang", async () => {
  const directory = project({ "src/a.c": NULL_CHECK });
  execFileSync("mkfifo", [path.join(directory, "src/pipe.c")]);
  const server = createServer().listen(path.join(directory, "src/socket.c"));
  try {
    const walked = await mmaplint(directory, ["src"]);
    expect(walked.code).toBe(1);
    expect(walked.stderr).toContain("src/pipe.c: not linted: a pipe, socket or device, not a regular file");
    expect(walked.stderr).toContain("src/socket.c: not linted");
    const named = await mmaplint(directory, ["src/pipe.c", "src/socket.c", "src/a.c"]);
    expect(named.code).toBe(2);
    expect(named.stderr).toContain(
      "src/pipe.c: cannot be linted: it is a pipe, socket or device; use --stdin",
    );
    expect(named.stdout).toContain("null-check");
  } finally {
    server.close();
  }
});

test("pipes in the place of configuration and ignore files do not hang", async () => {
  const directory = project({ "src/a.c": NULL_CHECK });
  execFileSync("mkfifo", [path.join(directory, ".gitignore"), path.join(directory, "package.json")]);
  expect((await mmaplint(directory, ["src"])).code).toBe(1);
  execFileSync("mkfifo", [path.join(directory, "mmaplint.config.json")]);
  const run = await mmaplint(directory, ["src"]);
  expect(run.code).toBe(2);
  expect(run.stderr).toContain("mmaplint.config.json: cannot be read: it is a pipe");
});

test("binary and UTF-16 files are skipped with a notice", async () => {
  const directory = project({
    "binary.c": Buffer.from(`${NULL_CHECK}\0`),
    "wide.c": Buffer.from(`\ufeff${NULL_CHECK}`, "utf16le"),
    "a.c": CLEAN,
  });
  const run = await mmaplint(directory, []);
  expect(run.code).toBe(0);
  expect(run.stderr).toContain("binary.c: not linted: it holds NUL bytes");
  expect(run.stderr).toContain("wide.c: not linted: it is UTF-16; convert it to UTF-8");
});

test("invalid UTF-8 is linted all the same, at the right place", async () => {
  const directory = project({
    "a.c": Buffer.concat([Buffer.from("// caf\xe9\n", "latin1"), Buffer.from(NULL_CHECK)]),
  });
  const run = await mmaplint(directory, []);
  expect(run.code).toBe(1);
  expect(run.stdout).toContain("a.c:5:");
});

test("a byte order mark moves nothing", async () => {
  const run = await mmaplint(project({ "a.c": `\ufeff${NULL_CHECK}` }), []);
  expect(run.stdout).toContain("a.c:4:");
});

test("an empty file is clean", async () => {
  expect(await mmaplint(project({ "a.c": "" }), ["a.c"])).toEqual({ code: 0, stdout: "", stderr: "" });
});

test("a generated file of 20 MB is linted", async () => {
  const directory = project({ "a.c": NULL_CHECK });
  const row = `static const unsigned char row_NUMBER[] = { ${"0x00, ".repeat(150)}0x00 };\n`;
  const rows = Array.from({ length: 21_000 }, (_, number) => row.replace("NUMBER", String(number)));
  appendFileSync(path.join(directory, "a.c"), rows.join(""));
  const run = await mmaplint(directory, []);
  expect(run.code).toBe(1);
  expect(run.stdout).toContain("null-check");
});

test("a file of 50 MB is given up with a notice that names the limit", async () => {
  const directory = project({ "a.c": NULL_CHECK });
  writeFileSync(path.join(directory, "big.c"), Buffer.alloc(50 * 1024 * 1024, "int x;\n"));
  const run = await mmaplint(directory, []);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain("big.c: not linted: it has 50 MiB, more than the limit of 32 MiB");
});

test("100,000 nested parentheses cost at most their function", async () => {
  const nested = `${"(".repeat(100_000)}1${")".repeat(100_000)}`;
  const program = `${NULL_CHECK}int g(int fd) { void *q = mmap(0, ${nested}, 1, 2, fd, 0); return q == MAP_FAILED; }\n`;
  const run = await mmaplint(project({ "a.c": program }), ["--debug"]);
  expect(run.code).toBe(1);
  expect(run.stdout).toContain("null-check");
});

test("symbolic links: loops end, links out of the tree are not followed", async () => {
  const directory = project({ "tree/a.c": NULL_CHECK, "outside/secret.c": NULL_CHECK });
  const tree = path.join(directory, "tree");
  symlinkSync("..", path.join(tree, "up"));
  symlinkSync("loop.c", path.join(tree, "loop.c"));
  symlinkSync("../outside/secret.c", path.join(tree, "leak.c"));
  symlinkSync("../outside", path.join(tree, "leak"));
  symlinkSync("nowhere.c", path.join(tree, "dangling.c"));
  const walked = await mmaplint(tree, []);
  expect(walked.code).toBe(1);
  expect(walked.stdout).not.toContain("secret");
  expect(walked.stdout).not.toContain("leak");
  const loop = await mmaplint(tree, ["loop.c", "a.c"]);
  expect(loop.code).toBe(2);
  expect(loop.stderr).toContain("loop.c: cannot be read: it is a loop of symbolic links");
  expect(loop.stdout).toContain("null-check");
  for (const link of ["leak.c", "leak", "leak/secret.c"]) {
    const named = await mmaplint(tree, [link]);
    expect(named, link).toMatchObject({ code: 2, stdout: "" });
    expect(named.stderr).toContain("leads out of the working directory and is not followed; name its target");
  }
  expect((await mmaplint(tree, ["dangling.c"])).stderr).toContain(
    "dangling.c: this symbolic link leads to nothing",
  );
  expect((await mmaplint(tree, ["../outside"])).code).toBe(1);
});

test(".gitignore files are respected, inner ones over outer ones", async () => {
  const directory = project({
    ".gitignore": "build/\n*.gen.c\n",
    "build/a.c": NULL_CHECK,
    "src/b.gen.c": NULL_CHECK,
    "src/.gitignore": "!keep.gen.c\n",
    "src/keep.gen.c": NULL_CHECK,
    "src/c.c": CLEAN,
    ".git/hook.c": NULL_CHECK,
  });
  const run = await mmaplint(directory, []);
  expect(run.stdout).toContain("src/keep.gen.c:4:");
  expect(run.stdout).toContain("1 error;");
  const below = await mmaplint(directory, ["src"]);
  expect(below.stdout).toContain("1 error;");
  const asked = await mmaplint(directory, ["build"]);
  expect(asked.stdout).toContain("build/a.c:4:");
  expect((await mmaplint(directory, ["src/b.gen.c"])).code).toBe(1);
});

test("hostile patterns in .gitignore cost no time", async () => {
  const name = "a".repeat(200);
  const patterns = [3, 4, 6, 40].map((wildcards) => `${"a*".repeat(wildcards)}b`);
  const directory = project({
    ".gitignore": [...patterns, `${"**/a/".repeat(20)}b`].join("\n"),
    [`${"a/".repeat(100)}${name}.c`]: NULL_CHECK,
  });
  expect((await mmaplint(directory, [])).code).toBe(1);
});

test("control characters in names and code do not reach the terminal", async () => {
  const directory = project();
  mkdirSync(path.join(directory, "src"));
  writeFileSync(
    path.join(directory, "src/\u001b[31mred\u0007.c"),
    NULL_CHECK.replace("NULL)", "NULL) /*\u001b[2J\u202e*/"),
  );
  for (const format of ["pretty", "full"]) {
    const run = await mmaplint(directory, ["--format", format, "src", "\u001b[2Jmissing"]);
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(run.stdout + run.stderr).not.toMatch(/[\u0007\u001b\u202e]/);
    expect(run.stdout).toContain("red");
  }
});

test("nothing of a linted repository is executed", async () => {
  const evil = "require('node:fs').writeFileSync('executed', '')";
  const directory = project({
    "a.c": CLEAN,
    "mmaplint.config.js": evil,
    "mmaplint.config.cjs": evil,
    "index.js": evil,
    "node_modules/web-tree-sitter/index.js": evil,
    "package.json": JSON.stringify({ main: "index.js", scripts: { install: `node -e "${evil}"` } }),
  });
  const run = await mmaplint(directory, ["--stats"]);
  expect(run.code).toBe(0);
  expect(execFileSync("ls", { cwd: directory, encoding: "utf8" })).not.toContain("executed");
});

test("a standard output that is full", () => {
  const directory = project({ "a.c": NULL_CHECK });
  const command = `"${process.execPath}" "${CLI}" > /dev/full`;
  const run = spawnSync("sh", ["-c", command], { cwd: directory, encoding: "utf8" });
  expect(run.status).toBe(2);
  expect(run.stderr).toContain("mmaplint: the report cannot be written: ");
});

test("a standard input that is too large", async () => {
  const input = Buffer.alloc(33 * 1024 * 1024, "int x;\n");
  const run = await mmaplint(project(), ["--stdin"], { input });
  expect(run).toMatchObject({ code: 0, stdout: "" });
  expect(run.stderr).toContain("stdin.c: not linted: it has more than 33554432 bytes");
});
