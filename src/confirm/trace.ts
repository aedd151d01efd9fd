/** What inject.c reports of a run. Pure. */
import type { TracedFunction } from "./experiments.js";
import { tracedFunctions } from "./experiments.js";

/** An address in a program or library. */
export interface Frame {
  readonly module: string;
  /** Hexadecimal, as the module's symbols have it. */
  readonly offset: string;
}

/** One call of the family, with the stack from its caller outwards. */
export interface Call {
  readonly pid: number;
  /** The program of the process, an absolute path. */
  readonly exe: string;
  readonly function: TracedFunction;
  /** The how manieth of this function in its process, from 1. */
  readonly nth: number;
  /** `injected`: treated as asked; `refused`: not on a boundary of the page that is presented. */
  readonly how: "made" | "injected" | "refused";
  /** What the program sees; 0 for success. */
  readonly errno: number;
  /** What was refused, or what a MAP_FIXED mapping replaces; empty for none of these. */
  readonly detail: string;
  readonly stack: readonly Frame[];
}

/** SIGSEGV or SIGBUS that no handler of the program's own takes. */
export interface Fault {
  readonly pid: number;
  readonly signal: number;
  /** Hexadecimal, without prefix. */
  readonly address: string;
  readonly stack: readonly Frame[];
}

export interface Trace {
  /** Programs that the library was loaded into, one for each process image. */
  readonly started: readonly string[];
  readonly calls: readonly Call[];
  readonly faults: readonly Fault[];
}

function toFrames(fields: readonly string[]): Frame[] {
  return fields.flatMap((field) => {
    const plus = field.lastIndexOf("+");
    return plus <= 0 ? [] : [{ module: field.slice(0, plus), offset: field.slice(plus + 1) }];
  });
}

function toHow(text: string | undefined): Call["how"] | undefined {
  return text === "made" || text === "injected" || text === "refused" ? text : undefined;
}

function toCall(fields: readonly string[]): Call | undefined {
  const [pid, exe = "", name, nth, howText, errno, detail = "", ...stack] = fields;
  const traced = tracedFunctions.find((candidate) => candidate === name);
  const how = toHow(howText);
  if (traced === undefined || how === undefined) return undefined;
  return {
    pid: Number(pid),
    exe,
    function: traced,
    nth: Number(nth),
    how,
    errno: Number(errno),
    detail,
    stack: toFrames(stack),
  };
}

/** Reads a report. A line that a dying process left unfinished is passed over. */
export function parseTrace(text: string): Trace {
  const started: string[] = [];
  const calls: Call[] = [];
  const faults: Fault[] = [];
  for (const line of text.split("\n")) {
    const [kind, ...fields] = line.split("\t");
    if (kind === "start") started.push(fields[1] ?? "");
    if (kind === "call") {
      const call = toCall(fields);
      if (call !== undefined) calls.push(call);
    }
    if (kind === "fault") {
      const [pid, , signal, address = "", ...stack] = fields;
      faults.push({ pid: Number(pid), signal: Number(signal), address, stack: toFrames(stack) });
    }
  }
  return { started, calls, faults };
}
