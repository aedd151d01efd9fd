/** The experiments on one finding: which calls, in which order, and the verdict that says most. */
import type { Diagnostic } from "../diagnostic.js";
import type { Experiment, Plan, TracedFunction } from "./experiments.js";
import { planFor, tracedFunctions } from "./experiments.js";
import { count } from "../text.js";
import { type Search, type Sites, sitesOf } from "./places.js";
import type { Symbols } from "./symbols.js";
import type { Call } from "./trace.js";
import {
  type Baseline,
  type Judged,
  judgeDeath,
  judgePage,
  judgeTreated,
  judgeWatched,
  type Status,
  statusOf,
  type Verdict,
} from "./verdict.js";
import type { Injection, Run } from "./workshop.js";

/** What was done and what came of it. */
export interface Attempt extends Judged {
  /** What was done to the program, as a clause; undefined for nothing. */
  readonly treatment: string | undefined;
}

/** A program that can be run with injections. Runs with the same injection are one run. */
export interface Laboratory {
  readonly baseline: Baseline;
  readonly search: Search;
  readonly run: (injection: Injection) => Promise<{ readonly run: Run; readonly symbols: Symbols }>;
}

/** Calls of one finding that are tried: a loop makes thousands of the same, and the first ones say enough. */
const MAX_TRIES = 8;
/** Where nothing says which call is meant, more of them have to be tried. */
const MAX_BLIND_TRIES = 32;

const RANK: readonly Status[] = ["confirmed", "undecided", "handled", "not reached", "not by injection"];

function better(left: Attempt | undefined, right: Attempt): Attempt {
  if (left === undefined) return right;
  return RANK.indexOf(statusOf(right)) < RANK.indexOf(statusOf(left)) ? right : left;
}

function notReached(functions: readonly TracedFunction[], lab: Laboratory): Attempt {
  const { calls } = lab.baseline.traced.trace;
  const number = calls.filter((call) => functions.includes(call.function)).length;
  const names = functions.length > 3 ? "the family" : functions.map((name) => `${name}()`).join(", ");
  const why =
    number === 0
      ? `the program never calls ${names}`
      : `the program makes ${count(number, "call")} of ${names}, none of which is known to be there`;
  return { treatment: undefined, precision: "line", verdict: { kind: "not-reached", why } };
}

/** The same stack throughout: a wrapper's calls all come out of the same line of the wrapper. */
function samePlace(left: Call, right: Call): boolean {
  const same = (index: number): boolean => {
    const [a, b] = [left.stack[index], right.stack[index]];
    return a?.module === b?.module && a?.offset === b?.offset;
  };
  return left.stack.length === right.stack.length && left.stack.every((_, index) => same(index));
}

/** `mmap() call 2 fails with ENOMEM`. */
function treatmentOf(call: Call, { treatment }: Experiment & { kind: "treat" }): string {
  const name = `${call.function}() call ${call.nth}`;
  switch (treatment.kind) {
    case "fail":
      return `${name} fails with ${treatment.errno}`;
    case "elsewhere":
      return `${name} gives another address than the one asked for`;
    case "move":
      return `${name} moves the mapping`;
  }
}

async function tryTreatment(
  experiment: Experiment & { kind: "treat" },
  { calls, precision }: Sites,
  lab: Laboratory,
): Promise<Attempt> {
  let best: Attempt | undefined;
  for (const call of calls.slice(0, precision === "unknown" ? MAX_BLIND_TRIES : MAX_TRIES)) {
    const { run, symbols } = await lab.run({
      kind: "call",
      exe: call.exe,
      call: `${call.function} ${call.nth}`,
      treatment: experiment.treatment,
    });
    const treated = run.trace.calls.find(({ how }) => how === "injected");
    const verdict: Verdict =
      treated === undefined || !samePlace(treated, call)
        ? { kind: "not-reached", why: `call ${call.nth} of ${call.function}() is another one in each run` }
        : judgeTreated(experiment, lab.baseline, run, symbols);
    best = better(best, { treatment: treatmentOf(call, experiment), precision, verdict });
    if (statusOf(best) === "confirmed") break;
  }
  return best ?? notReached(experiment.functions, lab);
}

async function tryPage(
  finding: Diagnostic,
  bytes: number,
  { calls, precision }: Sites,
  lab: Laboratory,
): Promise<Attempt> {
  if (calls.length === 0) return notReached(tracedFunctions, lab);
  const { run, symbols } = await lab.run({ kind: "page", bytes });
  const search = { ...lab.search, symbols };
  const refused = run.trace.calls.filter(({ how }) => how === "refused");
  const own = sitesOf(finding, "own", tracedFunctions, refused, search).calls;
  return {
    treatment: `with pages of ${bytes / 1024} KiB`,
    precision,
    verdict: judgePage(lab.baseline, run, own, symbols),
  };
}

function functionsOf(experiment: Experiment): readonly TracedFunction[] {
  return experiment.kind === "page" ? tracedFunctions : experiment.functions;
}

function attempt(
  finding: Diagnostic,
  which: (Plan & { kind: "try" })["call"],
  experiment: Experiment,
  lab: Laboratory,
): Promise<Attempt> | Attempt {
  const functions = functionsOf(experiment);
  const sites = sitesOf(finding, which, functions, lab.baseline.traced.trace.calls, lab.search);
  switch (experiment.kind) {
    case "treat":
      return tryTreatment(experiment, sites, lab);
    case "page":
      return tryPage(finding, experiment.bytes, sites, lab);
    case "watch": {
      // That a call somewhere fails says nothing of this one.
      if (sites.calls.length === 0 || sites.precision === "unknown") return notReached(functions, lab);
      const verdict = judgeWatched(sites.calls, lab.search.symbols);
      return { treatment: undefined, precision: sites.precision, verdict };
    }
  }
}

/** Whether the program, or a process that it starts, dies without anything being done to it. */
function isDead({ plain, traced }: Baseline): boolean {
  return plain.execution.ending.kind === "signal" || traced.trace.faults.length > 0;
}

/** Tries the experiments on a finding until one confirms it. */
export async function examine(finding: Diagnostic, lab: Laboratory): Promise<Attempt> {
  const nothing = { treatment: undefined, precision: "line" as const };
  if (isDead(lab.baseline)) {
    return { ...nothing, verdict: judgeDeath(finding, lab.baseline, lab.search) };
  }
  const plan = planFor(finding.rule);
  if (plan.kind === "none") return { ...nothing, verdict: { kind: "impossible", because: plan.because } };
  let best: Attempt | undefined;
  for (const experiment of plan.experiments) {
    best = better(best, await attempt(finding, plan.call, experiment, lab));
    if (statusOf(best) === "confirmed") break;
  }
  // Of several experiments that found no call, none is the one to name.
  if (best === undefined || (best.verdict.kind === "not-reached" && best.treatment === undefined)) {
    return notReached([...new Set(plan.experiments.flatMap(functionsOf))], lab);
  }
  return best;
}
