/** Each format against made-up findings: what it shows, what it escapes, what its consumers require. */
import { readFileSync } from "node:fs";
import AjvDraft04 from "ajv-draft-04";
import addFormats from "ajv-formats";
import type { Log, Result } from "sarif";
import { expect, test } from "vitest";
import type { Diagnostic, Location, Severity, Step } from "../src/diagnostic.js";
import { full } from "../src/reporters/full.js";
import { json } from "../src/reporters/json.js";
import { pretty } from "../src/reporters/pretty.js";
import type { Report, ReportContext } from "../src/reporters/report.js";
import { sarif } from "../src/reporters/sarif.js";
import { rules } from "../src/rules/index.js";
import { type Lines, linesOf, positionOf } from "../src/text.js";

const TABLE = `char *map(int fd)
{
	char *p = mmap(0, 10, 3, 2, fd, 0);
	/* 表 */ if (p == NULL)
		return 0;
	return p;
}
`;
const CALLER = "int main(void) { return *map(0); }\n";
const SOURCES: Readonly<Record<string, Lines>> = { "src/table.c": linesOf(TABLE), "main.c": linesOf(CALLER) };

function at(file: string, marker: string): Location {
  const lines = SOURCES[file] ?? linesOf("");
  const start = lines.text.indexOf(marker);
  return { file, start: positionOf(lines, start), end: positionOf(lines, start + marker.length) };
}

const MAPPED: Step = {
  location: at("src/table.c", "mmap(0, 10, 3, 2, fd, 0)"),
  message: "mapped here, length 10",
};

function finding(severity: Severity, changes: Partial<Diagnostic> = {}): Diagnostic {
  const nullAt = TABLE.indexOf("NULL");
  return {
    rule: "null-check",
    severity,
    message: "'p' is tested against `NULL`, but mmap() fails with MAP_FAILED",
    location: at("src/table.c", "p == NULL"),
    function: "map",
    mapping: "p",
    story: [MAPPED],
    help: "compare the result with MAP_FAILED",
    edit: {
      title: "compare with MAP_FAILED",
      safety: "safe",
      changes: [{ span: { start: nullAt, end: nullAt + 4 }, text: "MAP_FAILED" }],
    },
    ...changes,
  };
}

const ACROSS = finding("warning", {
  rule: "unchecked-map",
  message: "the mapping is read with no test for failure",
  location: at("main.c", "*map(0)"),
  function: "main",
  mapping: undefined,
  edit: undefined,
});

const context: ReportContext = {
  version: "1.2.3",
  cwd: "/project/place",
  colour: false,
  rules,
  lines: (file) => SOURCES[file],
};

function report(...findings: Diagnostic[]): Report {
  return {
    findings,
    suppressed: [{ diagnostic: finding("error"), reason: "known" }],
    notices: [
      { file: "main.c", function: "g", line: 1, reason: "syntax error near 'foo'" },
      { file: "big.c", function: undefined, line: undefined, reason: "it is too large" },
    ],
  };
}

test("nothing found: the formats for people are silent, the others say so", () => {
  const none: Report = { findings: [], suppressed: [], notices: [] };
  expect(pretty(none, context)).toBe("");
  expect(full(none, context)).toBe("");
  expect(JSON.parse(json(none, context))).toMatchObject({
    findings: [],
    summary: { errors: 0, warnings: 0, notes: 0 },
  });
  expect(JSON.parse(sarif(none, context)).runs[0].results).toEqual([]);
});

test("pretty keeps quotes, tells notes from warnings, and counts all three", () => {
  const text = pretty(report(finding("error"), ACROSS, finding("note")), context);
  expect(text).toContain("'p' is tested against `NULL`, but mmap() fails with MAP_FAILED");
  expect(text).toContain("note: 'p' is tested");
  expect(text).toContain("1 error, 1 warning, 1 note;");
  expect(text).not.toContain("\u001b");
  expect(text).not.toMatch(/\d (?:warnings?|errors?)\n/);
});

test("pretty: only notes are shown as well", () => {
  expect(pretty(report(finding("note")), context)).toContain("1 note;");
});

