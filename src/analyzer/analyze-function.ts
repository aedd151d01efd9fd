/** One function: to the fixpoint without a word, then one replay over the stable states that tells the events. */
import type { Site } from "../diagnostic.js";
import { type Amount, ofSymbol, soleSymbol, symbolOf, ZERO } from "./amount.js";
import { assume } from "./assume.js";
import { believedLeaks, noteLeaving } from "./believed.js";
import { noteEnding } from "./conditional-release.js";
import { leftPointing } from "./dangling.js";
import { descriptorAtExit } from "./descriptors.js";
import type { Event, ExitEvent } from "./events.js";
import { evaluate } from "./evaluate.js";
import type { Lattice } from "./fixpoint.js";
import { MAX_STATES, NoFixpoint, solve } from "./fixpoint.js";
import { inHindsight } from "./hindsight.js";
import type { Block, Cfg, Instruction, Operand, Terminator } from "./ir.js";
import { UNKNOWN } from "./joining.js";
import { noteLeft } from "./left-behind.js";
import type { Loops } from "./loops.js";
import { crossingTemporaries, findLoops, lastJoins } from "./loops.js";
import type { Context, Machine } from "./machine.js";
import type { Mapping } from "./mapping.js";
import { noteFailed, noteKept } from "./member-notes.js";
import { withCounts } from "./reference-counts.js";
import type { Range } from "./range.js";
import { State } from "./state.js";
import { sameState } from "./same-state.js";
import type { Exit, Summary } from "./summary.js";
import { NEVER_RETURNS, summarize } from "./summary.js";
import { isTaken } from "./overwriting.js";
import { execute, leave } from "./transfer.js";
import { beforeTurn } from "./turns.js";
import type { Value } from "./value.js";
import { amountValue, asAmount, asNumber } from "./value.js";

export interface FunctionResult {
  readonly events: readonly Event[];
  /** Undefined when it has too many outcomes. */
  readonly summary: Summary | undefined;
  /** Joins forced by the limit on states. */
  readonly forced: number;
}

function lattice({ repeated }: Loops): Lattice<State> {
  return {
    key: (state) => state.key(),
    equals: sameState,
    join: (known, arriving, block) => known.join(arriving, String(block), repeated.has(block)),
    turn: beforeTurn,
  };
}

/** Places and facts that the states of one function may hold, summed over the visits of its blocks. */
const MAX_EFFORT = 1_500_000;

/** Looks on at the replay: at each state before and after an instruction, and before what ends a block. */
export type Watch = (m: Machine, step: Instruction | Terminator, when: "before" | "after") => void;

/** Throws NoFixpoint where a limit is reached. */
export function analyzeFunction(context: Context, watch?: Watch): FunctionResult {
  const { cfg } = context;
  const shape: Shape = {
    loops: findLoops(cfg),
    crossing: crossingTemporaries(cfg),
    lastJoins: lastJoins(cfg),
  };
  const entry = entryState(cfg);
  let effort = 0;
  const { states, forced } = solve(entry, lattice(shape.loops), shape.loops, (block, state) => {
    effort += state.store.size + state.facts.size;
    if (effort > MAX_EFFORT) throw new NoFixpoint("too many states");
    return runBlock(context, shape, block, state.clone(), undefined).next;
  });
  const events: Event[] = [];
  const exits: Exit[] = [];
  for (const block of inReplay(states.keys(), cfg)) {
    for (const state of states.get(block) ?? []) {
      exits.push(
        ...runBlock(context, shape, block, state.clone(), (event) => events.push(event), watch).exits,
      );
    }
  }
  const summary = cfg.noreturn ? NEVER_RETURNS : summarize(exits, context);
  const known = inHindsight(events, cfg, shape.loops, context.plainTests);
  return {
    events: [...withCounts(known, cfg, context.text), ...believedLeaks(context)],
    summary,
    forced,
  };
}

/**
 * What is noted where the function ends rests on what the blocks on the way there have noted, and the block of a label is
 * as old as the first goto to it: the ends come last.
 */
function inReplay(blocks: Iterable<number>, cfg: Cfg): readonly number[] {
  const isEnd = (block: number): boolean => cfg.blocks[block]?.terminator.kind === "return";
  const inOrder = [...blocks].sort((a, b) => a - b);
  return [...inOrder.filter((block) => !isEnd(block)), ...inOrder.filter(isEnd)];
}

function entryState(cfg: Cfg): State {
  const state = State.empty();
  cfg.parameters.forEach(({ id, name, unsigned, narrow }, index) => {
    const amount = symbolOf({ kind: "parameter", index, name, ...(narrow === true ? { narrow } : {}) });
    state.store.set(id, amountValue(amount));
    if (unsigned === true) state.assume(amount, ">=");
  });
  return state;
}

/** What the graph alone tells. */
interface Shape {
  readonly loops: Loops;
  readonly crossing: ReadonlySet<string>;
  readonly lastJoins: ReadonlySet<number>;
}

