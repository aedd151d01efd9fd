/** Presets against the real list of rules. */
import { expect, test } from "vitest";
import { presetNames, presets, presetSeverities, securitySeverity } from "../src/presets.js";
import { rules } from "../src/rules/index.js";

test("recommended leaves out opt-in and preview rules, strict has all", () => {
  expect([...presetSeverities("recommended", rules).keys()]).toEqual(
    rules.filter(({ optIn, preview }) => optIn !== true && preview !== true).map(({ id }) => id),
  );
  expect(presetSeverities("strict", rules).size).toBe(rules.length);
});

test.each(presetNames)("%s has rules, and names only rules that exist and are in it", (name) => {
  const severities = presetSeverities(name, rules);
  expect(severities.size).toBeGreaterThan(0);
  for (const id of Object.keys(presets[name].severities)) expect(severities.has(id), id).toBe(true);
});

test("leaks and failing calls are no security findings, memory corruption is", () => {
  const score = (id: string): number | undefined => {
    const rule = rules.find((candidate) => candidate.id === id);
    return rule === undefined ? undefined : securitySeverity(rule);
  };
  expect(score("missing-munmap")).toBeUndefined();
  expect(score("hardcoded-page-size")).toBeUndefined();
  expect(score("use-after-unmap")).toBeGreaterThan(7);
});