test("full", () => {
  expect(full(report(finding("error"), ACROSS), context))
    .toBe(`error[null-check]: 'p' is tested against \`NULL\`, but mmap() fails with MAP_FAILED
 --> src/table.c:4:14
  |
3 |     char *p = mmap(0, 10, 3, 2, fd, 0);
  |               ------------------------ 1. mapped here, length 10
4 |     /* 表 */ if (p == NULL)
  |                  ^^^^^^^^^
  |
  = help: compare the result with MAP_FAILED
  = edit: compare with MAP_FAILED (--fix does it)
  = rule: https://github.com/mmaplint/mmaplint/blob/main/docs/rules/null-check.md
  = id: 4c1dc42e42b2

warning[unchecked-map]: the mapping is read with no test for failure
 --> main.c:1:25
 ::: src/table.c:3:12
  |
3 |     char *p = mmap(0, 10, 3, 2, fd, 0);
  |               ------------------------ 1. mapped here, length 10
  |
1 | int main(void) { return *map(0); }
  |                         ^^^^^^^
  |
  = help: compare the result with MAP_FAILED
  = rule: https://github.com/mmaplint/mmaplint/blob/main/docs/rules/unchecked-map.md
  = id: b012e0df9a87

1 error, 1 warning, 0 notes
`);
});

test("full tells a step at the finding's own place there", () => {
  const step: Step = { location: at("src/table.c", "p == NULL"), message: "tested here" };
  const text = full(report(finding("error", { story: [MAPPED, step] })), context);
  expect(text).toContain("^^^^^^^^^ 2. tested here\n  |\n  = help");
});

test("full cuts long lines around what they are about, and survives a file it does not know", () => {
  const long = linesOf(`${"x".repeat(5000)}mmap${"y".repeat(5000)}`);
  const place: Location = { file: "long.c", start: positionOf(long, 5000), end: positionOf(long, 5004) };
  const text = full(report(finding("error", { location: place, story: [] })), {
    ...context,
    lines: () => long,
  });
  expect(text).toMatch(/1 \| …x{60}mmapy+…\n {2}\| {62}\^{4}\n/);
  expect(full(report(finding("error")), { ...context, lines: () => undefined })).toContain("= help:");
});

test("json holds everything", () => {
  const value = JSON.parse(json(report(ACROSS), context));
  expect(value).toMatchObject({
    version: "1.2.3",
    findings: [{ ...ACROSS, mapping: null, edit: null }],
    suppressed: [{ rule: "null-check", reason: "known" }],
    notices: [
      { function: "g", line: 1 },
      { file: "big.c", function: null, line: null },
    ],
    summary: { errors: 0, warnings: 1, notes: 0 },
  });
});

