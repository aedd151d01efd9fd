/**
 * Writes docs/rules/ and docs/evidence.md from the rules, their fixtures and what their reproducers printed:
 * `npm run docs`. With --check, says what is stale instead.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { rules } from "../src/rules/index.js";
import { rulePage } from "../src/rules/page.js";
import type { RuleMeta } from "../src/rules/rule.js";
import { unusedSuppression } from "../src/suppress.js";
import { withoutExpectations } from "../test/support/expectations.js";
import { evidence, evidencePage } from "./docs/evidence.js";

const FIXTURES = new URL("../fixtures/", import.meta.url);
const DOCS = new URL("../docs/", import.meta.url);
const EVIDENCE = "evidence.md";

function example(id: string, name: "bad" | "good"): string {
  return withoutExpectations(readFileSync(new URL(`${id}/${name}.c`, FIXTURES), "utf8"));
}

function row({ id, severity, summary, cwe, optIn, preview }: RuleMeta): string {
  const standing = preview === true ? " (preview)" : optIn === true ? " (opt-in)" : "";
  const weaknesses = cwe.map((number) => `CWE-${number}`).join(", ");
  const cells = [`[${id}](${id}.md)`, `${severity}${standing}`, summary.replaceAll("|", "\\|"), weaknesses];
  return `| ${cells.join(" | ")} |`;
}

function overview(all: readonly RuleMeta[]): string {
  const head = [
    "# Rules",
    "",
    "Each page is made from the rule itself (`src/rules/<id>.ts`) and its fixtures (`fixtures/<id>/`).",
    "**error**: the call fails, or memory is lost or corrupted, for certain. **warning**: very likely a defect.",
    "**note**: advice on portability, durability or hardening.",
    "",
    "| Rule | Severity | What is wrong | Weakness |",
    "| --- | --- | --- | --- |",
  ];
  return `${[...head, ...all.map(row)].join("\n")}\n`;
}

/** The generated files of docs/ by path, as they should be. */
export function documentation(): ReadonlyMap<string, string> {
  const shown = evidence();
  const pages = rules.map((rule): [string, string] => [
    `rules/${rule.id}.md`,
    rulePage(rule, { bad: example(rule.id, "bad"), good: example(rule.id, "good") }, shown.get(rule.id)),
  ]);
  return new Map([
    [EVIDENCE, evidencePage()],
    ["rules/README.md", overview([...rules, unusedSuppression])],
    ...pages,
    [`rules/${unusedSuppression.id}.md`, rulePage(unusedSuppression)],
  ]);
}

function existing(): ReadonlyMap<string, string> {
  const pages = new URL("rules/", DOCS);
  mkdirSync(pages, { recursive: true });
  const names = [EVIDENCE, ...readdirSync(pages).map((name) => `rules/${name}`)];
  return new Map(
    names
      .filter((name) => existsSync(new URL(name, DOCS)))
      .map((name) => [name, readFileSync(new URL(name, DOCS), "utf8")]),
  );
}

/** Generated files of docs/ that are missing or changed, and pages of no rule. */
export function staleDocumentation(): readonly string[] {
  const wanted = documentation();
  const found = existing();
  const names = new Set([...wanted.keys(), ...found.keys()]);
  return [...names].filter((name) => wanted.get(name) !== found.get(name)).sort();
}

function write(): void {
  const wanted = documentation();
  for (const name of staleDocumentation()) {
    const text = wanted.get(name);
    if (text === undefined) rmSync(new URL(name, DOCS));
    else writeFileSync(new URL(name, DOCS), text);
  }
}

if (process.argv[1] === import.meta.filename) {
  if (process.argv.includes("--check")) {
    for (const name of staleDocumentation()) {
      console.error(`docs/${name} is stale: npm run docs`);
      process.exitCode = 1;
    }
  } else {
    write();
  }
}
