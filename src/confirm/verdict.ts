/** What a run shows of a finding, held against the runs in which nothing failed. Pure. */
import { getSystemErrorName } from "node:util";
import type { Diagnostic } from "../diagnostic.js";
import { describeEnding, type Ending } from "../native/execute.js";
import { lastLine } from "../text.js";
import { mentions } from "./errors.js";
import type { Experiment } from "./experiments.js";
import { describeStack, passes, type Precision, type Search } from "./places.js";
import type { Symbols } from "./symbols.js";
import type { Call, Fault } from "./trace.js";
import type { Run } from "./workshop.js";

export type Verdict =
  /** It died by a signal that it did not ask for. */
  | { readonly kind: "crash"; readonly signal: string; readonly where: string }
  /** The failed mapping is handed to another call of the family. */
  | { readonly kind: "passed-on"; readonly to: string }
  /** The same exit code as ever, and another result. */
  | { readonly kind: "wrong-result"; readonly difference: string }
  /** The same result as ever, although it cannot be one. */
  | { readonly kind: "unnoticed"; readonly same: string }
  /** With other pages it does not do what it does with these. */
  | { readonly kind: "page-bound"; readonly how: string }
  /** The call fails, or does harm, without anything being done to it. */
  | { readonly kind: "by-itself"; readonly how: string }
  /** It ended with an error, or said what happened: this call is checked, or the next that depends on it. */
  | { readonly kind: "reported"; readonly how: string }
  /** The same result as ever, by another way. */
  | { readonly kind: "second-way"; readonly how: string }
  | { readonly kind: "not-seen"; readonly how: string }
  | { readonly kind: "endless"; readonly seconds: number }
  | { readonly kind: "not-reached"; readonly why: string }
  | { readonly kind: "impossible"; readonly because: string };

/** A verdict on a call, and how surely that call is the finding's. */
export interface Judged {
  readonly precision: Precision;
  readonly verdict: Verdict;
}

/** What verdicts come to. */
export type Status = "confirmed" | "handled" | "undecided" | "not reached" | "not by injection";

/** Where nothing says that the call was the finding's, nothing is confirmed of it. */
export function statusOf({ verdict, precision }: Judged): Status {
  if (precision === "unknown" && verdict.kind !== "not-reached") return "undecided";
  switch (verdict.kind) {
    case "crash":
    case "passed-on":
    case "wrong-result":
    case "unnoticed":
    case "page-bound":
    case "by-itself":
      return "confirmed";
    case "reported":
    case "second-way":
      return "handled";
    case "not-seen":
    case "endless":
      return "undecided";
    case "not-reached":
      return "not reached";
    case "impossible":
      return "not by injection";
  }
}

/** The program as it is without failures: run plainly, and run with calls only being counted. */
export interface Baseline {
  readonly plain: Run;
  readonly traced: Run;
}

/** Signals that the hardware sends for what a program does; others it sends to itself, or gets from outside. */
const CRASHES = ["SEGV", "BUS", "ILL", "FPE", "TRAP"];

/** What the C library says before it aborts because the heap is damaged: no test of the program's own. */
const HEAP_DAMAGE =
  /free\(\): |malloc\(\): |realloc\(\): |munmap_chunk\(\): |double free|corrupted|stack smashing/;

function faultOf(run: Run, symbols: Symbols): string {
  const fault: Fault | undefined = run.trace.faults.at(-1);
  if (fault === undefined) return "at an unknown place";
  return `at address 0x${fault.address}, in ${describeStack(fault.stack, symbols)}`;
}

/** A death that the program did not choose. */
function crashOf(run: Run, symbols: Symbols): (Verdict & { kind: "crash" }) | undefined {
  const { ending, stderr } = run.execution;
  if (ending.kind === "signal" && CRASHES.includes(ending.name)) {
    return { kind: "crash", signal: ending.name, where: faultOf(run, symbols) };
  }
  if (ending.kind === "signal" && ending.name === "ABRT" && HEAP_DAMAGE.test(stderr)) {
    return { kind: "crash", signal: "ABRT", where: lastLine(stderr) };
  }
  // Another process of the program may have died, and the one that waited for it went on.
  const fault = run.trace.faults[0];
  if (fault === undefined) return undefined;
  const where = `in a process that it started, ${faultOf(run, symbols)}`;
  return { kind: "crash", signal: fault.signal === 11 ? "SEGV" : "BUS", where };
}

function sameEnding(left: Ending, right: Ending): boolean {
  if (left.kind === "exit" && right.kind === "exit") return left.code === right.code;
  return left.kind === "signal" && right.kind === "signal" && left.name === right.name;
}

/** The lines that only the second text has. */
function newLines(before: string, after: string): string[] {
  const known = new Set(before.split("\n"));
  return after.split("\n").filter((line) => line.trim() !== "" && !known.has(line));
}

function quoted(line: string): string {
  const most = 120;
  const text = line.trim();
  return `"${text.length > most ? `${text.slice(0, most)}…` : text}"`;
}

/** Whether a stream is the same in each run; of one that holds times or addresses nothing can be said. */
function isSteady({ plain, traced }: Baseline, stream: "stdout" | "stderr"): boolean {
  return plain.execution.digests[stream] === traced.execution.digests[stream];
}

/** What a program says on the standard error that it does not say otherwise. */
function complaint(baseline: Baseline, run: Run): string | undefined {
  if (!isSteady(baseline, "stderr")) return undefined;
  return newLines(baseline.plain.execution.stderr, run.execution.stderr).at(-1);
}

