/** A place gets another value, or ends: what becomes of the mapping that it held. */
import type { Site } from "../diagnostic.js";
import { givenAt } from "./access.js";
import type { Amount } from "./amount.js";
import { constantValue, soleSymbol } from "./amount.js";
import type { Machine } from "./machine.js";
import type { Mapping } from "./mapping.js";
import { isOfMappingCall, isShared } from "./mapping.js";
import { areApart } from "./range.js";
import type { State } from "./state.js";
import { asAmount, isCallersVariable, isOuter, type Value } from "./value.js";

/** The place gets a new value: was it the last name of a mapping? */
export function overwrite(
  m: Machine,
  key: string,
  value: Value | undefined,
  site: Site,
  how: "overwritten" | "out of scope" = "overwritten",
): void {
  const found = foundAt(m, key);
  if (found !== undefined) loseGiven(m, key, found, value, site);
  for (const [held, old] of m.state.store) {
    if (held !== key && !(held.startsWith(key) && (held[key.length] === "." || held[key.length] === "[")))
      continue;
    if (old.kind === "amount") loseGiven(m, key, old.amount, value, site);
    if (old.kind === "pointer") noteNullInstead(m, old.mapping, value);
    if (old.kind !== "pointer" || (value?.kind === "pointer" && value.mapping === old.mapping)) continue;
    if (isCleared(m, old.mapping, held, value)) tellLost(m, old.mapping, site, how);
    else loseName(m, old.mapping, value, site, how);
  }
}

/**
 * `s->base = mmap(…); if (bad) { s->base = NULL; return -1; }`: the function itself has put the mapping where others find
 * it, and takes it away again before anybody could have looked.
 */
function isCleared({ state, context }: Machine, id: string, key: string, value: Value | undefined): boolean {
  const mapping = state.mapping(id);
  if (mapping === undefined || mapping.owner !== "stored" || mapping.seen || mapping.declined) return false;
  if (mapping.phase !== "live" || !isOfMappingCall(mapping) || mapping.lostTo !== undefined) return false;
  // Unknown code finds a variable of this file through another of its functions.
  if (!isOuter(key) || (key.startsWith("::") && state.epochs.has("::"))) return false;
  return (
    constantValue(asAmount(value)) === 0 &&
    state.namesOf(id).length === 1 &&
    !context.cleansUp &&
    !isTaken(state, mapping, undefined)
  );
}

function tellLost(m: Machine, id: string, site: Site, how: "overwritten" | "out of scope"): void {
  const mapping = m.state.mapping(id);
  if (mapping === undefined) return;
  m.emit?.({ kind: "lose", site, function: m.context.cfg.name, mapping, how, releasedElsewhere: false });
  // Said once on this path.
  m.state.update(id, { owner: "escaped" });
}

/** `if (p == MAP_FAILED) p = NULL`: it is told now by another value. */
function noteNullInstead(m: Machine, id: string, value: Value | undefined): void {
  const mapping = m.state.mapping(id);
  if (mapping?.phase !== "failed" || mapping.told || mapping.source === "heap") return;
  if (value?.kind === "amount" && constantValue(value.amount) === 0)
    m.state.failure = { ...mapping, source: "null" };
}

function loseName(
  m: Machine,
  id: string,
  value: Value | undefined,
  site: Site,
  how: "overwritten" | "out of scope",
): void {
  const mapping = m.state.mapping(id);
  if (mapping === undefined || mapping.source === "heap") return;
  if (mapping.phase !== "live" && mapping.phase !== "unchecked") return;
  if (m.state.namesOf(id).length !== 1) return;
  const successor = value?.kind === "pointer" ? m.state.mapping(value.mapping) : undefined;
  if (successor?.replaces === id) {
    if (successor.phase === "unchecked" && successor.weakTest === undefined)
      m.state.update(id, { lostTo: { id: successor.id, site: successor.site } });
    return;
  }
  if (isShared(mapping) || isTaken(m.state, mapping, undefined)) return;
  tellLost(m, id, site, how);
}

