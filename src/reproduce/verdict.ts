/** What a trial shows, held against what the reproducer says of itself. Pure. */
import { describeEnding, type Execution } from "../native/execute.js";
import type { MachineName, Target } from "../native/toolchain.js";
import { lastLine } from "../text.js";
import { type Expectation, type Header, type Side, sides, SKIPPED } from "./header.js";
import type { Trial } from "./trial.js";

export type Verdict =
  /** The bad side did the damage, the good side survived. */
  | { readonly kind: "shown" }
  /** The same, where something stands in for what cannot be had. */
  | { readonly kind: "stand-in"; readonly what: string }
  /** As expected, and this machine hides the damage. */
  | { readonly kind: "hidden"; readonly machine: MachineName }
  /** As expected, and no machine can be made to show the damage. */
  | { readonly kind: "not-demonstrable"; readonly why: string }
  /** The program says that it cannot run here. */
  | { readonly kind: "skipped"; readonly why: string }
  /** Something else was seen than was expected. */
  | { readonly kind: "not-shown"; readonly why: string }
  | { readonly kind: "compile-failed"; readonly why: string };

function describeEnd(end: Expectation["end"]): string {
  return typeof end === "number" ? `exit ${end}` : `SIG${end}`;
}

/** The expectations that hold on a target, or undefined where the reproducer says nothing of it. */
export function expectationsOn(
  header: Header,
  target: Target,
): Readonly<Record<Side, Expectation>> | undefined {
  return target === "native" ? header.native : header.emulated.get(target);
}

/** How a run differs from what is expected of it, as a clause; undefined where it does not. */
function difference(
  { end, stdout }: Expectation,
  { ending, stdout: printed }: Execution,
): string | undefined {
  if (ending.kind === "unstarted") return `could not be started: ${ending.reason}`;
  const found = ending.kind === "exit" ? ending.code : ending.kind === "signal" ? ending.name : undefined;
  if (found !== end) return `${describeEnding(ending)} instead of ${describeEnd(end)}`;
  if (stdout !== undefined && !stdout.test(printed)) return `nothing printed matches ${String(stdout)}`;
  return undefined;
}

function asExpected({ shown }: Header, target: Target): Verdict {
  // What is expected on an emulated machine is always damage.
  if (target !== "native") return { kind: "shown" };
  switch (shown.by) {
    case "native":
      return { kind: "shown" };
    case "stand-in":
      return { kind: "stand-in", what: shown.what };
    case "emulator":
      return { kind: "hidden", machine: shown.machine };
    case "nothing":
      return { kind: "not-demonstrable", why: shown.why };
  }
}

/** Judges a trial on a target that the reproducer says something of. */
export function judge(header: Header, target: Target, trial: Trial): Verdict {
  if (trial.kind === "uncompiled") return { kind: "compile-failed", why: trial.messages };
  const expected = expectationsOn(header, target) ?? header.native;
  for (const side of sides) {
    const { ending, stdout, stderr } = trial.runs[side];
    if (ending.kind === "exit" && ending.code === SKIPPED) {
      return { kind: "skipped", why: lastLine(stdout) || lastLine(stderr) || "no reason given" };
    }
  }
  const problems = sides.flatMap((side) => {
    const problem = difference(expected[side], trial.runs[side]);
    return problem === undefined ? [] : [`${side}: ${problem}`];
  });
  return problems.length > 0 ? { kind: "not-shown", why: problems.join("; ") } : asExpected(header, target);
}

/** Whether a verdict contradicts what the reproducer says of itself. */
export function isFailure(
  verdict: Verdict,
): verdict is Extract<Verdict, { kind: "not-shown" | "compile-failed" }> {
  return verdict.kind === "not-shown" || verdict.kind === "compile-failed";
}
