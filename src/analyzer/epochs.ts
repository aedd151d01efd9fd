/** Moments at which memory may have changed: what is read afterwards is named after them. */

import { type Amount, soleSymbol } from "./amount.js";

/** The moment at which a place was read, "@7" of "*{+{param:0}}.base@7"; empty for what it held when the function began. */
export function momentOf(place: string): string {
  return /@[^@{}]*$/.exec(place)?.[0] ?? "";
}

/** The place that an amount was read from, whenever that was. */
export function placeRead(amount: Amount | undefined): string | undefined {
  const place = readIn(amount);
  return place?.slice(0, place.length - momentOf(place).length);
}

/** The moment of that. */
export function momentRead(amount: Amount | undefined): string {
  return momentOf(readIn(amount) ?? "");
}

function readIn(amount: Amount | undefined): string | undefined {
  const origin = amount === undefined ? undefined : soleSymbol(amount)?.origin;
  return origin?.kind === "load" ? origin.place : undefined;
}

/** Does unknown code that had `what` in its hands reach the place? `=x` is the object x; a symbol is a pointer. */
export function reaches(what: string, key: string): boolean {
  if (what === "::") return key.startsWith("::") && !key.startsWith("::static:");
  if (!what.startsWith("=")) return key.startsWith("*") && key.includes(what);
  const object = what.slice(1);
  return (
    key.startsWith(object) &&
    (key.length === object.length || key[object.length] === "." || key[object.length] === "[")
  );
}

/** The moment at which paths have met at a block, for `epochs`. */
export function epochOfJoin(block: string): string {
  return `join${block}.`;
}
