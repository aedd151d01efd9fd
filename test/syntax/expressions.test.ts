/** Expressions: every kind of node, and what the grammar misreads without knowing the types. */
import { describe, expect, test } from "vitest";
import { body, definitionOf, expr } from "./show.js";

test.each([
  ["017 + 0x1fUL + 0b11 + 1'000 + 12u", "((((15 + 31) + 3) + 1000) + 12)"],
  ["0xffffffffffffffff", "-1"],
  ["0xfffffffffffff000UL", "-4096"],
  ["1.5f", "1.5f"],
  ["0x123456789abcdef0", "0x123456789abcdef0"],
  ["'a' + '\\n' + '\\0' + '\\x41' + '\\''", "(((('97' + '10') + '0') + '65') + '39')"],
  ["'\\377'", "'-1'"],
  ['"a\\tb" "c\\101" L"d"', '"a\\tbcAd"'],
  ['"a" PRIu64 "b"', '"ab"'],
  ["-a + !b - ~c", "((-a + !b) - ~c)"],
  ["*p + &q", "(*p + &q)"],
  ["++a + b--", "(++a + b--)"],
  ["a && b || c", "((a && b) || c)"],
  ["a ? b : c ? d : e", "(a ? b : (c ? d : e))"],
  ["a ?: b", "(a ?  : b)"],
  ["(a, b)", "(a, b)"],
  ["y = z += 1", "y = z += 1"],
  ["f(a, (b), c[1])", "f(a, b, c[1])"],
  ["a.b->c[d]", "a.b->c[d]"],
  ["(*fp)(1)", "*fp(1)"],
  ["(char *)p", "<ptr(i8)>p"],
  ["(const volatile unsigned long *)p", "<ptr(volatile const u64)>p"],
  [
    "sizeof(int) + sizeof x + sizeof(x) + sizeof(struct s *)",
    "(((sizeof(i32) + sizeof(x)) + sizeof(x)) + sizeof(ptr(struct s)))",
  ],
  ["(struct s){ .a = 1, .b[2] = 3, 4 }", "(struct s){.a = 1, .b[2] = 3, 4}"],
  ["({ int y = 1; y; })", "({ y: i32 = 1; y; })"],
  ["_Generic(y, int: 1, default: z)", "opaque(y, 1, z)"],
  ["offsetof(struct s, m)", "opaque()"],
  ["va_arg(ap, int)", "opaque(ap)"],
  ["container_of(p, struct s, m)", "opaque(p, m)"],
  ["min_t(size_t, a, b)", "opaque(a, b)"],
  ["CAST(char *, mmap(0, n))", "<ptr(i8)>mmap(0, n)"],
  ["compare(a, ==, b)", "opaque(a, b)"],
  ["&&label", "opaque()"],
  ["__extension__ ({ 1; })", "({ 1; })"],
  ["__builtin_expect(!!(p == MAP_FAILED), 0)", "__builtin_expect(!!(p == MAP_FAILED), 0)"],
  ["NULL", "NULL"],
])("%s", (text, expected) => {
  expect(expr(text)).toBe(expected);
});

describe("names of types", () => {
  test.each([
    ["(caddr_t)-1", "<caddr_t>-1"],
    ["(off_t)&y", "<off_t>&y"],
    ["(u8)*p", "<u8>*p"],
    ["(uint32_t)+1", "<uint32_t>+1"],
    ["(ulong)(a)", "<ulong>a"],
    ["(my_t)(a) * 2", "(<my_t>a * 2)"],
    ["(HANDLE)(a)", "<HANDLE>a"],
    ["(Foo *)(a)", "<ptr(Foo)>a"],
    ["(f)(a)", "f(a)"],
    ["sizeof(size_t) * n", "(sizeof(size_t) * n)"],
    ["sizeof(Elf64_Addr)", "sizeof(Elf64_Addr)"],
  ])("%s", (text, expected) => {
    expect(expr(text)).toBe(expected);
  });

  test.each([
    ["(n) + (m) - 1", "((n + m) - 1)"],
    [
      "((n) + (getpagesize()) - 1) & ~((size_t)(getpagesize()) - 1)",
      "(((n + getpagesize()) - 1) & ~(<size_t>getpagesize() - 1))",
    ],
    ["(a[1]) * 2 + (a->b) & c", "(((a[1] * 2) + a->b) & c)"],
    ["(int)(n) - 1", "(<i32>n - 1)"],
    ["sizeof(y) - 1", "(sizeof(y) - 1)"],
    ["sizeof (size_t) - 1", "(sizeof(size_t) - 1)"],
    ["(r >= (unsigned long)(n) && r < m)", "((r >= <u64>n) && (r < m))"],
    ["-(n) - (m)", "(-n - m)"],
    ["f(n)(m) - 1", "(f(n)(m) - 1)"],
    ["(n)++ + (m)--", "(n++ + m--)"],
    ["(Foo) y + (Foo)-1", "(<Foo>y + <Foo>-1)"],
    ["(Foo){ 1 }", "(Foo){1}"],
  ])("values in parentheses: %s", (text, expected) => {
    expect(expr(text)).toBe(expected);
  });

  test("come from the file's typedefs", () => {
    const typedefs = "typedef struct { int a; } Foo, *Bar; typedef int (*Call)(void);";
    expect(expr("(Foo)-y + (Bar)&z", typedefs)).toBe("(<Foo>-y + <Bar>&z)");
    expect(expr("(Call)(p)", typedefs)).toBe("<Call>p");
  });

  test("come from the function's own declarations", () => {
    expect(body("Foo *a; x = (Foo)-1;")).toBe("a: ptr(Foo); x = <Foo>-1;");
    expect(body("typedef unsigned Foo; x = (Foo)&y;")).toMatch(/x = <Foo>&y;$/);
  });

  test("are variables where they are declared as such", () => {
    expect(body("int count_t = 3; x = (count_t)-1;")).toBe("count_t: i32 = 3; x = (count_t - 1);");
    expect(body("x = (n)-1; y = (n)(2);")).toBe("x = (n - 1); y = n(2);");
  });

  test("multiplication that is a declaration", () => {
    expect(body("Foo * bar; Foo *baz = 0;")).toBe("bar: ptr(Foo); baz: ptr(Foo) = 0;");
  });

  test("typeof", () => {
    expect(body("typeof(int) a; typeof(a) b = a; __typeof__(*p) *q;")).toBe(
      "a: i32; b: __typeof__ = a; q: ptr(__typeof__);",
    );
  });
});

test("spans of nested expressions", () => {
  const text = "void f(void) { x = a + (b * c); }";
  const [statement] = definitionOf(text).body.body;
  if (statement?.kind !== "expression" || statement.expr.kind !== "assign") throw new Error("no assignment");
  const { value } = statement.expr;
  expect(text.slice(value.span.start, value.span.end)).toBe("a + (b * c)");
  if (value.kind !== "binary") throw new Error("no sum");
  expect(text.slice(value.right.span.start, value.right.span.end)).toBe("b * c");
});