/** How the result differs; undefined where it does not. What differs from run to run anyway does not count. */
function difference(baseline: Baseline, run: Run): string | undefined {
  const { plain, traced } = baseline;
  if (isSteady(baseline, "stdout") && run.execution.digests.stdout !== plain.execution.digests.stdout) {
    const [before, after] = [plain.execution.stdout, run.execution.stdout];
    const added = newLines(before, after)[0];
    if (added !== undefined) return `the output has the line ${quoted(added)}`;
    const lost = newLines(after, before)[0];
    return lost === undefined ? "the output is another" : `the output lacks the line ${quoted(lost)}`;
  }
  const names = new Set([...plain.files.keys(), ...run.files.keys()]);
  for (const name of [...names].sort()) {
    if (plain.files.get(name) !== traced.files.get(name)) continue;
    if (!run.files.has(name)) return `the file ${name} is missing`;
    if (run.files.get(name) !== plain.files.get(name)) return `the file ${name} has other content`;
  }
  return undefined;
}

function listed(call: Call, symbols: Symbols): string {
  return `${call.function}() in ${describeStack(call.stack, symbols)}`;
}

/** As inject.c says it of an address. */
const GETS_MAP_FAILED = "gets MAP_FAILED";

type Treated = Experiment & { kind: "treat" };

/** Judges a run in which one call was treated. */
export function judgeTreated(
  { treatment, unnoticed }: Treated,
  baseline: Baseline,
  run: Run,
  symbols: Symbols,
): Verdict {
  const { ending, stdout, stderr } = run.execution;
  if (ending.kind === "timeout") return { kind: "endless", seconds: ending.seconds };
  const crash = crashOf(run, symbols);
  if (crash !== undefined) return crash;
  const receiver = run.trace.calls.find(({ detail }) => detail === GETS_MAP_FAILED);
  if (receiver !== undefined) return { kind: "passed-on", to: listed(receiver, symbols) };
  const before = baseline.plain.execution;
  const said = complaint(baseline, run);
  const saying = said === undefined ? "" : `, ${quoted(said)}`;
  if (!sameEnding(ending, before.ending)) {
    if (ending.kind === "exit" && ending.code === 0) {
      return { kind: "wrong-result", difference: `exit 0 instead of ${describeEnding(before.ending)}` };
    }
    return { kind: "reported", how: `${describeEnding(ending)}${saying}` };
  }
  const output = [...newLines(before.stdout, stdout), ...newLines(before.stderr, stderr)];
  const naming =
    treatment.kind === "fail" ? output.find((line) => mentions(line, treatment.errno)) : undefined;
  if (naming !== undefined) return { kind: "reported", how: `it says ${quoted(naming)}` };
  if (said !== undefined) return { kind: "reported", how: `it says ${quoted(said)}` };
  const other = difference(baseline, run);
  if (other !== undefined) return { kind: "wrong-result", difference: other };
  const same = isSteady(baseline, "stdout") ? "exit code and output" : "exit code";
  return unnoticed === "defect"
    ? { kind: "unnoticed", same }
    : { kind: "second-way", how: `the same ${same} as without the failure` };
}

/** Judges a run with other pages. `refused` are the finding's calls that were not on a boundary of them. */
export function judgePage(baseline: Baseline, run: Run, refused: readonly Call[], symbols: Symbols): Verdict {
  const [first] = refused;
  if (first === undefined) {
    return { kind: "not-seen", how: "the calls there all begin a page" };
  }
  const what = `${listed(first, symbols)} gets ${first.detail} and fails with EINVAL`;
  const { ending } = run.execution;
  const crash = crashOf(run, symbols);
  if (crash !== undefined) return { kind: "page-bound", how: `${what}; SIG${crash.signal} ${crash.where}` };
  const said = complaint(baseline, run);
  const saying = said === undefined ? "" : `, ${quoted(said)}`;
  if (!sameEnding(ending, baseline.plain.execution.ending)) {
    return { kind: "page-bound", how: `${what}; ${describeEnding(ending)}${saying}` };
  }
  const other = difference(baseline, run) ?? (said === undefined ? undefined : `it says ${quoted(said)}`);
  return other === undefined
    ? { kind: "second-way", how: `${what}, and the result is the same` }
    : { kind: "page-bound", how: `${what}; ${other}` };
}

/** Judges what the finding's calls do when nothing is done to them. */
export function judgeWatched(calls: readonly Call[], symbols: Symbols): Verdict {
  const failing = calls.find(({ errno }) => errno !== 0);
  if (failing !== undefined) {
    return {
      kind: "by-itself",
      how: `${listed(failing, symbols)} fails with ${getSystemErrorName(-failing.errno)} by itself`,
    };
  }
  const replacing = calls.find(({ detail }) => detail.startsWith("replaces "));
  if (replacing !== undefined) {
    return { kind: "by-itself", how: `${listed(replacing, symbols)} ${replacing.detail}` };
  }
  return { kind: "not-seen", how: "the calls there succeed in this run" };
}

/** A program that dies on its own says something of the findings at the place where it does. */
export function judgeDeath(finding: Diagnostic, baseline: Baseline, search: Search): Verdict {
  const crash = crashOf(baseline.traced, search.symbols);
  const fault = baseline.traced.trace.faults.at(-1);
  if (crash !== undefined && fault !== undefined && passes(fault.stack, finding, search)) return crash;
  return { kind: "not-reached", why: "the program dies before anything is done to it" };
}
