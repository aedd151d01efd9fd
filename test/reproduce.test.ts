/** What runs the reproducers: headers, compilers, limits, verdicts, and `mmaplint reproduce` as users start it. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, test } from "vitest";
import { reproducers } from "../scripts/evidence.js";
import { execute, limited } from "../src/native/execute.js";
import { toolchainFor } from "../src/native/toolchain.js";
import { HeaderError, parseHeader } from "../src/reproduce/header.js";
import { reproduce } from "../src/reproduce/index.js";
import { normalized } from "../src/reproduce/transcript.js";
import { toReproducer, tryReproducer } from "../src/reproduce/trial.js";
import { judge, type Verdict } from "../src/reproduce/verdict.js";
import { mmaplint, project } from "./cli.js";

/** A header with the given lines for machines. */
function header(...lines: readonly string[]): string {
  return `/*\n * null-check: what goes wrong.\n *\n${lines.map((line) => ` * ${line}\n`).join("")} */\n`;
}

const NATIVE = ["SHOWN: natively", "EXPECT bad: exit=1 stdout=/lost/", "EXPECT good: exit=0"];

describe("a header", () => {
  test("is read to its last line", () => {
    const text = header(
      "SHOWN: under sparc64",
      "EXPECT bad: exit=0",
      "EXPECT good: exit=0 stdout=/a b/c/",
      "EXPECT bad under sparc64: signal=BUS",
      "CFLAGS: -O1 -fwrapv",
      "NEEDS: disk-fs",
    );
    expect(parseHeader(text)).toEqual({
      rule: "null-check",
      summary: "what goes wrong.",
      shown: { by: "emulator", machine: "sparc64" },
      native: { bad: { end: 0, stdout: undefined }, good: { end: 0, stdout: /a b\/c/m } },
      emulated: new Map([
        ["sparc64", { bad: { end: "BUS", stdout: undefined }, good: { end: 0, stdout: /a b\/c/m } }],
      ]),
      flags: ["-O1", "-fwrapv"],
      needs: "disk-fs",
    });
  });

  test.each([
    ["int main(void) { return 0; }\n", "does not begin with a comment"],
    ["/*\n * what goes wrong\n */\n", 'the first line is not "RULE: what goes wrong"'],
    [header("EXPECT bad: exit=1"), 'no line "SHOWN: ..."'],
    [header(...NATIVE, "EXPECTED: exit=1"), 'cannot read the line "EXPECTED: exit=1"'],
    [header(...NATIVE, "and then prose"), 'cannot read the line "and then prose"'],
    [header(...NATIVE, "NEEDS:"), 'cannot read the line "NEEDS:"'],
    [header(...NATIVE, "EXPECT good: exit=0"), 'two lines "EXPECT good:"'],
    [header("SHOWN: somewhere", ...NATIVE.slice(1)), '"SHOWN: somewhere" is none of'],
    [header("SHOWN: under vax", ...NATIVE.slice(1)), '"SHOWN: under vax" is none of'],
    [header(...NATIVE.slice(0, 2)), 'no line "EXPECT good: ..."'],
    [header("SHOWN: natively", "EXPECT good: exit=0"), 'no line "EXPECT bad: ..."'],
    [header(...NATIVE.slice(0, 2), "EXPECT good: exit=1"), "the good side ends with exit=0"],
    [header("SHOWN: natively", "EXPECT bad: exit=0", "EXPECT good: exit=0"), "exit=0 shows no damage"],
    [header("SHOWN: natively", "EXPECT bad: exit=77", "EXPECT good: exit=0"), "neither damage nor survival"],
    [
      header("SHOWN: natively", "EXPECT bad: signal=SIGSEGV", "EXPECT good: exit=0"),
      "signal=SIGSEGV is none of",
    ],
    [header("SHOWN: natively", "EXPECT bad: crash", "EXPECT good: exit=0"), "is not of the form exit=N"],
    [
      header("SHOWN: natively", "EXPECT bad: exit=1 stdout=/(/", "EXPECT good: exit=0"),
      "Invalid regular expression",
    ],
    [
      header("SHOWN: natively", "EXPECT bad: exit=1 stdout=lost", "EXPECT good: exit=0"),
      "is not of the form exit=N",
    ],
    [header(...NATIVE, "EXPECT bad under vax: exit=1"), "the machine is none of sparc64, aarch64, i686"],
    [header(...NATIVE, "EXPECT bad under i686: exit=0"), "exit=0 shows no damage"],
    [
      header("SHOWN: under i686", "EXPECT bad: exit=0", "EXPECT good: exit=0"),
      'no line "EXPECT bad under i686: ..."',
    ],
    [header("SHOWN: not: no such disk", ...NATIVE.slice(1)), 'but "EXPECT bad" is damage'],
  ])("that is wrong is an error that says how: %j", (text, message) => {
    expect(() => parseHeader(text)).toThrow(HeaderError);
    expect(() => parseHeader(text)).toThrow(message);
  });
});

