/** Declarations at file scope, looked up by name. */
import { describe, expect, test } from "vitest";
import type { Unit } from "../../src/syntax/unit.js";
import { showExpr, showType, unitOf } from "./show.js";

/** Storage, type, initializer and constant of a global in one line. */
function show(unit: Unit, name: string): string | undefined {
  const found = unit.global(name);
  if (!found) return undefined;
  const value = found.initializer ? ` = ${showExpr(found.initializer)}` : "";
  const constant = found.constant === undefined ? "" : ` (${found.constant})`;
  return `${found.storage} ${showType(found.type)}${value}${constant}${unit.neverReturns(name) ? " noreturn" : ""}`;
}

test("variables, prototypes and typedefs", () => {
  const unit = unitOf(`
extern int a;
static char *b = "x", c[3];
void *get(int), die(void) __attribute__((noreturn));
typedef struct s { int x; } S, *PS;
int (*hook)(void);
int f(void) { int local; }
`);
  expect(show(unit, "a")).toBe("extern i32");
  expect(show(unit, "b")).toBe('static ptr(i8) = "x"');
  expect(show(unit, "c")).toBe("static array(i8, 3)");
  expect(show(unit, "get")).toBe("none function(ptr(void)) noreturn");
  expect(show(unit, "die")).toBe("none function(void) noreturn");
  expect(show(unit, "S")).toBe("typedef struct s{x: i32}");
  expect(show(unit, "PS")).toBe("typedef ptr(struct s{x: i32})");
  expect(show(unit, "hook")).toBe("none ptr(function(i32))");
  expect(show(unit, "local")).toBeUndefined();
  expect(show(unit, "s")).toBeUndefined();
  const span = unit.global("b")?.span;
  expect(unit.source.text.slice(span?.start, span?.end)).toBe('*b = "x"');
});

test("a definition comes before its declarations", () => {
  expect(show(unitOf("extern int a;\nint a = 3;\nextern int a;"), "a")).toBe("none i32 = 3");
});

describe("constants", () => {
  const unit = unitOf(`
#define BASE 10
enum e { A, B = BASE + 2, C, D = C << 2, E = sizeof(long), F = unknown(), G };
static const int limit = B * 2;
static const unsigned mask = ~0xf;
static const size_t page = 1UL << 12;
static int plain = 3;
static const int round = round + 1;
`);
  test.each([
    ["A", 0],
    ["B", 12],
    ["C", 13],
    ["D", 52],
    ["E", 8],
    ["F", undefined],
    ["G", undefined],
    ["limit", 24],
    ["mask", -16],
    ["page", 4096],
    ["plain", undefined],
    ["round", undefined],
  ])("%s is %j", (name, value) => {
    expect(unit.global(name)?.constant).toBe(value);
  });
});

describe("resolving types", () => {
  test("goes through typedefs and tags", () => {
    const unit = unitOf(`
struct later;
typedef struct later L;
typedef const L CL;
struct later { int a; struct later *next; } __attribute__((packed));
typedef unsigned int id;
struct holder { struct inner { long b; } in; };
`);
    expect(showType(unit.resolve({ kind: "named", name: "CL" }))).toBe(
      "const struct later{a: i32, next: ptr(struct later)}",
    );
    expect(showType(unit.resolve({ kind: "named", name: "id" }))).toBe("u32");
    expect(showType(unit.resolve({ kind: "struct", tag: "inner", fields: undefined }))).toBe(
      "struct inner{b: i64}",
    );
    expect(showType(unit.resolve({ kind: "named", name: "size_t", volatile: true }))).toBe("volatile u64");
    expect(showType(unit.resolve({ kind: "named", name: "elsewhere" }))).toBe("elsewhere");
    expect(showType(unit.resolve({ kind: "struct", tag: "elsewhere", fields: undefined }))).toBe(
      "struct elsewhere",
    );
  });

  test("ends for typedefs that name each other", () => {
    expect(unitOf("typedef a b;\ntypedef b a;").resolve({ kind: "named", name: "a" }).kind).toBe("named");
  });

  test("takes the members of all branches", () => {
    const unit = unitOf(
      "struct s {\n int a;\n#ifdef X\n int b;\n#else\n long c;\n#endif\n#if 0\n don't\n#endif\n};",
    );
    expect(showType(unit.resolve({ kind: "struct", tag: "s", fields: undefined }))).toBe(
      "struct s{a: i32, b: i32, c: i64}",
    );
  });

  test("expands macros in members, and overlooks attributes", () => {
    const unit = unitOf(
      "#define LINK(type) struct type *next\nstruct s { LINK(s); u8 a[4] ALIGNED; void __user *p; };",
    );
    expect(showType(unit.resolve({ kind: "struct", tag: "s", fields: undefined }))).toBe(
      "struct s{next: ptr(struct s), a: array(u8, 4), p: ptr(void)}",
    );
  });
});

test("a broken declaration declares nothing and hurts no other", () => {
  const unit = unitOf("int a = = (;\nint ) b;\nint c = 1;\nint f(void) { }");
  expect(() => unit.global("a")).not.toThrow();
  expect(show(unit, "c")).toBe("none i32 = 1");
});
