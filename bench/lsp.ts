/**
 * How long the language server takes to answer a keystroke in a C file of 5,000 lines that maps memory, and whether its
 * memory stays: types into the built server over stdio as an editor does. `npm run build && npm run bench:lsp --
 * [--lines N] [--keystrokes N] [--edits N]`. Exits with 1 where a limit is missed.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { Client, uriOf } from "../test/lsp-client.js";
import { benchSource } from "./source.js";

/** Milliseconds beyond the debounce. */
const MEDIAN_LIMIT = 50;
const P95_LIMIT = 150;
/** How much more memory the server may have after all edits than after the first fifth of them. */
const GROWTH_LIMIT = 1.15;
const DEBOUNCE = 100;

/** One stretch of typing: where, and what; what is typed is deleted again, key by key. */
interface Stretch {
  readonly name: string;
  readonly at: number;
  readonly text: string;
}

/** A client that types. */
class Typist {
  #text: string;
  #version = 1;

  private constructor(
    readonly client: Client,
    readonly uri: string,
    text: string,
  ) {
    this.#text = text;
  }

  static async start(directory: string, text: string, debounce: number): Promise<Typist> {
    const file = path.join(directory, "bench.c");
    writeFileSync(file, text);
    const client = await Client.start({ folders: [directory], initializationOptions: { debounce } });
    const typist = new Typist(client, uriOf(file), text);
    const first = client.next(({ version }) => version === 1);
    await client.open(typist.uri, text);
    await first;
    return typist;
  }

  /** Replaces `length` characters at an offset; milliseconds until the answer for that version is there. */
  async edit(offset: number, length: number, text: string): Promise<number> {
    const version = ++this.#version;
    const range = { start: this.#place(offset), end: this.#place(offset + length) };
    this.#text = this.#text.slice(0, offset) + text + this.#text.slice(offset + length);
    const answer = this.client.next((published) => published.version === version);
    const start = performance.now();
    await this.client.change(this.uri, version, [{ range, text }]);
    await answer;
    return performance.now() - start;
  }

  /** Types and deletes; the milliseconds of each keystroke. */
  async *type({ at, text }: Stretch): AsyncGenerator<number> {
    for (let i = 0; i < text.length; i++) yield await this.edit(at + i, 0, text[i] ?? "");
    for (let i = text.length - 1; i >= 0; i--) yield await this.edit(at + i, 1, "");
  }

  #place(offset: number): { readonly line: number; readonly character: number } {
    const before = this.#text.slice(0, offset);
    return { line: before.split("\n").length - 1, character: offset - (before.lastIndexOf("\n") + 1) };
  }
}

/** Behind the n-th statement of which `part` is a part; evenly spread over the file. */
function behind(text: string, part: RegExp, share: number): number {
  const found = [...text.matchAll(part)].map(({ index, 0: match }) => index + match.length);
  const at = found[Math.floor(found.length * share)];
  if (at === undefined) throw new Error(`the bench's file has no ${part}`);
  return at;
}

