/** Notes of what a function does with struct members, for what only all functions together tell. */
import { memberOf } from "./access.js";
import type { Amount, Origin } from "./amount.js";
import { constantValue, isConstant, soleSymbol } from "./amount.js";
import type { CallInstruction } from "./call.js";
import { evaluate, isDeclaredPointer, placeOf } from "./evaluate.js";
import type { Call, Target } from "./events.js";
import type { Operand } from "./ir.js";
import type { Site } from "../diagnostic.js";
import type { Machine } from "./machine.js";
import type { Mapping } from "./mapping.js";
import { newMapping } from "./mapping.js";
import type { State } from "./state.js";
import type { Place, Value } from "./value.js";
import { asAmount } from "./value.js";
import { momentOf, placeRead } from "./epochs.js";
import { placeReadBy } from "./operands.js";
import { isStillThere } from "./dangling.js";
import { inMembers, isOfMembers, structAt } from "./siblings.js";

const FREES = /free|destroy|release|delete|dealloc/i;

/** A struct is freed, or the descriptor in it is closed: the end of what it holds. */
export function noteFreed(m: Machine, { callee, pointer, structs, args, site }: CallInstruction): void {
  if (m.emit === undefined) return;
  const name = callee ?? (pointer === undefined ? "" : m.context.text(pointer.site));
  if (name === "close") {
    const member = args[0] === undefined ? undefined : memberRead(m, args[0]);
    // What the function has just opened is not what another one has mapped.
    if (member !== undefined && args[0] !== undefined && !isFresh(m, args[0]))
      m.context.freed.push({
        struct: member.slice(0, member.lastIndexOf(".")),
        closes: member,
        own: false,
        site,
      });
  } else if (FREES.test(name) && args.length <= 2 && !m.context.defines(name)) {
    const struct = structs[args.length - 1];
    const last = args.at(-1);
    const own = last !== undefined && evaluate({ ...m, emit: undefined }, last).kind === "pointer";
    if (struct !== undefined) m.context.freed.push({ struct, closes: undefined, own, site });
  }
}

/** Is it what a call of this function has returned? */
function isFresh(m: Machine, operand: Operand): boolean {
  const amount = asAmount(evaluate({ ...m, emit: undefined }, operand));
  return amount !== undefined && soleSymbol(amount)?.origin.kind === "call";
}

/** The struct member that an operand reads, whatever it holds by now. */
export function memberRead(m: Machine, operand: Operand): string | undefined {
  return placeAt(m, operand)?.member;
}

/** The place that an operand reads and that outlives the function: a struct member, or a variable at file scope. */
function holderRead(m: Machine, operand: Operand): string | undefined {
  const place = placeAt(m, operand);
  return place === undefined ? undefined : holderOf(place);
}

function placeAt(m: Machine, operand: Operand): Place | undefined {
  const place = placeReadBy(operand);
  return place === undefined ? undefined : placeOf({ ...m, emit: undefined }, place, undefined);
}

/** Something else than a mapping is put into a place that outlives the function. */
export function noteRefilled(m: Machine, place: Place, value: Value): void {
  const holder = holderOf(place);
  if (m.emit === undefined || holder === undefined) return;
  const mapping = value.kind === "pointer" ? m.state.mapping(value.mapping) : undefined;
  const old = m.state.store.get(place.key);
  if (old?.kind === "pointer" && constantValue(asAmount(value)) === 0)
    if (m.state.mapping(old.mapping)?.phase === "failed") m.context.cleared.add(holder);
  // NULL, MAP_FAILED, and what marks a pointer as freed.
  const isNothing = value.kind === "amount" && constantValue(value.amount) !== undefined;
  const isMapping = mapping !== undefined && mapping.source !== "heap" && mapping.source !== "given";
  if (!isNothing && !isMapping) m.context.refilled.add(holder);
}

export function holderOf({ key, member }: Place): string | undefined {
  return member ?? (key.startsWith("::") ? key : undefined);
}

function isOfCallee(mapping: Mapping | undefined): boolean {
  return mapping?.history.some(({ isMaker }) => isMaker === true) === true;
}

