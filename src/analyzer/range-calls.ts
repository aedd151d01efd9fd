/** Calls that do something to a range of memory: mprotect(2), madvise(2), mlock(2), msync(2). */
import type { Site } from "../diagnostic.js";
import { noteUse } from "./access.js";
import type { Amount, Symbol } from "./amount.js";
import { amountKey, constantValue, sameAmount, soleSymbol, subtract } from "./amount.js";
import { targetOf } from "./call.js";
import type { Call, RangeEvent, Target } from "./events.js";
import type { Flags } from "./flags.js";
import { hasFlag, protectionOfNumber, UNKNOWN_FLAGS } from "./flags.js";
import type { Machine } from "./machine.js";
import { tell } from "./mapping.js";
import type { Effect } from "./model/model.js";
import type { Value } from "./value.js";
import { asAmount, asFlags, NULL_VALUE } from "./value.js";

/** The advice that gives content up, where it is certain. */
export function discardingAdvice(advice: Flags): string | undefined {
  return ["MADV_DONTNEED", "MADV_FREE"].find((name) => hasFlag(advice, name) === "yes");
}

/** A range gets another protection, advice, a lock, or is synced. */
export function rangeCall(
  m: Machine,
  effect: RangeEffect | FlushEffect,
  call: Call,
  values: readonly Value[],
): void {
  if (effect.kind === "flush") return flush(m, effect, call, values);
  const target = targetOf(
    m,
    values[effect.address] ?? NULL_VALUE,
    call.args[effect.address]?.site ?? call.site,
    // Who wipes, unlocks or wipes only then works on memory that is mostly given.
    effect.kind === "lock",
  );
  const ofNumber = effect.kind === "protect" ? protectionOfNumber : (): Flags => UNKNOWN_FLAGS;
  const flags = effect.flags === undefined ? UNKNOWN_FLAGS : asFlags(values[effect.flags], ofNumber);
  const length = asAmount(values[effect.length]);
  const byteOffset = isByteOffset(target) || isCopied(m, target.value);
  tellRange(m, effect, { call, target, length, byteOffset, flags });
  const { mapping } = target;
  if (effect.kind === "protect") noteReprotected(m, target.value);
  if (mapping === undefined) return;
  if (mapping.phase === "unchecked") m.state.update(mapping.id, { phase: "live", weakTest: undefined });
  if (effect.kind === "protect") {
    // A part of it gets another protection: nothing is certain of the whole any more.
    const whole =
      target.offset !== undefined &&
      constantValue(target.offset) === 0 &&
      length !== undefined &&
      mapping.length !== undefined &&
      constantValue(subtract(length, mapping.length)) === 0;
    m.state.update(mapping.id, {
      protection: whole ? flags : UNKNOWN_FLAGS,
      raw: undefined,
      history: tell(mapping, call.site, "protection changed here"),
    });
  }
  if (effect.kind === "advise" && hasFlag(flags, "MADV_DONTFORK") === "yes")
    m.state.update(mapping.id, { notInherited: true });
  if (effect.kind === "advise" && hasFlag(flags, "MADV_DOFORK") !== "no")
    m.state.update(mapping.id, { notInherited: false });
  if (effect.kind === "advise" && effect.keepsContent !== true) discard(m, target, length, flags, call.site);
  if (effect.kind === "lock")
    m.state.update(
      mapping.id,
      effect.unlocks === true
        ? { locked: undefined, unlockedAt: call.site }
        : { locked: call.site, unlockedAt: undefined },
    );
  if (effect.kind !== "sync") return;
  if (hasFlag(flags, "MS_SYNC") !== "no")
    m.state.update(mapping.id, { written: undefined, asyncAt: undefined });
  else if (hasFlag(flags, "MS_ASYNC") === "yes") m.state.update(mapping.id, { asyncAt: call.site });
}

/** Whatever protection the callers know their memory to have, or a part of it. */
export function noteReprotected({ state, context }: Machine, value: Value): void {
  if (value.kind === "pointer") {
    state.update(value.mapping, { protection: UNKNOWN_FLAGS, raw: undefined });
    return;
  }
  for (const { symbol } of asAmount(value)?.terms ?? [])
    if (symbol.origin.kind === "parameter") context.reprotected.add(symbol.origin.index);
}

