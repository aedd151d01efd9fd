/** Statements and declarations: every kind, macros that stand for them, and GNU's extensions. */
import { describe, expect, test } from "vitest";
import { body, definitionOf, showType } from "./show.js";

test.each([
  ["if (a) b(); else if (c) d(); else { e(); }", "if (a) b(); else if (c) d(); else { e(); }"],
  ["while (a) b(); do c(); while (d);", "while (a) b(); do c(); while (d);"],
  [
    "for (;;) ; for (i = 0; i < 3; i++) a(); for (int i = 0; ; ) b();",
    "for (; ; ) ; for (i = 0; (i < 3); i++) a(); for (i: i32 = 0; ; ) b();",
  ],
  [
    "switch (a) { case 1: case B: b(); c(); break; default: d(); }",
    "switch (a) { case 1: ; case B: b(); c(); break; default: d(); }",
  ],
  ["switch (a) { case 1 ... 5: b(); }", "switch (a) { case 1 ... 5: b(); }"],
  ["switch (a) { case 1: { b(); } case 2: }", "switch (a) { case 1: { b(); } case 2: ; }"],
  ["again: a(); goto again; out: ;", "again: a(); goto again; out: ;"],
  ["if (a) goto out; out:", "if (a) goto out; out: ;"],
  ["return; return a;", "return; return a;"],
  ["for (;;) { continue; break; }", "for (; ; ) { continue; break; }"],
  ['asm volatile("x" : "=r"(a) : "r"(b + 1) : "memory");', "opaque(a, (b + 1));"],
  ["goto *p;", "opaque(p);"],
  ["int inner(int a) { return a; } x();", "opaque(); x();"],
  ["__label__ a, b; x();", "x();"],
  ['_Static_assert(sizeof(int) == 4, "no"); x();', "x();"],
  ["[[maybe_unused]] int a; x();", "a: i32; x();"],
])("%s", (text, expected) => {
  expect(body(text)).toBe(expected);
});

test.each([
  ["static const char *const a[3] = { 1, 2 };", "static a: array(const ptr(const i8), 3) = {1, 2};"],
  [
    "int a, *b = 0, c[], (*d)(int), *e(void);",
    "a: i32, b: ptr(i32) = 0, c: array(i32), d: ptr(function(i32)), e: function(ptr(i32));",
  ],
  ["volatile int *a; int *volatile b;", "a: ptr(volatile i32); b: volatile ptr(i32);"],
  [
    "unsigned long long a; unsigned char b; long c; short d; _Bool e; double f; unsigned g;",
    "a: u64; b: u8; c: i64; d: i16; e: u8; f: f64; g: u32;",
  ],
  [
    "struct s a; struct s { int x; char y[2]; } b; struct s c;",
    "a: struct s; b: struct s{x: i32, y: array(i8, 2)}; c: struct s{x: i32, y: array(i8, 2)};",
  ],
  ["struct { union { int x; long y; }; int z : 3; } a;", "a: struct{x: i32, y: i64, z: i32};"],
  ["enum { A, B = 5, C } a;", "A: const i32 = 0, B: const i32 = 5, C: const i32 = (5 + 1), a: enum;"],
  ["int a __attribute__((aligned(8))) = 1;", "a: i32 = 1;"],
  ["static __thread int a;", "static a: i32;"],
  ["int (*table[2])(void);", "table: array(ptr(function(i32)), 2);"],
  ["char a[10][20];", "a: array(array(i8, 20), 10);"],
])("%s", (text, expected) => {
  expect(body(text)).toBe(expected);
});

describe("macros in the place of", () => {
  test.each([
    [
      "attributes of a local",
      "int a UNUSED; int UNUSED b = 1; void __iomem *c = d;",
      "a: i32; b: i32 = 1; c: ptr(void) = d;",
    ],
    [
      "loops",
      "list_for_each_entry(a, &head, member) { b(a); }",
      "while (opaque(a, &head, member)) { opaque(a, &head, member); { b(a); } }",
    ],
    [
      "loops without a block",
      "list_for_each(a, head)\n  b(a);\nc();",
      "while (opaque(a, head)) { opaque(a, head); b(a); } c();",
    ],
    ["block heads", "TRY {\n a();\n} b();", "while (opaque()) { a(); } b();"],
    ["statements", "LOG(a)\nb();\nLOG(c)", "LOG(a); b(); LOG(c);"],
    ["nothing", "FALLTHROUGH\na = open(b);\nPRIVS_ROOT\nif (c) d();", "a = open(b); if (c) d();"],
    ["literals", 'x("a" STR(b) "c");', 'x("ac");'],
  ])("%s", (_what, text, expected) => {
    expect(body(text)).toBe(expected);
  });
});

describe("the head", () => {
  function head(text: string): string {
    const definition = definitionOf(`${text} { }`);
    const parameters = definition.parameters.map(({ name, type }) => `${name ?? "?"}: ${showType(type)}`);
    if (definition.variadic) parameters.push("...");
    const marks = `${definition.static ? "static " : ""}${definition.noreturn ? "noreturn " : ""}`;
    return `${marks}${definition.name}(${parameters.join(", ")}): ${showType(definition.returns)}`;
  }

  test.each([
    [
      "static void *f(int a, const char *b[], ...)",
      "static f(a: i32, b: array(ptr(const i8)), ...): ptr(void)",
    ],
    ["void f(void)", "f(): void"],
    ["int f()", "f(): i32"],
    ["int f(int, char *)", "f(?: i32, ?: ptr(i8)): i32"],
    ["long f(a, b)\n  char *b;\n", "f(a: i32, b: ptr(i8)): i64"],
    [
      "void *f(fd, p, call, Len) struct s *p; size_t Len; int (*call)(void), fd;",
      "f(fd: i32, p: ptr(struct s), call: ptr(function(i32)), Len: size_t): ptr(void)",
    ],
    ["main(argc, argv) char **argv;", "main(argc: i32, argv: ptr(ptr(i8))): i32"],
    [
      "static __always_inline Foo * __init f(struct s __user *a, size_t b UNUSED, int UNUSED(c)) ATTR(x)",
      "static f(a: ptr(struct s), b: size_t, c: i32): ptr(Foo)",
    ],
    ["EXPORT(int) f(Foo a, const Bar *b, DWORD c)", "f(a: Foo, b: ptr(const Bar), c: DWORD): EXPORT"],
    ["__attribute__((noreturn)) void f(void)", "noreturn f(): void"],
    ["_Noreturn void f(void)", "noreturn f(): void"],
    ["[[noreturn]] void f(void)", "noreturn f(): void"],
    ["static void __dead f(void)", "static noreturn f(): void"],
    [
      "int f(void (*call)(int), int (*table)[3])",
      "f(call: ptr(function(void)), table: ptr(array(i32, 3))): i32",
    ],
    ["int (*f(int a))(long)", "f(a: i32): ptr(function(i32))"],
    ["SYSCALL_DEFINE2(name, int, fd)", "SYSCALL_DEFINE2(?: name, ?: i32, ?: fd): i32"],
    ["void f(void); void die(void) NORETURN; void die(void)", "noreturn die(): void"],
  ])("%s", (text, expected) => {
    expect(head(text)).toBe(expected);
  });

  test("out of a macro", () => {
    const definition = definitionOf("#define ENTRY(name) static int name(void *arg)\nENTRY(start)\n{ }");
    expect([definition.name, definition.parameters.length]).toEqual(["start", 1]);
  });
});
