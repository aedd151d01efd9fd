/** `mmaplint confirm`: programs that are compiled here, run while their calls fail, and judged. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
} from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { planFor } from "../src/confirm/experiments.js";
import { parseTrace } from "../src/confirm/trace.js";
import { objections } from "../src/confirm/trust.js";
import { rules } from "../src/rules/index.js";
import { mmaplint, project, type Run, type RunOptions } from "./cli.js";

const PROGRAMS = fileURLToPath(new URL("data/confirm/", import.meta.url));
const INJECTOR = fileURLToPath(new URL("../src/confirm/inject.c", import.meta.url));

/** A directory with a program of test/data/confirm, its source, and an empty directory `empty`. */
function built(name: string, flags: readonly string[] = ["-g"]): string {
  const source = `${name}.c`;
  const directory = project({ [source]: readFileSync(path.join(PROGRAMS, source)) });
  mkdirSync(path.join(directory, "empty"));
  const warnings = ["-Wall", "-Wextra", "-Werror"];
  execFileSync("cc", ["-O0", ...warnings, ...flags, "-o", "program", source], { cwd: directory });
  return directory;
}

interface Reported {
  readonly id: string;
  readonly rule: string;
  readonly status: string;
  readonly precision: string;
  readonly text: string;
  readonly verdict: { readonly kind: string };
}

/** Tries a program; the results by rule. The tests may be run by root: hence --yes. */
async function tried(
  directory: string,
  more: readonly string[] = ["--copy", "empty"],
  command: readonly string[] = ["./program"],
): Promise<{ run: Run; results: Readonly<Record<string, Reported>> }> {
  const args = ["confirm", "--yes", "--format", "json", ...more, "--", ...command];
  const run = await mmaplint(directory, args);
  const report: { results: readonly Reported[] } = JSON.parse(run.stdout || '{ "results": [] }');
  return { run, results: Object.fromEntries(report.results.map((result) => [result.rule, result])) };
}

/** The programs of all processes that can be looked at. */
function runningPrograms(): readonly string[] {
  return readdirSync("/proc").flatMap((pid) => {
    try {
      return [readlinkSync(`/proc/${pid}/exe`)];
    } catch {
      return [];
    }
  });
}

