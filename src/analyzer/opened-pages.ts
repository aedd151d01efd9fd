/** A write that begins in the page which mprotect() has made writable, and may end in the next one. */
import { type Amount, add, constantValue, sameAmount, soleSymbol, subtract } from "./amount.js";
import type { AccessEvent, Event, RangeEvent } from "./events.js";
import { hasFlag } from "./flags.js";
import { asAmount } from "./value.js";

/** Says of each write whether only the page that it begins in was made writable before it. */
export function withOpenedPages(events: readonly Event[]): readonly Event[] {
  const opening = events.flatMap((event) => (isOpening(event) ? [event] : []));
  const [first] = opening;
  const begin = first === undefined ? undefined : beginOfPage(first);
  // Somebody else may open the next page.
  if (first === undefined || begin === undefined || !opening.every((event) => isSameRange(event, first)))
    return events;
  return events.map((event) =>
    event.kind === "access" &&
    event.mode === "write" &&
    first.site.start < event.site.start &&
    isAt(event, begin)
      ? { ...event, inOpenedPage: true }
      : event,
  );
}

function isOpening(event: Event): event is RangeEvent {
  return event.kind === "protect" && hasFlag(event.flags, "PROT_WRITE") !== "no";
}

function isSameRange(one: RangeEvent, other: RangeEvent): boolean {
  const [a, b] = [one, other].map(({ target }) => asAmount(target.value));
  return one === other || (a !== undefined && b !== undefined && sameAmount(a, b));
}

/** The address whose page, and no other, is the range: `[p & -page, (p & -page) + page)`. */
function beginOfPage({ target, length }: RangeEvent): Amount | undefined {
  const address = asAmount(target.value);
  const origin = address === undefined ? undefined : soleSymbol(address)?.origin;
  if (origin?.kind !== "operation" || origin.operator !== "roundDown" || length === undefined)
    return undefined;
  const [inside, unit] = origin.operands;
  if (inside === undefined || unit === undefined) return undefined;
  const excess = constantValue(subtract(length, unit));
  return excess !== undefined && excess <= 0 ? inside : undefined;
}

function isAt({ mapping, offset }: AccessEvent, address: Amount): boolean {
  const start = asAmount(mapping.address);
  return mapping.source === "given" && start !== undefined && sameAmount(add(start, offset), address);
}
