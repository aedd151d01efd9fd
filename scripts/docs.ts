/** Writes docs/rules/ from the rules and their fixtures: `npm run docs`. With --check, says what is stale instead. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { rules } from "../src/rules/index.js";
import { rulePage } from "../src/rules/page.js";
import type { RuleMeta } from "../src/rules/rule.js";
import { unusedSuppression } from "../src/suppress.js";
import { withoutExpectations } from "../test/support/expectations.js";

const FIXTURES = new URL("../fixtures/", import.meta.url);
const PAGES = new URL("../docs/rules/", import.meta.url);

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

/** The files of docs/rules/ by name, as they should be. */
export function documentation(): ReadonlyMap<string, string> {
  const pages = rules.map((rule): [string, string] => [
    `${rule.id}.md`,
    rulePage(rule, { bad: example(rule.id, "bad"), good: example(rule.id, "good") }),
  ]);
  return new Map([
    ["README.md", overview([...rules, unusedSuppression])],
    ...pages,
    [`${unusedSuppression.id}.md`, rulePage(unusedSuppression)],
  ]);
}

function existing(): ReadonlyMap<string, string> {
  mkdirSync(PAGES, { recursive: true });
  return new Map(readdirSync(PAGES).map((name) => [name, readFileSync(new URL(name, PAGES), "utf8")]));
}

/** Names of files in docs/rules/ that are missing, changed, or of no rule. */
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
    if (text === undefined) rmSync(new URL(name, PAGES));
    else writeFileSync(new URL(name, PAGES), text);
  }
}

if (process.argv[1] === import.meta.filename) {
  if (process.argv.includes("--check")) {
    for (const name of staleDocumentation()) {
      console.error(`docs/rules/${name} is stale: npm run docs`);
      process.exitCode = 1;
    }
  } else {
    write();
  }
}
