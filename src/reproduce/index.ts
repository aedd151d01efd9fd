/** `mmaplint reproduce`: compiles and runs the reproducers of the package, and nothing else. */
import { availableParallelism } from "node:os";
import { NO_PLACE, removeDirectory } from "../native/directory.js";
import { machineNames, type Target, type Toolchain, toolchainFor } from "../native/toolchain.js";
import { didYouMean } from "../nearest.js";
import type { ReproduceOptions } from "../options.js";
import { rules } from "../rules/index.js";
import { mistaken, type Outcome } from "../run.js";
import { formatReport, type Report, type Result } from "./report.js";
import { makeWorkplace, shipped, workplaceFor } from "./shipped.js";
import { type Reproducer, tryReproducer, type Workplace } from "./trial.js";
import { expectationsOn, isFailure, judge } from "./verdict.js";

/** What the outside world gives the command. */
export interface ReproduceHost {
  readonly env: NodeJS.ProcessEnv;
  /** As process.platform. */
  readonly platform: string;
  readonly version: () => string;
  /** Aborted when the user wants no more of it. */
  readonly interrupted: AbortSignal;
}

function targetOf(emulate: string | undefined): Target | undefined {
  return emulate === undefined ? "native" : machineNames.find((name) => name === emulate);
}

/** The reproducers that are asked for, or a sentence that says why not. */
function chosen(names: readonly string[], target: Target): readonly Reproducer[] | string {
  const known = rules.map(({ id }) => id);
  for (const name of names) {
    if (known.includes(name)) continue;
    return `reproduce ${name}: there is no such rule${didYouMean(name, known) || "; see mmaplint --list-rules"}`;
  }
  const wanted = names.length > 0 ? known.filter((id) => names.includes(id)) : known;
  const found = wanted.flatMap((id) => shipped(id) ?? []);
  const missing = wanted.filter((id) => !found.some(({ header }) => header.rule === id));
  if (names.length > 0 && missing.length > 0)
    return `no reproducer of ${missing.join(", ")} is in this installation`;
  const able = found.filter(({ header }) => expectationsOn(header, target) !== undefined);
  const unable = found.find((reproducer) => !able.includes(reproducer));
  if (names.length > 0 && unable !== undefined) {
    return `reproduce ${unable.header.rule}: shows nothing more under ${target}; run it without --emulate`;
  }
  if (able.length === 0) {
    const others = machineNames.filter((name) => found.some(({ header }) => header.emulated.has(name)));
    return `--emulate ${target}: no reproducer shows more there; some do on ${others.join(" and ")}`;
  }
  return able;
}

/** Tries reproducers side by side, one for each processor; the results are in the order of the reproducers. */
export async function tryAll(
  reproducers: readonly Reproducer[],
  toolchain: Toolchain,
  { workplace, ...rest }: { readonly workplace: string } & Omit<Workplace, "directory">,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const queue = reproducers.entries();
  const work = async (): Promise<void> => {
    for (const [index, reproducer] of queue) {
      const { header } = reproducer;
      const directory = workplaceFor(workplace, header.rule);
      const trial = await tryReproducer(reproducer, toolchain, { directory, ...rest });
      results[index] = { header, trial, verdict: judge(header, toolchain.target, trial) };
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return results;
}

/** Users' compilers may warn of more than those that the reproducers are tested with. */
const FLAGS = ["-O0", "-w"];

/** Runs the command. Throws only for defects of mmaplint itself. */
export async function reproduce(options: ReproduceOptions, host: ReproduceHost): Promise<Outcome> {
  const { env, interrupted } = host;
  const target = targetOf(options.emulate);
  if (target === undefined) {
    const machine = options.emulate ?? "";
    return mistaken([
      `--emulate ${machine}: must be one of ${machineNames.join(", ")}${didYouMean(machine, machineNames)}`,
    ]);
  }
  if (host.platform !== "linux") {
    return mistaken([
      `reproduce runs on Linux only, this is ${host.platform}: use a virtual machine or container`,
    ]);
  }
  const reproducers = chosen(options.rules, target);
  if (typeof reproducers === "string") return mistaken([reproducers]);
  const toolchain = toolchainFor(target, env);
  if (typeof toolchain === "string") return mistaken([toolchain]);
  const started = performance.now();
  const workplace = makeWorkplace();
  if (workplace === undefined) return mistaken([NO_PLACE]);
  let results: readonly Result[];
  try {
    results = await tryAll(reproducers, toolchain, {
      workplace,
      path: env["PATH"] ?? "",
      flags: FLAGS,
      interrupted,
    });
  } finally {
    if (!options.keep) removeDirectory(workplace);
  }
  const report: Report = {
    toolchain,
    results,
    milliseconds: performance.now() - started,
    kept: options.keep ? workplace : undefined,
  };
  return {
    exitCode: results.some(({ verdict }) => isFailure(verdict)) ? 1 : 0,
    output: formatReport(report, options.format, host.version),
    errorOutput: "",
  };
}