describe("confirms", () => {
  test.each([
    [
      "null-check",
      "crash",
      /^mmap\(\) call 1 fails with ENOMEM: .*SIGSEGV at address 0xf{8,16}, in work \(null-check\.c:11\)$/,
    ],
    [
      "stored-map-failed",
      "wrong-result",
      /the exit code is as ever, but the output lacks the line "the table is loaded"$/,
    ],
    [
      "unchecked-sync",
      "unnoticed",
      /^msync\(\) call 1 fails with EIO: .*with the same exit code and output$/,
    ],
    ["unchecked-protect", "unnoticed", /^mprotect\(\) call 1 fails with ENOMEM: /],
    [
      "return-convention",
      "crash",
      /^posix_fallocate\(\) call 1 fails with ENOSPC: .*SIGBUS .*return-convention\.c:15/,
    ],
    [
      "hardcoded-page-size",
      "page-bound",
      /^with pages of 16 KiB: .*gets offset 0x3000 and fails with EINVAL; exit 1, "record: Invalid argument"$/,
    ],
    ["hint-assumed", "crash", /gives another address .*SIGSEGV at address 0x300000000000/],
    [
      "mremap-lost",
      "crash",
      /^mremap\(\) call 2 moves the mapping: .*SIGSEGV .*in main \(mremap-lost\.c:14\)$/,
    ],
    [
      "fixed-clobber",
      "by-itself",
      /^mmap\(\) in main \(fixed-clobber\.c:14\) replaces rw-p memory without a file$/,
    ],
    ["open-mode", "by-itself", /^mmap\(\) in main \(open-mode\.c:13\) fails with EACCES by itself$/],
  ])("%s: %s", async (name, kind, text) => {
    const { run, results } = await tried(built(name));
    expect(run).toMatchObject({ code: 1, stderr: "" });
    expect(results[name]).toMatchObject({ status: "confirmed", precision: "line", verdict: { kind } });
    expect(results[name]?.text).toMatch(text);
  });

  test("a failed mapping that is handed to munmap()", async () => {
    const { results } = await tried(built("passed-on"));
    expect(results["null-check"]).toMatchObject({ status: "confirmed", verdict: { kind: "passed-on" } });
  });

  test("a crash that needs no failure", async () => {
    const { run, results } = await tried(built("dead"));
    expect(run.code).toBe(1);
    expect(results["use-after-unmap"]).toMatchObject({ status: "confirmed", verdict: { kind: "crash" } });
  });

  test("nothing by a crash of something else, which happens anyway", async () => {
    const directory = built("null-check");
    execFileSync("cc", ["-w", "-o", "other", path.join(PROGRAMS, "dead.c")], { cwd: directory });
    const script = `${directory}/other; exec ${directory}/program`;
    const { run, results } = await tried(directory, [], ["sh", "-c", script]);
    expect(run.code).toBe(0);
    expect(results["null-check"]).toMatchObject({ status: "not reached" });
    expect(results["null-check"]?.text).toBe("the program dies before anything is done to it");
  });

  test("a crash in a process that the program starts", async () => {
    const directory = built("null-check");
    const script = `${directory}/program; echo done`;
    const { results } = await tried(directory, [], ["sh", "-c", script]);
    expect(results["null-check"]).toMatchObject({ status: "confirmed", verdict: { kind: "crash" } });
  });

  test("a crash whose children live on, with the output still open", async () => {
    const directory = built("null-check");
    const script = `sleep 30 & exec ${directory}/program`;
    const { results } = await tried(directory, [], ["sh", "-c", script]);
    expect(results["null-check"]).toMatchObject({ status: "confirmed", verdict: { kind: "crash" } });
  });

  test("a difference in the files that a run leaves", async () => {
    const directory = built("stored-map-failed");
    const script = `${directory}/program > out`;
    const { results } = await tried(directory, ["--copy", "empty"], ["sh", "-c", script]);
    expect(results["stored-map-failed"]?.text).toMatch(/the file out has other content$/);
    expect(existsSync(path.join(directory, "empty/out"))).toBe(false);
  });
});

test("a run may leave what is huge, or closed to its owner", async () => {
  const directory = built("null-check");
  const script = `truncate -s 5G huge; mkdir closed; touch closed/in; chmod 0 huge closed; exec ${directory}/program`;
  const TMPDIR = project();
  const args = ["confirm", "--yes", "--copy", "empty", "--", "sh", "-c", script];
  const run = await mmaplint(directory, args, { env: { TMPDIR } });
  expect(run).toMatchObject({ code: 1, stderr: "" });
  expect(readdirSync(TMPDIR)).toEqual([]);
});

test("a temporary directory that LD_PRELOAD cannot name is passed over", async () => {
  const TMPDIR = path.join(project({ "a b/c": "" }), "a b");
  const run = await mmaplint(built("null-check"), ["confirm", "--yes", "--", "./program"], {
    env: { TMPDIR },
  });
  expect(run).toMatchObject({ code: 1, stderr: "" });
});

