/** Which of the calls that a program makes are those of a finding. Pure. */
import * as path from "node:path";
import type { Diagnostic, Location } from "../diagnostic.js";
import type { Plan, TracedFunction } from "./experiments.js";
import type { Place, Symbols } from "./symbols.js";
import type { Call, Frame } from "./trace.js";

/** How surely the calls are those of the finding: by line, by the name of the function, or by nothing at all. */
export type Precision = "line" | "function" | "unknown";

export interface Sites {
  readonly precision: Precision;
  readonly calls: readonly Call[];
}

/** Where the calls of a finding may stand in the source: the places to look at first, then the further ones. */
function spotsOf(
  { location, story }: Diagnostic,
  which: (Plan & { kind: "try" })["call"],
): readonly (readonly Location[])[] {
  const steps = story.map((step) => step.location);
  return which === "maker" ? [[steps[0] ?? location]] : [[location], steps];
}

/** A program built elsewhere names its files by other directories; their end is the same. */
function isFile(given: string, cwd: string, built: string): boolean {
  if (path.resolve(cwd, given) === built) return true;
  const tail = path.normalize(given).replace(/^(?:\.\.\/)+/, "");
  return built === tail || (!path.isAbsolute(tail) && built.endsWith(`/${tail}`));
}

function isAt({ file, line }: Place, { file: given, start, end }: Location, cwd: string): boolean {
  return (
    file !== undefined &&
    line !== undefined &&
    line >= start.line &&
    line <= end.line &&
    isFile(given, cwd, file)
  );
}

/** The depth in the stack at which a call passes one of the spots; undefined when it does not. */
function depthOf(
  stack: readonly Frame[],
  symbols: Symbols,
  matches: (place: Place) => boolean,
): number | undefined {
  const depth = stack.findIndex((frame) => symbols(frame).some(matches));
  return depth === -1 ? undefined : depth;
}

/** Of the calls that pass, those that pass at the least depth: further up, other calls of the same line come in. */
function nearest(calls: readonly Call[], depth: (call: Call) => number | undefined): readonly Call[] {
  const least = Math.min(...calls.map((call) => depth(call) ?? Infinity));
  return least === Infinity ? [] : calls.filter((call) => depth(call) === least);
}

export interface Search {
  readonly symbols: Symbols;
  /** What the paths of findings are relative to. */
  readonly cwd: string;
}

/** Whether a stack passes a place of the finding, by line. */
export function passes(stack: readonly Frame[], finding: Diagnostic, { symbols, cwd }: Search): boolean {
  return depthOf(stack, symbols, (place) => isAt(place, finding.location, cwd)) !== undefined;
}

/**
 * The calls of the functions that are the finding's. Without debugging information the name of the C function has to
 * do; without that either, any call may be meant.
 */
export function sitesOf(
  finding: Diagnostic,
  which: (Plan & { kind: "try" })["call"],
  functions: readonly TracedFunction[],
  all: readonly Call[],
  { symbols, cwd }: Search,
): Sites {
  const calls = all.filter((call) => functions.includes(call.function));
  for (const spots of spotsOf(finding, which)) {
    const byLine = nearest(calls, ({ stack }) =>
      depthOf(stack, symbols, (place) => spots.some((spot) => isAt(place, spot, cwd))),
    );
    if (byLine.length > 0) return { precision: "line", calls: byLine };
  }
  const lines = programsWith(all, symbols, ({ line }) => line !== undefined);
  const byName = nearest(
    calls.filter(({ exe }) => !lines.has(exe)),
    ({ stack }) => depthOf(stack, symbols, (place) => isIn(place, finding)),
  );
  if (byName.length > 0) return { precision: "function", calls: byName };
  const names = programsWith(all, symbols, isNamed);
  return { precision: "unknown", calls: calls.filter(({ exe }) => !lines.has(exe) && !names.has(exe)) };
}

function isIn(place: Place, finding: Diagnostic): boolean {
  return place.line === undefined && finding.function !== "" && place.function === finding.function;
}

/** The start code has a name even where everything else is stripped. */
function isNamed({ function: name }: Place): boolean {
  return name !== undefined && name !== "_start";
}

/** The programs that have such a place among their own frames: what is known of one of their functions is of all. */
function programsWith(
  calls: readonly Call[],
  symbols: Symbols,
  has: (place: Place) => boolean,
): ReadonlySet<string> {
  return new Set(
    calls
      .filter(({ exe, stack }) => stack.some((frame) => frame.module === exe && symbols(frame).some(has)))
      .map(({ exe }) => exe),
  );
}

/** The C library and the loader: what happens there was caused by their caller. */
function isSystem(module: string): boolean {
  return /^(?:libc|libm|libpthread|ld-)/.test(path.basename(module));
}

/**
 * `open_table (table.c:12)` for the innermost frame of the program that has a place, `open_table (table)` for one that
 * has a name, else the innermost frame as it is.
 */
export function describeStack(stack: readonly Frame[], symbols: Symbols): string {
  const frames = stack.filter(({ module }) => !isSystem(module));
  for (const frame of frames) {
    const place = symbols(frame)[0];
    if (place?.function === undefined || place.line === undefined || place.file === undefined) continue;
    return `${place.function} (${path.basename(place.file)}:${place.line})`;
  }
  const frame = frames[0] ?? stack[0];
  if (frame === undefined) return "an unknown place";
  const name = symbols(frame)[0]?.function;
  const module = path.basename(frame.module);
  return name === undefined ? `${module}+0x${frame.offset}` : `${name} (${module})`;
}
