/**
 * Runs every reproducer and writes down what it printed, fixtures/<rule>/reproducer.out: `npm run evidence`. The rules'
 * pages and docs/evidence.md are made of these files by `npm run docs`. Needs gcc, and an emulator for each machine that
 * a reproducer speaks of.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { NO_PLACE, removeDirectory } from "../src/native/directory.js";
import {
  type MachineName,
  machineNames,
  type Target,
  type Toolchain,
  toolchainFor,
} from "../src/native/toolchain.js";
import type { Header } from "../src/reproduce/header.js";
import { tryAll } from "../src/reproduce/index.js";
import type { Result } from "../src/reproduce/report.js";
import { makeWorkplace } from "../src/reproduce/shipped.js";
import { normalized, transcript } from "../src/reproduce/transcript.js";
import { type Reproducer, toReproducer } from "../src/reproduce/trial.js";
import { isFailure } from "../src/reproduce/verdict.js";
import { rules } from "../src/rules/index.js";

const FIXTURES = new URL("../fixtures/", import.meta.url);

/** Every rule's reproducer, in the order of the rules. */
export function reproducers(): readonly Reproducer[] {
  return rules
    .map(({ id }) => new URL(`${id}/reproducer.c`, FIXTURES))
    .filter((file) => existsSync(file))
    .map((file) => toReproducer(readFileSync(file, "utf8")));
}

/** The file in which the output of a rule's reproducer is kept. */
export function recordOf(id: string): URL {
  return new URL(`${id}/reproducer.out`, FIXTURES);
}

/** The machines that a reproducer speaks of, this one first. */
function targetsOf({ emulated }: Header): readonly Target[] {
  return ["native", ...machineNames.filter((name) => emulated.has(name))];
}

export interface Tried {
  readonly toolchain: Toolchain;
  readonly results: readonly Result[];
}

/**
 * Tries the reproducers that say something of a target.
 * @throws when the tools for it are missing; the message says which, and how to get them.
 */
export async function tryOn(
  target: Target,
  all: readonly Reproducer[],
  { compiler = "gcc", flags = ["-O0"] }: { compiler?: string; flags?: readonly string[] } = {},
): Promise<Tried> {
  const path = process.env["PATH"] ?? "";
  const toolchain = toolchainFor(target, { CC: compiler, PATH: path });
  if (typeof toolchain === "string") throw new Error(toolchain);
  const workplace = makeWorkplace();
  if (workplace === undefined) throw new Error(NO_PLACE);
  try {
    const able = all.filter(({ header }) => targetsOf(header).includes(target));
    return { toolchain, results: await tryAll(able, toolchain, { workplace, path, flags }) };
  } finally {
    removeDirectory(workplace);
  }
}

/** What a result is remembered as; empty where nothing ran. */
export function record(toolchain: Toolchain, { trial }: Result): string {
  if (trial.kind === "uncompiled") return "";
  const { bad, good } = trial.runs;
  return transcript(toolchain, { bad: normalized(bad), good: normalized(good) });
}

/** A record as it can be compared: sizes of blocks and numbers of turns are another machine's, or moment's, own. */
export function withoutNumbers(text: string): string {
  return text.replace(/\d+/g, "N");
}

/** Writes a record, unless it says the same. */
function keep(rule: string, text: string): void {
  const file = recordOf(rule);
  const old = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (withoutNumbers(old) !== withoutNumbers(text)) writeFileSync(file, text);
}

async function main(): Promise<void> {
  const all = reproducers();
  const records = new Map<string, string>();
  const incomplete = new Set<string>();
  const machines = new Set<MachineName>(all.flatMap(({ header }) => [...header.emulated.keys()]));
  for (const target of ["native", ...machines] as const) {
    const { toolchain, results } = await tryOn(target, all);
    for (const result of results) {
      const { rule } = result.header;
      if (isFailure(result.verdict) || result.verdict.kind === "skipped") {
        console.error(`${rule} (${target}), its record is left as it is: ${result.verdict.why}`);
        process.exitCode = 1;
        incomplete.add(rule);
      } else {
        records.set(rule, `${records.get(rule) ?? ""}${record(toolchain, result)}`);
      }
    }
  }
  for (const [rule, text] of records) {
    if (!incomplete.has(rule)) keep(rule, text);
  }
}

if (process.argv[1] === import.meta.filename) await main();
