/** Runs one program to its end: in a process group of its own, without input, for a limited time, under limits. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { constants } from "node:os";

export type Ending =
  | { readonly kind: "exit"; readonly code: number }
  /** By its name without SIG. */
  | { readonly kind: "signal"; readonly name: string }
  | { readonly kind: "timeout"; readonly seconds: number }
  /** The program could not be started at all. */
  | { readonly kind: "unstarted"; readonly reason: string };

/** `SIGSEGV`, `exit 1`, `killed after 10 s`. */
export function describeEnding(ending: Ending): string {
  switch (ending.kind) {
    case "exit":
      return `exit ${ending.code}`;
    case "signal":
      return `SIG${ending.name}`;
    case "timeout":
      return `killed after ${ending.seconds} s`;
    case "unstarted":
      return "not started";
  }
}

export interface Execution {
  readonly ending: Ending;
  readonly stdout: string;
  readonly stderr: string;
  /** SHA-256 of the whole standard output and standard error, also of what is not kept. */
  readonly digests: { readonly stdout: string; readonly stderr: string };
  /** The process id that the program had; 0 when it was not started. */
  readonly pid: number;
  readonly milliseconds: number;
}

export interface Surroundings {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** After these the whole group is killed. */
  readonly seconds: number;
  /** Once it is aborted the whole group is killed too, and nothing is started any more. */
  readonly interrupted?: AbortSignal | undefined;
}

/** Bytes that are kept of each stream. Reproducers print some hundred; a compiler's messages are cut here. */
const MAX_OUTPUT = 1024 * 1024;

/**
 * Sets limits, then becomes the program. Node cannot set limits; every Linux has a shell that can. A limit that is
 * refused is one that is lower already.
 *
 * - The size of a core file is 1, not 0: at 0 a core_pattern that is a pipe still gets the whole memory, see core(5).
 *   A shell counts it in blocks, so prlimit(1) is asked first.
 * - The number of processes counts all those of the user, so it only stops what runs away. dash calls it -p.
 * - Of the 16 GiB of addresses qemu takes 4 for a guest of 32 bits.
 * - There is no limit on the size of files: some reproducers make sparse ones of several GiB.
 */
const LAUNCHER = `
limit() { (ulimit "$@") 2>/dev/null && ulimit "$@"; }
prlimit --pid $$ --core=1 2>/dev/null || limit -c 0
limit -t 10
limit -v 16777216
limit -u 4096 || limit -p 4096
exec "$@"`;

/** What a shell exits with that cannot start a program: POSIX.1-2024 sh, EXIT STATUS. */
const UNSTARTED = [126, 127];

/** A command that starts `command` under limits. */
export function limited(command: readonly string[]): readonly string[] {
  return ["/bin/sh", "-c", LAUNCHER, "sh", ...command];
}

/** The name of a signal by number, without SIG. */
function signalName(number: number): string | undefined {
  return Object.entries(constants.signals)
    .find(([, value]) => value === number)?.[0]
    .slice("SIG".length);
}

/** Sandboxes and shells report a death by signal as 128 + its number. */
function endingOf(code: number | null, signal: string | null, stderr: string): Ending {
  if (signal !== null) return { kind: "signal", name: signal.slice("SIG".length) };
  const number = code ?? 0;
  const name = number > 128 ? signalName(number - 128) : undefined;
  if (name !== undefined) return { kind: "signal", name };
  if (UNSTARTED.includes(number)) return { kind: "unstarted", reason: stderr.trim() };
  return { kind: "exit", code: number };
}

/** A stream's text up to the limit; the rest is read and dropped, so that nobody blocks on it. */
function collect(stream: NodeJS.ReadableStream): () => { text: string; digest: string } {
  const hash = createHash("sha256");
  const parts: Buffer[] = [];
  let size = 0;
  stream.on("data", (part: Buffer) => {
    if (size < MAX_OUTPUT) parts.push(part.subarray(0, MAX_OUTPUT - size));
    size += part.length;
    hash.update(part);
  });
  return () => ({ text: Buffer.concat(parts).toString(), digest: hash.copy().digest("hex") });
}

/** Milliseconds that those who hold the output have to end in: after the command itself has, and after a kill. */
const GRACE = 2000;
const KILL_GRACE = 500;

/** Kills what is left of a process group. That may be nothing: a daemon is in a group of its own. */
function killGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/**
 * Starts a command and waits until it and, for a while, everything that holds its output has ended.
 * Rejects only when it is interrupted, with the reason that the signal has.
 */
export function execute(
  command: readonly string[],
  { cwd, env, seconds, interrupted }: Surroundings,
): Promise<Execution> {
  const [program = "", ...args] = command;
  const started = performance.now();
  return new Promise((resolve, reject) => {
    interrupted?.throwIfAborted();
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    const timers: NodeJS.Timeout[] = [];
    const after = (milliseconds: number, action: () => void): void => {
      timers.push(setTimeout(action, milliseconds));
    };
    const cutOff = (): void => {
      killGroup(child.pid);
      after(KILL_GRACE, () => {
        child.stdout.destroy();
        child.stderr.destroy();
      });
    };
    interrupted?.addEventListener("abort", cutOff);
    let late = false;
    after(seconds * 1000, () => {
      late = child.exitCode === null && child.signalCode === null;
      cutOff();
    });
    const finish = (ending: Ending): void => {
      timers.forEach(clearTimeout);
      interrupted?.removeEventListener("abort", cutOff);
      if (interrupted?.aborted === true) reject(interrupted.reason);
      const [out, err] = [stdout(), stderr()];
      resolve({
        ending,
        stdout: out.text,
        stderr: err.text,
        digests: { stdout: out.digest, stderr: err.digest },
        pid: child.pid ?? 0,
        milliseconds: performance.now() - started,
      });
    };
    child.on("exit", () => after(GRACE, cutOff));
    child.on("error", (error) => finish({ kind: "unstarted", reason: error.message }));
    child.on("close", (code, signal) => {
      finish(late ? { kind: "timeout", seconds } : endingOf(code, signal, stderr().text));
    });
  });
}