/** A pointer in a place that outlives the function is compared with NULL or with MAP_FAILED. */
export function noteTest(m: Machine, operand: Operand, value: Value, constant: number | undefined): void {
  if (m.emit === undefined || (constant !== 0 && constant !== -1)) return;
  const holder = holderRead(m, operand);
  if (holder === undefined) return;
  const { againstNull, againstFailed, ofResults } = m.context.tests;
  const { site } = operand;
  if (value.kind === "pointer") {
    const mapping = m.state.mapping(value.mapping);
    // What the function has just mapped or allocated itself is not what another one has left there, unless others have had it.
    const isLeft = mapping?.source === "given" || mapping?.seen === true || isOfCallee(mapping);
    const live = mapping?.phase === "live" && mapping.source !== "heap" && isLeft;
    if (live && constant === 0 && !againstNull.has(holder) && !isDoubleTest(m, site))
      againstNull.set(holder, site);
    return;
  }
  if (value.kind !== "amount") return;
  const origin = soleSymbol(value.amount)?.origin;
  if (origin?.kind === "call") {
    if (constant === -1 && isDeclaredPointer(operand))
      ofResults.set(holder, { site, function: origin.function ?? "" });
  } else if (constant === -1) againstFailed.add(holder);
  else if (!againstNull.has(holder) && !isAskedBefore(m, origin, undefined)) againstNull.set(holder, site);
}

/**
 * `if (b->size > 0 && b->base != NULL)`: another member has told already whether there is something. `otherwise`: where what is no
 * member stands.
 */
function isAskedBefore({ state }: Machine, origin: Origin | undefined, otherwise: "::" | undefined): boolean {
  const around = origin?.kind === "load" ? (structAt(origin.place) ?? otherwise) : undefined;
  if (origin?.kind !== "load" || around === undefined) return false;
  const begin = `+{load:${around}`;
  for (const key of state.facts.keys())
    if (
      key.startsWith(begin) &&
      key !== `+{load:${origin.place}}` &&
      /^[\w:]+(?:@\w+)?\}$/.test(key.slice(begin.length))
    )
      return true;
  return false;
}

/** `p == MAP_FAILED || p == NULL` says nothing of what the program takes for a mapping. */
function isDoubleTest({ context }: Machine, site: Site): boolean {
  const before = context.text({ ...site, start: Math.max(0, site.start - LONGEST_TEST), end: site.start });
  return /MAP_FAILED[^;{}]*$/.test(before);
}

/** Characters in which the first part of a condition is looked for. */
const LONGEST_TEST = 160;

/**
 * The mappings that members and globals hold, with what stands beside them: when the function ends, or when unknown code
 * gets the struct that the symbol leads to.
 */
export function noteKept({ context, state }: Machine, symbolId = ""): void {
  for (const [key, held] of state.store) {
    if (!key.includes(symbolId)) continue;
    const place = held.kind === "pointer" ? context.places.get(key) : undefined;
    const mapping = held.kind === "pointer" ? state.mapping(held.mapping) : undefined;
    const holder = place === undefined ? undefined : holderOf(place);
    if (holder === undefined || mapping === undefined || held.kind !== "pointer" || held.varied) continue;
    if (mapping.phase !== "live" || mapping.source === "given" || mapping.source === "heap") continue;
    const around = structAt(key) ?? "::";
    const beside = new Map<string, Amount>();
    for (const [other, value] of state.store) {
      const neighbour = other.startsWith(around) ? context.places.get(other) : undefined;
      const name = neighbour === undefined ? undefined : holderOf(neighbour);
      if (name === undefined || value.kind !== "amount") continue;
      beside.set(name, value.amount);
      // A member of a struct within the struct, by the way there.
      const way = other.slice(around.length);
      if (/^\w+(?:\.\w+)+$/.test(way))
        beside.set(`${holder.slice(0, holder.lastIndexOf("."))}.${way}`, value.amount);
    }
    context.kept.push({ member: holder, mapping, offset: held.offset, beside, struct: around });
  }
}

/**
 * The places outside the function that hold MAP_FAILED, fresh from a call, when it ends; or, where it ends with a failure,
 * point to what it has mapped and unmapped.
 */
export function noteFailed(m: Machine, hasFailed: boolean, saysFalse: boolean): void {
  const { context, state } = m;
  // What was mapped when the function began, and was to be replaced, is in use; of what the function has asked for itself,
  // "false" may say that it is not.
  const hasAsked = [...state.mappings.values()].some(({ source }) => source === "mmap");
  if (hasFailed || (saysFalse && !hasAsked)) noteUnmappedGiven(m, saysFalse);
  for (const [key, held] of state.store) {
    if (!context.written.has(key) || key.startsWith("@")) continue;
    const place = context.places.get(key);
    const holder = place === undefined ? undefined : holderOf(place);
    if (place === undefined || holder === undefined || isMarkedDead(state, key)) continue;
    const mapping =
      failedMapping(state, held, context.tests.ofResults.get(holder)) ??
      (hasFailed ? unmappedAt(state, held) : undefined);
    if (mapping !== undefined) context.failed.push({ holder, name: place.name, mapping });
  }
}

