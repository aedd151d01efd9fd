/**
 * `mmaplint confirm`: runs a program of the user's while calls that findings are about fail. What is run is only what the
 * user wrote on the command line, never anything that the linted files name.
 */
import { existsSync, statSync } from "node:fs";
import * as path from "node:path";
import type { Diagnostic } from "../diagnostic.js";
import { fingerprints, shortId } from "../fingerprint.js";
import { describeEnding } from "../native/execute.js";
import { findProgram, toolchainFor } from "../native/toolchain.js";
import type { ConfirmOptions } from "../options.js";
import { find, type Host, isSentences, mistaken, type Outcome } from "../run.js";
import { examine, type Laboratory } from "./attempts.js";
import { formatReport, type Result } from "./report.js";
import { symbolsOf } from "./symbols.js";
import type { Trace } from "./trace.js";
import { objections } from "./trust.js";
import { statusOf } from "./verdict.js";
import {
  CopyError,
  type Injection,
  inWorkshop,
  type Run,
  runPlainly,
  runWith,
  type Work,
  type Workshop,
} from "./workshop.js";

/** What the outside world gives the command. */
export interface ConfirmHost extends Host {
  readonly env: NodeJS.ProcessEnv;
  /** As process.platform. */
  readonly platform: string;
  /** The effective user id. */
  readonly uid: number;
  /** Aborted when the user wants no more of it. */
  readonly interrupted: AbortSignal;
}

interface Identified {
  readonly id: string;
  readonly finding: Diagnostic;
}