const ENV = { PATH: process.env["PATH"] ?? "" };

/** A C program of two sides, compiled and run. */
async function tried(bad: string, good = "return 0;", lines = NATIVE): Promise<Verdict> {
  const toolchain = toolchainFor("native", ENV);
  if (typeof toolchain === "string") throw new Error(toolchain);
  const source = `${header(...lines)}
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
static int bad(void) { ${bad} }
static int good(void) { ${good} }
int main(int argc, char **argv) { return argc > 1 && strcmp(argv[1], "bad") == 0 ? bad() : good(); }
`;
  const reproducer = toReproducer(source);
  const trial = await tryReproducer(reproducer, toolchain, {
    directory: project(),
    path: ENV.PATH,
    flags: ["-O0"],
  });
  return judge(reproducer.header, "native", trial);
}

describe("a trial", () => {
  test("that ends as expected shows the damage", async () => {
    expect(await tried('puts("lost"); return 1;')).toEqual({ kind: "shown" });
    expect(
      await tried("abort();", "return 0;", [
        "SHOWN: natively",
        "EXPECT bad: signal=ABRT",
        "EXPECT good: exit=0",
      ]),
    ).toEqual({ kind: "shown" });
  });

  test("tells what is not as expected, of both sides", async () => {
    expect(await tried("return 0;", "raise(SIGSEGV); return 0;")).toEqual({
      kind: "not-shown",
      why: "bad: exit 0 instead of exit 1; good: SIGSEGV instead of exit 0",
    });
    expect(await tried('puts("kept"); return 1;')).toEqual({
      kind: "not-shown",
      why: "bad: nothing printed matches /lost/m",
    });
  });

  test("takes 128 + N for the death by signal N that it is in a sandbox", async () => {
    const lines = ["SHOWN: natively", "EXPECT bad: signal=BUS", "EXPECT good: exit=0"];
    expect(await tried("return 128 + SIGBUS;", "return 0;", lines)).toEqual({ kind: "shown" });
  });

  test("with exit code 77 is skipped, and says why", async () => {
    expect(await tried('puts("no disk here"); return 77;')).toEqual({ kind: "skipped", why: "no disk here" });
    expect(await tried('puts("lost"); return 1;', "return 77;")).toEqual({
      kind: "skipped",
      why: "no reason given",
    });
  });

  test("that does not compile tells what the compiler says", async () => {
    const verdict = await tried("return no_such_name;");
    expect(verdict).toMatchObject({ kind: "compile-failed", why: expect.stringContaining("no_such_name") });
  });

  test("runs each side in an empty directory of its own, without input and under limits", async () => {
    const made = 'open("f", O_CREAT | O_EXCL, 0600) < 0';
    const check = `
      struct rlimit core, cpu, memory; char c;
      getrlimit(RLIMIT_CORE, &core); getrlimit(RLIMIT_CPU, &cpu); getrlimit(RLIMIT_AS, &memory);
      if (${made} || read(0, &c, 1) != 0 || getpgrp() != getpid() || getenv("HOME")) return 3;
      if (core.rlim_cur > 1024 || cpu.rlim_cur != 10 || memory.rlim_cur != (rlim_t)16 << 30) return 4;`;
    expect(await tried(`${check} puts("lost"); return 1;`, `${check} return 0;`)).toEqual({ kind: "shown" });
  });
});