/** What others have put into a member, or this function before unknown code had its hands on the struct. */
function noteUnmappedGiven(m: Machine, onlyFound: boolean): void {
  for (const mapping of m.state.mappings.values()) {
    if (mapping.source !== "given" || mapping.phase !== "unmapped" || mapping.uncertain) continue;
    const amount = asAmount(mapping.address);
    const origin = amount === undefined ? undefined : soleSymbol(amount)?.origin;
    const holder = amount === undefined ? undefined : memberOf(m, amount);
    const place = placeRead(amount);
    if (origin?.kind !== "load" || holder === undefined || place === undefined) continue;
    // What unknown code has had since, it may have cleared.
    if (!m.state.store.has(place) || !isStillThere(m.state, mapping, place)) continue;
    const wasThere = !origin.place.includes("@");
    if (onlyFound && !wasThere) continue;
    const held = { holder, name: mapping.name ?? "the member", mapping };
    m.context.failed.push(wasThere ? { ...held, stays: "given" } : held);
  }
}

export function unmappedAt(state: State, held: Value): Mapping | undefined {
  const mapping = held.kind === "pointer" ? state.mapping(held.mapping) : undefined;
  return mapping?.phase === "unmapped" && mapping.source === "mmap" && !mapping.moved && !mapping.uncertain
    ? mapping
    : undefined;
}

/** Another member says that the struct holds nothing: `id = -1`. */
export function isMarkedDead({ store }: State, key: string): boolean {
  const struct = structAt(key);
  return (
    struct !== undefined &&
    [...store].some(
      ([other, value]) =>
        other !== key && other.startsWith(struct) && (constantValue(asAmount(value)) ?? 0) < 0,
    )
  );
}

/** What failed to be made, if the value says so for certain. */
function failedMapping(
  state: State,
  held: Value,
  result: { readonly site: Site; readonly function: string } | undefined,
): Mapping | undefined {
  if (held.kind === "pointer") {
    const mapping = state.mapping(held.mapping);
    return mapping?.phase === "failed" && !held.varied && constantValue(held.offset) === 0
      ? mapping
      : undefined;
  }
  if (held.kind !== "amount" || result === undefined) return undefined;
  const origin = soleSymbol(held.amount)?.origin;
  const { min, max } = state.range(held.amount);
  if (origin?.kind !== "call" || min !== -1 || max !== -1) return undefined;
  return newMapping({
    id: "",
    source: "mmap",
    phase: "failed",
    ...result,
    history: [{ site: result.site, message: `made by ${result.function}, tested here` }],
  });
}

export function letGoOf(m: Machine, operands: readonly Operand[]): void {
  for (const arg of operands) {
    const member = memberRead(m, arg);
    if (member !== undefined) m.context.letGo.add(member);
  }
}

export function noteUnmapped(
  m: Machine,
  call: Call,
  target: Target,
  member: string,
  length: Operand | undefined,
): void {
  if (target.value.kind === "pointer" || length === undefined) return;
  const amount = asAmount(evaluate({ ...m, emit: undefined }, length));
  const origin = target.value.kind === "amount" ? soleSymbol(target.value.amount)?.origin : undefined;
  const struct = origin?.kind === "load" ? structAt(origin.place) : undefined;
  const inTerms =
    amount === undefined || struct === undefined || origin?.kind !== "load"
      ? undefined
      : inMembers(amount, struct, momentOf(origin.place));
  m.context.unmapped.push({
    member,
    call,
    text: target.text,
    lengthMember: memberRead(m, length),
    lengthInMembers: inTerms !== undefined && isOfMembers(inTerms) ? inTerms : undefined,
    length: amount !== undefined && isConstant(amount) ? amount : undefined,
    lengthText: m.context.text(length.site),
    place: target.value.kind === "amount" ? placeRead(target.value.amount) : undefined,
    guarded: isAskedBefore(m, origin, "::"),
  });
}

/** Stands in `letGo` for memory whose origin is not known: it may be any member's. */
export const ANY_MEMBER = "*";

/** What a struct member holds gets another holder: the member is not the only one that can release it. */
export function letGo(m: Machine, amount: Amount): void {
  for (const { symbol } of amount.terms)
    if (symbol.origin.kind === "load") m.state.sometimesUsed.set(`given:${symbol.id}`, "gone");
  const member = memberOf(m, amount);
  if (member !== undefined) m.context.letGo.add(member);
}
