/** The extension's manifest says what the configuration's schema says; the extension itself is tested in editors. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { manifest, settings } from "../vscode-extension/scripts/settings.js";
import { rules } from "../src/rules/index.js";

const FOLDER = new URL("../vscode-extension/", import.meta.url);
const text = readFileSync(new URL("package.json", FOLDER), "utf8");
const committed = JSON.parse(text);
const schema = JSON.parse(
  readFileSync(new URL("../schema/mmaplint.config.schema.json", import.meta.url), "utf8"),
);

test("vscode-extension/package.json is fresh: npm run docs", () => {
  expect(text).toBe(manifest());
});

test("every key of a configuration is a setting with the same values", () => {
  const { $schema: _address, ...properties } = schema.properties;
  const mirrored = Object.keys(properties).map((key) => `mmaplint.${key}`);
  expect(Object.keys(settings())).toEqual(expect.arrayContaining(mirrored));
  const found = committed.contributes.configuration.properties;
  expect(found["mmaplint.preset"].enum).toEqual(properties.preset.enum);
  expect(Object.keys(found["mmaplint.rules"].properties)).toEqual([
    ...rules.map(({ id }) => id),
    "unused-suppression",
  ]);
  expect(found["mmaplint.rules"].properties["null-check"].enum).toEqual(schema.definitions.setting.enum);
  // VS Code resolves no reference within a setting.
  expect(JSON.stringify(found)).not.toContain("$ref");
});

test("the extension has the program's version, exact versions of its own packages, and what it names", () => {
  const program = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  expect(committed.version).toBe(program.version);
  const tests = JSON.parse(readFileSync(new URL("test/package.json", FOLDER), "utf8"));
  for (const version of Object.values({ ...committed.devDependencies, ...tests.dependencies }))
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  const media: string[] = committed.contributes.walkthroughs.flatMap(
    ({ steps }: { steps: { media: { markdown: string } }[] }) =>
      steps.map(({ media: { markdown } }) => markdown),
  );
  expect([committed.icon, ...media].filter((file) => !existsSync(new URL(file, FOLDER)))).toEqual([]);
});

test("every command that a text of the manifest offers is one of its commands", () => {
  const known: string[] = committed.contributes.commands.map(({ command }: { command: string }) => command);
  const named = [...text.matchAll(/\(command:(mmaplint\.\w+)|onCommand:(mmaplint\.\w+)/g)].map(
    ([, link, event]) => link ?? event,
  );
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((command) => !known.includes(command ?? ""))).toEqual([]);
});