function isDirectory(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** What is run, and where; or sentences that say why not. */
function workOf(
  { command, copy, seconds, yes }: ConfirmOptions,
  host: ConfirmHost,
): Work | readonly string[] {
  const { cwd, env, platform, uid, interrupted } = host;
  if (platform !== "linux") return [`confirm runs on Linux only, this is ${platform}: use a virtual machine`];
  const [name = "", ...args] = command;
  const isPath = name.includes("/");
  const file = path.resolve(cwd, name);
  const program = findProgram(isPath ? file : name, env);
  if (program === undefined) {
    const hint = existsSync(file) ? "it is no file that you may execute" : "build it first";
    return [`confirm: ${name} cannot be run: ${isPath ? hint : `it is not on PATH; is ./${name} meant?`}`];
  }
  const source = copy === undefined ? undefined : path.resolve(cwd, copy);
  if (copy === "" || (source !== undefined && !isDirectory(source))) {
    return [`--copy ${copy}: is no directory; name one that every run is to start in a copy of`];
  }
  const reasons = yes ? [] : objections({ program, cwd, env, uid });
  if (reasons.length > 0) {
    return [
      ...reasons.map((reason) => `confirm: nothing was run: ${reason}`),
      "run it as an ordinary user, in a directory of your own where nothing can be lost; or say --yes",
    ];
  }
  return { command: [program, ...args], cwd, copy: source, env, seconds, interrupted };
}

function place({ location: { file, start } }: Diagnostic): string {
  return `${file}:${start.line}:${start.column}`;
}

/** The findings that the user names, or all; sentences where a name fits none or several. */
function chosen(
  ids: readonly string[],
  known: readonly Identified[],
): { readonly wanted: readonly Identified[] } | readonly string[] {
  const wanted: Identified[] = [];
  for (const id of ids) {
    const matching = known.filter((candidate) => candidate.id === shortId(id));
    const [first] = matching;
    if (first === undefined) {
      return [`--finding ${id}: no finding in these paths has this id; --format full and json show the ids`];
    }
    if (matching.length > 1) {
      const places = matching.map(({ finding }) => place(finding)).join(", ");
      return [`--finding ${id}: several files have it: ${places}; name the path of the one that is meant`];
    }
    wanted.push(first);
  }
  return { wanted: ids.length === 0 ? known : wanted };
}

function framesOf({ calls, faults }: Trace): Parameters<typeof symbolsOf>[0] {
  return [...calls, ...faults].flatMap(({ stack }) => stack);
}

/** Runs with injections, each once, and what is known of the places in their traces. */
function laboratory(
  workshop: Workshop,
  work: Work,
  { baseline, search }: Pick<Laboratory, "baseline" | "search">,
): Laboratory & { readonly runs: () => number } {
  const done = new Map<string, ReturnType<Laboratory["run"]>>();
  const start = async (injection: Injection): ReturnType<Laboratory["run"]> => {
    const run = await runWith(workshop, work, injection);
    return { run, symbols: await symbolsOf(framesOf(run.trace), work) };
  };
  return {
    baseline,
    search,
    run: (injection) => {
      const key = JSON.stringify(injection);
      const result = done.get(key) ?? start(injection);
      done.set(key, result);
      return result;
    },
    runs: () => done.size,
  };
}

/** What keeps a program from being judged by its runs, as a sentence. */
function unfit({ execution: plain }: Run, { execution, trace }: Run): string | undefined {
  if (plain.ending.kind === "unstarted") return `the program cannot be started: ${plain.ending.reason}`;
  if (plain.ending.kind === "timeout") {
    return `the program does not end within ${plain.ending.seconds} s; give it arguments with which it does, or --timeout`;
  }
  if (trace.started.length === 0) {
    return "the injector is not loaded into the program: it is static or setuid, or of another C library or machine than the compiler's (see CC)";
  }
  const [before, after] = [describeEnding(plain.ending), describeEnding(execution.ending)];
  if (before !== after) {
    return `the program ends by ${before}, and by ${after} when its calls are only counted: it does not run the same way twice, or starts in what an earlier run left (see --copy)`;
  }
  return undefined;
}

async function examineAll(
  findings: readonly Identified[],
  workshop: Workshop,
  work: Work,
  { options, host }: { options: ConfirmOptions; host: ConfirmHost },
): Promise<Outcome> {
  const plain = await runPlainly(workshop, work);
  const traced = await runWith(workshop, work);
  const problem = unfit(plain, traced);
  if (problem !== undefined) return mistaken([`confirm: ${problem}`]);
  const symbols = await symbolsOf(framesOf(traced.trace), work);
  const search = { symbols, cwd: host.cwd };
  const lab = laboratory(workshop, work, { baseline: { plain, traced }, search });
  const results: Result[] = [];
  for (const { id, finding } of findings) results.push({ id, finding, ...(await examine(finding, lab)) });
  const report = {
    results,
    runs: lab.runs() + 2,
    baseline: describeEnding(plain.execution.ending),
    calls: traced.trace.calls.length,
  };
  return {
    exitCode: results.some((result) => statusOf(result) === "confirmed") ? 1 : 0,
    output: formatReport(report, options.format, host.version),
    errorOutput: "",
  };
}

/** Runs the command. Throws only for defects of mmaplint itself. */
export async function confirm(options: ConfirmOptions, host: ConfirmHost): Promise<Outcome> {
  const work = workOf(options, host);
  if (isSentences(work)) return mistaken(work);
  const toolchain = toolchainFor("native", host.env);
  if (typeof toolchain === "string") return mistaken([toolchain]);
  const found = await find(options.lint, host);
  if (isSentences(found)) return mistaken(found);
  if (found.mistakes.length > 0) return mistaken(found.mistakes);
  const ids = fingerprints(found.findings, found.lines).map(shortId);
  const known = found.findings.map((finding, index) => ({ id: ids[index] ?? "", finding }));
  const findings = chosen(options.findings, known);
  if (isSentences(findings)) return mistaken(findings);
  try {
    const outcome = await inWorkshop(toolchain, work, (workshop) =>
      examineAll(findings.wanted, workshop, work, { options, host }),
    );
    return typeof outcome === "string" ? mistaken([outcome]) : outcome;
  } catch (error) {
    if (error instanceof CopyError) return mistaken([error.message]);
    throw error;
  }
}