interface BlockResult {
  readonly next: readonly (readonly [number, State])[];
  readonly exits: readonly Exit[];
}

function runBlock(
  context: Context,
  shape: Shape,
  index: number,
  start: State,
  emit: Machine["emit"],
  watch?: Watch,
): BlockResult {
  const again = shape.loops.repeated.has(index);
  const block = context.cfg.blocks[index];
  if (block === undefined) return { next: [], exits: [] };
  let states = [start];
  for (const instruction of block.instructions) {
    const machine = (state: State): Machine => ({ context, state, at: instruction.id, again, emit });
    if (watch !== undefined) for (const state of states) watch(machine(state), instruction, "before");
    const after = states.flatMap((state) => execute(machine(state), instruction));
    if (watch !== undefined) for (const state of after) watch(machine(state), instruction, "after");
    states = after.length > MAX_STATES ? fewer(after, instruction.id) : after;
  }
  const next: [number, State][] = [];
  const exits: Exit[] = [];
  for (const state of states) {
    const machine: Machine = { context, state, at: `b${index}`, again, emit };
    watch?.(machine, block.terminator, "before");
    finish(machine, block, next, exits);
  }
  // What a member holds on each way is no longer known where the ways have met.
  for (const [to, state] of next)
    if (emit !== undefined && shape.lastJoins.has(to))
      noteKept({ context, state, at: `b${index}`, again, emit });
  for (const [, state] of next) dropTemporaries(state, shape.crossing);
  return { next, exits };
}

/**
 * Calls with several outcomes multiply the states of a block: beyond the limit those that the fixpoint would not keep
 * apart are joined, and if that is not enough, all of them.
 */
function fewer(states: readonly State[], at: string): State[] {
  const byKey = new Map<string, State>();
  for (const state of states) {
    const key = state.key();
    const other = byKey.get(key);
    byKey.set(key, other === undefined ? state : other.join(state, at, false));
  }
  const apart = [...byKey.values()];
  return apart.length > MAX_STATES ? [apart.reduce((all, state) => all.join(state, at, false))] : apart;
}

function dropTemporaries(state: State, crossing: ReadonlySet<string>): void {
  for (const key of state.store.keys())
    if (key.startsWith("t#") && !crossing.has(key.slice(2))) state.store.delete(key);
}

function finish(m: Machine, block: Block, next: [number, State][], exits: Exit[]): void {
  const { terminator } = block;
  switch (terminator.kind) {
    case "goto":
      next.push([terminator.to, m.state]);
      return;
    case "branch": {
      // Evaluated once for its accesses; then once for each side, silently.
      evaluate(m, terminator.condition);
      const sides: [number, State][] = [];
      const rests = isUnknown(m, terminator.condition);
      for (const [to, truth] of [
        [terminator.then, true],
        [terminator.else, false],
      ] as const) {
        // The second side may have the state itself: nobody needs it any more.
        const state = truth ? m.state.clone() : m.state;
        const said = truth ? checksOnly(m.emit) : undefined;
        if (assume({ ...m, state, emit: said }, terminator.condition, truth)) sides.push([to, state]);
      }
      if (sides.length === 2 && rests) noteDeclined(m.context.cfg, sides);
      next.push(...sides);
      return;
    }
    case "return": {
      const value = leave(m, terminator.value, terminator.site);
      if (m.emit !== undefined) {
        tellExits(m, value, terminator.site);
        noteLeaving(m, value, outcome(m.context.cfg, value), terminator.site);
        noteKept(m);
        const returns = outcome(m.context.cfg, value);
        const hasFailed = returns === "failure" || isErrorCode(m, value);
        noteFailed(m, hasFailed, isFalse(m, terminator.value));
        noteEnding(m, hasFailed);
        noteLeft(m, hasFailed ? "failure" : returns);
      }
      exits.push({ state: m.state, value });
      return;
    }
    case "unreachable":
      return;
  }
}

/** Does the condition rest on what unknown code has left behind? */
function isUnknown(m: Machine, condition: Operand): boolean {
  if (condition.kind === "binary") return isUnknown(m, condition.left) || isUnknown(m, condition.right);
  if (condition.kind === "unary") return isUnknown(m, condition.operand);
  const value = evaluate({ ...m, emit: undefined }, condition);
  return value.kind === "amount" && value.amount.terms.some(({ symbol }) => symbol.id.includes(UNKNOWN));
}

const RELEASES = /unmap|free|release|destroy|close|cleanup/i;

/**
 * `if (need_unmap) munmap(p, n)`: where nothing is known of the condition, the side that does not release `p` is one
 * that the author has thought of.
 */
