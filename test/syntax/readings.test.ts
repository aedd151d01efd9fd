/** Conditionals inside functions: which branches stand together. */
import { expect, test } from "vitest";
import { bodies } from "./show.js";

/** Bodies of a function whose text is `lines`, `before` standing ahead of it. */
function read(lines: string, before = ""): string[] {
  return bodies(`${before}\nvoid f(void)\n{\n${lines}\n}\n`);
}

const choose = (condition: string): string => `#if ${condition}\nyes();\n#else\nno();\n#endif`;

test("without conditionals there is one reading", () => {
  expect(read("x();")).toEqual(["x();"]);
});

test("the same condition has the same truth throughout a reading", () => {
  const text = "#ifdef A\na();\n#endif\nb();\n#ifndef A\nc();\n#else\nd();\n#endif";
  expect(read(text)).toEqual(["a(); b(); d();", "b(); c();"]);
});

test.each([
  ["defined(X) && !defined(NO_X)"],
  ["HAVE_X"],
  ["defined X || defined(_WIN32)"],
  ["!defined(__APPLE__)"],
  ["X > 3"],
  ["!(X <= 3)"],
  ["CONFIG_A && (CONFIG_B || CONFIG_C)"],
  ["IS_ENABLED(CONFIG_A)"],
  ["MAP_POPULATE"],
])("%s holds in the first reading and not in the second", (condition) => {
  expect(read(choose(condition))).toEqual(["yes();", "no();"]);
});

test.each([
  ["defined(__APPLE__)"],
  ["NO_MMAP"],
  ["DEBUG"],
  ["FOO_DISABLED"],
  ["!HAVE_X"],
  ["__BIG_ENDIAN__"],
])("%s holds in the second reading only", (condition) => {
  expect(read(choose(condition))).toEqual(["no();", "yes();"]);
});

test.each([
  ["0", "no();"],
  ["1", "yes();"],
  ["0 && X", "no();"],
  ["0x10 /* sixteen */", "yes();"],
])("%s is decided", (condition, expected) => {
  expect(read(choose(condition))).toEqual([expected]);
});

test("one foreign platform is chosen in the second reading", () => {
  const text = "#if defined(__sun)\nsun();\n#elif defined(__APPLE__)\nmac();\n#else\nlinux();\n#endif\n";
  expect(read(text)).toEqual(["linux();", "sun();"]);
});

test("Windows, which has no mmap(), is read for a branch that names the family only", () => {
  expect(read(choose("defined(_WIN32)"))).toEqual(["no();"]);
  expect(read("#ifdef _WIN32\nmunmap(p, n);\n#else\na();\n#endif")).toEqual(["a();", "munmap(p, n);"]);
});

test("definitions of the file decide", () => {
  expect(read(choose("X"), "#define X 0")).toEqual(["no();"]);
  expect(read(choose("defined(X)"), "#define X 0")).toEqual(["yes();"]);
  expect(read(choose("X >= 4"), "#define X 5")).toEqual(["yes();"]);
  expect(read(choose("defined(X)"), "#define X\n#undef X")).toEqual(["no();"]);
  expect(read(choose("X"), "#ifdef HAVE_A\n#define X 1\n#endif")).toEqual(["yes();", "no();"]);
  expect(read(choose("X"), "#ifdef __APPLE__\n#define X 1\n#endif")).toEqual(["no();", "yes();"]);
});

test("a default definition does not decide", () => {
  expect(read(choose("X"), "#ifndef X\n#define X 0\n#endif")).toEqual(["yes();", "no();"]);
  const fallback = "#if !defined(MAP_LOCKED) && defined(MAP_POPULATE)\n#define MAP_LOCKED 0\n#endif";
  expect(read(choose("defined(MAP_LOCKED)"), fallback)).toEqual(["yes();", "no();"]);
});

test("the conditionals around the function hold in every reading", () => {
  const text = `#ifdef _WIN32\nint w;\n#else\nvoid f(void)\n{\n${choose("defined(_WIN32)")}\n}\n#endif\n`;
  expect(bodies(text)).toEqual(["no();"]);
  expect(bodies(`#if !HAVE_X\nvoid f(void)\n{\n${choose("HAVE_X")}\n}\n#endif\n`)).toEqual(["no();"]);
});

test("what every C library for Linux defines is defined, unless the other branch names the family", () => {
  expect(read(choose("defined(MAP_ANONYMOUS)"))).toEqual(["yes();"]);
  const text = "#ifdef MAP_ANONYMOUS\na();\n#else\nmunmap(p, n);\n#endif";
  expect(read(text)).toEqual(["a();", "munmap(p, n);"]);
});

test("the second reading prefers branches that name the family", () => {
  const text =
    "#if defined(A)\na();\n#elif defined(B)\nb();\n#elif defined(C)\nmunmap(p, n);\n#else\nc();\n#endif";
  expect(read(text)).toEqual(["a();", "munmap(p, n);"]);
});

test("conditionals split statements, heads and ends", () => {
  const split = "#ifdef A\nif (x) {\n#else\nif (y) {\n#endif\nz(); }";
  expect(read(split)).toEqual(["if (x) { z(); }", "if (y) { z(); }"]);
  const args = "mmap(0, n, PROT_READ,\n#ifdef MAP_POPULATE\nMAP_POPULATE |\n#endif\nMAP_PRIVATE, fd, 0);";
  expect(read(args)[0]).toBe("mmap(0, n, PROT_READ, (MAP_POPULATE | MAP_PRIVATE), fd, 0);");
  const heads = "#ifdef A\nvoid f(int a) {\n#else\nvoid f(long a) {\n#endif\nx();\n}\n";
  expect(bodies(heads)).toEqual(["x();"]);
});

test("macros depend on the reading", () => {
  const macro = "#ifdef A\n#define PAGE 4096\n#else\n#define PAGE getpagesize()\n#endif";
  expect(read("x(PAGE);", macro)).toEqual(["x(4096);", "x(getpagesize());"]);
});
