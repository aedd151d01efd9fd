/** -p: what a build says of files, and what is said when it cannot be used. */
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, test } from "vitest";
import { compilerFlags } from "../src/project/compiler-flags.js";
import { shellWords } from "../src/project/shell.js";
import { CLEAN, mmaplint, NULL_CHECK, project } from "./cli.js";

interface Entry {
  readonly directory: string;
  readonly file: string;
  readonly arguments?: readonly string[];
  readonly command?: string;
}

/** A project with a database in build/, whose entries are started in the project's directory. */
function built(files: Readonly<Record<string, string>>, entries: readonly Partial<Entry>[]): string {
  const directory = project(files);
  mkdirSync(path.join(directory, "build"), { recursive: true });
  writeFileSync(
    path.join(directory, "build/compile_commands.json"),
    JSON.stringify(entries.map((entry) => ({ directory: realpathSync(directory), ...entry }))),
  );
  return directory;
}

test.each([
  ["cc -c  a.c\n", ["cc", "-c", "a.c"]],
  [`cc '-DX="a b"' "-DY=\\"c\\"" -DZ=\\'d\\'`, ["cc", '-DX="a b"', '-DY="c"', "-DZ='d'"]],
  ['"a\\nb" a\\ b \'\' "" x\\', ["a\\nb", "a b", "", "", "x\\"]],
  ["-D'A'\"B\"C $HOME `id` $(id) *", ["-DABC", "$HOME", "`id`", "$(id)", "*"]],
  ["'open", ["open"]],
  ["", []],
])("shell words of %j", (command, words) => {
  expect(shellWords(command)).toEqual(words);
});

describe("flags", () => {
  const flags = (...args: readonly string[]) => compilerFlags(["cc", ...args], "/b");

  test("-D and -U become lines, in order; what is no name is left out", () => {
    const { definitions } = flags("-DA", "-D", "B=2", "-DC=", "-UA", "-D=1", "-DF(x,y)=x + y", "-D1=2");
    expect(definitions).toBe("#define A 1\n#define B 2\n#define C \n#undef A\n#define F(x,y) x + y\n");
  });

  test("a value stays on its line", () => {
    expect(flags("-DA=x\ny", "-DB=x\\", "-DC=x/*").definitions).toBe(
      "#define A x y\n#define B x\n#define C x/ *\n",
    );
  });

  test("directories, joined to the option or not, -isystem after -I", () => {
    const all = flags("-isystem", "s", "-Ii", "-I", "/abs/j", "-I.", "-iquoteq", "-idirafter", "z", "-I");
    expect(all.directories).toEqual(["/b/i", "/abs/j", "/b", "/b/s", "/b/z"]);
    expect(all.quoted).toEqual(["/b/q"]);
  });

  test("values of other options are none", () => {
    const all = flags("-o", "-DX", "-MF", "-Iy", "-Xclang", "-include", "-Xclang", "p.h", "--", "-DZ");
    expect(all).toMatchObject({ definitions: "", directories: [], included: ["p.h"] });
  });
});

/** Wrong where CHECK_NULL is defined. */
const EITHER = NULL_CHECK.replace(
  "  if (p == NULL)\n",
  "#ifdef CHECK_NULL\n  if (p == NULL)\n#else\n  if (p == MAP_FAILED)\n#endif\n",
);