/** A function that was given the mapping has made something of it that others hold, or get now. */
export function isTaken(state: State, { takenBy }: Mapping, returned: Value | undefined): boolean {
  if (takenBy === undefined) return false;
  const holds = (value: Value | undefined): boolean =>
    value?.kind === "pointer"
      ? value.mapping === takenBy
      : value?.kind === "amount" && value.amount.terms.some(({ symbol }) => symbol.id === takenBy);
  if (holds(returned)) return true;
  for (const [key, value] of state.store) if (isOuter(key) && holds(value)) return true;
  return false;
}

/**
 * A place of others gets a new mapping. `s->base = mremap(s->base, …)`: it held the only copy. `s->base = mmap(…)`, after
 * what it held has been used and not unmapped: nobody can any more.
 */
export function loseGiven(m: Machine, key: string, old: Amount, value: Value | undefined, site: Site): void {
  if (value?.kind !== "pointer" || !isOuter(key)) return;
  const successor = m.state.mapping(value.mapping);
  const mapping = givenAt(m.state, old)?.mapping ?? sometimesUsedAt(m.state, old);
  if (successor === undefined || mapping === undefined) return;
  const isRemapped = successor.replaces === mapping.id;
  if (isRemapped && (successor.phase !== "unchecked" || successor.weakTest !== undefined)) return;
  if (!isRemapped && !isReplaced(m.state, key, mapping, successor)) return;
  for (const [other, held] of m.state.store) {
    if (
      other !== key &&
      held.kind === "amount" &&
      !other.startsWith("t#") &&
      (givenAt(m.state, held.amount)?.mapping.id === mapping.id ||
        held.amount.terms.some(({ symbol }) => `given:${symbol.id}` === mapping.id))
    )
      return;
  }
  if (isRemapped) {
    m.state.update(mapping.id, { lostTo: { id: successor.id, site: successor.site } });
    return;
  }
  const { flags, function: maker } = successor;
  const before = { site: mapping.site, message: "used here, as it was mapped before" };
  m.emit?.({
    kind: "lose",
    site,
    function: m.context.cfg.name,
    mapping: {
      ...mapping,
      flags,
      function: maker,
      name: mapping.name ?? m.context.places.get(key)?.name,
      // How the new one comes about, as far as that is another function's doing.
      history: [before, ...(isAdopted(successor) ? successor.history : [])],
    },
    how: "overwritten",
    releasedElsewhere: false,
  });
}

/** What only some of the paths to here have used, unless this one knows that it is none of them. */
function sometimesUsedAt(state: State, old: Amount): Mapping | undefined {
  const symbol = soleSymbol(old);
  const used = symbol === undefined ? undefined : state.sometimesUsed.get(`given:${symbol.id}`);
  if (used === undefined || used === "gone" || state.holds(old, "==") === true) return undefined;
  for (const [form, range] of used.facts) {
    const now = state.facts.get(form);
    if (now !== undefined && areApart(now, range)) return undefined;
  }
  return { ...used.mapping, uncertain: true };
}

/** The address that a place of others held when the function began, where some path has used what is there. */
export function foundAt({ state }: Machine, key: string): Amount | undefined {
  const used = state.isUntouched(key) ? state.sometimesUsed.get(`given:load:${key}`) : undefined;
  return used === undefined || used === "gone" ? undefined : asAmount(used.mapping.address);
}

/** A function that is called has mapped it; the id says which. */
export function isAdopted({ id }: Mapping): boolean {
  return id.includes("/");
}

/** What was found in the place is a mapping that this path has used, and nobody else has been given. */
function isReplaced(
  { store }: State,
  key: string,
  { phase, owner, accessed, address }: Mapping,
  { source, phase: madeTo }: Mapping,
): boolean {
  const origin = address?.kind === "amount" ? soleSymbol(address.amount)?.origin : undefined;
  return (
    (source === "mmap" || source === "shmat") &&
    madeTo !== "failed" &&
    phase === "live" &&
    owner === "local" &&
    accessed !== undefined &&
    origin?.kind === "load" &&
    origin.place === key &&
    !isCallersVariable(key) &&
    store.get(key)?.kind !== "pointer"
  );
}
