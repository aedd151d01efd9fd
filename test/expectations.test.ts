/** The comments that say what a fixture expects: how they are read, and how findings are held against them. */
import { expect, test } from "vitest";
import { differences, expectations, withoutExpectations } from "./support/expectations.js";

const finding = (line: number, rule: string, message = "any"): Parameters<typeof differences>[1][number] => ({
  rule,
  message,
  line,
});

test("a want names one rule or several, each with a part of its message or without", () => {
  expect(
    expectations('a;\nb; // want double-unmap "already unmapped" missing-msync\n}\t// want null-check\n'),
  ).toEqual([
    { kind: "want", rule: "double-unmap", text: "already unmapped", line: 2 },
    { kind: "want", rule: "missing-msync", text: undefined, line: 2 },
    { kind: "want", rule: "null-check", text: undefined, line: 3 },
  ]);
});

test("a todo says why", () => {
  expect(
    expectations("a; // todo want unmap-length: needs intervals\nb; // todo ok null-check: macro"),
  ).toEqual([
    { kind: "miss", rule: "unmap-length", text: undefined, line: 1 },
    { kind: "alarm", rule: "null-check", text: undefined, line: 2 },
  ]);
});

test("other comments are none of its business", () => {
  expect(expectations("int wanted; // wanted: the address\n/* want */ int a; // todos\n")).toEqual([]);
});

test.each([
  "// want",
  "// want: null-check",
  "// want Null",
  "// todo want null-check",
  "// todo null-check: x",
])("%s cannot be read", (comment) => {
  expect(() => expectations(`a;\nb; ${comment}`)).toThrow("line 2: cannot read the expectation");
});

test("documentation shows the code alone", () => {
  expect(withoutExpectations("a; // want null-check\n// kept\nb; // todo ok null-check: why\n")).toBe(
    "a;\n// kept\nb;\n",
  );
});

test("findings that are expected make no difference", () => {
  const expected = expectations("a; // want null-check null-check\nb; // todo ok zero-length: macro\n");
  const found = [finding(1, "null-check"), finding(1, "null-check"), finding(2, "zero-length")];
  expect(differences(expected, found)).toEqual([]);
});

test("each expectation takes one finding, the particular one first", () => {
  const expected = expectations('a; // want null-check null-check "this"\n');
  expect(
    differences(expected, [finding(1, "null-check", "this one"), finding(1, "null-check", "that")]),
  ).toEqual([]);
});

test("every difference is told, by line", () => {
  const expected = expectations(
    'a; // want null-check "text"\nb; // todo want zero-length: x\nc; // todo ok open-mode: x\nd; // want open-mode\n',
  );
  const found = [
    finding(5, "null-check", "unforeseen"),
    finding(2, "zero-length"),
    finding(1, "null-check", "else"),
  ];
  expect(differences(expected, found)).toEqual([
    'line 1: not found: null-check "text"',
    "line 1: unexpected: null-check: else",
    "line 2: zero-length is found now: make it a want",
    "line 3: the false alarm of open-mode is gone: remove the todo",
    "line 4: not found: open-mode",
    "line 5: unexpected: null-check: unforeseen",
  ]);
});
