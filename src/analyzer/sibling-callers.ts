/** What the other callers of a wrapper do with the mapping that it gives them. */
import type { Event } from "./events.js";
import type { Mapping } from "./mapping.js";
import { isAdopted } from "./overwriting.js";

/** Who leaves with a wrapper's mapping learns whether another function unmaps what it gets from there. */
export function tellSiblings<Analyzed extends { readonly readings: readonly (readonly Event[])[] }>(
  functions: readonly Analyzed[],
): readonly Analyzed[] {
  const released = wrappersReleased(functions.flatMap(({ readings }) => readings.flat()));
  if (released.size === 0) return functions;
  const told = (event: Event): Event =>
    event.kind === "exit" && isAdopted(event.mapping) && released.has(wrapperOf(event.mapping))
      ? { ...event, releasedByOthers: true }
      : event;
  return functions.map((one) => ({ ...one, readings: one.readings.map((events) => events.map(told)) }));
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
