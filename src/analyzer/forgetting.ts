/** A symbol is about to stand for another value: what was computed from the old one is forgotten. */
import type { Amount } from "./amount.js";
import { mentions, soleSymbol, symbolOf } from "./amount.js";
import type { State } from "./state.js";
import type { Value } from "./value.js";
import { amountValue } from "./value.js";

/** Forgets everything in `state` that was computed from a symbol which is about to stand for another value. */
export function forgetSymbol(state: State, symbolId: string, alsoAlone = false): void {
  forget(state, symbolId, {
    value: (value) => (alsoAlone || soleSymbolId(value) !== symbolId) && valueMentions(value, symbolId),
    amount: (amount) => mentions(amount, symbolId),
  });
}

/** Forgets everything that was read since a moment that comes again: in a loop, it names other values now. */
export function forgetEpoch(state: State, epoch: string): void {
  forget(state, epoch, {
    value: (value) => valueSpeaksOf(value, epoch),
    amount: ({ terms }) => terms.some(({ symbol }) => symbol.id.includes(epoch)),
  });
}

/** `name` stands in the keys of what is forgotten. */
function forget(
  state: State,
  name: string,
  isStale: { readonly value: (value: Value) => boolean; readonly amount: (amount: Amount) => boolean },
): void {
  for (const key of state.facts.keys()) if (key.includes(name)) state.facts.delete(key);
  for (const [key, value] of state.store) {
    if (key.includes(name)) {
      state.store.delete(key);
      continue;
    }
    if (!isStale.value(value)) continue;
    const stale = symbolOf({ kind: "opaque", what: `stale ${key}` });
    state.store.set(
      key,
      value.kind === "pointer" ? { ...value, offset: stale, varied: true } : amountValue(stale),
    );
  }
  for (const m of state.mappings.values()) {
    if (m.source === "given" && m.id.includes(name)) {
      state.mappings.delete(m.id);
      continue;
    }
    const length = m.length !== undefined && isStale.amount(m.length) ? undefined : m.length;
    const offset = m.offset !== undefined && isStale.amount(m.offset) ? undefined : m.offset;
    if (length !== m.length || offset !== m.offset) state.update(m.id, { length, offset });
  }
}

export function soleSymbolId(value: Value): string | undefined {
  if (value.kind === "amount") return soleSymbol(value.amount)?.id;
  return value.kind === "pointer" || value.kind === "address" ? soleSymbol(value.offset)?.id : undefined;
}

export function valueSpeaksOf(value: Value, prefix: string): boolean {
  const amount =
    value.kind === "amount"
      ? value.amount
      : value.kind === "pointer" || value.kind === "address"
        ? value.offset
        : undefined;
  return (
    amount?.terms.some(({ symbol }) => symbol.id.includes(prefix)) === true ||
    (value.kind === "address" && value.place.key.includes(prefix))
  );
}

function valueMentions(value: Value, symbolId: string): boolean {
  switch (value.kind) {
    case "amount":
      return mentions(value.amount, symbolId);
    case "pointer":
      return mentions(value.offset, symbolId);
    case "address":
      return mentions(value.offset, symbolId) || value.place.key.includes(symbolId);
    case "flags":
    case "string":
    case "function":
      return false;
  }
}
