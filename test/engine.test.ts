/**
 * What the engine knows: fixtures/engine/ says it in comments (see support/knowledge.ts), and in .cfg files what
 * lowering makes of each construct of C. `UPDATE=1 npx vitest run test/engine.test.ts` writes the .cfg files anew.
 */
import { execFile, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type * as AnalyzeFunction from "../src/analyzer/analyze-function.js";
import { describeSummary, describeValue, type Description } from "../src/analyzer/describe.js";
import { evaluate } from "../src/analyzer/evaluate.js";
import { analyze } from "../src/analyzer/index.js";
import { finish } from "../src/steps.js";
import { lower } from "../src/analyzer/lower.js";
import type { Summary } from "../src/analyzer/summary.js";
import type * as Transfer from "../src/analyzer/transfer.js";
import { initParser, openUnit } from "../src/syntax/index.js";
import { agrees, alternatives, claims, type Claim } from "./support/knowledge.js";
import { printCfg } from "./support/print-cfg.js";

const FIXTURES = fileURLToPath(new URL("../fixtures/engine/", import.meta.url));
const run = promisify(execFile);
const hasCompiler = spawnSync("cc", ["--version"]).error === undefined;

/** What the engine, run as it is, lets be seen of itself. */
const seen = vi.hoisted(() => ({
  /** By the offset of the call of mmap_reveal(). */
  reveals: new Map<number, Description[]>(),
  /** Of the first reading of each function, by the offset of its name. */
  summaries: new Map<number, Summary | undefined>(),
}));

// In the engine's eyes mmap_reveal() does nothing; its argument is looked at in the replay over the stable states.
vi.mock("../src/analyzer/transfer.js", async (importOriginal) => {
  const original = await importOriginal<typeof Transfer>();
  const execute: typeof original.execute = (machine, instruction) => {
    if (instruction.kind !== "call" || instruction.callee !== "mmap_reveal") {
      return original.execute(machine, instruction);
    }
    const [argument] = instruction.args;
    if (machine.emit !== undefined && argument !== undefined) {
      const state = machine.state.clone();
      const value = evaluate({ ...machine, state, emit: undefined }, argument);
      const known = seen.reveals.get(instruction.site.start) ?? [];
      seen.reveals.set(instruction.site.start, [...known, describeValue(value, state)]);
    }
    return [machine.state];
  };
  return { ...original, execute };
});

vi.mock("../src/analyzer/analyze-function.js", async (importOriginal) => {
  const original = await importOriginal<typeof AnalyzeFunction>();
  const analyzeFunction: typeof original.analyzeFunction = (context) => {
    const result = original.analyzeFunction(context);
    const at = context.cfg.nameSite.start;
    if (!seen.summaries.has(at)) seen.summaries.set(at, result.summary);
    return result;
  };
  return { ...original, analyzeFunction };
});

beforeAll(initParser);

function filesOf(folder: string): readonly string[] {
  const names = readdirSync(path.join(FIXTURES, folder)).filter((name) => name.endsWith(".c"));
  return names.sort().map((name) => `${folder}/${name}`);
}

function read(name: string): string {
  return readFileSync(path.join(FIXTURES, name), "utf8");
}

interface Knowledge {
  readonly reveals: ReadonlyMap<number, readonly Description[]>;
  readonly summaries: ReadonlyMap<number, string>;
  readonly givenUp: ReadonlyMap<number, string>;
}

/** What the engine knows of a source, by 1-based line. */
function knowledgeOf(name: string, text: string): Knowledge {
  seen.reveals.clear();
  seen.summaries.clear();
  const unit = openUnit({ path: name, text });
  const { givenUp } = finish(analyze([unit.source]));
  const lineOf = (offset: number): number => unit.position(offset).line;
  const calls = [...text.matchAll(/(?<!void )\bmmap_reveal\(/g)];
  return {
    reveals: new Map(calls.map(({ index }) => [lineOf(index), seen.reveals.get(index) ?? []])),
    summaries: new Map([...seen.summaries].map(([at, summary]) => [lineOf(at), describeSummary(summary)])),
    givenUp: new Map(
      givenUp.map(({ outline, reason }) => [lineOf(outline.nameSpan.start), `${outline.name}: ${reason}`]),
    ),
  };
}

/** A sentence for a claim that does not hold. */
function mistaken({ kind, text, todo, line }: Claim, known: Knowledge): string | undefined {
  const reveals = known.reveals.get(line);
  if (kind === "reveals" && reveals === undefined) return `line ${line}: no mmap_reveal() here`;
  const found =
    kind === "reveals" ? alternatives(reveals ?? []) : (known.summaries.get(line) ?? "not analyzed");
  const right = kind === "reveals" ? agrees(text, reveals ?? []) : text === found;
  if (right) return undefined;
  return `line ${line}: ${todo ? "the wrong answer is gone" : "claims"}: ${text}; engine: ${found}`;
}

describe.each(["flow", "summaries", "front-end"])("%s", (folder) => {
  test.each(filesOf(folder))("%s", (name) => {
    const text = read(name);
    const all = claims(text);
    const known = knowledgeOf(name, text);
    const admitted = new Set(
      all.filter(({ todo, kind }) => todo && kind === "summary").map(({ line }) => line),
    );
    expect([...known.givenUp].filter(([line]) => !admitted.has(line))).toEqual([]);
    const silent = [...known.reveals].filter(
      ([at]) => !all.some(({ kind, line }) => kind === "reveals" && line === at),
    );
    const unsaid = silent.map(
      ([line, found]) => `line ${line}: says nothing; engine: ${alternatives(found)}`,
    );
    expect([
      ...all.map((claim) => mistaken(claim, known)).filter((it) => it !== undefined),
      ...unsaid,
    ]).toEqual([]);
    expect(all.length).toBeGreaterThan(0);
  });
});

describe("cfg", () => {
  test.each(filesOf("cfg"))("%s", (name) => {
    const unit = openUnit({ path: name, text: read(name) });
    const printed = unit.functions.map((outline) => {
      const parsed = unit.parse(outline);
      return parsed.kind === "failed"
        ? parsed.reason
        : parsed.readings.map((r) => printCfg(lower(r, unit))).join("or\n");
    });
    const golden = path.join(FIXTURES, name.replace(/\.c$/, ".cfg"));
    const found = printed.join("\n");
    if (process.env["UPDATE"] === "1") writeFileSync(golden, found);
    expect(found).toBe(existsSync(golden) ? readFileSync(golden, "utf8") : "");
  });
});

test.skipIf(!hasCompiler)("the fixtures are C: they compile without a warning", async () => {
  const flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"];
  const files = ["flow", "summaries", "front-end", "cfg"]
    .flatMap(filesOf)
    .map((name) => path.join(FIXTURES, name));
  const { stderr } = await run("cc", [...flags, ...files]).catch((error: { stderr: string }) => error);
  expect(stderr).toBe("");
});
