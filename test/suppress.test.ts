/** Suppression comments. */
import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../src/diagnostic.js";
import { comments, suppress, type Suppressions, suppressionsOf } from "../src/suppress.js";
import { linesOf, positionOf } from "../src/text.js";
import { mmaplint, NULL_CHECK, project } from "./cli.js";

const KNOWN = new Set(["null-check", "double-unmap", "unused-suppression"]);

function finding(text: string, rule: string, marker: string): Diagnostic {
  const lines = linesOf(text);
  const start = positionOf(lines, text.indexOf(marker));
  return {
    rule,
    severity: "error",
    message: "x",
    location: { file: "a.c", start, end: start },
    function: "f",
    mapping: undefined,
    story: [],
    help: "y",
    edit: undefined,
  };
}

function judge(
  text: string,
  diagnostics: readonly Diagnostic[],
  active: ReadonlySet<string> = KNOWN,
): Suppressions {
  return suppress({
    file: "a.c",
    text,
    diagnostics,
    knownRules: KNOWN,
    activeRules: active,
    unusedSeverity: "note",
  });
}

const commentTexts = (text: string): string[] =>
  comments(text).map(({ start, end }) => text.slice(start, end));

describe("comments", () => {
  test("both kinds, none in literals", () => {
    expect(commentTexts(`a /* b */ "// c" // d\n'"' /* e`)).toEqual(["/* b */", "// d", "/* e"]);
    expect(commentTexts('"\\"// no" // yes')).toEqual(["// yes"]);
    expect(commentTexts("#error don't\n// yes")).toEqual(["// yes"]);
    expect(commentTexts("// a \\\n b\r\nc // d\r\n")).toEqual(["// a \\\n b", "// d"]);
    expect(commentTexts("/*/ a */ b")).toEqual(["/*/ a */"]);
  });

  test("linear time on hostile text", () => {
    for (const text of [
      "/*".repeat(500_000),
      '"'.repeat(500_000),
      "'\\".repeat(500_000),
      "//\\\n".repeat(300_000),
    ]) {
      const start = performance.now();
      comments(text);
      expect(performance.now() - start).toBeLessThan(1000);
    }
  });
});

describe("suppressionsOf", () => {
  const parse = (text: string): object[] =>
    suppressionsOf(linesOf(text)).map(({ rules, reason, line }) => ({ rules, reason, line }));

  test("rules, reason and line", () => {
    expect(
      parse("// mmaplint-disable-next-line null-check, double-unmap -- a reason -- with dashes\n"),
    ).toEqual([{ rules: ["null-check", "double-unmap"], reason: "a reason -- with dashes", line: 2 }]);
    expect(parse("\nx; /* mmaplint-disable-line null-check */\n")).toEqual([
      { rules: ["null-check"], reason: undefined, line: 2 },
    ]);
    expect(parse("/* mmaplint-disable-next-line\n   null-check\n   -- why */\n")).toEqual([
      { rules: ["null-check"], reason: "why", line: 4 },
    ]);
    expect(parse("// mmaplint-disable-next-line null-check --\r\n")).toEqual([
      { rules: ["null-check"], reason: undefined, line: 2 },
    ]);
  });

  test("what is none", () => {
    expect(parse("// see mmaplint-disable-line null-check\n")).toEqual([]);
    expect(parse("// mmaplint-disable-lines null-check\n")).toEqual([]);
    expect(parse('char *s = "// mmaplint-disable-line null-check";\n')).toEqual([]);
  });
});

describe("suppress", () => {
  test("silences the named rule on the named line only", () => {
    const text = "one; // mmaplint-disable-line null-check -- known\ntwo;\n";
    const one = finding(text, "null-check", "one");
    const two = finding(text, "null-check", "two");
    const other = finding(text, "double-unmap", "one");
    const result = judge(text, [one, two, other]);
    expect(result.kept).toEqual([two, other]);
    expect(result.suppressed).toEqual([{ diagnostic: one, reason: "known" }]);
  });

  test("reports what silences nothing, with the edit that removes it", () => {
    const text = "one; // mmaplint-disable-line null-check\n";
    const [unused] = judge(text, []).kept;
    expect(unused).toMatchObject({ rule: "unused-suppression", severity: "note" });
    expect(unused?.message).toBe("the suppression of null-check silences nothing on line 1");
    expect(unused?.edit?.changes).toEqual([{ span: { start: 4, end: text.length - 1 }, text: "" }]);
  });

  test("a comment of its own line goes with its line", () => {
    const text = "one;\n  // mmaplint-disable-next-line null-check\ntwo;\n";
    const [unused] = judge(text, []).kept;
    const change = unused?.edit?.changes[0];
    expect(text.slice(0, change?.span.start) + text.slice(change?.span.end)).toBe("one;\ntwo;\n");
  });

  test("one of two rules unused: reported, not removed", () => {
    const text = "one; // mmaplint-disable-line null-check, double-unmap\n";
    const result = judge(text, [finding(text, "null-check", "one")]);
    expect(result.kept.map(({ message }) => message)).toEqual([
      "the suppression of double-unmap silences nothing on line 1",
    ]);
    expect(result.kept[0]?.edit).toBeUndefined();
  });

  test("no rule, or an unknown one", () => {
    expect(judge("// mmaplint-disable-line -- x\n", []).kept[0]?.message).toContain("names no rule");
    expect(judge("// mmaplint-disable-line nul-check\n", []).kept[0]?.message).toBe(
      'there is no rule "nul-check"; did you mean "null-check"?',
    );
  });

  test("a rule that is off cannot be judged", () => {
    expect(judge("// mmaplint-disable-line null-check\n", [], new Set(["double-unmap"])).kept).toEqual([]);
  });
});

describe("in the program", () => {
  const silenced = NULL_CHECK.replace("  if", "  // mmaplint-disable-next-line null-check -- a test\n  if");

  test("silences, and counts as used", async () => {
    expect(await mmaplint(project({ "a.c": silenced }), [])).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("unused ones are notes, also in files without mmap; they can be turned off and removed", async () => {
    const directory = project({ "a.c": "int x; /* mmaplint-disable-line null-check */\n" });
    const run = await mmaplint(directory, []);
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(
      /a\.c:1:8[^]*note: the suppression of null-check silences nothing.*unused-suppression/,
    );
    expect((await mmaplint(directory, ["--rule", "unused-suppression=off"])).stdout).toBe("");
    expect((await mmaplint(directory, ["--rule", "unused-suppression=error"])).code).toBe(1);
    expect((await mmaplint(directory, ["--fix"])).stderr).toContain("made 1 edit");
    expect((await mmaplint(directory, [])).stdout).toBe("");
  });

  test("the report keeps account of it", async () => {
    const run = await mmaplint(project({ "a.c": silenced }), ["--format", "sarif"]);
    const [result] = JSON.parse(run.stdout).runs[0].results;
    expect(result).toMatchObject({
      ruleId: "null-check",
      suppressions: [{ kind: "inSource", status: "accepted", justification: "a test" }],
    });
  });
});
