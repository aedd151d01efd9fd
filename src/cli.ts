#!/usr/bin/env node
/** The process: arguments, streams, exit code. Everything else is a function of these. */
import { setMaxListeners } from "node:events";
import { readFileSync } from "node:fs";
import { parseCommand, HELP } from "./options.js";
import { type Host, type Outcome, run } from "./run.js";

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  if (typeof manifest !== "object" || manifest === null || !("version" in manifest)) return "unknown";
  return String(manifest.version);
}

/** The standard input up to a limit; undefined when there is more. */
async function readInput(limit: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of process.stdin) {
    const bytes = Buffer.from(part);
    size += bytes.length;
    if (size > limit) return undefined;
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

/**
 * Whether the standard output takes colours: NO_COLOR and FORCE_COLOR decide, then the terminal. The libraries that
 * draw colours ask the environment as they are loaded, and differ in what they make of it, so they are told here.
 */
function decideColour(): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force } = process.env;
  let colour = process.stdout.isTTY === true && process.stdout.hasColors();
  if (no !== undefined && no !== "") colour = false;
  else if (force !== undefined) colour = force !== "0" && force !== "false";
  delete process.env["NO_COLOR"];
  process.env["FORCE_COLOR"] = colour ? (force !== undefined && /^[123]$/.test(force) ? force : "1") : "0";
  return colour;
}

function said(output: string): Outcome {
  return { exitCode: 0, output, errorOutput: "" };
}

function refused(message: string): Outcome {
  return { exitCode: 2, output: "", errorOutput: `mmaplint: ${message}\n` };
}

function host(): Host {
  return {
    cwd: process.cwd(),
    version,
    colour: decideColour,
    readInput,
    now: () => performance.now(),
  };
}

/** The signals that ask a program to end: Ctrl-C, a supervisor, a terminal that is closed. */
const STOPPING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Aborted by the first of these signals, with its name as the reason; the second one has its usual effect. */
function abortedBySignals(): AbortSignal {
  const controller = new AbortController();
  // Every process that runs listens, one for each processor: Node.js takes more than ten for a leak.
  setMaxListeners(0, controller.signal);
  const abort = (name: NodeJS.Signals): void => {
    for (const other of STOPPING) process.removeListener(other, abort);
    controller.abort(name);
  };
  for (const name of STOPPING) process.on(name, abort);
  return controller.signal;
}

/** Ends as the signal ends a program, once what was running and what was written is cleared away. */
async function runPrograms(start: (interrupted: AbortSignal) => Promise<Outcome>): Promise<Outcome> {
  const interrupted = abortedBySignals();
  try {
    return await start(interrupted);
  } catch (error) {
    if (interrupted.aborted) process.kill(process.pid, interrupted.reason);
    throw error;
  }
}

async function outcome(argv: readonly string[]): Promise<Outcome> {
  const command = parseCommand(argv);
  switch (command.kind) {
    case "help":
      return said(HELP);
    case "version":
      return said(`${version()}\n`);
    case "mistake":
      return refused(command.message);
    case "list-rules":
      return said((await import("./catalogue.js")).listRules());
    case "explain": {
      const page = (await import("./catalogue.js")).explain(command.id);
      return page.found ? said(page.text) : refused(page.text);
    }
    case "lsp":
      return serveEditor();
    case "reproduce": {
      const { reproduce } = await import("./reproduce/index.js");
      const { env, platform } = process;
      return runPrograms((interrupted) =>
        reproduce(command.options, { env, platform, version, interrupted }),
      );
    }
    case "confirm": {
      const { confirm } = await import("./confirm/index.js");
      // Systems without user ids are refused before anything is run.
      const uid = process.geteuid?.() ?? 0;
      const { env, platform } = process;
      return runPrograms((interrupted) =>
        confirm(command.options, { ...host(), env, platform, uid, interrupted }),
      );
    }
    case "lint":
      return run(command.options, host());
  }
}

/** Serves an editor until it says that it is done; the streams are its own from here on. */
async function serveEditor(): Promise<Outcome> {
  const { serve } = await import("./lsp/server.js");
  serve({ input: process.stdin, output: process.stdout, version: version() });
  return said("");
}

/** A reader that has seen enough (`| head`) closes the pipe: that is no error. A full disk is one. */
function onWriteError(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") return;
  process.exitCode = 2;
  process.stderr.write(`mmaplint: the report cannot be written: ${error.message}\n`);
}

async function main(): Promise<void> {
  let result: Outcome;
  try {
    result = await outcome(process.argv.slice(2));
  } catch (error) {
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
    result = refused(`internal error, please report it with the input that causes it\n${trace}`);
  }
  // Never process.exit(): it would cut off what a pipe has not taken yet.
  process.exitCode = result.exitCode;
  // The streams are made when they are first named, which takes a run that says nothing longer than its own work.
  if (result.errorOutput !== "") process.stderr.on("error", () => {}).write(result.errorOutput);
  if (result.output.length > 0) process.stdout.on("error", onWriteError).write(result.output);
}

await main();
