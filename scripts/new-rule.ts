/**
 * Begins a rule: `npm run new-rule <id>` writes src/rules/<id>.ts and fixtures/<id>/, and puts the rule at the
 * end of the list in src/rules/index.ts. What is left to do stands in the files as TODO.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";

const RULE_LIST = "src/rules/index.ts";

function camelCase(id: string): string {
  return id.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function ruleFile(id: string, version: string): string {
  return `/** TODO: the fact the rule rests on, in one sentence. */
import type { Rule } from "./rule.js";

export const ${camelCase(id)}: Rule = {
  id: "${id}",
  summary: "TODO: what is wrong, one line, no full stop",
  why: "TODO: what happens at run time, one to four sentences.",
  help: "TODO: what to do instead, one line, imperative",
  severity: "warning",
  cwe: [],
  since: "${version}",
  references: ["mmap(2)"],
  silent: ["TODO: what a naive check would flag."],
  on: {},
};
`;
}

function fixture(statements: readonly string[]): string {
  const body = statements.map((statement) => `    ${statement}\n`).join("");
  return `#include <stddef.h>\n#include <sys/mman.h>\n\nint example(void *p, size_t len)\n{\n${body}}\n`;
}

/** A program that compiles, and that fails the tests until it shows something. */
function reproducer(id: string): string {
  return `/*
 * ${id}: TODO: what goes wrong, in one sentence.
 *
 * What is to be seen: TODO, and the man page that says so.
 *
 * SHOWN: natively
 * EXPECT bad: exit=1
 * EXPECT good: exit=0
 */
#include <string.h>
#include <unistd.h>

static int bad(void)
{
    return 0;
}

static int good(void)
{
    return 0;
}

int main(int argc, char **argv)
{
    alarm(5);
    if (argc == 2 && strcmp(argv[1], "bad") == 0)
        return bad();
    if (argc == 2 && strcmp(argv[1], "good") == 0)
        return good();
    return 2;
}
`;
}

function fixtures(id: string): ReadonlyMap<string, string> {
  const bad = `return munmap(p, len); // want ${id}`;
  const good = "return munmap(p, len);";
  return new Map([
    ["bad.c", fixture([bad])],
    ["good.c", fixture([good])],
    ["cases.c", fixture([good]).replace("example", "example_ok")],
    ["reproducer.c", reproducer(id)],
  ]);
}

/** The list with the rule's import, in alphabetical order, and its entry, at the end. */
function listed(list: string, id: string): string {
  const line = `import { ${camelCase(id)} } from "./${id}.js";`;
  const isImport = (text: string): boolean => /^import \{ \w+ \} from /.test(text);
  const lines = list.split("\n");
  const modules = lines.filter(isImport);
  const next = modules.find((text) => (text.split('"')[1] ?? "") > `./${id}.js`);
  const at = next === undefined ? lines.lastIndexOf(modules.at(-1) ?? "") + 1 : lines.indexOf(next);
  const end = lines.lastIndexOf("];");
  if (modules.length === 0 || end < at) throw new Error(`${RULE_LIST} is not the list it used to be`);
  return [
    ...lines.slice(0, at),
    line,
    ...lines.slice(at, end),
    `  ${camelCase(id)},`,
    ...lines.slice(end),
  ].join("\n");
}

/** Writes the files below `root`; their paths, relative to it. Throws when the id is malformed or taken. */
export function scaffold(root: string, id: string): readonly string[] {
  if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)+$/.test(id))
    throw new Error(`"${id}" is no id: lower case, with hyphens`);
  const ruleName = `src/rules/${id}.ts`;
  const folder = `fixtures/${id}`;
  for (const name of [ruleName, folder]) {
    if (existsSync(path.join(root, name))) throw new Error(`${name} exists`);
  }
  const { version }: { version: string } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const list = listed(readFileSync(path.join(root, RULE_LIST), "utf8"), id);
  mkdirSync(path.join(root, folder), { recursive: true });
  const files = new Map([
    [ruleName, ruleFile(id, version)],
    ...[...fixtures(id)].map(([name, text]): [string, string] => [`${folder}/${name}`, text]),
    [RULE_LIST, list],
  ]);
  for (const [name, text] of files) writeFileSync(path.join(root, name), text);
  return [...files.keys()];
}

if (process.argv[1] === import.meta.filename) {
  try {
    const written = scaffold(path.join(import.meta.dirname, ".."), process.argv[2] ?? "");
    console.log(`${written.join("\n")}\nthen: npm run evidence && npm run docs && npm test`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
  }
}
