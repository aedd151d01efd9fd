/** What the other callers of a wrapper do with the mapping that it gives them. */
import type { Unit } from "../syntax/unit.js";
import type { Event, ExitEvent } from "./events.js";
import type { Mapping } from "./mapping.js";
import { isAdopted } from "./overwriting.js";

/**
 * Who leaves with a wrapper's mapping learns whether another function unmaps what it gets from there. Only those who learn
 * something are given back: of all others what was found in the last run still holds.
 */
export function tellSiblings<
  Analyzed extends { readonly unit: Unit; readonly readings: readonly (readonly Event[])[] },
>(functions: readonly Analyzed[], defines: (name: string, unit: Unit) => boolean): readonly Analyzed[] {
  const released = wrappersReleased(functions.flatMap(({ readings }) => readings.flat()));
  if (released.size === 0) return [];
  return functions.flatMap((one) => {
    const isOwn = (callee: string | undefined): boolean => callee !== undefined && defines(callee, one.unit);
    const readings = one.readings.map((events) => withSiblings(events, released, isOwn));
    return readings.every((events, i) => events === one.readings[i]) ? [] : [{ ...one, readings }];
  });
}

function withSiblings(
  events: readonly Event[],
  released: ReadonlySet<string>,
  isOwn: (callee: string | undefined) => boolean,
): readonly Event[] {
  const isTheirs = (event: Event): event is ExitEvent =>
    event.kind === "exit" && isAdopted(event.mapping) && released.has(wrapperOf(event.mapping));
  if (!events.some(isTheirs) || events.some(unmapsUnknown)) return events;
  // A function of the program that has been given it may do anything that its summary does not tell.
  const handedOn = new Set(
    events.flatMap((event) => (event.kind === "escape" && isOwn(event.callee) ? [event.mapping.id] : [])),
  );
  return events.map((event) =>
    isTheirs(event) && !handedOn.has(event.mapping.id) ? { ...event, releasedByOthers: true } : event,
  );
}

/** It may be the mapping, which the function has lost sight of. */
function unmapsUnknown(event: Event): boolean {
  return (
    event.kind === "unmap" && (event.target.mapping === undefined || event.target.mapping.source === "given")
  );
}

function wrappersReleased(events: readonly Event[]): ReadonlySet<string> {
  const wrappers = new Set<string>();
  for (const event of events) {
    const mapping = event.kind === "unmap" ? event.target.mapping : undefined;
    if (mapping !== undefined && isAdopted(mapping)) wrappers.add(wrapperOf(mapping));
  }
  return wrappers;
}

/** The function called, by the call inside it that maps: functions of one name in different files are several. */
function wrapperOf({ function: name, history }: Mapping): string {
  const inside = history[0]?.site;
  return `${name} ${inside?.file} ${inside?.start}`;
}
