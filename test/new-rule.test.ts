/** The scaffold of a rule: what it writes is well-formed, and the fixtures' test would take it up. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import * as prettier from "prettier";
import { expect, test } from "vitest";
import { scaffold } from "../scripts/new-rule.js";
import { parseHeader } from "../src/reproduce/header.js";
import { rules } from "../src/rules/index.js";
import { project } from "./cli.js";
import { expectations } from "./support/expectations.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** A directory with what the scaffold reads and changes. */
function copy(): string {
  const root = project();
  mkdirSync(path.join(root, "src"));
  cpSync(path.join(ROOT, "src/rules"), path.join(root, "src/rules"), { recursive: true });
  cpSync(path.join(ROOT, "package.json"), path.join(root, "package.json"));
  return root;
}

test.each(["aaa-first", "missing-thing", "zzz-last"])(
  "%s: a rule file, fixtures, an entry in the list",
  async (id) => {
    const root = copy();
    const written = scaffold(root, id);
    expect(readdirSync(path.join(root, "fixtures", id)).sort()).toEqual([
      "bad.c",
      "cases.c",
      "good.c",
      "reproducer.c",
    ]);
    expect(parseHeader(readFileSync(path.join(root, "fixtures", id, "reproducer.c"), "utf8")).rule).toBe(id);
    expect(expectations(readFileSync(path.join(root, "fixtures", id, "bad.c"), "utf8"))).toMatchObject([
      { kind: "want", rule: id },
    ]);
    const list = readFileSync(path.join(root, "src/rules/index.ts"), "utf8");
    const imported = [...list.matchAll(/from "\.\/([a-z0-9-]+)\.js"/g)].map((match) => match[1]);
    expect(imported).toContain(id);
    expect(imported.filter((name) => name !== "rule")).toEqual([...rules.map((rule) => rule.id), id].sort());
    expect(list.trimEnd().split("\n").at(-2)).toMatch(/^ {2}\w+,$/);
    const formatted = written
      .filter((name) => name.endsWith(".ts"))
      .map((name) => readFileSync(path.join(root, name), "utf8"))
      .map((text) => prettier.check(text, { parser: "typescript", printWidth: 110 }));
    expect(await Promise.all(formatted)).toEqual([true, true]);
  },
);

test.each(["null-check", "NullCheck", "", "../x"])("'%s' is refused, and nothing is written", (id) => {
  const root = copy();
  const before = readFileSync(path.join(root, "src/rules/index.ts"), "utf8");
  expect(() => scaffold(root, id)).toThrow(/exists|no id/);
  expect(readFileSync(path.join(root, "src/rules/index.ts"), "utf8")).toBe(before);
});

test("a list of another shape is left alone", () => {
  const root = copy();
  writeFileSync(path.join(root, "src/rules/index.ts"), "export const rules = [];\n");
  expect(() => scaffold(root, "some-rule")).toThrow("is not the list it used to be");
  expect(readdirSync(root).sort()).toEqual(["package.json", "src"]);
});