const schema = JSON.parse(readFileSync(new URL("data/sarif-2.1.0-rtm.5.json", import.meta.url), "utf8"));
// The packages are CommonJS: the class and the function are the default exports' default.
const ajv = new AjvDraft04.default({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats.default(ajv);
const validate = ajv.compile(schema);

function log(
  value: Report,
  changed: Partial<ReportContext> = {},
): { readonly log: Log; readonly results: readonly Result[] } {
  const parsed: Log = JSON.parse(sarif(value, { ...context, ...changed }));
  expect(validate(parsed), JSON.stringify(validate.errors, undefined, 2)).toBe(true);
  return { log: parsed, results: parsed.runs[0]?.results ?? [] };
}

test("sarif is valid, and has what code scanning requires", () => {
  const { log: whole, results } = log(report(finding("error"), ACROSS));
  expect(whole.version).toBe("2.1.0");
  expect(whole.$schema).toContain("sarif-schema-2.1.0.json");
  const run = whole.runs[0];
  expect(run?.columnKind).toBe("utf16CodeUnits");
  const described = run?.tool.driver.rules ?? [];
  expect(described.map(({ id }) => id)).toEqual([...rules.map(({ id }) => id), "unused-suppression"]);
  for (const rule of described) {
    expect(rule.shortDescription?.text).not.toBe("");
    expect(rule.fullDescription?.text).not.toBe("");
    expect(rule.fullDescription?.text.length).toBeLessThanOrEqual(1024);
    expect(rule.help?.text).not.toBe("");
    expect(rule.help?.markdown).toContain(`# ${rule.id}\n`);
    expect(rule.properties?.tags?.length).toBeLessThanOrEqual(10);
    const score = rule.properties?.["security-severity"];
    expect(score === undefined).toBe(!rule.properties?.tags?.includes("security"));
    if (score !== undefined) expect(Number(score)).toBeGreaterThan(0);
  }
  for (const result of results) {
    expect(result.message.text).not.toBe("");
    expect(described[result.ruleIndex ?? -1]?.id).toBe(result.ruleId);
    const place = result.locations?.[0]?.physicalLocation;
    expect(place?.artifactLocation?.uri).not.toMatch(/^\/|^\w+:|\.\./);
    for (const key of ["startLine", "startColumn", "endLine", "endColumn"] as const) {
      expect(place?.region?.[key]).toBeGreaterThan(0);
    }
  }
  expect(JSON.stringify(whole)).not.toContain("/project/place");
});

test("sarif: the story is a code flow that ends at the finding; edits are fixes; silenced findings say so", () => {
  const { results } = log(report(finding("error")));
  const flow = results[0]?.codeFlows?.[0]?.threadFlows[0]?.locations ?? [];
  expect(flow.map(({ location }) => location?.message?.text)).toEqual([
    "mapped here, length 10",
    "'p' is tested against `NULL`, but mmap() fails with MAP_FAILED",
  ]);
  expect(results[0]?.relatedLocations?.[0]).toMatchObject({
    id: 1,
    message: { text: "mapped here, length 10" },
  });
  expect(results[0]?.fixes?.[0]?.artifactChanges[0]?.replacements[0]).toEqual({
    deletedRegion: { startLine: 4, startColumn: 19, endLine: 4, endColumn: 23 },
    insertedContent: { text: "MAP_FAILED" },
  });
  expect(results[1]?.suppressions).toEqual([
    { kind: "inSource", status: "accepted", justification: "known" },
  ]);
});

test("sarif: what was not analyzed is a notification", () => {
  const { log: whole } = log(report());
  const notifications = whole.runs[0]?.invocations?.[0]?.toolExecutionNotifications ?? [];
  expect(notifications.map(({ message }) => message.text)).toEqual([
    "the function g was not analyzed: syntax error near 'foo'",
    "the file was not analyzed: it is too large",
  ]);
});

test("sarif: fingerprints survive moved lines, and tell like findings apart", () => {
  const print = (results: readonly Result[], index: number): string | undefined =>
    results[index]?.partialFingerprints?.["mmaplint/v1"];
  const first = log(report(finding("error"), finding("error"))).results;
  expect(print(first, 0)).toMatch(/^[0-9a-f]{32}:1$/);
  expect(print(first, 1)).toBe(print(first, 0)?.replace(":1", ":2"));
  const moved = linesOf(`\n\n${TABLE.replaceAll("\t", "  ")}`);
  const start = moved.text.indexOf("p == NULL");
  const location: Location = {
    file: "src/table.c",
    start: positionOf(moved, start),
    end: positionOf(moved, start + 9),
  };
  const second = log(report(finding("error", { location })), { lines: () => moved }).results;
  expect(print(second, 0)).toBe(print(first, 0));
});

test("json: a finding's id is the beginning of its fingerprint, and tells like findings apart", () => {
  const same = report(finding("error"), finding("error"));
  const ids: string[] = JSON.parse(json(same, context)).findings.map(({ id }: { id: string }) => id);
  const prints = log(same).results.map(
    ({ partialFingerprints }) => partialFingerprints?.["mmaplint/v1"] ?? "",
  );
  expect(ids).toEqual([prints[0]?.slice(0, 12), `${prints[1]?.slice(0, 12)}:2`]);
});

test("sarif: URIs are relative and escaped, to a directory above where a file lies outside", () => {
  const location = { ...at("main.c", "*map(0)"), file: "/project/other/a b#%.c" };
  const { results } = log(report(finding("error"), { ...ACROSS, location, story: [] }));
  const uris = results.map((result) => result.locations?.[0]?.physicalLocation?.artifactLocation?.uri);
  expect(uris.slice(0, 2)).toEqual(["place/src/table.c", "other/a%20b%23%25.c"]);
});
