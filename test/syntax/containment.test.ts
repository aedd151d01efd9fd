/** What cannot be read costs a statement, or at most a function: nothing throws, nothing runs away. */
import { describe, expect, test } from "vitest";
import { body, parse, unitOf } from "./show.js";

function inFunction(statements: string): string {
  return `int f(int a)\n{\n${statements}\nreturn 0;\n}\n`;
}

function outcome(text: string): string {
  const result = parse(text);
  return result.kind === "parsed" ? "parsed" : result.reason;
}

describe("syntax errors", () => {
  test("make one statement opaque", () => {
    expect(body("a(); x = b @ c + d->e; d();")).toBe("a(); opaque(x, b, c, d); d();");
  });

  test("keep the shape of the run", () => {
    expect(body("if (a @ b) c(); return d @ e;")).toBe("if (opaque(a, b)) c(); return opaque(d, e);");
  });

  test("are not hidden where the family is named", () => {
    expect(parse(inFunction("p = mmap(0, @ n);"))).toMatchObject({ kind: "failed", line: 3 });
  });

  test("cost one function only", () => {
    const unit = unitOf(`${inFunction("} } mmap(;")}int g(void)\n{\n  return 1;\n}\n`);
    const last = unit.functions.at(-1);
    expect(last?.name).toBe("g");
    expect(last && unit.parse(last).kind).toBe("parsed");
  });

  test("cost one reading only", () => {
    const result = parse(inFunction("#ifdef A\nmunmap(p, n);\n#else\nmunmap(p @ n);\n#endif"));
    expect(result).toMatchObject({ kind: "parsed", unread: { line: 6 } });
    expect(result.kind === "parsed" && result.readings).toHaveLength(1);
  });
});

describe("depth", () => {
  test.each([
    ["parentheses", `x = ${"(".repeat(100_000)}1${")".repeat(100_000)};`, /^nested deeper than \d+ levels$/],
    ["a sum", `x = 1${" + 1".repeat(20_000)};`, /^nested deeper than \d+ levels$/],
    ["else-if", `if (a) b();${" else if (a) b();".repeat(5_000)}`, /^nested deeper than \d+ levels$/],
    ["negations", `x = ${"!".repeat(100_000)}1;`, /^nested deeper than \d+ levels$/],
    [
      "unclosed parentheses",
      `x = ${"g(a, ".repeat(300)};\n${"y;".repeat(20_000)}`,
      /^3\d\d brackets are never closed$/,
    ],
    ["a shallow sum", `x = 1${" + 1".repeat(800)};`, /^parsed$/],
    ["a long table", `int t[] = { ${"0x10, ".repeat(100_000)} };`, /^parsed$/],
    ["a condition", `#if ${"(".repeat(50_000)}B${")".repeat(50_000)}\nx;\n#endif`, /^parsed$/],
  ])("of %s", (_what, statements, expected) => {
    expect(outcome(inFunction(statements))).toMatch(expected);
  });
});

describe("odd characters", () => {
  test.each([
    ["NUL and others", "\0\u0001 ` \ud800 é \\ x;"],
    ["a line splice in an identifier", "mun\\\nmap(p, n); x();"],
    ["a line splice in a directive", "#ifdef \\\n A\nx();\n#endif"],
    ["digraphs", "int a<:3:>; x();"],
    ["a stray carriage return", "x();\r y();"],
  ])("%s", (_what, statements) => {
    expect(() => parse(inFunction(statements))).not.toThrow();
  });

  test("CRLF", () => {
    const text =
      "#define N(a) \\\r\n  a + \\\r\n  1\r\nint f(void)\r\n{\r\n#ifdef A\r\n  x(N(2));\r\n#endif\r\n  y();\r\n}\r\n";
    const result = parse(text);
    expect(result.kind === "parsed" && result.readings.map((reading) => reading.body.body.length)).toEqual([
      2, 1,
    ]);
  });
});

test.each([
  ["nothing", ""],
  ["an open string", 'int f(void) { char *s = "abc'],
  ["an open comment", "int f(void) { /* abc"],
  ["an open body", "int f(void) { mmap("],
  ["an open conditional", "#if A\nint f(void) { x();"],
  ["stray directives", "#else\n#endif\n#elif X\nint f(void) { x(); }\n#endif"],
  ["closing braces", "}}}} int f(void) { x(); } }}"],
  ["a macro without an end", "#define X(a\nint f(void) { X(1); }"],
  ["only a backslash", "\\"],
])("a file of %s", (_what, text) => {
  expect(() => {
    const unit = unitOf(text);
    for (const outline of unit.functions) unit.parse(outline);
  }).not.toThrow();
});

test("a function of another file is refused", () => {
  const [outline] = unitOf("int f(void) { }").functions;
  expect(outline && unitOf("int g(void) { }").parse(outline).kind).toBe("failed");
});
