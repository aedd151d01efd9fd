/** Members that still lead to what the function has mapped and unmapped, while their struct lives on without it. */
import { constantValue } from "./amount.js";
import type { ExitEvent } from "./events.js";
import type { Machine } from "./machine.js";
import type { Mapping } from "./mapping.js";
import { isShared } from "./mapping.js";
import { holderOf, isMarkedDead, unmappedAt } from "./member-notes.js";

/** Notes them where the function ends: in what it has linked to its caller's data, or, unless it fails, wherever it is. */
export function noteLeft(m: Machine, returns: ExitEvent["returns"]): void {
  const { context, state } = m;
  // What another function has returned may be a failure.
  const goesOn = returns === "success" || returns === "unknown";
  for (const [key, held] of state.store) {
    const mapping = unmappedAt(state, held);
    const place = mapping === undefined ? undefined : context.places.get(key);
    const holder = place === undefined ? undefined : holderOf(place);
    if (mapping === undefined || place === undefined || holder === undefined) continue;
    if (isMarkedDead(state, key)) continue;
    const isLinked = isInLinked(m, key);
    if (key.startsWith("@") && !isLinked) continue;
    const left = { holder, name: place.name, mapping };
    if (goesOn) context.failed.push({ ...left, stays: "success" });
    else if (isLinked) context.failed.push({ ...left, stays: "linked" });
    else if (returns === "delegated") context.failed.push(left);
  }
  if (goesOn) noteElements(m);
}

/** In a block of the heap that others find from where the function has put it. */
function isInLinked({ state }: Machine, key: string): boolean {
  const id = /^@\{([^+}]*)\+/.exec(key)?.[1];
  const block = id === undefined ? undefined : state.mapping(id);
  return block !== undefined && block.source === "heap" && isShared(block);
}

/** A loop has put parts of the mapping into the members of many structs, and nothing else into such members. */
function noteElements({ context, state }: Machine): void {
  // `set->count = 0`: nobody looks at the elements any more.
  for (const key of context.written) {
    const value = state.store.get(key);
    if (value?.kind === "amount" && constantValue(value.amount) === 0) return;
  }
  for (const [holder, pointed] of context.pointed) {
    const mapping = state.mapping(pointed.mapping.id);
    if (mapping === undefined || !isEnded(mapping) || state.store.has(pointed.key)) continue;
    if (context.refilled.has(holder) || context.cleared.has(holder) || context.nulled.has(holder)) continue;
    context.failed.push({ holder, name: pointed.mapping.name ?? "the member", mapping, stays: "success" });
  }
}

function isEnded(mapping: Mapping): boolean {
  const { phase, source, moved, uncertain } = mapping;
  return phase === "unmapped" && source === "mmap" && !moved && !uncertain && isShared(mapping);
}