describe("does not confirm", () => {
  test("a failure that the program notices: handled, exit code 0", async () => {
    const { run, results } = await tried(built("unchecked-map"));
    expect(run.code).toBe(0);
    expect(results["unchecked-map"]).toMatchObject({ status: "handled", verdict: { kind: "reported" } });
    expect(results["unchecked-map"]?.text).toMatch(/exit 1, "write: Bad address": the failure is noticed$/);
  });

  test("a call that is never made: not reached", async () => {
    const { run, results } = await tried(built("null-check"), [], ["./program", "idle"]);
    expect(run.code).toBe(0);
    expect(results["null-check"]).toMatchObject({
      status: "not reached",
      text: "the program never calls mmap(), mremap(), shmat()",
    });
  });

  test("a run that does not end: undecided, and nothing is left of it", async () => {
    const directory = built("endless");
    const { run, results } = await tried(directory, ["--timeout", "1"]);
    expect(run.code).toBe(0);
    expect(results["unchecked-map"]).toMatchObject({
      status: "undecided",
      verdict: { kind: "endless", seconds: 1 },
    });
    expect(runningPrograms()).not.toContain(path.join(directory, "program"));
  });

  test("a program that keeps to the page size, on pages of 16 and 64 KiB", async () => {
    const { results } = await tried(built("any-page"), ["--copy", "empty", "--rule", "unchecked-map=off"]);
    expect(results["hardcoded-page-size"]).toMatchObject({
      status: "undecided",
      verdict: { kind: "not-seen" },
    });
  });

  test("what no failing call shows: the reason", async () => {
    const leak = fileURLToPath(new URL("../fixtures/missing-munmap/bad.c", import.meta.url));
    const directory = built("unchecked-map");
    const { results } = await tried(
      project({ "a.c": readFileSync(leak) }),
      [],
      [path.join(directory, "program")],
    );
    expect(results["missing-munmap"]).toMatchObject({ status: "not by injection" });
    expect(results["missing-munmap"]?.text).toContain("something is left over");
  });
});

test("Ctrl-C ends the program too, and leaves nothing behind", async () => {
  const directory = built("endless");
  const program = path.join(directory, "program");
  const TMPDIR = project();
  const run = await mmaplint(directory, ["confirm", "--yes", "--timeout", "60", "--", "./program"], {
    env: { TMPDIR },
    interruptedWhen: () => runningPrograms().includes(program),
  });
  expect(run).toEqual({ code: 130, stdout: "", stderr: "" });
  expect(runningPrograms()).not.toContain(program);
  expect(readdirSync(TMPDIR)).toEqual([]);
});

test("without lines the function has to do, and without names nothing is confirmed", async () => {
  const unlined = await tried(built("null-check", []));
  expect(unlined.results["null-check"]).toMatchObject({ status: "confirmed", precision: "function" });
  expect(unlined.results["null-check"]?.text).toContain("compile with -g");
  const stripped = await tried(built("null-check", ["-s"]));
  expect(stripped.results["null-check"]).toMatchObject({ status: "undecided", precision: "unknown" });
  expect(stripped.run.code).toBe(0);
});

test("the text report names the finding, what was done and what was seen, as docs/confirm.md has it", async () => {
  const run = await mmaplint(built("null-check"), ["confirm", "--yes", "null-check.c", "--", "./program"]);
  expect(run.stdout).toMatch(
    /^ {2}✖ confirmed: mmap\(\) call 1 fails with ENOMEM: the program dies by SIGSEGV at /m,
  );
  const page = readFileSync(new URL("../docs/confirm.md", import.meta.url), "utf8");
  const shown = /<!-- confirm null-check -->\n\n```text\n([^]*?)```/.exec(page)?.[1];
  expect(shown).toBe(run.stdout);
});

describe("--finding", () => {
  test("takes the id that the other reports show", async () => {
    const directory = built("null-check");
    const listed = await mmaplint(directory, ["--format", "json"]);
    const id: string = JSON.parse(listed.stdout).findings[0].id;
    expect((await mmaplint(directory, ["--format", "full"])).stdout).toContain(`= id: ${id}\n`);
    const { results } = await tried(directory, ["--finding", id]);
    expect(results["null-check"]).toMatchObject({ id, status: "confirmed" });
  });

  test("that is of no finding, or of several: named, exit code 2", async () => {
    const directory = built("null-check");
    const unknown = await tried(directory, ["--finding", "000000000000"]);
    expect(unknown.run).toMatchObject({ code: 2, stdout: "" });
    expect(unknown.run.stderr).toContain("--finding 000000000000: no finding in these paths has this id");
    execFileSync("cp", ["null-check.c", "copy.c"], { cwd: directory });
    const listed = await mmaplint(directory, ["--format", "json"]);
    const twice = await tried(directory, ["--finding", JSON.parse(listed.stdout).findings[0].id]);
    expect(twice.run.code).toBe(2);
    expect(twice.run.stderr).toContain("several files have it: copy.c:9:9, null-check.c:9:9");
  });
});

