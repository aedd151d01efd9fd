/** What was unmapped on one turn of a loop and is found on the next one, where it still was. */
import { soleSymbol, ZERO } from "./amount.js";
import type { Mapping } from "./mapping.js";
import type { State } from "./state.js";
import { isOuter } from "./value.js";

/** Ids of memory that a turn of a loop was given. */
export const PASSING = /\?|call:/;
/** Ids of memory that stands in one of many places, by an index or by a pointer that moves on. */
export const OF_MANY = /\[|\}\+|\d\+\{|\?|call:/;

/** The place that still holds the address of what was unmapped, where the function did not map it itself. */
export function placeLeft({ store }: State, { source, address, phase }: Mapping): string | undefined {
  if (source !== "given" || phase !== "unmapped" || address?.kind !== "amount") return undefined;
  const symbol = soleSymbol(address.amount);
  if (symbol === undefined) return undefined;
  for (const [key, held] of store)
    if (isOuter(key) && held.kind === "amount" && soleSymbol(held.amount)?.id === symbol.id) return key;
  return undefined;
}

/**
 * The state before another turn of a loop. Symbols of a turn stand for something else on the next one, so an address that
 * has stayed where it was while what it led to was unmapped is named after its place.
 */
export function beforeTurn(state: State): State {
  const left = [...state.mappings.values()].flatMap((mapping) => {
    const place = PASSING.test(mapping.id) ? placeLeft(state, mapping) : undefined;
    return place === undefined || OF_MANY.test(place) ? [] : [[mapping.id, place] as const];
  });
  if (left.length === 0) return state;
  const renamed = state.clone();
  for (const [id, place] of left) {
    const to = `given:left:${place}`;
    renamed.rename(id, to);
    renamed.store.set(place, { kind: "pointer", mapping: to, offset: ZERO, varied: false });
  }
  return renamed;
}
