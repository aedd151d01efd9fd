/** More than one process: what fork() does to mappings, and locks that are made for one process or for all. */
import type { Site } from "../diagnostic.js";
import { constantValue, soleSymbol } from "./amount.js";
import type { AccessEvent, Event } from "./events.js";
import type { Machine } from "./machine.js";
import type { Mapping } from "./mapping.js";
import { tell } from "./mapping.js";
import type { State } from "./state.js";
import type { Value } from "./value.js";
import { asAmount, NULL_VALUE } from "./value.js";

/** Each process goes on with what is mapped. `result`: what fork() returns. */
export function fork(m: Machine, result: Value, site: Site): void {
  const pid = asAmount(result);
  if (pid === undefined) return;
  for (const mapping of m.state.mappings.values()) {
    if (mapping.source !== "mmap" || (mapping.phase !== "live" && mapping.phase !== "unchecked")) continue;
    m.state.update(mapping.id, {
      forked: { pid, site, blank: isBlank(mapping), writtenByChild: false, writtenByParent: false },
      history: tell(mapping, site, "the process forks here"),
    });
  }
}

/** Nothing but zeros has been written into it, and nobody knows it who may have written more. */
function isBlank({ written, wiped, owner }: Mapping): boolean {
  return (written === undefined ? !wiped : wiped) && owner !== "escaped";
}

/** The process that goes on here, where the path tells; undefined without a fork. */
export function processOf(state: State, { forked }: Mapping): AccessEvent["process"] {
  if (forked === undefined) return undefined;
  if (state.holds(forked.pid, "==") === true) return "child";
  return forked.writtenByChild ? undefined : "parent";
}

export function writtenAfterFork(state: State, mapping: Mapping): Partial<Mapping> {
  const { forked } = mapping;
  if (forked === undefined) return {};
  const who = processOf(state, mapping) === "child" ? "writtenByChild" : "writtenByParent";
  return { forked: { ...forked, [who]: true } };
}

/** Says of each access in a parent where the child has written that memory. */
export function withChildren(events: readonly Event[]): readonly Event[] {
  const written = new Map<string, Site>();
  for (const event of events)
    if (event.kind === "access" && event.mode === "write" && event.process === "child")
      written.set(event.mapping.id, event.site);
  if (written.size === 0) return events;
  return events.map((event) =>
    event.kind === "access" && event.process === "parent"
      ? { ...event, childWrote: written.get(event.mapping.id) }
      : event,
  );
}

/** Is the lock made for one process alone? By its attributes, or by the argument that says so. */
export function isForOneProcess(
  { state }: Machine,
  attributes: Value | undefined,
  shared: Value | undefined,
): boolean {
  if (shared !== undefined) return saysPrivate(shared);
  if (attributes === undefined) return false;
  if (attributes.kind !== "address") return constantValue(asAmount(attributes)) === 0;
  const held = state.store.get(attributes.place.key);
  return held !== undefined && saysPrivate(held);
}

function saysPrivate(value: Value): boolean {
  if (constantValue(asAmount(value)) === 0) return true;
  const origin = value.kind === "amount" ? soleSymbol(value.amount)?.origin : undefined;
  return origin?.kind === "constant" && origin.name === "PTHREAD_PROCESS_PRIVATE";
}

/** Attributes of a lock: they hold whether it is for one process, which it is until something else is said. */
export function setAttributes({ state }: Machine, attributes: Value, shared: Value | undefined): void {
  if (attributes.kind === "address") state.write(attributes.place.key, shared ?? NULL_VALUE);
}