describe("refuses", () => {
  const refused = async (args: readonly string[], options: RunOptions = {}, directory = project()) => {
    const run = await mmaplint(directory, ["confirm", ...args], options);
    expect(run).toMatchObject({ code: 2, stdout: "" });
    return run.stderr;
  };

  test.each([
    [["src"], "confirm: no program to run; name it behind --"],
    [["--"], "confirm: no program to run; name it behind --"],
    [["--", "./missing"], "confirm: ./missing cannot be run: build it first"],
    [["--", "missing"], "it is not on PATH; is ./missing meant?"],
    [["--timeout", "0", "--", "true"], "--timeout 0: must be a whole number of seconds, 1 or more"],
    [["--format", "sarif", "--", "true"], "--format sarif: must be one of pretty, json"],
    [["--findings", "1", "--", "true"], 'there is no option --findings; did you mean "--finding"?'],
    [["--", "./"], "confirm: ./ cannot be run: it is no file that you may execute"],
    [["--copy", "nowhere", "--", "true"], "--copy nowhere: is no directory"],
    [["--copy", "", "--", "true"], "--copy : is no directory"],
    [["--yes", "nowhere.c", "--", "true"], "nowhere.c"],
  ])("%j: %s", async (args, message) => {
    expect(await refused(args)).toContain(message);
  });

  test("an automatic build, unless --yes says otherwise; the program is not run", async () => {
    const directory = built("unchecked-sync");
    const options = { env: { CI: "true" } };
    const message = await refused(["--", "./program"], options, directory);
    expect(message).toContain("nothing was run: this is an automatic build (CI is set)");
    expect(message).toContain("or say --yes");
    expect(existsSync(path.join(directory, "record"))).toBe(false);
    const allowed = await mmaplint(
      directory,
      ["confirm", "--yes", "--copy", "empty", "--", "./program"],
      options,
    );
    expect(allowed.code).toBe(1);
  });

  test("a directory that cannot be copied", async () => {
    const directory = built("null-check");
    execFileSync("mkfifo", ["empty/pipe"], { cwd: directory });
    const message = await refused(["--yes", "--copy", "empty", "--", "./program"], {}, directory);
    expect(message).toMatch(/^mmaplint: --copy .*empty: cannot be copied: /);
  });

  test("a missing compiler, by name and way out", async () => {
    const args = ["--yes", "--", "/bin/true"];
    expect(await refused(args, { env: { CC: "no-such-cc" } })).toContain(
      "CC=no-such-cc: there is no such program",
    );
    expect(await refused(args, { env: { PATH: "/nowhere" } })).toContain(
      "no C compiler: none of cc, gcc, clang",
    );
    expect(await refused(args, { env: { CC: "false" } }, project({ "a.c": "" }))).toContain(
      "the injector cannot be compiled by",
    );
  });

  test("a program that the injector cannot get into, or that cannot be started", async () => {
    const directory = built("null-check", ["-g", "-static"]);
    expect(await refused(["--yes", "--", "./program"], {}, directory)).toContain("it is static or setuid");
    chmodSync(path.join(directory, "program"), 0o644);
    const closed = await refused(["--yes", "--", "./program"], {}, directory);
    expect(closed).toContain("./program cannot be run: it is no file that you may execute");
    const script = project({ "a.c": "", script: "#!/no/such/interpreter\n" });
    chmodSync(path.join(script, "script"), 0o755);
    const unstarted = await refused(["--yes", "--", "./script"], {}, script);
    expect(unstarted).toContain("the program cannot be started: ");
  });

  test("a program that ends otherwise each time, and one that does not end", async () => {
    const directory = project({ "a.c": "" });
    const once = ["--yes", "--", "sh", "-c", "mkdir made"];
    expect(await refused(once, {}, directory)).toContain("ends by exit 0, and by exit 1");
    const never = ["--yes", "--timeout", "1", "--", "sleep", "60"];
    expect(await refused(never, {}, directory)).toContain("does not end within 1 s");
  });

  test("nothing of the linted directory is run in place of a compiler or a tool", async () => {
    const directory = built("null-check");
    const trap = "#!/bin/sh\ntouch trapped\nexit 1\n";
    for (const name of ["cc", "gcc", "clang", "addr2line"]) {
      execFileSync("sh", ["-c", `printf %s "$1" > ${name}; chmod +x ${name}`, "sh", trap], {
        cwd: directory,
      });
    }
    const env = { PATH: `.:${process.env["PATH"] ?? ""}` };
    const run = await mmaplint(directory, ["confirm", "--yes", "--", "./program"], { env });
    expect(run.code).toBe(1);
    expect(existsSync(path.join(directory, "trapped"))).toBe(false);
  });
});