/** What people type: in functions that map and in others, in comments, and between functions. */
function stretches(text: string): readonly Stretch[] {
  return [0.05, 0.3, 0.5, 0.7, 0.95].flatMap((share) => [
    {
      name: "in a function that maps",
      at: behind(text, /\bmunmap\([^;\n]*;\n/g, share),
      text: "    if (msync(base, length, MS_SYNC) < 0)\n        return -1;\n",
    },
    {
      name: "in a call of mmap()",
      at: behind(text, /\bmmap\(/g, share),
      text: "NULL + ",
    },
    {
      name: "in another function",
      at: behind(text, /hash = 5381u \+ \d+u;\n/g, share),
      text: "    for (size_t k = 0; k < length; k++)\n        hash ^= k;\n",
    },
    { name: "in a comment", at: behind(text, /\/\* collisions/g, share), text: " (of which there are few)" },
    {
      name: "between functions",
      at: behind(text, /\n\}\n/g, share),
      text: "static int unmap_both(void *a, void *b, size_t n)\n{\n    return munmap(a, n) | munmap(b, n);\n}\n",
    },
    { name: "a macro", at: behind(text, /\n\}\n/g, share), text: "#define CHUNK (16 * 4096)\n" },
  ]);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function row(name: string, values: readonly number[]): string {
  const cells = [quantile(values, 0.5), quantile(values, 0.95), Math.max(...values)].map((ms) =>
    ms.toFixed(1),
  );
  return name.padEnd(30) + [...cells, String(values.length)].map((cell) => cell.padStart(10)).join("");
}

/** Keystrokes with the debounce that users have; true where the limits are kept. */
async function measureLatency(text: string, keystrokes: number, directory: string): Promise<boolean> {
  const typist = await Typist.start(directory, text, DEBOUNCE);
  const { pid } = typist.client.process;
  const all = stretches(text);
  // Editors start a server once; what the first seconds cost, when nothing is compiled yet, is told by itself.
  const cold: number[] = [];
  for await (const ms of typist.type(all[0] ?? { name: "", at: 0, text: "" })) cold.push(ms - DEBOUNCE);
  const byName = new Map<string, number[]>();
  let typed = 0;
  const before = pid === undefined ? Number.NaN : computed(pid);
  for (let i = 0; typed < keystrokes; i++) {
    const stretch = all[i % all.length] ?? all[0];
    if (stretch === undefined) break;
    const times = byName.get(stretch.name) ?? [];
    byName.set(stretch.name, times);
    for await (const ms of typist.type(stretch)) {
      times.push(ms - DEBOUNCE);
      typed++;
    }
  }
  const perKey = pid === undefined ? Number.NaN : (computed(pid) - before) / typed;
  await typist.client.stop();
  const times = [...byName.values()].flat();
  console.log("milliseconds beyond the debounce".padEnd(30) + "    median       p95      most      keys");
  console.log(row("the first keystrokes", cold));
  for (const [name, measured] of byName) console.log(row(name, measured));
  console.log(row("all but the first", times));
  console.log(`the server computes ${perKey.toFixed(1)} ms for each of them, on average`);
  return quantile(times, 0.5) < MEDIAN_LIMIT && quantile(times, 0.95) < P95_LIMIT;
}

/** Milliseconds that the process has computed so far, which other work on the machine changes less (proc_pid_stat(5)). */
function computed(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * MILLISECONDS_PER_TICK;
}

/** Linux tells of times in hundredths of a second, whatever its own clock. */
const MILLISECONDS_PER_TICK = 10;

/** Bytes of the process that are in memory (proc_pid_status(5)). */
function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1]) * 1024;
}

/** Many edits, each analyzed; true where the memory has stayed. */
async function measureMemory(text: string, edits: number, directory: string): Promise<boolean> {
  const typist = await Typist.start(directory, text, 0);
  const { pid } = typist.client.process;
  if (pid === undefined) throw new Error("the server has no process");
  const all = stretches(text);
  const samples: number[] = [];
  const parts = 10;
  for (let i = 0, made = 0; made < edits; i++) {
    const stretch = all[i % all.length] ?? all[0];
    if (stretch === undefined) break;
    for await (const _ of typist.type(stretch)) {
      if (++made % Math.ceil(edits / parts) !== 0) continue;
      samples.push(residentBytes(pid));
      console.log(
        `${String(made).padStart(8)} edits  ${(residentBytes(pid) / 2 ** 20).toFixed(0).padStart(5)} MiB`,
      );
    }
  }
  await typist.client.stop();
  // What the collector has not yet got round to comes and goes, so the least of each part counts.
  const early = Math.min(...samples.slice(1, 4));
  const late = Math.min(...samples.slice(-3));
  console.log(`resident at the end / at the beginning: ${(late / early).toFixed(2)}`);
  return late <= early * GROWTH_LIMIT;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      lines: { type: "string", default: "5000" },
      keystrokes: { type: "string", default: "2000" },
      edits: { type: "string", default: "0" },
    },
  });
  const { text, functions, mapping } = benchSource(Number(values.lines));
  console.log(
    `${text.split("\n").length} lines, ${functions} functions, ${mapping} of which name the family`,
  );
  const directory = mkdtempSync(path.join(tmpdir(), "mmaplint-bench-"));
  try {
    let kept = await measureLatency(text, Number(values.keystrokes), directory);
    if (Number(values.edits) > 0) kept = (await measureMemory(text, Number(values.edits), directory)) && kept;
    if (!kept) {
      console.log(
        `missed: median below ${MEDIAN_LIMIT} ms, p95 below ${P95_LIMIT} ms, memory within ${GROWTH_LIMIT}`,
      );
      process.exitCode = 1;
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

await main();
