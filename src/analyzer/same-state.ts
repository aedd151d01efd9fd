/** When two states are one: a loop has been run through often enough when another turn brings nothing new. */
import { sameMapping, sameProgress } from "./mapping.js";
import { sameRange } from "./range.js";
import type { State } from "./state.js";
import { sameValue } from "./value.js";

/** Is the same known in both? */
export function sameState(state: State, other: State): boolean {
  if (
    state.failure?.id !== other.failure?.id ||
    state.epochs.size !== other.epochs.size ||
    state.store.size !== other.store.size ||
    state.facts.size !== other.facts.size
  )
    return false;
  if (
    state.mappings.size !== other.mappings.size ||
    state.mingled.size !== other.mingled.size ||
    state.sometimesUsed.size !== other.sometimesUsed.size ||
    state.descriptors.size !== other.descriptors.size
  )
    return false;
  for (const [key, value] of state.store) {
    const theirs = other.store.get(key);
    if (theirs === undefined || !sameValue(value, theirs)) return false;
  }
  for (const [key, range] of state.facts) {
    const theirs = other.facts.get(key);
    if (theirs === undefined || !sameRange(range, theirs)) return false;
  }
  for (const [id, mapping] of state.mappings) {
    const theirs = other.mappings.get(id);
    if (theirs === undefined || !sameMapping(mapping, theirs)) return false;
  }
  for (const [id, used] of state.sometimesUsed) {
    const theirs = other.sometimesUsed.get(id);
    if (theirs === undefined || (used === "gone") !== (theirs === "gone")) return false;
  }
  for (const [symbol, at] of state.epochs) if (other.epochs.get(symbol) !== at) return false;
  for (const [id, descriptor] of state.descriptors) {
    const theirs = other.descriptors.get(id);
    if (theirs === undefined || !sameProgress(theirs, descriptor)) return false;
    if (theirs.truncated?.site.start !== descriptor.truncated?.site.start) return false;
  }
  return true;
}
