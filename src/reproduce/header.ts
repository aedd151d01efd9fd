/**
 * What a reproducer says of itself in its first comment: whether its damage can be shown, and what its two runs do.
 *
 *     null-check: mmap() fails with MAP_FAILED, never with NULL, so a test against NULL lets the failure through.
 *     ...prose...
 *     SHOWN: natively
 *     EXPECT bad: signal=SEGV stdout=/fault at 0xffffffffffffffff/
 *     EXPECT good: exit=0 stdout=/Cannot allocate memory/
 *
 * Pure. A header that is not of this form is an error that names the line; nothing in it is passed over.
 */

import { type MachineName, machineNames } from "../native/toolchain.js";

export const sides = ["bad", "good"] as const;
export type Side = (typeof sides)[number];

/** How a program is to end, and what it is to print. */
export interface Expectation {
  /** An exit code as a number, a signal by its name without SIG. */
  readonly end: number | string;
  readonly stdout: RegExp | undefined;
}

/** By what the damage is shown. */
export type Shown =
  | { readonly by: "native" }
  | { readonly by: "emulator"; readonly machine: MachineName }
  | { readonly by: "stand-in"; readonly what: string }
  | { readonly by: "nothing"; readonly why: string };

export interface Header {
  /** The id of the rule. */
  readonly rule: string;
  /** The first line after the rule's id: the point in one sentence. */
  readonly summary: string;
  readonly shown: Shown;
  readonly native: Readonly<Record<Side, Expectation>>;
  /** Where an emulator shows something else than the native run does. */
  readonly emulated: ReadonlyMap<MachineName, Readonly<Record<Side, Expectation>>>;
  /** Compiler flags that the demonstration needs. */
  readonly flags: readonly string[];
  /** What the program needs of its surroundings; it tests for that itself. */
  readonly needs: string | undefined;
}

/** Exit codes that a reproducer has set aside; see CONTRIBUTING.md. */
export const SKIPPED = 77;
const USAGE = 2;

/** The names of signals that a program can die by, as in signal(7). */
const SIGNALS = ["SEGV", "BUS", "ABRT", "ILL", "TRAP", "FPE", "ALRM", "KILL", "XCPU", "XFSZ", "SYS"];

export class HeaderError extends Error {}

const KEY = /^(SHOWN|CFLAGS|NEEDS|EXPECT (?:bad|good)(?: under \S+)?): (\S.*)$/;

function isMachine(name: string): name is MachineName {
  return machineNames.some((known) => known === name);
}

/** The lines of the first comment, without its stars. */
function commentLines(source: string): readonly string[] {
  const comment = /^\/\*\n([^]*?)\n \*\/\n/.exec(source)?.[1];
  if (comment === undefined) throw new HeaderError('the file does not begin with a comment "/* ... */"');
  return comment.split("\n").map((line) => line.replace(/^ \*\s?/, "").trimEnd());
}

/** The lines that machines read, by key: the first is SHOWN, and nothing else follows it. */
function machineLines(lines: readonly string[]): ReadonlyMap<string, string> {
  const start = lines.findIndex((line) => line.startsWith("SHOWN"));
  if (start < 0) throw new HeaderError('the header has no line "SHOWN: ..."');
  const values = new Map<string, string>();
  for (const line of lines.slice(start)) {
    if (line === "") continue;
    const [, key, value] = KEY.exec(line) ?? [];
    if (key === undefined || value === undefined) throw new HeaderError(`cannot read the line "${line}"`);
    if (values.has(key)) throw new HeaderError(`there are two lines "${key}:"`);
    values.set(key, value);
  }
  return values;
}

function parseShown(value: string): Shown {
  if (value === "natively") return { by: "native" };
  const machine = /^under (\S+)$/.exec(value)?.[1];
  if (machine !== undefined && isMachine(machine)) return { by: "emulator", machine };
  const what = /^by a stand-in: (.+)$/.exec(value)?.[1];
  if (what !== undefined) return { by: "stand-in", what };
  const why = /^not: (.+)$/.exec(value)?.[1];
  if (why !== undefined) return { by: "nothing", why };
  throw new HeaderError(
    `"SHOWN: ${value}" is none of: natively; under ${machineNames.join("|")}; by a stand-in: WHAT; not: WHY`,
  );
}

