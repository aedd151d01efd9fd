/** Addresses of programs to places in their sources, by addr2line(1). */
import * as path from "node:path";
import { execute, type Surroundings } from "../native/execute.js";
import { findProgram } from "../native/toolchain.js";
import type { Frame } from "./trace.js";

/** A place as debugging information has it; what it does not have is undefined. */
export interface Place {
  readonly function: string | undefined;
  readonly file: string | undefined;
  /** 1-based. */
  readonly line: number | undefined;
}

/** The places of a frame from the innermost inlined function outwards; empty where nothing is known. */
export type Symbols = (frame: Frame) => readonly Place[];

/** GNU's first: it finds debugging information that is installed apart. */
const TOOLS = ["addr2line", "llvm-addr2line"];

/** Addresses that are asked of one process. A command line takes some 100,000 of them. */
const BATCH = 1000;

const SECONDS = 60;

function toPlace(name: string, where: string): Place {
  const match = /^(.*):(\d+|\?)(?: \(discriminator \d+\))?$/.exec(where);
  const file = match?.[1] === undefined || match[1] === "??" ? undefined : path.normalize(match[1]);
  const line = Number(match?.[2]);
  return { function: name === "??" ? undefined : name, file, line: line > 0 ? line : undefined };
}

/** Reads what `addr2line -a -f -i` prints: an address, then pairs of lines, function and place. */
function parse(output: string, module: string, known: Map<string, readonly Place[]>): void {
  let places: Place[] = [];
  let name: string | undefined;
  for (const line of output.split("\n")) {
    const address = /^0x0*([0-9a-f]+)$/.exec(line)?.[1];
    if (address !== undefined) {
      places = [];
      known.set(`${module}+${address}`, places);
      name = undefined;
    } else if (name === undefined) name = line;
    else {
      places.push(toPlace(name, line));
      name = undefined;
    }
  }
}

/** Looks up frames; nothing is known of any where the tool is missing. `cwd` is what relative modules are relative to. */
export async function symbolsOf(
  frames: readonly Frame[],
  { cwd, env, interrupted }: Omit<Surroundings, "seconds">,
): Promise<Symbols> {
  const known = new Map<string, readonly Place[]>();
  const tool = TOOLS.map((name) => findProgram(name, env)).find((found) => found !== undefined);
  const byModule = new Map<string, Set<string>>();
  for (const { module, offset } of frames) {
    byModule.set(module, (byModule.get(module) ?? new Set()).add(offset));
  }
  for (const [module, offsets] of tool === undefined ? [] : byModule) {
    const all = [...offsets];
    for (let start = 0; start < all.length; start += BATCH) {
      const addresses = all.slice(start, start + BATCH).map((offset) => `0x${offset}`);
      const command = [tool ?? "", "-a", "-f", "-i", "-e", path.resolve(cwd, module), ...addresses];
      const { stdout } = await execute(command, { cwd, env, seconds: SECONDS, interrupted });
      parse(stdout, module, known);
    }
  }
  return ({ module, offset }) => known.get(`${module}+${offset}`) ?? [];
}
