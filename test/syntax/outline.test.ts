/** What the lexer finds at a file's top level. */
import { describe, expect, test } from "vitest";
import { couldMatter } from "../../src/syntax/index.js";
import { unitOf } from "./show.js";

function names(text: string): string[] {
  return unitOf(text).functions.map(({ name }) => name);
}

/** Name and text of the only function. */
function only(text: string): { name: string; text: string; static: boolean } {
  const [outline, ...others] = unitOf(text).functions;
  if (!outline || others.length > 0) throw new Error("not one function");
  expect(text.slice(outline.nameSpan.start, outline.nameSpan.end)).toBe(outline.name);
  return {
    name: outline.name,
    text: text.slice(outline.span.start, outline.span.end),
    static: outline.static,
  };
}

describe("the name", () => {
  test.each([
    ["int f(void) { }", "f"],
    ["static __always_inline void * __init foo(struct a *b) ATTR(x) { }", "foo"],
    ["__attribute__((noreturn)) static int foo(int a) { }", "foo"],
    ["EXPORT(int) foo(int a) { }", "foo"],
    ["void\nfoo(a, b)\n\tint a;\n\tchar *b;\n{ }", "foo"],
    ["main(argc, argv) char **argv; { }", "main"],
    ["SYSCALL_DEFINE3(name, int, a, int, b)\n{ }", "SYSCALL_DEFINE3"],
    ["int (*pick(int a))(int) { }", "pick"],
    ["gint\n(g_atomic)(int a) { }", "g_atomic"],
    ["struct s foo(struct t { int a; } *b) { }", "foo"],
    ["struct s FUNC(int a) { }", "FUNC"],
    ["struct s { int a; } *make(void) { }", "make"],
    ["int foo(int a) __acquires(lock)\n{ }", "foo"],
  ])("of %j is %s", (text, name) => {
    expect(names(text)).toEqual([name]);
  });

  test("is not looked for in initializers, type bodies and prototypes", () => {
    const text = `int g(int);
struct s { int (*call)(void); };
struct s table[] = { { f }, { g } };
enum { A, B };
typedef struct __attribute__((packed)) { int a; } t;
union PACKED u { int x; };
int x = ({ 1; });`;
    expect(names(text)).toEqual([]);
  });
});

describe("the span", () => {
  test("reaches from the return type to the closing brace", () => {
    const text = `MODULE_LICENSE("GPL")\nstatic int\nf(void)\n{ if (a) { b(); } }\nint x;\n`;
    expect(only(text)).toEqual({ name: "f", text: "static int\nf(void)\n{ if (a) { b(); } }", static: true });
  });

  test("does not mind braces in literals, comments and macros", () => {
    const text = `#define OPEN { \\\n  {\nint f(void) { char c = '{'; char *s = "}{\\"{"; /* { */ // {\n  }\nint g(void) { }`;
    expect(names(text)).toEqual(["f", "g"]);
  });

  test("survives a literal that is not closed on its line", () => {
    expect(
      names(`int f(void) { char *s = "abc; }\n}\nint g(void) { don't(); }\n}\nint h(void) { }`),
    ).toContain("h");
  });

  test("survives an opening brace too many", () => {
    expect(names("int f(void)\n{\n  if (a) {\n}\n\nint g(void)\n{\n}\n")).toEqual(["f", "g"]);
  });

  test("survives many of them, also under conditionals, in one more pass", () => {
    expect(names("int f(void)\n{\n#if A\n{\n#else\n}\n#endif\n")).toEqual(["f"]);
    const broken = Array.from({ length: 20_000 }, (_, i) => `int f${i}(void)\n{\n  if (a) {\n}\n\n`).join("");
    expect(names(broken)).toHaveLength(20_000);
  });

  test("includes both heads that a conditional chooses from", () => {
    const text =
      "#ifdef A\nint f(int a) {\n#else\nint f(long a) {\n#endif\n  return 0;\n}\nint g(void) { }\n";
    const unit = unitOf(text);
    expect(unit.functions.map(({ name }) => name)).toEqual(["f", "g"]);
    expect(text.slice(unit.functions[0]?.span.start, unit.functions[0]?.span.end)).toMatch(
      /^int f\(int[^]*0;\n}$/,
    );
  });

  test("includes both ends that a conditional chooses from", () => {
    const text = "int f(void) {\n#ifdef A\n  return 1;\n}\n#else\n  return 2;\n}\n#endif\nint g(void) { }\n";
    expect(names(text)).toEqual(["f", "g"]);
  });
});

describe("conditionals", () => {
  test("restore the depth they began with", () => {
    const text = `int f(void) {
#ifdef A
  if (x) {
#else
  if (y) {
#endif
  }
}
int g(void) { }`;
    expect(names(text)).toEqual(["f", "g"]);
  });

  test("both give their functions", () => {
    expect(names("#ifdef A\nint f(void) { }\n#else\nint f(void) { }\n#endif\n")).toEqual(["f", "f"]);
  });

  test("that are never true contain nothing, not even C", () => {
    expect(names("#if 0\ndon't { {\n#if X\n#endif\n#else\nint f(void) { }\n#endif\nint g(void) { }")).toEqual(
      ["f", "g"],
    );
    expect(names("#if 1\nint f(void) { }\n#else\nint dead(void) {\n#endif\nint g(void) { }")).toEqual([
      "f",
      "g",
    ]);
  });

  test('extern "C" does not count as depth', () => {
    const text =
      '#ifdef __cplusplus\nextern "C" {\n#endif\nint f(void) { }\n#ifdef __cplusplus\n}\n#endif\nint g(void) { }';
    expect(names(text)).toEqual(["f", "g"]);
  });
});

test("names are the identifiers of head and body", () => {
  const [outline] = unitOf(
    '#define mmap x\nint f(int a) { /* no */ char *s = "not"; return mmap(a, 0x10UL); }',
  ).functions;
  expect([...(outline?.names ?? [])].sort()).toEqual(["a", "char", "f", "int", "mmap", "return", "s"]);
});

test("macros and their texts", () => {
  const unit = unitOf(
    "#define A  1 /* one */ +\\\n  2\n#define F(x)   ((x)  + 1)\n#undef B\n#define A 3\n#define MAP_FAILED ((void*)0)\n",
  );
  expect([...unit.macros]).toEqual(["A", "F", "MAP_FAILED"]);
  expect(unit.macroBodies("A")).toBe("1 + 2\n3");
  expect(unit.macroBodies("F")).toBe("((x) + 1)");
  expect(unit.macroBodies("MAP_FAILED")).toBe("((void*)0)");
  expect(unit.macroBodies("B")).toBeUndefined();
});

test("positions are 1-based, also with CRLF", () => {
  const unit = unitOf("int a;\r\nint f(void)\r\n{ }\r\n");
  expect(unit.position(0)).toEqual({ line: 1, column: 1 });
  expect(unit.position(unit.functions[0]?.nameSpan.start ?? 0)).toEqual({ line: 2, column: 5 });
});

test("the prefilter knows whole words only", () => {
  expect(couldMatter("x = mmap(0, n);")).toBe(true);
  expect(couldMatter("my_mmap(); mmapped; MAP_FAILED2")).toBe(false);
});