/** The end is an address, not a length: what lies between the two is made visible to the fetching of instructions. */
function flush(m: Machine, { address, end }: FlushEffect, call: Call, values: readonly Value[]): void {
  const start = values[address] ?? NULL_VALUE;
  const target = targetOf(m, start, call.args[address]?.site ?? call.site, false);
  const length = distance(start, values[end] ?? NULL_VALUE);
  tellRange(m, { kind: "flush" }, { call, target, length, byteOffset: false, flags: UNKNOWN_FLAGS });
  if (target.mapping !== undefined) m.state.update(target.mapping.id, { unflushed: undefined });
}

function distance(from: Value, to: Value): Amount | undefined {
  if (from.kind === "pointer")
    return to.kind === "pointer" && to.mapping === from.mapping
      ? subtract(to.offset, from.offset)
      : undefined;
  return from.kind === "amount" && to.kind === "amount" ? subtract(to.amount, from.amount) : undefined;
}

/** Tells the call of what it is given, and notes it for memory that others may have mapped. */
function tellRange(
  m: Machine,
  effect: Pick<RangeEvent, "kind"> & Partial<Pick<RangeEffect, "keepsContent" | "unlocks">>,
  facts: Pick<RangeEvent, "call" | "target" | "length" | "byteOffset" | "flags">,
): void {
  if (m.emit === undefined) return;
  const { cfg, wipes } = m.context;
  const event: RangeEvent = {
    kind: effect.kind,
    site: facts.call.site,
    function: cfg.name,
    ...facts,
    sealed: false,
    handedOutChecked: false,
    keepsContent: effect.keepsContent === true,
    unlocks: effect.unlocks === true,
    kindAsked: kindAsked(m, facts.target.value),
    besideWiping: wipes,
    inStatic: cfg.static,
  };
  m.emit(event);
  const { value } = facts.target;
  if (value.kind === "amount") noteUse(m, value.amount, event);
}

/** Is the call for objects of one kind: has the path found a member beside the address equal to something? */
function kindAsked({ state }: Machine, address: Value): boolean {
  const held = address.kind === "amount" ? soleSymbol(address.amount)?.origin : undefined;
  if (held?.kind !== "load" || held.base === undefined) return false;
  const { base, path } = held;
  for (const [key, { min, max }] of state.facts) {
    if (min !== max) continue;
    for (const { symbol } of state.forms.get(key)?.terms ?? [])
      if (
        symbol.origin.kind === "load" &&
        symbol.origin.path !== path &&
        symbol.origin.base !== undefined &&
        sameAmount(symbol.origin.base, base)
      )
        return true;
  }
  return false;
}

type FlushEffect = Effect & { readonly kind: "flush" };
type RangeEffect = Effect & { readonly kind: "protect" | "advise" | "lock" | "sync" };

/** Private memory that has been written is given up: a file's old content, or zeros, is what is read from now on. */
function discard(m: Machine, target: Target, length: Amount | undefined, advice: Flags, site: Site): void {
  const name = discardingAdvice(advice);
  const { mapping, offset } = target;
  if (name === undefined || mapping === undefined || offset === undefined || target.varied) return;
  if (mapping.written === undefined || hasFlag(mapping.flags, "MAP_PRIVATE") !== "yes") return;
  // What others know they may write, or fill when it faults.
  if (mapping.owner === "escaped") return;
  const whole =
    constantValue(offset) === 0 &&
    length !== undefined &&
    mapping.length !== undefined &&
    sameAmount(length, mapping.length);
  m.state.update(mapping.id, {
    discarded: { site, advice: name, offset: whole ? undefined : offset },
    history: tell(mapping, site, "its content is given up here"),
  });
}

/** The same of memory that is not followed: some path copies bytes from or to the very sum that is the address here. */
function isCopied({ context }: Machine, value: Value): boolean {
  if (value.kind !== "amount" || value.amount.terms.length < 2) return false;
  return (
    context.copied.has(amountKey(value.amount)) && value.amount.terms.every(({ symbol }) => isGiven(symbol))
  );
}

function isGiven({ origin }: Symbol): boolean {
  return origin.kind === "load" || origin.kind === "parameter";
}

/** `memcpy(p + at, …); msync(p + at, …)`: an offset for bytes, of which nothing says that it is a page's. */
function isByteOffset({ mapping, offset }: Target): boolean {
  if (mapping === undefined || offset === undefined || !mapping.byteOffsets.includes(amountKey(offset)))
    return false;
  return offset.terms.length > 0 && offset.terms.every(({ symbol }) => isGiven(symbol));
}
