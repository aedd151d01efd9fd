/** What the command line of the compiler defines: it decides conditions, and is expanded like any other macro. */
import { describe, expect, test } from "vitest";
import { unitOpener } from "../../src/syntax/index.js";
import type { Unit } from "../../src/syntax/unit.js";
import { bodies } from "./show.js";

interface Compiled {
  /** The lines that -D and -U make. */
  readonly lines: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly included?: readonly string[];
}

function unitOf({ lines, text, headers = {}, included = [] }: Compiled): Unit {
  const sourceAt = (path: string) => ({ path, text: headers[path] ?? "" });
  const include = (name: string) => (headers[name] === undefined ? undefined : sourceAt(name));
  const opener = unitOpener(include, (path) =>
    path === "test.c" ? { definitions: lines, included: () => included.map(sourceAt), include } : undefined,
  );
  return opener.open({ path: "test.c", text });
}

/** Bodies of the last function. */
function read(compiled: Compiled): string[] {
  return bodies(compiled.text, unitOf(compiled));
}

const choose = (condition: string): string =>
  `void f(void)\n{\n#if ${condition}\nyes();\n#else\nno();\n#endif\n}\n`;

describe("conditions", () => {
  test.each([
    ["#define X 1\n", "X", "yes();"],
    ["#define X 1\n", "defined(X)", "yes();"],
    ["#define X 0\n", "X", "no();"],
    ["#define X 0\n", "defined(X)", "yes();"],
    ["#define X\n", "defined(X)", "yes();"],
    ["#define X 4\n", "X > 3", "yes();"],
    ["#define X 4\n", "X < 4", "no();"],
    ["#undef X\n", "X", "no();"],
    ["#undef X\n", "!defined(X)", "yes();"],
    ["#undef X\n", "X >= 3", "no();"],
    ["#define X 1\n#undef X\n", "X", "no();"],
    ["#define _WIN32 1\n", "defined(_WIN32)", "yes();"],
    ["#define X 1\n#undef Y\n", "X && !Y", "yes();"],
  ])("%j decides %s: there is one reading", (lines, condition, expected) => {
    expect(read({ lines, text: choose(condition) })).toEqual([expected]);
  });

  test("what it does not speak of stays open", () => {
    expect(read({ lines: "#define X 1\n", text: choose("X && Y") })).toEqual(["yes();", "no();"]);
  });

  test("the file's own definitions come later, and a default is none", () => {
    const own = "#undef X\n#define X 0\n";
    expect(read({ lines: "#define X 1\n", text: own + choose("X") })).toEqual(["no();"]);
    const fallback = "#ifndef X\n#define X 0\n#endif\n";
    expect(read({ lines: "#define X 1\n", text: fallback + choose("X") })).toEqual(["yes();"]);
    expect(read({ lines: "#undef X\n", text: fallback + choose("X") })).toEqual(["no();"]);
  });

  test("functions that are not compiled are none of the file's", () => {
    const text =
      "#ifdef X\nint a(void) { return 1; }\n#else\nint a(void) { return 2; }\nint b(void) { return 3; }\n#endif\n";
    const names = (lines: string): string[] => unitOf({ lines, text }).functions.map(({ name }) => name);
    expect(names("")).toEqual(["a", "a", "b"]);
    expect(names("#define X 1\n")).toEqual(["a"]);
    expect(names("#undef X\n")).toEqual(["a", "b"]);
  });
});

describe("expansion", () => {
  const text = "void f(void)\n{\nx = N; y = F(2);\n}\n";

  test("values and arguments", () => {
    expect(read({ lines: "#define N 3\n#define F(a) a+1\n", text })).toEqual(["x = 3; y = (2 + 1);"]);
  });

  test("over a default in the file or in a header, under a definition", () => {
    const fallback = "#ifndef N\n#define N 5\n#endif\n";
    const lines = "#define N 3\n";
    expect(read({ lines, text: fallback + text })[0]).toContain("x = 3;");
    const header = { "n.h": fallback };
    expect(read({ lines, text: `#include "n.h"\n${text}`, headers: header })[0]).toContain("x = 3;");
    expect(read({ lines: "", text: `#include "n.h"\n${text}`, headers: header })[0]).toContain("x = 5;");
    expect(read({ lines, text: `#undef N\n#define N 7\n${text}` })[0]).toContain("x = 7;");
    expect(read({ lines, text: `#undef N\n${text}` })[0]).toContain("x = N;");
  });

  test("decides which definition of a header holds", () => {
    const headers = { "n.h": "#ifdef BIG\n#define N 1024\n#else\n#define N 16\n#endif\n" };
    const including = `#include "n.h"\n${text}`;
    expect(read({ lines: "#define BIG 1\n", text: including, headers })[0]).toContain("x = 1024;");
    expect(read({ lines: "#undef BIG\n", text: including, headers })[0]).toContain("x = 16;");
  });

  test("a header that is not included by this build is none", () => {
    const headers = { "a.h": "#define N 1\n", "b.h": "#define N 2\n" };
    const either = `#ifdef A\n#include "a.h"\n#else\n#include "b.h"\n#endif\n${text}`;
    expect(read({ lines: "#define A 1\n", text: either, headers })[0]).toContain("x = 1;");
    expect(read({ lines: "#undef A\n", text: either, headers })[0]).toContain("x = 2;");
  });

  test("files of -include come before those that the file includes", () => {
    const headers = { "first.h": "#define N 1\n", "second.h": "#define N 2\n" };
    const compiled = { lines: "", text: `#include "second.h"\n${text}`, headers };
    expect(read({ ...compiled, included: ["first.h"] })[0]).toContain("x = 1;");
    expect(unitOf({ ...compiled, included: ["first.h"] }).headers()).toHaveLength(2);
    expect(read(compiled)[0]).toContain("x = 2;");
  });
});
