/** The shape of the source tree: layers, headers, sizes, and what every rule has. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { rules } from "../src/rules/index.js";
import { unusedSuppression } from "../src/suppress.js";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const SRC = path.join(ROOT, "src");

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({
    name: name.split(path.sep).join("/"),
    text: readFileSync(path.join(SRC, name), "utf8"),
  }));

/** `rules/null-check.ts` is of the unit `rules`, `cli.ts` of `cli`. */
function unitOf(name: string): string {
  return name.split("/")[0]?.replace(/\.ts$/, "") ?? "";
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/\bfrom "([^"]+)"|\bimport\("([^"]+)"\)/g)].map(
    (match) => match[1] ?? match[2] ?? "",
  );
}

/** What each unit may import besides itself. The arrows run one way: down this list, never up. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  diagnostic: [],
  nearest: [],
  steps: [],
  text: ["diagnostic"],
  fingerprint: ["text", "diagnostic"],
  edit: ["diagnostic"],
  syntax: ["diagnostic"],
  analyzer: ["syntax", "steps", "diagnostic"],
  rules: ["analyzer", "diagnostic"],
  lint: ["rules", "analyzer", "syntax", "steps", "diagnostic"],
  presets: ["rules", "diagnostic"],
  suppress: ["rules", "text", "nearest", "diagnostic"],
  ends: ["diagnostic"],
  // Of syntax only the prefilter, see load.ts.
  project: ["syntax", "edit", "text", "nearest", "diagnostic"],
  // Of the engine the type of a model only: it is not loaded for it.
  models: ["analyzer"],
  config: ["project", "models", "analyzer", "presets", "nearest", "diagnostic"],
  severities: ["config", "suppress", "presets", "rules", "diagnostic"],
  reporters: ["fingerprint", "suppress", "presets", "rules", "text", "diagnostic"],
  check: [
    "ends",
    "severities",
    "config",
    "project",
    "suppress",
    "presets",
    "rules",
    "lint",
    "steps",
    "diagnostic",
  ],
  fix: ["check", "config", "project", "edit", "diagnostic"],
  options: ["reporters", "nearest"],
  messages: ["options", "lint", "text", "diagnostic"],
  run: [
    "messages",
    "options",
    "fix",
    "check",
    "severities",
    "config",
    "project",
    "models",
    "reporters",
    "rules",
    "lint",
    "text",
    "diagnostic",
  ],
  // Of reproduce only where the programs are.
  lsp: [
    "reproduce",
    "check",
    "config",
    "project",
    "models",
    "suppress",
    "edit",
    "lint",
    "rules",
    "analyzer",
    "steps",
    "syntax",
    "text",
    "diagnostic",
  ],
  native: [],
  reproduce: ["native", "run", "options", "rules", "text", "nearest"],
  confirm: ["native", "run", "options", "project", "fingerprint", "text", "diagnostic"],
  catalogue: ["suppress", "rules", "nearest"],
  index: ["lint", "presets", "rules", "syntax", "diagnostic"],
  cli: ["run", "lsp", "confirm", "reproduce", "catalogue", "options"],
};

/** The local modules that a file imports, by their unit. */
function localUnits(name: string, text: string): string[] {
  return importsOf(text)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => unitOf(path.posix.join(path.posix.dirname(name), specifier).replace(/\.js$/, ".ts")));
}

describe("every source file", () => {
  test("starts with a comment that says what it is about", () => {
    const bare = files.filter(({ text }) => !text.replace(/^#!.*\n/, "").startsWith("/**"));
    expect(bare.map(({ name }) => name)).toEqual([]);
  });

  test("imports only from its own layer and those below", () => {
    const upward = files.flatMap(({ name, text }) => {
      const allowed = [unitOf(name), ...(LAYERS[unitOf(name)] ?? [])];
      return localUnits(name, text)
        .filter((unit) => !allowed.includes(unit))
        .map((unit) => `${name} imports ${unit}`);
    });
    expect(upward).toEqual([]);
    expect(files.map(({ name }) => unitOf(name)).filter((unit) => LAYERS[unit] === undefined)).toEqual([]);
  });

  test("outside of src/syntax knows no parser, and outside of cli.ts no process", () => {
    const parsers = files.filter(({ text }) => importsOf(text).includes("web-tree-sitter"));
    expect(parsers.filter(({ name }) => unitOf(name) !== "syntax")).toEqual([]);
    const users = files.filter(
      ({ text }) =>
        /\bprocess\.(?:argv|env|cwd|exit|std|on)/.test(text) || importsOf(text).includes("node:process"),
    );
    expect(users.map(({ name }) => name)).toEqual(["cli.ts"]);
  });

  test("of the engine reads no files and no clock", () => {
    const engine = files.filter(({ name }) => ["analyzer", "rules", "lint"].includes(unitOf(name)));
    const impure = engine.filter(
      ({ text }) =>
        importsOf(text).some((name) => name.startsWith("node:")) || /\bDate\b|\bperformance\./.test(text),
    );
    expect(impure.map(({ name }) => name)).toEqual([]);
  });
});

/** Files that are longer for a reason. */
const LONG: Readonly<Record<string, string>> = {
  "analyzer/lower-expressions.ts": "one switch over the expressions of C, each arm short",
};

test("no file has more than 400 lines", () => {
  const long = files.filter(({ name, text }) => text.split("\n").length > 401 && LONG[name] === undefined);
  expect(long.map(({ name, text }) => `${name}: ${text.split("\n").length - 1} lines`)).toEqual([]);
});

test("only the prefilter and the types of src/syntax are used outside of the engine", () => {
  const users = files.filter(({ name }) => !["syntax", "analyzer", "lint", "index"].includes(unitOf(name)));
  const imported = users.flatMap(({ text }) =>
    importsOf(text).filter((specifier) => specifier.includes("/syntax/")),
  );
  expect([...new Set(imported)].sort()).toEqual(["../syntax/family.js", "../syntax/unit.js"]);
});

test("every rule has its source, its fixtures and its page", () => {
  const wanted = rules.flatMap(({ id }) => [
    `src/rules/${id}.ts`,
    `fixtures/${id}/bad.c`,
    `fixtures/${id}/good.c`,
    `fixtures/${id}/cases.c`,
    `docs/rules/${id}.md`,
  ]);
  expect(wanted.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
});

test("rules: every text is there, and in its form", () => {
  for (const rule of [...rules, unusedSuppression]) {
    expect(rule.id).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
    for (const text of [rule.summary, rule.help]) expect(text, rule.id).toMatch(/^\S[^\n]*[^.\s]$/);
    expect(rule.why, rule.id).toMatch(/^\S[^]*\.$/);
    expect(rule.silent.length, rule.id).toBeGreaterThan(0);
    expect(rule.since, rule.id).toMatch(/^\d+\.\d+\.\d+$/);
  }
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
});

test("nothing points at the machine it was made on", () => {
  const lock = readFileSync(path.join(ROOT, "package-lock.json"), "utf8");
  expect(lock).not.toContain('"resolved"');
});
