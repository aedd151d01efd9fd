/**
 * Mappings that a function is believed to own, though nobody knows the function that made them: it gives what that one
 * returned, or left in a local variable, to munmap() on one path, and leaves with a failure on another without that.
 *
 * Engler et al., Bugs as Deviant Behavior, SOSP 2001: what code does on one path tells what it believes on all.
 */
import type { Site } from "../diagnostic.js";
import { type Amount, soleSymbol, symbolOf } from "./amount.js";
import type { ExitEvent, Target } from "./events.js";
import { flag } from "./flags.js";
import type { Cfg } from "./ir.js";
import { UNKNOWN } from "./joining.js";
import type { Machine } from "./machine.js";
import { newMapping } from "./mapping.js";
import type { Range } from "./range.js";
import type { State } from "./state.js";
import type { Value } from "./value.js";

/** What a path has told of the results of unknown calls, by the symbol of what they made. */
export interface Believed {
  /** What the call's own result was where munmap() was given what it made. */
  readonly released: Map<string, Range[]>;
  readonly exits: LeavingWith[];
  /** What has been unmapped where the path ends otherwise than with a failure. */
  readonly ended: Set<string>;
}

/** A path leaves the function, while a local variable holds what an unknown call made. */
interface LeavingWith {
  readonly symbol: string;
  readonly variable: string;
  readonly call: { readonly site: Site; readonly callee: string };
  readonly result: Range;
  readonly failed: boolean;
  readonly site: Site;
}

/** `munmap(p, n)` with what an unknown call has made. */
export function noteReleased({ context, state, emit }: Machine, { value }: Target): void {
  if (emit === undefined || value.kind !== "amount") return;
  const made = madeBy(context.cfg, value.amount);
  if (made === undefined) return;
  const { released } = context.believed;
  released.set(made.symbol, [...(released.get(made.symbol) ?? []), state.range(made.result)]);
}

/** The path ends: which local variables hold what unknown calls have made? */
export function noteLeaving(
  { context, state }: Machine,
  returned: Value | undefined,
  returns: ExitEvent["returns"],
  site: Site,
): void {
  const { ended, exits } = context.believed;
  const failed = returns === "failure";
  if (!failed)
    for (const { id, phase } of state.mappings.values())
      if (phase === "unmapped" && id.startsWith(GIVEN)) ended.add(id.slice(GIVEN.length));
  if (returns === "success" || returns === "delegated" || hasFailedToUnmap(context.cfg, state)) return;
  for (const [variable, held] of state.store) {
    if (!/^\w+$/.test(variable) || held.kind !== "amount") continue;
    const made = madeBy(context.cfg, held.amount);
    if (made === undefined || isKept(state, made.symbol, variable, returned)) continue;
    if (isStored(context, variable)) continue;
    const { symbol, call, result } = made;
    exits.push({ symbol, variable, call, result: state.range(result), failed, site });
  }
}

/** The paths that leave without unmapping what others unmap, after the same outcome of the call that made it. */
export function believedLeaks({ believed, cfg }: Machine["context"]): readonly ExitEvent[] {
  const { released, exits, ended } = believed;
  return exits.flatMap(({ symbol, variable, call, result, failed, site }) => {
    if (!failed && !ended.has(symbol)) return [];
    const ranges = released.get(symbol) ?? [];
    if (isNothing(result) || !ranges.some((range) => isWithin(result, range))) return [];
    const message = `made by ${call.callee}, called here, and unmapped on another path`;
    const mapping = newMapping({
      id: `believed:${symbol}`,
      source: "mmap",
      function: call.callee,
      site: call.site,
      name: variable,
      phase: "live",
      owner: "lent",
      flags: flag("MAP_SHARED"),
      history: [{ site: call.site, message }],
    });
    const event: ExitEvent = {
      kind: "exit",
      site,
      function: cfg.name,
      mapping,
      excused: false,
      inMain: cfg.name === "main",
      descriptor: undefined,
      releasedElsewhere: true,
      releasedInLoop: false,
      testedElsewhere: true,
      comparedElsewhere: true,
      releasedByOthers: false,
      mayBeReleased: false,
      handedOverElsewhere: false,
      returns: "failure",
      leftPointing: undefined,
    };
    return [event];
  });
}

/** The id of memory that the function has not mapped itself begins so; the symbol of its address follows. */
const GIVEN = "given:";

interface Made {
  readonly symbol: string;
  /** What tells whether the call has failed. */
  readonly result: Amount;
  readonly call: LeavingWith["call"];
}

/** The unknown call that the value comes from: its result, or what it left in a variable whose address it was given. */
function madeBy({ blocks }: Cfg, amount: Amount): Made | undefined {
  const symbol = soleSymbol(amount);
  if (symbol === undefined) return undefined;
  const { origin } = symbol;
  const at =
    origin.kind === "call"
      ? origin.instruction
      : origin.kind === "opaque"
        ? new RegExp(`^(\\w+)\\.${UNKNOWN} \\w+$`).exec(origin.what)?.[1]
        : undefined;
  if (at === undefined) return undefined;
  for (const { instructions } of blocks) {
    for (const instruction of instructions) {
      if (instruction.kind !== "call" || instruction.id !== at || instruction.callee === undefined) continue;
      const { callee, site } = instruction;
      const result =
        origin.kind === "call" ? amount : symbolOf({ kind: "call", function: callee, instruction: at });
      return { symbol: symbol.id, result, call: { callee, site } };
    }
  }
  return undefined;
}

/** The path ends because munmap() has failed. */
function hasFailedToUnmap({ blocks }: Cfg, state: State): boolean {
  return blocks.some(({ instructions }) =>
    instructions.some(
      (instruction) =>
        instruction.kind === "call" &&
        instruction.callee === "munmap" &&
        state.range(symbolOf({ kind: "call", function: "munmap", instruction: instruction.id })).max < 0,
    ),
  );
}

/** It is gone already, or somebody else has it: a place outside the function, another variable, the caller. */
function isKept(state: State, symbol: string, variable: string, returned: Value | undefined): boolean {
  if (state.mapping(`${GIVEN}${symbol}`)?.phase === "unmapped") return true;
  const speaks = (value: Value | undefined): boolean =>
    value?.kind === "amount" && value.amount.terms.some((term) => term.symbol.id === symbol);
  if (speaks(returned)) return true;
  return [...state.store].some(([key, value]) => key !== variable && !key.startsWith("t#") && speaks(value));
}

/** Some path puts it where others find it: what is seen of that place later does not tell. */
function isStored({ cfg, text }: Machine["context"], variable: string): boolean {
  return cfg.blocks.some(({ instructions }) =>
    instructions.some(
      ({ kind, site, ...rest }) =>
        kind === "assign" &&
        "target" in rest &&
        !(rest.target.kind === "variable" && rest.target.variable.scope === "local") &&
        new RegExp(`[^=!<>]=[^=].*\\b${variable}\\b`, "s").test(text(site)),
    ),
  );
}

function isWithin(inner: Range, outer: Range): boolean {
  const isOut = (n: number): boolean => n < inner.min || n > inner.max || inner.not.includes(n);
  return inner.min >= outer.min && inner.max <= outer.max && outer.not.every(isOut);
}

/** NULL or MAP_FAILED: there is nothing to unmap. */
function isNothing({ min, max }: Range): boolean {
  return min === max && (min === 0 || min === -1);
}
