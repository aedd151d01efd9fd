/**
 * What earlier runs have found out about functions, for as long as it holds: the same text at the same place, with the
 * same environment, and the same answers to every question that its analysis has asked of the rest of the program.
 */
import type { Site } from "../diagnostic.js";
import type { FunctionOutline, Unit } from "../syntax/unit.js";
import type { Context, Wanted } from "./machine.js";
import type { Program } from "./program.js";
import type { Result } from "./unit-analysis.js";

/** What the analysis of a function asks of the rest of the program. */
export type Questions = Pick<
  Context,
  | "calledBy"
  | "defines"
  | "fixedPageSize"
  | "holdsMapping"
  | "modelOf"
  | "neverReturns"
  | "openedFor"
  | "summaryOf"
  | "text"
  | "unlinksShared"
  | "wipes"
>;

type Ask<Answer> = (questions: Questions) => Answer;

interface Asked {
  readonly ask: Ask<unknown>;
  readonly answer: unknown;
}

/** What an analysis has come to. */
export interface Outcome {
  readonly result: Result;
  /** Joins that the limit on states forced. */
  readonly forced: number;
  /** Why the function was given up, if it was. */
  readonly givenUp: string | undefined;
}

interface Entry {
  readonly environment: readonly string[];
  /** In the order in which it was asked: an answer may depend on what was asked before. */
  readonly asked: readonly Asked[];
  readonly outcome: Outcome;
}

/** Results by function; `endRun` forgets those that no function of the run had use for, a run given up forgets none. */
export class Memory {
  #earlier: ReadonlyMap<string, Entry> = new Map();
  #current = new Map<string, Entry>();
  #program: Program | undefined;

  /** The program as of the last run, for questions about it. */
  get program(): Program | undefined {
    return this.#program;
  }

  /** The outcome of `analyze`, or the one remembered where it would be the same. */
  outcome(
    unit: Unit,
    outline: FunctionOutline,
    questions: Questions,
    analyze: (questions: Questions) => Outcome,
  ): Outcome {
    const key = `${unit.source.path}:${outline.span.start}`;
    const environment = unit.environment(outline);
    const known = this.#earlier.get(key);
    if (known !== undefined && isSame(known.environment, environment) && agrees(known.asked, questions)) {
      this.#current.set(key, known);
      return known.outcome;
    }
    const { recorder, asked } = recording(questions);
    const outcome = analyze(recorder);
    this.#current.set(key, { environment, asked: [...asked.values()], outcome });
    return outcome;
  }

  beginRun(): void {
    if (this.#current.size === 0) return;
    this.#earlier = new Map([...this.#earlier, ...this.#current]);
    this.#current = new Map();
  }

  endRun(program: Program): void {
    this.#program = program;
    this.#earlier = this.#current;
    this.#current = new Map();
  }
}

function agrees(asked: readonly Asked[], questions: Questions): boolean {
  return asked.every(({ ask, answer }) => isSame(ask(questions), answer));
}

/** Each question as a function of whom it is put to. Made out here, where they keep nothing of a run alive. */
const ASK = {
  fixedPageSize: () => (of: Questions) => of.fixedPageSize,
  wipes: () => (of: Questions) => of.wipes,
  calledBy: (name: string) => (of: Questions) => of.calledBy(name),
  defines: (name: string) => (of: Questions) => of.defines(name),
  modelOf: (name: string) => (of: Questions) => of.modelOf(name),
  neverReturns: (name: string) => (of: Questions) => of.neverReturns(name),
  openedFor: (variable: string) => (of: Questions) => of.openedFor(variable),
  summaryOf: (name: string, wanted: Wanted, otherwise?: boolean) => (of: Questions) =>
    of.summaryOf(name, wanted, otherwise),
  text: (site: Site) => (of: Questions) => of.text(site),
  holdsMapping: (name: string) => (of: Questions) => of.holdsMapping(name),
  unlinksShared: () => (of: Questions) => of.unlinksShared(),
};

/** Questions that note each answer, by the question. */
function recording(questions: Questions): {
  readonly recorder: Questions;
  readonly asked: ReadonlyMap<string, Asked>;
} {
  const asked = new Map<string, Asked>();
  const note = <Answer>(question: string, ask: Ask<Answer>): Answer => {
    const answer = ask(questions);
    if (!asked.has(question)) asked.set(question, { ask, answer });
    return answer;
  };
  return {
    asked,
    recorder: {
      fixedPageSize: note("fixedPageSize", ASK.fixedPageSize()),
      wipes: note("wipes", ASK.wipes()),
      calledBy: (name) => note(`calledBy ${name}`, ASK.calledBy(name)),
      defines: (name) => note(`defines ${name}`, ASK.defines(name)),
      modelOf: (name) => note(`modelOf ${name}`, ASK.modelOf(name)),
      neverReturns: (name) => note(`neverReturns ${name}`, ASK.neverReturns(name)),
      openedFor: (variable) => note(`openedFor ${variable}`, ASK.openedFor(variable)),
      summaryOf: (name, wanted, otherwise) =>
        note(`summaryOf ${name} ${wanted} ${otherwise}`, ASK.summaryOf(name, wanted, otherwise)),
      text: (site) => note(`text ${site.file} ${site.start} ${site.end}`, ASK.text(site)),
      holdsMapping: (name) => note(`holdsMapping ${name}`, ASK.holdsMapping(name)),
      unlinksShared: () => note("unlinksShared", ASK.unlinksShared()),
    },
  };
}

/** Equality of plain data: what is neither array, Map, Set nor plain object is the same only as itself. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, i) => isSame(one, b[i]))
    );
  if (a instanceof Map || b instanceof Map)
    return a instanceof Map && b instanceof Map && isSame([...a], [...b]);
  if (a instanceof Set || b instanceof Set)
    return a instanceof Set && b instanceof Set && isSame([...a], [...b]);
  const left: Readonly<Record<string, unknown>> = { ...a };
  const right: Readonly<Record<string, unknown>> = { ...b };
  const keys = Object.keys(left);
  return (
    Object.getPrototypeOf(a) === Object.getPrototypeOf(b) &&
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && isSame(left[key], right[key]))
  );
}
