/** Calls of functions that are like mmap() but for their failure: they return NULL, or end the process. */
import { settleRemap } from "./assume.js";
import type { Machine, Outgoing } from "./machine.js";
import type { Failing } from "./model/model.js";
import { NULL_VALUE } from "./value.js";
import type { State } from "./state.js";

/** What goes on after such a call; `before`: the state in which it was made. */
export function settleFailure(
  m: Machine,
  outgoing: readonly Outgoing[],
  fails: Failing,
  before: State,
): Outgoing[] {
  if (fails === "MAP_FAILED") return [...outgoing];
  for (const { state, result } of outgoing) {
    const mapping = result.kind === "pointer" ? state.mapping(result.mapping) : undefined;
    if (mapping?.phase !== "unchecked") continue;
    state.update(mapping.id, { phase: "live" });
    settleRemap({ ...m, state }, mapping, false);
  }
  return fails === "NULL" ? [{ state: before, result: NULL_VALUE }, ...outgoing] : [...outgoing];
}
