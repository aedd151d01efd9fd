/** The configuration: where it is found, what it does, and what is said when it is wrong. */
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { configSchema, SCHEMA_FILE } from "../scripts/schema.js";
import { CLEAN, mmaplint, NULL_CHECK, project } from "./cli.js";

const config = (value: unknown): string => JSON.stringify(value);

test("the schema is fresh: npm run docs", () => {
  expect(readFileSync(SCHEMA_FILE, "utf8")).toBe(configSchema());
});

test("the schema is a schema", () => {
  const ajv = new Ajv({ strict: true });
  expect(ajv.validateSchema(JSON.parse(configSchema())), ajv.errorsText()).toBe(true);
  ajv.compile(JSON.parse(configSchema()));
});

describe("found upwards from the linted path", () => {
  test("the nearest one wins, for each path its own", async () => {
    const directory = project({
      "mmaplint.config.json": config({ rules: { "null-check": "off" } }),
      "a/a.c": NULL_CHECK,
      "b/mmaplint.config.json": config({ rules: { "null-check": "note" } }),
      "b/deep/b.c": NULL_CHECK,
    });
    expect(await mmaplint(directory, ["a"])).toMatchObject({ code: 0, stdout: "" });
    const both = await mmaplint(directory, ["a", "b/deep"]);
    expect(both.code).toBe(0);
    expect(both.stdout).toContain("1 note;");
    expect(both.stdout).toContain("b/deep/b.c:4:");
  });

  test("a key of package.json", async () => {
    const directory = project({
      "package.json": config({ name: "x", mmaplint: { rules: { "null-check": "off" } } }),
      "src/package.json": config({ name: "y" }),
      "src/a.c": NULL_CHECK,
    });
    expect((await mmaplint(directory, ["src"])).code).toBe(0);
  });

  test("--config names another one, the command line wins over both", async () => {
    const directory = project({
      "mmaplint.config.json": config({ rules: { "null-check": "off" } }),
      "ci/strict.json": config({ preset: "strict", ignore: ["/b.c"] }),
      "a.c": NULL_CHECK,
      "b.c": NULL_CHECK,
    });
    const other = await mmaplint(directory, ["--config", "ci/strict.json"]);
    expect(other.stdout).toContain("1 error;");
    expect((await mmaplint(directory, ["--rule", "null-check=error"])).code).toBe(1);
    const missing = await mmaplint(directory, ["--config", "none.json"]);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toBe("mmaplint: none.json: cannot be read: there is no such file or directory\n");
  });
});

test("presets", async () => {
  const directory = project({ "mmaplint.config.json": config({ preset: "portability" }), "a.c": NULL_CHECK });
  expect((await mmaplint(directory, [])).code).toBe(0);
  expect((await mmaplint(directory, ["--preset", "recommended"])).code).toBe(1);
  expect((await mmaplint(directory, ["--preset", "security"])).code).toBe(1);
});

test("ignore: directories, and files even if they are named", async () => {
  const directory = project({
    "mmaplint.config.json": config({ ignore: ["vendor/", "*.gen.c"] }),
    "vendor/a.c": NULL_CHECK,
    "src/b.gen.c": NULL_CHECK,
    "src/c.c": CLEAN,
  });
  expect(await mmaplint(directory, [])).toEqual({ code: 0, stdout: "", stderr: "" });
  const named = await mmaplint(directory, ["src/b.gen.c"]);
  expect(named.code).toBe(0);
  expect(named.stderr).toContain(
    "src/b.gen.c: not linted: the configuration's `ignore` leaves this file out",
  );
});

test("overrides: other severities for some files, later ones win", async () => {
  const directory = project({
    "mmaplint.config.json": config({
      rules: { "null-check": "warning" },
      overrides: [
        { files: ["tests/"], rules: { "null-check": "off" } },
        { files: ["boot*.c"], rules: { "null-check": "error" } },
        { files: ["/tests/boot_keep.c"], rules: { "null-check": "note" } },
      ],
    }),
    "a.c": NULL_CHECK,
    "boot.c": NULL_CHECK,
    "tests/t.c": NULL_CHECK,
    "tests/boot_keep.c": NULL_CHECK,
  });
  const run = await mmaplint(directory, ["--format", "json"]);
  const found: { severity: string; location: { file: string } }[] = JSON.parse(run.stdout).findings;
  expect(found.map(({ severity, location }) => `${location.file} ${severity}`)).toEqual([
    "a.c warning",
    "boot.c error",
    "tests/boot_keep.c note",
  ]);
});

describe("what is wrong is named, with the nearest right spelling, and nothing is linted", () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    [
      "an unknown key",
      '{ "ruels": {} }',
      ['mmaplint.config.json: there is no key "ruels"; did you mean "rules"?'],
    ],
    [
      "an unknown rule",
      '{ "rules": { "null-chek": "off" } }',
      ['mmaplint.config.json: rules: there is no rule "null-chek"; did you mean "null-check"?'],
    ],
    [
      "an unknown severity",
      '{ "rules": { "null-check": "eror" } }',
      ['rules.null-check: must be one of off, note, warning, error, not "eror"; did you mean "error"?'],
    ],
    [
      "an unknown preset",
      '{ "preset": "recomended" }',
      [
        'preset: must be one of recommended, strict, security, portability, embedded, not "recomended"; did you mean "recommended"?',
      ],
    ],
    ["a wrong type", '{ "ignore": "vendor" }', ["mmaplint.config.json: ignore: must be of type array"]],
    ["no object", "[]", ["mmaplint.config.json: the configuration: must be of type object"]],
    [
      "inside overrides, and every mistake at once",
      '{ "preset": 1, "overrides": [{ "files": ["a"], "ruls": {} }] }',
      [
        "preset: must be one of",
        'overrides[0]: the key "rules" is missing',
        'overrides[0]: there is no key "ruls"; did you mean "rules"?',
      ],
    ],
    [
      "no JSON",
      '{\n  "rules": {,}\n}',
      ["mmaplint.config.json:2:13: is not valid JSON", "comments and trailing commas are not allowed"],
    ],
    [
      "a pattern that cannot be matched in good time",
      '{ "overrides": [{ "files": ["a*b*c*d*"], "rules": {} }] }',
      ['mmaplint.config.json: the pattern "a*b*c*d*" has more than 3 wildcards in one part'],
    ],
    ["an empty file", "", ["mmaplint.config.json: is not valid JSON"]],
  ];
  test.each(cases)("%s", async (_, text, sentences) => {
    const directory = project({ "mmaplint.config.json": text, "a.c": NULL_CHECK });
    const run = await mmaplint(directory, []);
    expect(run).toMatchObject({ code: 2, stdout: "" });
    for (const sentence of sentences) expect(run.stderr).toContain(sentence);
  });

  test("in package.json", async () => {
    const directory = project({ "package.json": config({ mmaplint: { preset: 7 } }), "a.c": NULL_CHECK });
    const run = await mmaplint(directory, []);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain("package.json (key mmaplint): preset: must be one of");
  });
});

test("keys of Object.prototype are keys like any other", async () => {
  const directory = project({
    "mmaplint.config.json": '{ "__proto__": { "rules": {} } }',
    "a.c": NULL_CHECK,
  });
  expect((await mmaplint(directory, [])).stderr).toContain('there is no key "__proto__"');
});