describe("a place is trusted", () => {
  const uid = process.getuid?.() ?? 0;
  const objectionsTo = (directory: string, env: NodeJS.ProcessEnv = {}, user = uid) =>
    objections({ program: path.join(directory, "program"), cwd: directory, env, uid: user });

  test("when only its user and root can write there", () => {
    const found = objectionsTo(project({ program: "" }), { CI: "false" });
    // The tests may be run by root, which is the one objection then.
    expect(found).toEqual(uid === 0 ? [expect.stringContaining("you are root")] : []);
  });

  test("not by root, in CI, or where others can write", () => {
    const directory = project({ program: "", "open/program": "" });
    expect(objectionsTo(directory, {}, 0)[0]).toContain("you are root");
    expect(objectionsTo(directory, { CI: "1" }).at(-1)).toContain("CI is set");
    chmodSync(path.join(directory, "open"), 0o777);
    expect(objectionsTo(path.join(directory, "open"), {}, uid).at(-1)).toMatch(
      /^everybody may write to .*open$/,
    );
    chmodSync(path.join(directory, "program"), 0o666);
    expect(objectionsTo(directory).at(-1)).toMatch(/^everybody may write to .*program$/);
  });

  test("not where the program is another user's", () => {
    const directory = project({ program: "" });
    // Root's programs are everybody's, so root gives this one away; others look at their own with other eyes.
    if (uid === 0) chownSync(path.join(directory, "program"), 4242, 4242);
    const [objection] = objectionsTo(directory, {}, uid + 1);
    expect(objection).toMatch(/program belongs to another user$/);
  });
});

test("every rule has an experiment, or a reason why there is none", () => {
  const fallback = planFor("no-such-rule");
  expect(
    rules.filter(
      ({ id }) => planFor(id) === fallback || JSON.stringify(planFor(id)) === JSON.stringify(fallback),
    ),
  ).toEqual([]);
});

test.each(["gcc", "clang"])("the injector compiles without a warning: %s", (compiler) => {
  const directory = project();
  const flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"];
  execFileSync(compiler, [...flags, INJECTOR, "-o", "inject.so", "-ldl"], { cwd: directory });
  expect(existsSync(path.join(directory, "inject.so"))).toBe(true);
});

test("a report's unfinished line is passed over", () => {
  const call = "call\t7\t/bin/a\tmmap\t1\tinjected\t12\t\t/bin/a+12a\t/lib/b c.so+3";
  const trace = parseTrace(
    `start\t7\t/bin/a\n${call}\nfault\t7\t/bin/a\t11\tff\t/bin/a+1\ncall\t7\t/bin/a\tmm`,
  );
  expect(trace.started).toEqual(["/bin/a"]);
  expect(trace.calls).toEqual([
    {
      pid: 7,
      exe: "/bin/a",
      function: "mmap",
      nth: 1,
      how: "injected",
      errno: 12,
      detail: "",
      stack: [
        { module: "/bin/a", offset: "12a" },
        { module: "/lib/b c.so", offset: "3" },
      ],
    },
  ]);
  expect(trace.faults).toEqual([
    { pid: 7, signal: 11, address: "ff", stack: [{ module: "/bin/a", offset: "1" }] },
  ]);
});