function parseExpectation(key: string, value: string): Expectation {
  const [, code, signal, pattern] =
    /^(?:exit=(\d{1,3})|signal=([A-Z0-9]+))(?: stdout=\/(.+)\/)?$/.exec(value) ?? [];
  const end = code === undefined ? signal : Number(code);
  if (end === undefined) {
    throw new HeaderError(`"${key}: ${value}" is not of the form exit=N or signal=NAME, then stdout=/REGEX/`);
  }
  if (typeof end === "string" && !SIGNALS.includes(end)) {
    throw new HeaderError(`"${key}": signal=${end} is none of ${SIGNALS.join(", ")}`);
  }
  if (end === SKIPPED || end === USAGE)
    throw new HeaderError(`"${key}": exit=${end} is neither damage nor survival`);
  if (key.startsWith("EXPECT good") && end !== 0)
    throw new HeaderError(`"${key}": the good side ends with exit=0`);
  try {
    return { end, stdout: pattern === undefined ? undefined : new RegExp(pattern, "m") };
  } catch (error) {
    throw new HeaderError(`"${key}": ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parseEmulated(
  expectations: ReadonlyMap<string, Expectation>,
  native: Readonly<Record<Side, Expectation>>,
): Header["emulated"] {
  const emulated = new Map<MachineName, Record<Side, Expectation>>();
  for (const [key, expectation] of expectations) {
    const [, side, machine] = /^EXPECT (bad|good) under (.*)$/.exec(key) ?? [];
    if (machine === undefined) continue;
    if (!isMachine(machine))
      throw new HeaderError(`"${key}": the machine is none of ${machineNames.join(", ")}`);
    const both = emulated.get(machine) ?? { ...native };
    both[side === "bad" ? "bad" : "good"] = expectation;
    emulated.set(machine, both);
  }
  return emulated;
}

/** What must show the damage has to end otherwise than the good side does, and what cannot show it must not. */
function checkShown(shown: Shown, native: Header["native"], emulated: Header["emulated"]): void {
  for (const [machine, { bad }] of emulated) {
    if (bad.end === 0) throw new HeaderError(`"EXPECT bad under ${machine}": exit=0 shows no damage`);
  }
  switch (shown.by) {
    case "native":
    case "stand-in":
      if (native.bad.end === 0) throw new HeaderError('"EXPECT bad": exit=0 shows no damage');
      return;
    case "emulator":
      if (!emulated.has(shown.machine)) {
        throw new HeaderError(`the header has no line "EXPECT bad under ${shown.machine}: ..."`);
      }
      return;
    case "nothing":
      if (native.bad.end !== 0) throw new HeaderError('"SHOWN: not", but "EXPECT bad" is damage');
  }
}

/**
 * Reads the header of a reproducer.
 * @throws HeaderError with a sentence that says what is wrong with it.
 */
export function parseHeader(source: string): Header {
  const lines = commentLines(source);
  const [, rule, summary] = /^([a-z]+(?:-[a-z]+)*): (\S.*)$/.exec(lines[0] ?? "") ?? [];
  if (rule === undefined || summary === undefined) {
    throw new HeaderError('the first line is not "RULE: what goes wrong"');
  }
  const values = machineLines(lines);
  const expectations = new Map(
    [...values]
      .filter(([key]) => key.startsWith("EXPECT "))
      .map(([key, value]): [string, Expectation] => [key, parseExpectation(key, value)]),
  );
  const bad = expectations.get("EXPECT bad");
  const good = expectations.get("EXPECT good");
  if (bad === undefined || good === undefined) {
    throw new HeaderError(`the header has no line "EXPECT ${bad === undefined ? "bad" : "good"}: ..."`);
  }
  const native = { bad, good };
  const shown = parseShown(values.get("SHOWN") ?? "");
  const emulated = parseEmulated(expectations, native);
  checkShown(shown, native, emulated);
  return {
    rule,
    summary,
    shown,
    native,
    emulated,
    flags: values.get("CFLAGS")?.split(/\s+/) ?? [],
    needs: values.get("NEEDS"),
  };
}
