/** Edits: bytes that are not named stay as they are; files are replaced whole. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import * as path from "node:path";
import { describe, expect, test } from "vitest";
import type { Change, Diagnostic } from "../src/diagnostic.js";
import { applyChanges, byteOffsets, decode, changesTogether, unifiedDiff } from "../src/edit.js";
import { CLEAN, mmaplint, NULL_CHECK, project } from "./cli.js";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe("byteOffsets", () => {
  test("characters of one to four bytes, after a byte order mark", () => {
    expect(byteOffsets(Buffer.from("\ufeffaé€😀b"), [0, 1, 2, 3, 5, 6, 99])).toEqual([
      3, 4, 6, 9, 13, 14, 14,
    ]);
  });

  test("agrees with the decoder on every kind of invalid byte", () => {
    // A small linear congruential generator: the same bytes in every run.
    let seed = 1;
    const random = (limit: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % limit;
    };
    const interesting = [
      0x41, 0x7f, 0x80, 0xbf, 0xc1, 0xc3, 0xdf, 0xe0, 0xa0, 0x9f, 0xed, 0xef, 0xf0, 0x90, 0x8f, 0xf4, 0xf5,
      0xff,
    ];
    for (let round = 0; round < 3000; round++) {
      const sample = bytes(...Array.from({ length: 12 }, () => interesting[random(interesting.length)] ?? 0));
      const text = decode(sample);
      const [end] = byteOffsets(sample, [text.length]);
      expect(end, Buffer.from(sample).toString("hex")).toBe(sample.length);
      for (let unit = 0; unit <= text.length; unit++) {
        if (/[\ud800-\udbff]/.test(text[unit - 1] ?? "")) continue;
        const [offset = 0] = byteOffsets(sample, [unit]);
        expect(decode(sample.subarray(offset)), Buffer.from(sample).toString("hex")).toBe(text.slice(unit));
      }
    }
  });
});

describe("applyChanges", () => {
  const change = (start: number, end: number, text: string): Change => ({ span: { start, end }, text });

  test("everything else stays byte for byte", () => {
    const before = Buffer.concat([
      Buffer.from([0xef, 0xbb, 0xbf]),
      Buffer.from("\tcaf\xe9\r\n=NULL;\r\n\xff", "latin1"),
    ]);
    const start = decode(before).indexOf("NULL");
    const after = applyChanges(before, [
      change(start, start + 4, "MAP_FAILED"),
      change(start + 5, start + 5, " // é"),
    ]);
    expect(Buffer.from(after).toString("latin1")).toBe(
      "\xef\xbb\xbf\tcaf\xe9\r\n=MAP_FAILED; // \xc3\xa9\r\n\xff",
    );
  });

  test("no changes, no copy of other content", () => {
    expect(Buffer.from(applyChanges(bytes(1, 0xff, 3), []))).toEqual(Buffer.from([1, 0xff, 3]));
  });
});

describe("changesTogether", () => {
  const diagnostic = (
    safety: "safe" | "suggested",
    ...spans: readonly (readonly [number, number])[]
  ): Diagnostic => ({
    rule: "null-check",
    severity: "error",
    message: "",
    location: {
      file: "a.c",
      start: { line: 1, column: 1, offset: 0 },
      end: { line: 1, column: 1, offset: 0 },
    },
    function: "f",
    mapping: undefined,
    story: [],
    help: "",
    edit: { title: "", safety, changes: spans.map(([start, end]) => ({ span: { start, end }, text: "x" })) },
  });

  test("the first of two that overlap wins, whole; suggested ones stay out; the rest is sorted", () => {
    const { changes, edits } = changesTogether([
      diagnostic("safe", [10, 12]),
      diagnostic("safe", [11, 13], [20, 21]),
      diagnostic("suggested", [30, 31]),
      diagnostic("safe", [2, 3]),
    ]);
    expect(edits).toBe(2);
    expect(changes.map(({ span }) => span.start)).toEqual([2, 10]);
  });

  test("two insertions at one place wait for the next round", () => {
    expect(changesTogether([diagnostic("safe", [5, 5]), diagnostic("safe", [5, 5])]).edits).toBe(1);
  });
});

test("a unified diff that patch accepts, for bytes that are not UTF-8, CR LF, and no newline at the end", async () => {
  const before = Buffer.from("\ta\r\nb\xe9\r\nc", "latin1");
  const after = Buffer.from("\ta\r\nB\xe9\r\nc", "latin1");
  const directory = project({ "src/é.c": before });
  const diff = await unifiedDiff("src/é.c", before, after);
  const run = spawnSync("git", ["apply", "-"], { cwd: directory, input: diff });
  expect(run.stderr.toString()).toBe("");
  expect(readFileSync(path.join(directory, "src/é.c"))).toEqual(after);
});

// An unused suppression has a safe edit of its own, so these do not depend on any rule about C.
const UNUSED = "int x; // mmaplint-disable-line null-check\r\n";
const REMOVED = "int x;\r\n";

describe("--fix and --fix-dry-run", () => {
  test("--fix replaces the file, keeps its mode, leaves nothing behind", async () => {
    const directory = project({
      "a.c": Buffer.concat([Buffer.from("\ufeff"), Buffer.from([0xff]), Buffer.from(`//\r\n${UNUSED}`)]),
    });
    const file = path.join(directory, "a.c");
    chmodSync(file, 0o640);
    const run = await mmaplint(directory, ["--fix"]);
    expect(run).toMatchObject({ code: 0, stdout: "", stderr: "mmaplint: made 1 edit\n" });
    expect(readFileSync(file)).toEqual(
      Buffer.concat([Buffer.from("\ufeff"), Buffer.from([0xff]), Buffer.from(`//\r\n${REMOVED}`)]),
    );
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readdirSync(directory)).toEqual(["a.c"]);
  });

  test("--fix of a finding about C leaves a program without it", async () => {
    const directory = project({ "a.c": NULL_CHECK.replaceAll("\n", "\r\n") });
    const run = await mmaplint(directory, ["--fix"]);
    expect(run).toEqual({ code: 0, stdout: "", stderr: "mmaplint: made 1 edit\n" });
    expect(readFileSync(path.join(directory, "a.c"), "utf8")).toBe(CLEAN.replaceAll("\n", "\r\n"));
  });

  test("--fix-dry-run prints what --fix does, and does it not", async () => {
    const directory = project({ "src/a.c": UNUSED });
    const run = await mmaplint(directory, ["--fix-dry-run"]);
    expect(run.stdout).toContain("--- a/src/a.c\n+++ b/src/a.c\n");
    expect(run.stdout).toContain(`-${UNUSED}+${REMOVED}`);
    expect(readFileSync(path.join(directory, "src/a.c"), "utf8")).toBe(UNUSED);
    execFileSync("git", ["apply", "-"], { cwd: directory, input: run.stdout });
    expect(readFileSync(path.join(directory, "src/a.c"), "utf8")).toBe(REMOVED);
  });

  test("--fix-dry-run of the standard input", async () => {
    const run = await mmaplint(project(), ["--stdin", "--stdin-filename", "a.c", "--fix-dry-run"], {
      input: UNUSED,
    });
    expect(run.stdout).toContain("+++ b/a.c\n");
  });

  test("a symbolic link inside the tree stays a link, its target is edited", async () => {
    const directory = project({ "real/a.c": UNUSED });
    symlinkSync("real/a.c", path.join(directory, "link.c"));
    await mmaplint(directory, ["link.c", "--fix"]);
    expect(lstatSync(path.join(directory, "link.c")).isSymbolicLink()).toBe(true);
    expect(readFileSync(path.join(directory, "real/a.c"), "utf8")).toBe(REMOVED);
  });

  test("a symbolic link out of the tree is not written through", async () => {
    const directory = project({ "tree/ok.c": UNUSED, "outside.c": UNUSED });
    symlinkSync("../outside.c", path.join(directory, "tree/link.c"));
    const run = await mmaplint(path.join(directory, "tree"), ["--fix", "link.c", "ok.c"]);
    expect(run.code).toBe(2);
    expect(readFileSync(path.join(directory, "outside.c"), "utf8")).toBe(UNUSED);
    expect(readFileSync(path.join(directory, "tree/ok.c"), "utf8")).toBe(REMOVED);
  });

  test("many edits in one file", async () => {
    const directory = project({ "a.c": UNUSED.repeat(1000) });
    await mmaplint(directory, ["--fix"]);
    expect(readFileSync(path.join(directory, "a.c"), "utf8")).toBe(REMOVED.repeat(1000));
  });

  test("the report goes to -o in one piece, over an older one", async () => {
    const directory = project({ "a.c": UNUSED });
    writeFileSync(path.join(directory, "old.diff"), "x".repeat(10_000));
    await mmaplint(directory, ["--fix-dry-run", "-o", "old.diff"]);
    expect(readFileSync(path.join(directory, "old.diff"), "utf8")).toMatch(/^--- a\/a\.c\n/);
    expect(readdirSync(directory).sort()).toEqual(["a.c", "old.diff"]);
  });
});