describe("a program", () => {
  const surroundings = { cwd: "/", env: ENV, seconds: 0.5 };

  test("that does not end is killed, and what it has started with it", async () => {
    const started = performance.now();
    const { ending, stdout } = await execute(["/bin/sh", "-c", "sleep 30 & echo $!; wait"], surroundings);
    expect(ending).toEqual({ kind: "timeout", seconds: 0.5 });
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(existsSync(`/proc/${stdout.trim()}/exe`)).toBe(false);
  });

  test("that leaves somebody behind who holds its output is judged by its own end", async () => {
    const { ending, stdout } = await execute(["/bin/sh", "-c", "sleep 30 & echo $!; exit 3"], surroundings);
    expect(ending).toEqual({ kind: "exit", code: 3 });
    expect(existsSync(`/proc/${stdout.trim()}/exe`)).toBe(false);
  });

  test("that becomes a daemon with its output is not waited for", async () => {
    const command = ["/bin/sh", "-c", "setsid sh -c 'echo $$; exec sleep 30' & exit 0"];
    const { ending, stdout, milliseconds } = await execute(command, surroundings);
    process.kill(Number(stdout.trim()), "SIGKILL");
    expect(ending).toEqual({ kind: "exit", code: 0 });
    expect(milliseconds).toBeLessThan(10_000);
  });

  test("that prints without end is heard up to a limit", async () => {
    const { ending, stdout } = await execute(["/bin/sh", "-c", "head -c 3000000 /dev/zero"], {
      ...surroundings,
      seconds: 20,
    });
    expect(ending).toEqual({ kind: "exit", code: 0 });
    expect(stdout.length).toBe(1024 * 1024);
  });

  test("that is not there could not be started", async () => {
    const reason = expect.stringMatching(/ENOENT|not found/);
    expect((await execute(["/no/such"], surroundings)).ending).toEqual({ kind: "unstarted", reason });
    expect((await execute(limited(["/no/such"]), surroundings)).ending).toEqual({
      kind: "unstarted",
      reason,
    });
  });

  test("has its addresses and its process id made alike, and nothing else", () => {
    const text = "7 at 0x7f33718fc000, 0x55d0c0de0010, 0x7f33718fc000; 0xffffffffffffffff 0x1000 4711 47110";
    const execution = {
      ending: { kind: "exit", code: 0 },
      stdout: text,
      stderr: "",
      pid: 4711,
      digests: { stdout: "", stderr: "" },
      milliseconds: 1,
    } as const;
    expect(normalized(execution).stdout).toBe(
      "7 at <address A>, <address B>, <address A>; 0xffffffffffffffff 0x1000 <pid> 47110",
    );
  });
});

/** A directory with programs of the given names. */
function pathWith(...names: readonly string[]): string {
  const directory = project();
  for (const name of names) symlinkSync(process.execPath, path.join(directory, name));
  return directory;
}

describe("the compiler", () => {
  test("is $CC with its options, else cc, gcc or clang", () => {
    const bin = pathWith("gcc", "clang");
    expect(toolchainFor("native", { PATH: bin })).toMatchObject({ compiler: [path.join(bin, "gcc")] });
    expect(toolchainFor("native", { PATH: bin, CC: "clang -m64" })).toMatchObject({
      compiler: [path.join(bin, "clang"), "-m64"],
    });
    rmSync(path.join(bin, "gcc"));
    expect(toolchainFor("native", { PATH: bin, CC: "" })).toMatchObject({
      compiler: [path.join(bin, "clang")],
    });
  });

  test("is never one of the working directory", () => {
    expect(toolchainFor("native", { PATH: `:.:${project()}` })).toMatch(/^no C compiler: /);
    expect(toolchainFor("native", { PATH: ENV.PATH, CC: "./cc" })).toMatch(
      /^CC=\.\/cc: there is no such program/,
    );
  });

  test("for a machine that is missing, or its emulator, is named with its packages", () => {
    expect(toolchainFor("sparc64", { PATH: project() })).toBe(
      "--emulate sparc64: sparc64-linux-gnu-gcc and qemu-sparc64 not found on PATH; on Debian or Ubuntu: " +
        "apt-get install qemu-user gcc-sparc64-linux-gnu libc6-dev-sparc64-cross",
    );
  });

  test("that is a directory or cannot be run is none", () => {
    const bin = project({ gcc: "" });
    mkdirSync(path.join(bin, "cc"));
    chmodSync(path.join(bin, "gcc"), 0o644);
    expect(toolchainFor("native", { PATH: bin })).toMatch(/^no C compiler: /);
  });
});

