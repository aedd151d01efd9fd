/**
 * Every rule against its reproducer: the linter flags the bad side and nothing else, both sides do what the header says
 * with every compiler, and the output that the pages show is the output that there is.
 */
import { existsSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { record, recordOf, reproducers, type Tried, tryOn, withoutNumbers } from "../scripts/evidence.js";
import { lint, loadParser } from "../src/lint.js";
import { machineNames } from "../src/native/toolchain.js";
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
      const severities = new Map(rules.map(({ id }) => [id, "error"] as const));
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
 * A processor, a file system or an emulator may lack what the header says that the reproducer needs: then it has to say
 * so itself. Without such a line nothing may be missing.
 */
function allowed(
  { needs }: Reproducer["header"],
  verdict: Result["verdict"] | undefined,
  expected: Partial<Result["verdict"]>,
): Partial<Result["verdict"]> {
  const lacks = verdict?.kind === "skipped" && needs !== undefined;
  return lacks ? { kind: "skipped", why: expect.stringMatching(/\w/) } : expected;
}

function verdictOf({ results }: Tried, { header }: Reproducer): Result["verdict"] | undefined {
  return results.find((result) => result.header === header)?.verdict;
}

const STRICT = ["-Wall", "-Wextra", "-Werror"];
/** A machine that lacks more than this shows too little to be called a test. */
const MAY_LACK = 5;

const EXPECTED = {
  native: { kind: "shown" },
  emulator: { kind: "hidden" },
  "stand-in": { kind: "stand-in" },
  nothing: { kind: "not-demonstrable" },
} as const;

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

  test("few lack what they need", () => {
    const lacking = tried.results.filter(({ verdict }) => verdict.kind === "skipped");
    expect(lacking.map(({ header }) => header.rule).length).toBeLessThanOrEqual(MAY_LACK);
  });

  test.each(all)("$header.rule does what its header says", (reproducer) => {
    const expected = EXPECTED[reproducer.header.shown.by];
    const verdict = verdictOf(tried, reproducer);
    expect(verdict).toMatchObject(allowed(reproducer.header, verdict, expected));
  });
});

const machines = machineNames.filter((name) => all.some(({ header }) => header.emulated.has(name)));

test("larger pages and another instruction cache are shown by reproducers", () => {
  expect(machines).toEqual(expect.arrayContaining(["sparc64", "aarch64"]));
  expect(all.filter(({ header }) => header.emulated.has("sparc64")).length).toBeGreaterThanOrEqual(2);
});

describe.each(machines)("on %s", (machine) => {
  const able = all.filter(({ header }) => header.emulated.has(machine));
  let tried: Tried;

  beforeAll(async () => {
    tried = await tryOn(machine, able, { flags: ["-O0", ...STRICT] });
  }, 5 * MINUTES);

  test.each(able)("$header.rule does what its header says", (reproducer) => {
    const verdict = verdictOf(tried, reproducer);
    expect(verdict).toMatchObject(allowed(reproducer.header, verdict, { kind: "shown" }));
  });
});

describe("the recorded output is what is printed: npm run evidence", () => {
  const fresh = new Map<string, string>();

  beforeAll(async () => {
    for (const target of ["native", ...machines] as const) {
      const { toolchain, results } = await tryOn(target, all);
      for (const result of results) {
        const { rule } = result.header;
        fresh.set(rule, `${fresh.get(rule) ?? ""}${record(toolchain, result)}`);
      }
    }
  }, 5 * MINUTES);

  test.each(all)("$header.rule", ({ header: { rule, needs } }) => {
    const printed = fresh.get(rule) ?? "";
    const file = recordOf(rule);
    const recorded = existsSync(file) ? readFileSync(file, "utf8") : "no reproducer.out";
    // What is missing here was there when it was recorded.
    if (printed.includes("[exit 77]") && needs !== undefined) expect(recorded).not.toContain("[exit 77]");
    else expect(withoutNumbers(recorded)).toBe(withoutNumbers(printed));
  });
});
