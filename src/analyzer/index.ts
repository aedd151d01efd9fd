/** The engine: sources in, events out. */
import { openUnit } from "../syntax/index.js";
import type { Steps } from "../steps.js";
import type { Source, Unit } from "../syntax/unit.js";
import type { FunctionModels } from "./model/declared.js";
import type { Memory } from "./memory.js";
import type { Naming } from "./naming.js";
import type { AnalyzedFunction } from "./unit-analysis.js";
import { Program } from "./program.js";
import type { GivenUp } from "./unit-analysis.js";

export type { AnalyzedFunction } from "./unit-analysis.js";

export interface Analysis {
  /** The files that were analyzed, in the order of their paths. */
  readonly units: readonly Unit[];
  /** In the order of the files and of their text. */
  readonly functions: readonly AnalyzedFunction[];
  readonly givenUp: readonly GivenUp[];
  /** Joins that the limit on states forced. */
  readonly forcedJoins: number;
}

/** How the engine reaches what it was not given. */
export interface Surroundings {
  /** Opens a file; the same file twice is the same unit. */
  readonly open: (source: Source) => Unit;
  readonly naming: Naming;
  /** What the user declares for calls in the file at a path. */
  readonly modelsOf?: ((path: string) => FunctionModels | undefined) | undefined;
  /** What an earlier run over nearly the same files has found out; absent where there was none. */
  readonly memory?: Memory | undefined;
}

const ALONE: Surroundings = { open: openUnit, naming: () => [] };

/**
 * Analyzes the sources as one program. Never throws for what a source contains: a function that cannot be read or does
 * not come to an end is given up alone. What was found out before a run was given up the memory keeps.
 */
export function* analyze(sources: readonly Source[], around: Surroundings = ALONE): Steps<Analysis> {
  const program = new Program(
    around.open,
    around.naming,
    around.modelsOf ?? (() => undefined),
    around.memory,
  );
  around.memory?.beginRun();
  yield* program.run(sources);
  around.memory?.endRun(program);
  const { units, functions, givenUp, forcedJoins } = program;
  return { units, functions, givenUp, forcedJoins };
}
