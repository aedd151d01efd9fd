/**
 * Every rule against its reproducer: the linter flags the bad side and nothing else, both sides do what the header says
 * with every compiler, and the output that the pages show is the output that there is.
 */
import { existsSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test, type TestContext } from "vitest";
import {
  record,
  recordOf,
  reproducers,
  targetsOf,
  type Tried,
  tryOn,
  withoutNumbers,
} from "../scripts/evidence.js";
import { lint, loadParser } from "../src/lint.js";
import { presetSeverities } from "../src/presets.js";
import { machineNames } from "../src/reproduce/header.js";
import type { Result } from "../src/reproduce/report.js";
import type { Reproducer } from "../src/reproduce/trial.js";
import { rules } from "../src/rules/index.js";

const all = reproducers();
const ids = all.map(({ header }) => header.rule);

/** All programs are compiled and run before the first is judged. */
const MINUTES = 60_000;

test("every rule has a reproducer, and it names its rule", () => {
  expect(ids).toEqual(rules.map(({ id }) => id));
});

describe("linted", () => {
  beforeAll(loadParser);

  test.each(all)(
    "$header.rule: the bad side is flagged by this rule, nothing else by any",
    ({ header, source }) => {
      const severities = new Map(presetSeverities("recommended", rules)).set(header.rule, "error");
      const { diagnostics, notices } = lint([{ path: "reproducer.c", text: source }], severities);
      expect(notices).toEqual([]);
      const flagged = diagnostics.map(({ rule, function: name }) => ({
        rule,
        bad: /^bad(?:_|$)/.test(name ?? ""),
      }));
      expect(flagged.length).toBeGreaterThan(0);
      expect(flagged.filter(({ rule, bad }) => rule !== header.rule || !bad)).toEqual([]);
    },
  );
});

/**
 * The verdict on a rule's reproducer. A processor, a file system or an emulator may lack what the header says that it
 * needs: then the test is skipped. Nothing else may be.
 */
function verdictOf(
  { results }: Tried,
  { header }: Reproducer,
  { skip }: TestContext,
): Result["verdict"] | undefined {
  const verdict = results.find((result) => result.header === header)?.verdict;
  if (verdict?.kind === "skipped" && header.needs !== undefined) skip(`${header.needs}: ${verdict.why}`);
  return verdict;
}

const STRICT = ["-Wall", "-Wextra", "-Werror"];

describe.each([
  ["gcc", "-O0"],
  ["gcc", "-O2"],
  ["clang", "-O0"],
  ["clang", "-O2"],
])("%s %s", (compiler, level) => {
  let tried: Tried;

  beforeAll(async () => {
    tried = await tryOn("native", all, { compiler, flags: [level, ...STRICT] });
  }, 5 * MINUTES);

  test.for(all)("$header.rule does what its header says", (reproducer, context) => {
    const expected = {
      native: { kind: "shown" },
      emulator: { kind: "hidden" },
      "stand-in": { kind: "stand-in" },
      nothing: { kind: "not-demonstrable" },
    }[reproducer.header.shown.by];
    expect(verdictOf(tried, reproducer, context)).toMatchObject(expected);
  });
});

describe.each(machineNames)("on %s", (machine) => {
  const able = all.filter(({ header }) => header.emulated.has(machine));
  let tried: Tried;

  beforeAll(async () => {
    if (able.length > 0) tried = await tryOn(machine, able, { flags: ["-O0", ...STRICT] });
  }, 5 * MINUTES);

  test("reproducers are there that need it", () => {
    expect(able.length).toBeGreaterThanOrEqual(machine === "sparc64" ? 2 : 0);
  });

  test.for(able)("$header.rule does what its header says", (reproducer, context) => {
    expect(verdictOf(tried, reproducer, context)).toEqual({ kind: "shown" });
  });
});

describe("the recorded output is what is printed: npm run evidence", () => {
  const fresh = new Map<string, string>();

  beforeAll(async () => {
    for (const target of ["native", ...machineNames] as const) {
      if (!all.some(({ header }) => targetsOf(header).includes(target))) continue;
      const { toolchain, results } = await tryOn(target, all);
      for (const result of results) {
        const { rule } = result.header;
        fresh.set(rule, `${fresh.get(rule) ?? ""}${record(toolchain, result)}`);
      }
    }
  }, 5 * MINUTES);

  test.for(all)("$header.rule", ({ header: { rule, needs } }, { skip }) => {
    const printed = fresh.get(rule) ?? "";
    if (printed.includes("[exit 77]") && needs !== undefined) skip(needs);
    const file = recordOf(rule);
    const recorded = existsSync(file) ? readFileSync(file, "utf8") : "no reproducer.out";
    expect(withoutNumbers(recorded)).toBe(withoutNumbers(printed));
  });
});
