/**
 * How long mmaplint takes on a directory, beside what nobody can undercut: `rg -l mmap`, which reads the same files, and
 * the start of Node.js. `npm run build && npm run bench -- [--runs N] DIRECTORY`.
 */
import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { parseArgs } from "node:util";

const CLI = path.join(import.meta.dirname, "../dist/cli.js");

interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Exit codes that mean that it has done its work. */
  readonly good: readonly number[];
}

/** Milliseconds from the start of the process to its end. Throws when it fails. */
function time({ name, command, args, good }: Program): number {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
  if (status === null || !good.includes(status)) throw new Error(`${name} failed: ${stderr?.toString()}`);
  return milliseconds;
}

function isInstalled(command: string): boolean {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

function line(name: string, cells: readonly string[]): string {
  return name.padEnd(34) + cells.map((cell) => cell.padStart(10)).join("");
}

function row(name: string, times: readonly number[]): string {
  const cells = [median(times), Math.min(...times), Math.max(...times)].map((value) => value.toFixed(1));
  return line(name, [...cells, String(times.length)]);
}

/** The files that cppcheck is given: reading the others as well would take it minutes. */
function filesWithMmap(directory: string): readonly string[] {
  const { stdout } = spawnSync("rg", ["-l", "-0", "-t", "c", "mmap", directory], { encoding: "utf8" });
  return stdout.split("\0").filter((name) => name.endsWith(".c"));
}

function main(): void {
  const { values, positionals } = parseArgs({
    options: { runs: { type: "string", default: "11" }, cppcheck: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const [directory] = positionals;
  const runs = Number(values.runs);
  if (directory === undefined || !Number.isInteger(runs) || runs < 1) {
    throw new Error("npm run bench -- [--runs N] [--cppcheck] DIRECTORY");
  }
  if (!isInstalled("rg")) throw new Error("ripgrep (rg) is not installed");
  const search: Program = {
    name: "rg -l mmap",
    command: "rg",
    args: ["-l", "mmap", directory],
    good: [0, 1],
  };
  const node: Program = { name: "node -e 0", command: process.execPath, args: ["-e", "0"], good: [0] };
  const linter: Program = {
    name: "mmaplint",
    command: process.execPath,
    args: [CLI, directory],
    good: [0, 1],
  };
  const programs = [search, node, linter];
  const times = new Map(programs.map((program) => [program, [] as number[]]));
  // One run to fill the caches of the file system, then in turns: what disturbs the machine disturbs all alike.
  for (const program of programs) time(program);
  for (let round = 0; round < runs; round++) {
    for (const program of programs) times.get(program)?.push(time(program));
  }

  console.log(line("milliseconds", ["median", "least", "most", "runs"]));
  for (const [{ name }, measured] of times) console.log(row(name, measured));
  if (values.cppcheck && isInstalled("cppcheck")) {
    const files = filesWithMmap(directory);
    const check: Program = { name: "cppcheck", command: "cppcheck", args: ["-q", ...files], good: [0] };
    console.log(row(`cppcheck, ${files.length} files with mmap`, [time(check)]));
  }
  const [rg = 0, start = 0, mmaplint = 0] = programs.map((program) => median(times.get(program) ?? []));
  console.log(`(mmaplint - node) / rg   ${((mmaplint - start) / rg).toFixed(1).padStart(6)}`);
  console.log(`mmaplint / (rg + node)   ${(mmaplint / (rg + start)).toFixed(1).padStart(6)}`);
}

main();
