/** Places outside a function that still point to what it has unmapped when it ends. */
import { sameAmount, soleSymbol } from "./amount.js";
import type { ExitEvent } from "./events.js";
import type { Machine } from "./machine.js";
import type { Mapping } from "./mapping.js";
import type { State } from "./state.js";
import { asAmount } from "./value.js";

/**
 * What the function has unmapped is where it was found, though the function sets a closed descriptor beside it to -1:
 * it is written to be called again, or to leave a state that others look at. Undefined for all else.
 */
export function leftPointing(m: Machine, mapping: Mapping): ExitEvent["leftPointing"] {
  const { context, state } = m;
  if (mapping.source !== "given" || mapping.phase !== "unmapped" || mapping.unmappedBy !== "munmap")
    return undefined;
  const place = placeOf(mapping);
  if (place === undefined || !isStillThere(state, mapping, place)) return undefined;
  const global = place.startsWith("::") && !place.includes(".");
  if (!global && context.freed.some(({ closes }) => closes === undefined)) return undefined;
  const { name } = mapping;
  if (name === undefined || !/\w$/.test(name)) return undefined;
  if (!resetsBeside(m, global ? "" : name.slice(0, name.search(/\w+$/)))) return undefined;
  return { place: name, global, guarded: isGuarded(state, mapping, place) };
}

/** The key of the place that the address was read from. */
function placeOf({ address }: Mapping): string | undefined {
  const amount = asAmount(address);
  const origin = amount === undefined ? undefined : soleSymbol(amount)?.origin;
  return origin?.kind === "load" && !origin.place.includes("@") ? origin.place : undefined;
}

/** Does the place hold what the mapping was found by, or has the function not touched it? */
export function isStillThere({ store }: State, { id, address }: Mapping, place: string): boolean {
  const held = store.get(place);
  if (held === undefined) return true;
  if (held.kind === "pointer") return held.mapping === id;
  const [now, before] = [asAmount(held), asAmount(address)];
  return now !== undefined && before !== undefined && sameAmount(now, before);
}

/** Does the function set a member of the same struct to -1, or, where `around` is empty, a variable at file scope? */
function resetsBeside({ context }: Machine, around: string): boolean {
  return context.cfg.blocks.some(({ instructions }) =>
    instructions.some((instruction) => {
      if (instruction.kind !== "assign") return false;
      const { target, site } = instruction;
      const text = context.text(site);
      const isBeside =
        around === ""
          ? target.kind === "variable" && target.variable.scope === "outer"
          : target.kind === "field" && text.startsWith(around);
      return isBeside && /[^=!<>]=\s*-\s*1$/.test(text);
    }),
  );
}

/** Has the path asked whether there is something to unmap, by the pointer or by the length beside it? */
function isGuarded(state: State, { length }: Mapping, place: string): boolean {
  const symbols = length?.terms.map(({ symbol }) => symbol.id) ?? [];
  return [...state.facts].some(
    ([key, { min, not }]) =>
      (min > 0 || not.includes(0)) && [`load:${place}`, ...symbols].some((id) => key.includes(`{${id}}`)),
  );
}