describe("mmaplint reproduce", () => {
  test("RULE: a table, exit code 0", async () => {
    const run = await mmaplint(project(), ["reproduce", "null-check"]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(run.stdout).toMatch(/^ {2}rule +verdict +bad, good +what was seen$/m);
    expect(run.stdout).toMatch(/^✔ null-check +shown +SIGSEGV, exit 0 +fault at 0xf+: /m);
    expect(run.stdout).toMatch(/^1 rule: 1 shown; \d+\.\d s, \//m);
  });

  test("--format full: what the programs print", async () => {
    const run = await mmaplint(project(), [
      "reproduce",
      "--format",
      "full",
      "null-check",
      "unaligned-offset",
    ]);
    expect(run.code).toBe(0);
    expect(run.stdout).toContain("    $ ./reproducer bad\n");
    expect(run.stdout).toMatch(/✔ null-check: [^]*\[SIGSEGV\][^]*✔ unaligned-offset: [^]*\[exit 1\]/);
  });

  test("--format json, --keep: everything, and where it lies", async () => {
    const run = await mmaplint(project(), ["reproduce", "--keep", "-f", "json", "null-check"]);
    const report = JSON.parse(run.stdout);
    const { kept } = report;
    try {
      expect(report).toMatchObject({ target: "native", summary: { shown: 1 } });
      expect(report.results).toMatchObject([
        { rule: "null-check", verdict: { kind: "shown" }, bad: { ending: { kind: "signal", name: "SEGV" } } },
      ]);
      expect(readdirSync(path.join(kept, "null-check")).sort()).toEqual([
        "bad",
        "good",
        "reproducer",
        "reproducer.c",
      ]);
      expect(readFileSync(path.join(kept, "null-check/reproducer.c"), "utf8")).toMatch(
        /^\/\*\n \* null-check: /,
      );
    } finally {
      rmSync(kept, { recursive: true });
    }
  });

  test("without --keep leaves nothing behind", async () => {
    const TMPDIR = project();
    const run = await mmaplint(project(), ["reproduce", "null-check"], { env: { TMPDIR } });
    expect(run.code).toBe(0);
    expect(readdirSync(TMPDIR)).toEqual([]);
  });

  test("Ctrl-C ends what is running, and leaves nothing behind", async () => {
    const directory = project({ cc: '#!/bin/sh\necho "$PWD" $$ >"$0.running"\nexec sleep 60\n' });
    const compiler = path.join(directory, "cc");
    chmodSync(compiler, 0o755);
    const said = (): string =>
      existsSync(`${compiler}.running`) ? readFileSync(`${compiler}.running`, "utf8") : "";
    const run = await mmaplint(directory, ["reproduce", "null-check"], {
      env: { CC: compiler },
      interruptedWhen: () => said().endsWith("\n"),
    });
    expect(run).toEqual({ code: 130, stdout: "", stderr: "" });
    const [workplace = "", pid = ""] = said().trim().split(" ");
    expect(workplace).toMatch(/\/mmaplint-reproduce-/);
    expect(existsSync(path.dirname(workplace))).toBe(false);
    expect(existsSync(`/proc/${pid}/exe`)).toBe(false);
  });

  test("with a compiler that fails: exit code 1, and what it said", async () => {
    const run = await mmaplint(project(), ["reproduce", "null-check"], { env: { CC: "false" } });
    expect(run).toMatchObject({ code: 1, stderr: "" });
    expect(run.stdout).toMatch(/^✖ null-check +NOT COMPILED +exit 1$/m);
  });

  test("with a compiler that complains: of all it says the error", async () => {
    const directory = project({
      cc: '#!/bin/sh\necho "In file included from x.h:1"; echo "x.h:2: error: no y"; exit 1\n',
    });
    chmodSync(path.join(directory, "cc"), 0o755);
    const run = await mmaplint(directory, ["reproduce", "null-check"], {
      env: { CC: path.join(directory, "cc") },
    });
    expect(run.stdout).toMatch(/^✖ null-check +NOT COMPILED +x\.h:2: error: no y$/m);
  });

  test("where TMPDIR takes no directory, /var/tmp does", async () => {
    for (const TMPDIR of ["/proc", "/nowhere", "relative"]) {
      const run = await mmaplint(project({ "relative/a": "" }), ["reproduce", "null-check"], {
        env: { TMPDIR },
      });
      expect(run).toMatchObject({ code: 0, stderr: "" });
    }
  });

  test.each([
    [["null-chek"], {}, 'reproduce null-chek: there is no such rule; did you mean "null-check"?'],
    [
      ["../../etc/passwd"],
      {},
      "reproduce ../../etc/passwd: there is no such rule; see mmaplint --list-rules",
    ],
    [["--kep"], {}, 'there is no option --kep; did you mean "--keep"?'],
    [["--format", "sarif"], {}, "--format sarif: must be one of pretty, full, json"],
    [
      ["--emulate", "sparc"],
      {},
      '--emulate sparc: must be one of sparc64, aarch64, i686; did you mean "sparc64"?',
    ],
    [
      ["--emulate", "sparc64", "null-check"],
      {},
      "reproduce null-check: shows nothing more under sparc64; run it without --emulate",
    ],
    [
      ["--emulate", "sparc64"],
      { PATH: "/nowhere" },
      "--emulate sparc64: sparc64-linux-gnu-gcc and qemu-sparc64 not found on PATH;",
    ],
    [
      ["--emulate", "i686"],
      {},
      "--emulate i686: no reproducer shows more there; some do on sparc64 and aarch64",
    ],
    [[], { CC: "no-such-cc" }, "CC=no-such-cc: there is no such program on PATH;"],
    [
      [],
      { PATH: "/nowhere", CC: "" },
      "no C compiler: none of cc, gcc, clang is on PATH; install gcc or clang, or name another with CC",
    ],
  ])("%j %j: a mistake, exit code 2", async (args, env, message) => {
    const run = await mmaplint(project(), ["reproduce", ...args], { env });
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toContain(`mmaplint: ${message}`);
    expect(run.stderr.trim().split("\n")).toHaveLength(1);
  });

  test("elsewhere than on Linux says where it runs", async () => {
    const options = { rules: [], emulate: undefined, format: "pretty", keep: false } as const;
    const { signal: interrupted } = new AbortController();
    const host = { env: ENV, platform: "darwin", version: () => "0", interrupted };
    expect(await reproduce(options, host)).toEqual({
      exitCode: 2,
      output: "",
      errorOutput:
        "mmaplint: reproduce runs on Linux only, this is darwin: use a virtual machine or container\n",
    });
  });

  test("--help tells of it, and a directory of that name can be linted", async () => {
    const directory = project({ "reproduce/a.c": "int x;\n" });
    expect((await mmaplint(directory, ["reproduce", "--help"])).stdout).toContain(
      "mmaplint reproduce [options] [rule ...]",
    );
    expect(await mmaplint(directory, ["./reproduce"])).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("has the reproducers of the fixtures, and no others", () => {
    const shipped = readdirSync(new URL("../dist/reproducers/", import.meta.url));
    expect(shipped.sort()).toEqual(
      reproducers()
        .map(({ header: { rule } }) => `${rule}.c`)
        .sort(),
    );
  });
});