function noteDeclined({ blocks }: Cfg, sides: readonly (readonly [number, State])[]): void {
  sides.forEach(([to], i) => {
    const [otherBlock, other] = sides[1 - i] ?? [];
    const block = blocks[to];
    // An early return past a release is another matter: there the sides do not meet again.
    if (block?.terminator.kind !== "goto" || block.terminator.to !== otherBlock) return;
    for (const instruction of block.instructions) {
      if (
        instruction.kind !== "call" ||
        instruction.callee === undefined ||
        !RELEASES.test(instruction.callee)
      )
        continue;
      for (const arg of instruction.args)
        if (arg.kind === "read" && arg.place.kind === "variable") decline(other, arg.place.variable.id);
    }
  });
}

function decline(state: State | undefined, variable: string): void {
  const value = state?.store.get(variable);
  if (value?.kind === "pointer") state?.update(value.mapping, { declined: true });
}

function checksOnly(emit: Machine["emit"]): Machine["emit"] {
  return emit === undefined
    ? undefined
    : (event) => (event.kind === "check" || event.kind === "result" ? emit(event) : undefined);
}

function tellExits(m: Machine, value: Value | undefined, site: Site): void {
  const { cfg } = m.context;
  const inSomeBuilds =
    m.context.cleansUp || [...m.state.facts].some(([key, range]) => isBuildConstant(key) && isZero(range));
  for (const held of m.state.mappings.values()) {
    const mapping = withoutFailed(m.state, held);
    const excused = inSomeBuilds || isTaken(m.state, mapping, value);
    m.emit?.({
      kind: "exit",
      site,
      function: cfg.name,
      mapping,
      excused,
      inMain: cfg.name === "main",
      descriptor: descriptorAtExit(m, mapping, value),
      releasedElsewhere: false,
      releasedInLoop: false,
      testedElsewhere: false,
      comparedElsewhere: false,
      releasedByOthers: false,
      mayBeReleased: false,
      handedOverElsewhere: false,
      returns: outcome(cfg, value),
      leftPointing: leftPointing(m, mapping),
    });
  }
}

/** Where the call has failed that was to unmap a part of it, all of it is there. */
function withoutFailed(state: State, mapping: Mapping): Mapping {
  const { partial } = mapping;
  return partial !== undefined && state.range(partial.result).max < 0
    ? { ...mapping, partial: undefined }
    : mapping;
}

/** `if (ENABLE_CLEANUP) munmap(…)`: the path without it exists in some builds only. */
function isBuildConstant(key: string): boolean {
  return key.startsWith("+{const:") && !key.slice(1).includes("+");
}

function isZero(range: Range): boolean {
  return range.min === 0 && range.max === 0;
}

function outcome(cfg: Cfg, value: Value | undefined): ExitEvent["returns"] {
  const n = asNumber(value);
  if (n === undefined) {
    if (value?.kind === "amount" && isNegatedErrno(value.amount)) return "failure";
    const called = value?.kind === "amount" ? soleSymbol(value.amount)?.origin : undefined;
    return called?.kind === "call" || (called?.kind === "opaque" && OF_CALLEE.test(called.what))
      ? "delegated"
      : "unknown";
  }
  if (cfg.returns === "pointer") return n === 0 || n === -1 ? "failure" : "unknown";
  return n < 0 ? "failure" : n === 0 ? "success" : "unknown";
}

/** Nobody writes `return false` for a success that is 0. */
function isFalse({ context }: Machine, operand: Operand | undefined): boolean {
  return operand !== undefined && /^(?:false|FALSE)$/.test(context.text(operand.site));
}

/** Not 0, or not what a name says is the success, as the path has asked. */
function isErrorCode({ state, context }: Machine, value: Value | undefined): boolean {
  const amount = asAmount(value);
  const symbol = amount === undefined ? undefined : soleSymbol(amount);
  if (symbol === undefined || context.cfg.returns === "pointer") return false;
  const { min, max, not } = state.range(ofSymbol(symbol));
  if (min > 0 || max < 0 || not.includes(0)) return true;
  return [...state.facts].some(([key, range]) => {
    const { constant, terms } = state.forms.get(key) ?? ZERO;
    const [other] = terms.filter((term) => term.symbol.id !== symbol.id);
    return (
      constant === 0 &&
      terms.length === 2 &&
      other?.symbol.origin.kind === "constant" &&
      SUCCESS.test(other.symbol.origin.name) &&
      range.not.includes(0)
    );
  });
}

const SUCCESS = /(?:SUCCESS|_OK|NO_?ERR(?:OR)?)$/;

/** What a function of the program gives is named after the call. */
const OF_CALLEE = /^\d+\//;

/** `-ENOMEM`. */
function isNegatedErrno({ terms: [term, second], constant }: Amount): boolean {
  const origin = term?.symbol.origin;
  return (
    second === undefined &&
    constant === 0 &&
    term?.coefficient === -1 &&
    origin?.kind === "constant" &&
    /^E[A-Z0-9]+$/.test(origin.name)
  );
}