describe("-p", () => {
  test("lints what the database lists, with its definitions", async () => {
    const directory = built({ "a.c": EITHER, "b.c": EITHER, "c.c": NULL_CHECK, "d.cc": NULL_CHECK }, [
      { file: "a.c", arguments: ["cc", "-DCHECK_NULL", "-c", "a.c"] },
      { file: "b.c", command: "cc -UCHECK_NULL -c b.c" },
      { file: "d.cc", command: "c++ -c d.cc" },
    ]);
    for (const build of ["build", "build/compile_commands.json", path.join(directory, "build")]) {
      const run = await mmaplint(directory, ["-p", build]);
      expect(run).toMatchObject({ code: 1, stderr: "" });
      expect(run.stdout).toContain("a.c:5:");
      expect(run.stdout).toContain("1 error;");
    }
    const long = await mmaplint(directory, [`--build=build`]);
    expect(long.stdout).toContain("1 error;");
  });

  test("with paths, these are linted, with the flags of those that it knows", async () => {
    const directory = built({ "a.c": EITHER, "b.c": EITHER, "c.c": NULL_CHECK }, [
      { file: "a.c", command: "cc -UCHECK_NULL -c a.c" },
    ]);
    expect(await mmaplint(directory, ["-p", "build", "a.c"])).toEqual({ code: 0, stdout: "", stderr: "" });
    const run = await mmaplint(directory, ["-p", "build", "a.c", "b.c"]);
    expect(run.stdout).toContain("b.c:5:");
    expect(run.stdout).toContain("1 error;");
    const input = { input: EITHER };
    const named = ["--stdin", "--stdin-filename", "a.c"];
    expect((await mmaplint(directory, ["-p", "build", ...named], input)).code).toBe(0);
    expect((await mmaplint(directory, named, input)).code).toBe(1);
  });

  test("of several entries of a file the first counts", async () => {
    const directory = built({ "a.c": EITHER }, [
      { file: "a.c", command: "cc -UCHECK_NULL a.c" },
      { file: "a.c", command: "cc -DCHECK_NULL a.c" },
    ]);
    expect((await mmaplint(directory, ["-p", "build"])).code).toBe(0);
  });

  test("a comment in what the build leaves out is not called unused", async () => {
    const comment = "// mmaplint-disable-line null-check -- as on the old board";
    const text = EITHER.replace("(p == NULL)", `(p == NULL) ${comment}`);
    const directory = built({ "a.c": text, "b.c": CLEAN.replace("return -1;", `return -1; ${comment}`) }, [
      { file: "a.c", command: "cc -UCHECK_NULL -c a.c" },
      { file: "b.c", command: "cc -UCHECK_NULL -c b.c" },
    ]);
    expect((await mmaplint(directory, ["-p", "build", "a.c"])).stdout).toBe("");
    expect((await mmaplint(directory, ["-p", "build", "b.c"])).stdout).toContain("unused-suppression");
  });

  test("headers are taken from its directories, for the file and what it includes", async () => {
    const wrapper = (failed: string): string =>
      `#include <sys/mman.h>\nstatic inline int bad(void *p) { return p == ${failed}; }\n`;
    const program = NULL_CHECK.replace("p == NULL", "bad(p)").replace("int f", '#include "top.h"\nint f');
    const directory = built(
      {
        "src/a.c": program,
        "src/b.c": program,
        "include/top.h": "#include <port/check.h>\n",
        "one/port/check.h": wrapper("NULL"),
        "two/port/check.h": wrapper("MAP_FAILED"),
      },
      [
        { file: "src/a.c", command: "cc -Iinclude -isystem one -c src/a.c" },
        { file: "src/b.c", command: "cc -I include -I two -c src/b.c" },
      ],
    );
    const { findings } = JSON.parse((await mmaplint(directory, ["-p", "build", "-f", "json"])).stdout);
    const files = findings.map(({ location }: { location: { file: string } }) => location.file);
    expect(new Set(files)).toContain("src/a.c");
    expect(new Set(files)).not.toContain("src/b.c");
  });

  test("-include: a header that the file does not name", async () => {
    const directory = built(
      {
        "src/a.c": NULL_CHECK.replace("p == NULL", "bad(p)"),
        "x.h": "#include <sys/mman.h>\nstatic inline int bad(void *p) { return p == MAP_FAILED; }\n",
      },
      [{ file: "src/a.c", command: "cc -include x.h -c src/a.c" }],
    );
    expect(await mmaplint(directory, ["-p", "build"])).toEqual({ code: 0, stdout: "", stderr: "" });
    // Without it bad() may be anything.
    expect((await mmaplint(directory, ["src/a.c"])).stdout).toContain("unchecked-map");
  });

  test("files outside of the working directory, or gone, are counted in a notice each", async () => {
    const directory = built({ "tree/a.c": CLEAN, "other/b.c": NULL_CHECK, "other/c.c": NULL_CHECK }, [
      { file: "tree/a.c", command: "cc tree/a.c" },
      { file: "other/b.c", command: "cc other/b.c" },
      { file: "other/c.c", command: "cc other/c.c" },
      { file: "tree/link.c", command: "cc tree/link.c" },
      { file: "tree/gone.c", command: "cc tree/gone.c" },
    ]);
    symlinkSync("../other/b.c", path.join(directory, "tree/link.c"));
    const run = await mmaplint(path.join(directory, "tree"), ["-p", "../build"]);
    expect(run).toMatchObject({ code: 0, stdout: "" });
    expect(run.stderr).toBe(
      [
        "mmaplint: ../build/compile_commands.json: not linted: 3 files that it lists are outside of the working directory",
        "mmaplint: ../build/compile_commands.json: not linted: 1 file that it lists does not exist",
        "",
      ].join("\n"),
    );
    mkdirSync(path.join(directory, "empty"));
    const none = await mmaplint(path.join(directory, "empty"), ["-p", "../build"]);
    expect(none.code).toBe(2);
    expect(none.stderr).toContain("lists no C file (.c, .h) that is in the working directory");
  });

  test("a tree that the build knows by a symbolic link", async () => {
    const directory = project({ "tree/src/a.c": EITHER });
    symlinkSync("tree", path.join(directory, "link"));
    const there = path.join(directory, "link");
    const entry = { directory: there, file: `${there}/src/a.c`, command: "cc -UCHECK_NULL src/a.c" };
    writeFileSync(path.join(directory, "tree/compile_commands.json"), JSON.stringify([entry]));
    const run = await mmaplint(realpathSync(path.join(directory, "tree")), ["-p", "."]);
    expect(run).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("the configuration's `ignore` leaves files out, silently: nobody named them", async () => {
    const directory = built(
      {
        "mmaplint.config.json": '{ "ignore": ["third_party/"] }',
        "third_party/a.c": NULL_CHECK,
        "b.c": CLEAN,
      },
      [
        { file: "third_party/a.c", command: "cc third_party/a.c" },
        { file: "b.c", command: "cc b.c" },
      ],
    );
    expect(await mmaplint(directory, ["-p", "build"])).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("nothing in it is executed, and nothing is followed out of the tree", async () => {
    const directory = built(
      { "tree/a.c": `#include "secret.h"\n${CLEAN}`, "out/secret.h": "int x = NULL_CHECK;\n" },
      [
        {
          file: "tree/a.c",
          command: "$(touch executed) `touch executed`; touch executed; cc -I out -I ../out tree/a.c",
        },
      ],
    );
    const run = await mmaplint(path.join(directory, "tree"), ["-p", "../build"]);
    expect(run).toEqual({ code: 0, stdout: "", stderr: "" });
    expect((await mmaplint(directory, ["executed"])).stderr).toContain("there is no such file");
    symlinkSync("../build/compile_commands.json", path.join(directory, "tree/compile_commands.json"));
    const link = await mmaplint(path.join(directory, "tree"), ["-p", "."]);
    expect(link.code).toBe(2);
    expect(link.stderr).toContain("leads out of the working directory and is not followed; name its target");
  });
});

describe("what is wrong is named, with the way out", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["no JSON", "[{]", "is not valid JSON"],
    ["no array", "{}", "is no compilation database: it must be an array of entries"],
    ["no object", "[1]", "entry 0 must be an object"],
    ["no directory", '[{"file":"a.c","command":"cc"}]', 'entry 0 has no text for the key "directory"'],
    ["no file", '[{"directory":"/","command":"cc"}]', 'entry 0 has no text for the key "file"'],
    [
      "no command",
      '[{"directory":"/","file":"a.c"}]',
      'entry 0 needs the key "arguments" or the key "command"',
    ],
    [
      "arguments that are no list",
      '[{"directory":"/","file":"a.c","arguments":"cc"}]',
      'entry 0 must have an array for the key "arguments"',
    ],
  ];
  test.each(cases)("%s", async (_, text, sentence) => {
    const directory = project({ "compile_commands.json": text, "a.c": NULL_CHECK });
    const run = await mmaplint(directory, ["-p", "."]);
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toContain("mmaplint: -p .: compile_commands.json is ");
    expect(run.stderr).toContain(sentence);
    expect(run.stderr).toContain("build systems write it: cmake -DCMAKE_EXPORT_COMPILE_COMMANDS=ON");
  });

  test("a file that is missing, no file, too large, or not named", async () => {
    const directory = project({ "a.c": NULL_CHECK, "build/x": "" });
    const missing = await mmaplint(directory, ["-p", "build", "a.c"]);
    expect(missing).toMatchObject({ code: 2, stdout: "" });
    expect(missing.stderr).toContain(
      "-p build: build/compile_commands.json cannot be read: there is no such file or directory; name the directory that holds compile_commands.json, build systems write it",
    );
    const nothing = await mmaplint(directory, ["-p", "none"]);
    expect(nothing.stderr).toContain("-p none: none cannot be read: there is no such file or directory");
    writeFileSync(path.join(directory, "build/compile_commands.json"), Buffer.alloc(33 * 1024 * 1024, " "));
    const large = await mmaplint(directory, ["-p", "build"]);
    expect(large.code).toBe(2);
    expect(large.stderr).toContain("has more than the limit of 32 MiB");
    expect((await mmaplint(directory, ["-p", ""])).stderr).toContain("-p: the name is missing");
  });
});
