/** Macro expansion, and where the expanded nodes stand in the file. */
import { describe, expect, test } from "vitest";
import type { Expr } from "../../src/syntax/ast.js";
import { body, definitionOf, showExpr } from "./show.js";

test.each([
  ["#define N 3", "x(N);", "x(3);"],
  ["#define N (1 + M)\n#define M 2", "x(N);", "x((1 + 2));"],
  ["#define ADD(a, b) ((a) + (b))", "x(ADD(1, ADD(2, y)));", "x((1 + (2 + y)));"],
  ["#define ADD(a, b) ((a) + (b))", "x(ADD);", "x(ADD);"],
  ["#define CALL(f, ...) f(__VA_ARGS__)", "CALL(g, 1, (2, 3));", "g(1, (2, 3));"],
  ["#define LOG(fmt, ...) p(fmt, ## __VA_ARGS__)", 'LOG("a");', 'p("a");'],
  ["#define LOG(fmt, args...) p(fmt, ## args)", 'LOG("a", 1, 2);', 'p("a", 1, 2);'],
  ["#define CAT(a, b) a ## b", "CAT(get, page)();", "getpage();"],
  ["#define STR(a) #a", 'x(STR(a + "b\\n"));', 'x("a + \\"b\\\\n\\"");'],
  ["#define x x + 1", "y(x);", "y((x + 1));"],
  ["#define h(a) a + g\n#define g h", "y(h(1)(2));", "y((1 + h(2)));"],
  ["#define EMPTY", "EMPTY x(EMPTY);", "x();"],
  ["#define BEGIN if (a) {\n#define END }", "BEGIN x(); END", "if (a) { x(); }"],
  [
    "#define TRY(e) do { if ((e) < 0) goto out; } while (0)",
    "TRY(x()); out: y();",
    "do { if ((x() < 0)) goto out; } while (0); out: y();",
  ],
  ["#define N 1\n#undef N", "x(N);", "x(N);"],
  ["#define N 1\n#undef N\n#define N 2", "x(N);", "x(2);"],
  ["#ifndef N\n#define N 7\n#endif", "x(N);", "x(7);"],
])("%j: %s", (macros, text, expected) => {
  expect(body(text, macros)).toBe(expected);
});

test("a definition counts behind itself only, also inside a function", () => {
  expect(body("x(N);\n#define N 1\nx(N);")).toBe("x(N); x(1);");
});

test("the system's names stay, the project's own are looked into", () => {
  const own = "#define MAP_FLAGS (MAP_SHARED | MAP_POPULATE)";
  expect(body("x(MAP_FLAGS);", own)).toBe("x((MAP_SHARED | MAP_POPULATE));");
  const system =
    "#define MAP_FAILED NULL\n#define MAP_ANONYMOUS 0x20\n#define mmap mmap64\n#define assert(x) die()";
  expect(body("assert(mmap(MAP_ANONYMOUS) == MAP_FAILED);", system)).toBe(
    "assert((mmap(MAP_ANONYMOUS) == MAP_FAILED));",
  );
});

test("what grows beyond measure stays as it is", () => {
  const levels = Array.from({ length: 40 }, (_, level) => `#define A${level + 1} A${level} A${level}`);
  expect(() => body("A40;", `#define A0 x;\n${levels.join("\n")}`)).not.toThrow();
  expect(body(`y(${"D(".repeat(40)}z${")".repeat(40)});`, "#define D(x) x + x")).toMatch(/^y\(/);
});

test("a macro that makes no C of the function is left alone", () => {
  expect(body("OPERATOR(a, b);", "#define OPERATOR(a, b) a @ b")).toBe("OPERATOR(a, b);");
});

describe("positions", () => {
  const text = `#define CHECK(e, w) if ((e) == MAP_FAILED) fail(w)
#define SIZE (4 * KIB)
#define KIB 1024
void f(void) {
  CHECK(p = mmap(0, SIZE), "map");
  plain(1);
}`;
  const [check, plain] = definitionOf(text).body.body;

  function at(node: { span: { start: number; end: number } } | undefined): string {
    return node ? text.slice(node.span.start, node.span.end) : "";
  }

  test("what a macro made has the place of its use, and names the macro", () => {
    expect(at(check)).toBe('CHECK(p = mmap(0, SIZE), "map");');
    if (check?.kind !== "if") throw new Error("no if");
    expect(at(check.test)).toBe('CHECK(p = mmap(0, SIZE), "map")');
    expect(check.test.macro?.name).toBe("CHECK");
    expect(text.slice(check.test.macro?.definition?.start, check.test.macro?.definition?.end)).toMatch(
      /^#define CHECK.*\)$/,
    );
  });

  test("arguments keep their own places", () => {
    if (check?.kind !== "if" || check.test.kind !== "binary") throw new Error("no comparison");
    const assigned: Expr = check.test.left;
    expect([showExpr(assigned), at(assigned), assigned.macro]).toEqual([
      "p = mmap(0, (4 * 1024))",
      "p = mmap(0, SIZE)",
      undefined,
    ]);
    if (assigned.kind !== "assign" || assigned.value.kind !== "call") throw new Error("no call");
    const size = assigned.value.args[1];
    expect([at(size), size?.macro?.name]).toEqual(["SIZE", "SIZE"]);
    if (size?.kind !== "binary") throw new Error("no product");
    expect(size.right.macro?.name).toBe("SIZE");
  });

  test("what no macro made has none", () => {
    expect([at(plain), plain?.macro]).toEqual(["plain(1);", undefined]);
  });

  test("a macro from elsewhere has no definition and no expansion", () => {
    expect(body("ELSEWHERE(x);")).toBe("ELSEWHERE(x);");
  });
});
