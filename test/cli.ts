/** Runs the built program as users do, in temporary directories. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

export const CLI = fileURLToPath(new URL("../dist/cli.js", import.meta.url));

/** A program with one error, of null-check. */
export const NULL_CHECK = `#include <sys/mman.h>
int f(int fd) {
  char *p = mmap(0, 10, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  if (p == NULL)
    return -1;
  p[0] = 1;
  munmap(p, 10);
  return 0;
}
`;

/** The same program done right. */
export const CLEAN = NULL_CHECK.replace("p == NULL", "p == MAP_FAILED");

/** Text or bytes by path; made in a directory that is removed after the test. */
export function project(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const directory = mkdtempSync(path.join(tmpdir(), "mmaplint-test-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    writeFileSync(path.join(directory, name), content);
  }
  return directory;
}

export interface Run {
  /** As a shell tells it: 128 + N for the death by signal N. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  /** Ctrl-C, as soon as this is true. */
  readonly interruptedWhen?: () => boolean;
}

/** Starts the program and waits for its end; 20 seconds are taken for a hang. */
export function mmaplint(cwd: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const { NO_COLOR: _no, FORCE_COLOR: _force, ...inherited } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd,
      env: { ...inherited, ...options.env },
      stdio: "pipe",
      timeout: 20_000,
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (part: Buffer) => stdout.push(part));
    child.stderr.on("data", (part: Buffer) => stderr.push(part));
    child.on("error", reject);
    const interrupt = (): void => {
      if (options.interruptedWhen?.() === true) child.kill("SIGINT");
    };
    const watching = options.interruptedWhen === undefined ? undefined : setInterval(interrupt, 100);
    child.on("close", (exitCode, signal) => {
      clearInterval(watching);
      const code = signal === null ? exitCode : 128 + constants.signals[signal];
      resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    });
    // A program that ends before it has read its input is no failure of the test.
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
  });
}
