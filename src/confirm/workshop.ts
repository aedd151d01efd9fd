/** A private directory with the compiled injector, and runs of the user's program with it. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "../native/compile.js";
import { makeDirectory, NO_PLACE, removeDirectory } from "../native/directory.js";
import { execute, type Execution } from "../native/execute.js";
import type { Toolchain } from "../native/toolchain.js";
import { reasonOf } from "../project/files.js";
import type { Treatment } from "./experiments.js";
import { errnoNumber } from "./errors.js";
import { leavingsIn } from "./leavings.js";
import { parseTrace, type Trace } from "./trace.js";

/** Put beside this file by scripts/build.ts. */
const SOURCE = fileURLToPath(new URL("inject.c", import.meta.url));

const FLAGS = ["-std=gnu11", "-O1", "-g0", "-shared", "-fPIC"];

export interface Workshop {
  /** Nobody else can enter it. */
  readonly directory: string;
  /** The compiled inject.c. */
  readonly library: string;
}

/** What separates the names in LD_PRELOAD: ld.so(8). */
function canBePreloaded(place: string): boolean {
  return !/[\s:]/.test(place);
}

/**
 * Makes a directory, compiles the injector into it, and removes the directory when the work in it is done. A sentence
 * where that cannot be made. Only the package's own source is compiled.
 */
export async function inWorkshop<Result>(
  toolchain: Toolchain,
  { env, interrupted }: Pick<Work, "env" | "interrupted">,
  work: (workshop: Workshop) => Promise<Result>,
): Promise<Result | string> {
  const directory = makeDirectory("confirm", canBePreloaded);
  if (directory === undefined) return NO_PLACE;
  try {
    const library = path.join(directory, "inject.so");
    const args = [...FLAGS, SOURCE, "-o", library, "-ldl"];
    const messages = await compile(toolchain, args, { cwd: directory, env, interrupted });
    if (messages === undefined) return await work({ directory, library });
    return `the injector cannot be compiled by ${toolchain.compiler.join(" ")}:\n${messages}`;
  } finally {
    removeDirectory(directory);
  }
}

/** How often, and under which conditions, a program is run. */
export interface Work {
  /** The program by its absolute path, and its arguments. */
  readonly command: readonly string[];
  readonly cwd: string;
  /** The directory that each run starts in a copy of, absolute. */
  readonly copy: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly seconds: number;
  readonly interrupted: AbortSignal;
}

/** What is done to a run; the call is counted in processes of that program. */
export type Injection =
  | { readonly kind: "call"; readonly exe: string; readonly call: string; readonly treatment: Treatment }
  | { readonly kind: "page"; readonly bytes: number };

export interface Run {
  readonly execution: Execution;
  readonly trace: Trace;
  /** Digests of the files in the copy by their paths; empty where nothing is copied. */
  readonly files: ReadonlyMap<string, string>;
}

function inWords(treatment: Treatment): string {
  return treatment.kind === "fail" ? `fail ${errnoNumber(treatment.errno)}` : treatment.kind;
}

function variables(injection: Injection | undefined): Record<string, string> {
  if (injection === undefined) return {};
  if (injection.kind === "page") return { MMAPLINT_PAGE: String(injection.bytes) };
  return {
    MMAPLINT_EXE: injection.exe,
    MMAPLINT_INJECT: `${injection.call} ${inWords(injection.treatment)}`,
  };
}

/** A directory that cannot be copied; the message says which, and why. */
export class CopyError extends Error {}

function copyInto(place: string, source: string): void {
  try {
    cpSync(source, place, { recursive: true, verbatimSymlinks: true });
  } catch (error) {
    throw new CopyError(`--copy ${source}: cannot be copied: ${reasonOf(error)}`);
  }
}

/** Runs the program in the working directory, or in a fresh copy that is removed afterwards. */
async function inPlace(
  workshop: Workshop,
  work: Work,
  env: NodeJS.ProcessEnv,
): Promise<Pick<Run, "execution" | "files">> {
  const { command, cwd, copy, seconds, interrupted } = work;
  if (copy === undefined) {
    return { execution: await execute(command, { cwd, env, seconds, interrupted }), files: new Map() };
  }
  const place = path.join(workshop.directory, "run");
  try {
    copyInto(place, copy);
    const execution = await execute(command, { cwd: place, env, seconds, interrupted });
    return { execution, files: leavingsIn(place) };
  } finally {
    removeDirectory(place);
  }
}

/** Runs the program as it is, with nothing loaded into it. */
export async function runPlainly(workshop: Workshop, work: Work): Promise<Run> {
  const trace: Trace = { started: [], calls: [], faults: [] };
  return { ...(await inPlace(workshop, work, work.env)), trace };
}

/** Runs the program with the injector; without an injection it only reports. */
export async function runWith(workshop: Workshop, work: Work, injection?: Injection): Promise<Run> {
  const report = path.join(workshop.directory, "report");
  writeFileSync(report, "", { mode: 0o600 });
  const preload = [workshop.library, work.env["LD_PRELOAD"] ?? ""].filter((name) => name !== "").join(" ");
  const env = { ...work.env, LD_PRELOAD: preload, MMAPLINT_REPORT: report, ...variables(injection) };
  const place = await inPlace(workshop, work, env);
  return { ...place, trace: parseTrace(readFileSync(report, "utf8")) };
}
