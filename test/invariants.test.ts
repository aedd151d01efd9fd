/** What holds for every finding and every run, whatever the rule: over all fixtures and the example program. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { analyze } from "../src/analyzer/index.js";
import { finish } from "../src/steps.js";
import type { Diagnostic } from "../src/diagnostic.js";
import { mergeEnds } from "../src/ends.js";
import { lint, loadParser } from "../src/lint.js";
import { rules } from "../src/rules/index.js";
import type { Source } from "../src/syntax/unit.js";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const severities = new Map(rules.map(({ id, severity }) => [id, severity]));

const sources = ["fixtures", "examples"].flatMap((folder) =>
  readdirSync(ROOT + folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".c"))
    .map((name): Source => {
      const path = `${folder}/${name.replaceAll("\\", "/")}`;
      return { path, text: readFileSync(ROOT + path, "utf8") };
    }),
);

let findings: readonly Diagnostic[] = [];

beforeAll(async () => {
  await loadParser();
  ({ diagnostics: findings } = lint(sources, severities));
});

function told({ rule, location, story }: Diagnostic): string {
  return `${location.file}:${location.start.line} ${rule}: ${story.map((step) => step.message).join("; ")}`;
}

/** How a mapping comes into being. */
const BEGINNING = /^(?:mapped|attached|remapped|made by)\b/;
const MADE = new Set(["mmap", "shmat"]);

test("the story of every mapping that the function made begins with the call that made it", () => {
  const { functions } = finish(analyze(sources));
  const events = functions.flatMap(({ readings }) => readings.flat());
  const mappings = events.flatMap(
    (event) =>
      ("mapping" in event ? event.mapping : "target" in event ? event.target.mapping : undefined) ?? [],
  );
  const made = mappings.filter(({ source }) => MADE.has(source));
  const headless = made.filter(({ history }) => !BEGINNING.test(history[0]?.message ?? ""));
  expect(headless.map(({ site, function: name }) => `${site.file} ${name} at ${site.start}`)).toEqual([]);
  expect(made.length).toBeGreaterThan(100);
});

test("the same input gives the same output, and the order of files changes none of it", () => {
  expect(lint(sources, severities).diagnostics).toEqual(findings);
  expect(lint(sources.toReversed(), severities).diagnostics).toEqual(findings);
});

test("no finding is told twice", () => {
  const places = findings.map(({ rule, location }) => `${location.file}:${location.start.offset} ${rule}`);
  expect(places.filter((place, i) => places.indexOf(place) !== i)).toEqual([]);
});

test("one mapping that stays at several ends of a function is one finding, whose story names them all", () => {
  const text = `#include <sys/mman.h>
int step(int n);
int twice(int fd)
{
    char *p = mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return -1;
    if (step(1) < 0)
        return -2;
    if (step(2) < 0)
        return -3;
    if (step(3) < 0)
        return -4;
    return munmap(p, 4096);
}`;
  const ends = lint([{ path: "twice.c", text }], severities).diagnostics.filter(
    ({ rule }) => rule === "missing-munmap",
  );
  const leaks = mergeEnds(ends.toReversed());
  expect(leaks.map(({ location }) => location.start.line)).toEqual([9]);
  expect(leaks[0]?.story.map(({ location }) => location.start.line)).toEqual([5, 9, 11, 13]);
});

test("a place in a finding is a place in its file", () => {
  const texts = new Map(sources.map(({ path, text }) => [path, text]));
  for (const finding of findings) {
    for (const { file, start, end } of [finding.location, ...finding.story.map((step) => step.location)]) {
      const text = texts.get(file) ?? "";
      expect(end.offset, told(finding)).toBeLessThanOrEqual(text.length);
      expect(start.offset, told(finding)).toBeLessThan(end.offset);
      expect(text.slice(0, start.offset).split("\n").length, told(finding)).toBe(start.line);
    }
  }
});
