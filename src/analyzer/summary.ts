/**
 * Summary: what calling a function of the program does, inferred from its body. The same shape as a hand-written model:
 * a list of outcomes, each tying what is returned to what has happened.
 */
import type { Amount, Symbol } from "./amount.js";
import { amountKey, constant, constantValue, isConstant, soleSymbol, symbolOf } from "./amount.js";
import { joinFlags } from "./flags.js";
import { freedParameters } from "./freed-parameters.js";
import type { Context } from "./machine.js";
import type { Mapping, Owner } from "./mapping.js";
import { newMapping, sameMapping } from "./mapping.js";
import type { Range } from "./range.js";
import { isOfUnsigned, widen } from "./range.js";
import type { State } from "./state.js";
import type { Place, Value } from "./value.js";
import { amountValue, asAmount, sameValue, valueKey } from "./value.js";

/** More outcomes than this say too little for what they cost: the function counts as unknown. */
const MAX_OUTCOMES = 8;

export interface Store {
  readonly place: Place;
  readonly value: Value;
}

export interface Outcome {
  readonly returns: Value | undefined;
  /** Bounds on what is returned, where the function has compared it. */
  readonly returned: Range | undefined;
  /** Bounds on what the function was given, under which this outcome happens. */
  readonly conditions: readonly (readonly [Amount, Range])[];
  /** Places outside the function that hold something else afterwards. */
  readonly stores: readonly Store[];
  /** Mappings that it made and left, and what it did to memory that it was given. */
  readonly mappings: readonly Mapping[];
  /** Symbols whose memory unknown code has had its hands on. */
  readonly epochs: readonly string[];
  readonly descriptors: State["descriptors"];
}

/** No outcome: the function never returns. */
export interface Summary {
  readonly outcomes: readonly Outcome[];
  /** Does a call of it do anything to mappings? If not, callers need not be analyzed for its sake. */
  readonly relevant: boolean;
  /** Parameters, by index, to whose memory it gives another protection. */
  readonly reprotected: ReadonlySet<number>;
  /** Parameters, by index, that it gives to free() or realloc() whatever happens. */
  readonly frees: ReadonlySet<number>;
  /** It has called what may end the process, as far as is known. */
  readonly mayEnd: boolean;
}

export const NEVER_RETURNS: Summary = {
  outcomes: [],
  relevant: false,
  reprotected: new Set(),
  frees: new Set(),
  mayEnd: true,
};

/** A state in which the function ends, with what it returns. */
export interface Exit {
  readonly state: State;
  readonly value: Value | undefined;
}

/** Undefined when there is too much to say. */
export function summarize(exits: readonly Exit[], context: Context): Summary | undefined {
  const { places, reprotected, mayEnd } = context;
  const outcomes = outcomesOf(exits, places, true) ?? outcomesOf(exits, places, false);
  if (outcomes === undefined) return undefined;
  const relevant = outcomes.some((outcome) => relevantMappings(outcome).length > 0);
  return { outcomes, relevant, reprotected, frees: freedParameters(context), mayEnd: mayEnd.size > 0 };
}

/** `byCondition`: outcomes that differ only in what they need of the arguments are kept apart. */
function outcomesOf(
  exits: readonly Exit[],
  places: ReadonlyMap<string, Place>,
  byCondition: boolean,
): readonly Outcome[] | undefined {
  const outcomes = new Map<string, Outcome>();
  for (const exit of exits) {
    const outcome = retried(outcomeOf(exit, places), outcomes.values());
    const key = outcomeKey(outcome, byCondition);
    const known = outcomes.get(key);
    outcomes.set(key, known === undefined ? outcome : merged(known, outcome));
    if (outcomes.size > MAX_OUTCOMES) return undefined;
  }
  return [...outcomes.values()];
}

/** A wrapper that maps again where the first attempt has failed hands out one mapping, wherever it was made. */
function retried(outcome: Outcome, others: Iterable<Outcome>): Outcome {
  const own = soleMade(outcome);
  if (own === undefined) return outcome;
  for (const other of others) {
    const first = soleMade(other);
    if (first === undefined || first.id === own.id || !isMadeAlike(first, own)) continue;
    const renamed = (value: Value): Value =>
      value.kind === "pointer" && value.mapping === own.id ? { ...value, mapping: first.id } : value;
    return {
      ...outcome,
      returns: outcome.returns === undefined ? undefined : renamed(outcome.returns),
      stores: outcome.stores.map(({ place, value }) => ({ place, value: renamed(value) })),
      mappings: outcome.mappings.map((mapping) => (mapping === own ? inEither(first, own) : mapping)),
    };
  }
  return outcome;
}

function soleMade({ mappings }: Outcome): Mapping | undefined {
  const made = mappings.filter(({ source }) => source !== "given" && source !== "heap");
  return made.length === 1 ? made[0] : undefined;
}

function isMadeAlike(a: Mapping, b: Mapping): boolean {
  return a.source === b.source && a.function === b.function && sameMapping(a, b);
}

/** What a caller can find or miss: memory of its own that was unmapped, and mappings that it gets. */
function relevantMappings({ mappings, returns, stores }: Outcome): readonly Mapping[] {
  const handed = new Set(
    [returns, ...stores.map(({ value }) => value)].map((v) =>
      v?.kind === "pointer" ? v.mapping : undefined,
    ),
  );
  return mappings.filter(({ id, source, phase }) =>
    source === "given" ? phase === "unmapped" : source !== "heap" && handed.has(id),
  );
}

/** What a function's callers have to speak of to be concerned: the members that it unmaps, or anything at all. */
export function concerns({ outcomes }: Summary): ReadonlySet<string> | "anything" {
  const members = new Set<string>();
  for (const mapping of outcomes.flatMap(relevantMappings)) {
    const origin =
      mapping.address?.kind === "amount" ? soleSymbol(mapping.address.amount)?.origin : undefined;
    const member = origin?.kind === "load" ? /\.(\w+)$/.exec(origin.path)?.[1] : undefined;
    if (mapping.source !== "given" || member === undefined) return "anything";
    members.add(member);
  }
  return members.size === 0 ? "anything" : members;
}

function outcomeOf({ state, value }: Exit, places: ReadonlyMap<string, Place>): Outcome {
  const stores: Store[] = [];
  for (const [key, stored] of state.store) {
    const place = places.get(key);
    if (place === undefined || !isVisible(place) || isUnchanged(key, stored)) continue;
    stores.push({ place, value: settled(state, stored) });
  }
  const conditions: [Amount, Range][] = [];
  for (const [key, range] of state.facts) {
    const form = state.forms.get(key);
    if (form !== undefined && !isOfUnsigned(range) && form.terms.every(({ symbol }) => isEntrySymbol(symbol)))
      conditions.push([form, range]);
  }
  const visible = new Set<string>();
  for (const v of [value, ...stores.map((s) => s.value)]) if (v?.kind === "pointer") visible.add(v.mapping);
  const mappings = [...state.mappings.values()].filter(
    (m) =>
      (m.source === "given" && isNamed(m)) ||
      visible.has(m.id) ||
      // What others have of the heap is theirs; a wrapper of malloc() may be called thousands of times.
      (m.phase === "live" && m.owner === "escaped" && m.source !== "heap"),
  );
  for (const id of state.mingled) if (!state.mappings.has(`given:${id}`)) mappings.push(lentParameter(id));
  const descriptors = value?.kind === "amount" ? state.descriptors : new Map();
  return {
    returns: value,
    returned: value?.kind === "amount" ? bounded(state.range(value.amount)) : undefined,
    conditions,
    stores,
    mappings,
    epochs: [...state.epochs.keys()],
    descriptors,
  };
}

/** What the path has found to be one number is that number, though the caller cannot name what it was read from. */
function settled(state: State, value: Value): Value {
  if (value.kind !== "amount" || isConstant(value.amount)) return value;
  const { min, max } = state.range(value.amount);
  return min === max && Number.isSafeInteger(min) ? amountValue(constant(min)) : value;
}

function bounded(range: Range): Range | undefined {
  const { min, max, not } = range;
  return min === -Infinity && max === Infinity && not.length === 0 ? undefined : range;
}

/** A parameter that the function has let out of sight. */
function lentParameter(id: string): Mapping {
  const index = Number(id.slice(id.indexOf(":") + 1));
  const address = amountValue(symbolOf({ kind: "parameter", index, name: "" }));
  return newMapping({
    id: `given:${id}`,
    source: "given",
    function: "",
    site: { file: "", start: 0, end: 0 },
    address,
    owner: "lent",
  });
}

/** Can the caller say what memory it is? */
function isNamed({ address }: Mapping): boolean {
  return address?.kind === "amount" && isEntryAmount(address.amount);
}

function isVisible(place: Place): boolean {
  return place.root.kind === "memory"
    ? isEntryAmount(place.root.pointer)
    : place.root.kind === "variable" && place.key.startsWith("::");
}

function isUnchanged(key: string, value: Value): boolean {
  const symbol = value.kind === "amount" ? soleSymbol(value.amount) : undefined;
  return symbol?.origin.kind === "load" && symbol.origin.place === key;
}

function isEntryAmount(amount: Amount): boolean {
  return amount.terms.every(({ symbol }) => isEntrySymbol(symbol));
}

/** Can the caller say what it stands for? */
function isEntrySymbol(symbol: Symbol): boolean {
  const { origin } = symbol;
  switch (origin.kind) {
    case "parameter":
    case "page":
    case "constant":
    case "sizeof":
      return true;
    case "load":
      return origin.base !== undefined
        ? isEntryAmount(origin.base)
        : origin.place.startsWith("::") && !origin.place.includes("@");
    case "operation":
      return origin.operands.every(isEntryAmount);
    case "call":
    case "uninitialized":
    case "input":
    case "opaque":
      return false;
  }
}

/** Outcomes that differ only in numbers nobody can name are one. */
function outcomeKey(outcome: Outcome, byCondition: boolean): string {
  const returns = outcome.returns === undefined ? "" : returnClass(outcome.returns);
  const phases = outcome.mappings
    .map((m) => `${m.id}:${m.phase}:${m.weakTest?.against ?? ""}:${m.uncertain}`)
    .sort();
  const pointers = outcome.stores
    .filter((s) => s.value.kind === "pointer")
    .map((s) => `${s.place.key}=${valueKey(s.value)}`)
    .sort();
  const conditions =
    phases.length === 0 || !byCondition
      ? []
      : outcome.conditions.map(([form, r]) => `${amountKey(form)}:${r.min}:${r.max}:${r.not.join()}`).sort();
  return [returns, ...phases, ...pointers, ...conditions].join(";");
}

function returnClass(value: Value): string {
  if (value.kind === "pointer") return valueKey(value);
  const n = constantValue(asAmount(value));
  return n !== undefined
    ? String(n)
    : value.kind === "amount" && isEntryAmount(value.amount)
      ? valueKey(value)
      : "?";
}

function merged(a: Outcome, b: Outcome): Outcome {
  const same = (s: Store): boolean =>
    b.stores.some((t) => t.place.key === s.place.key && sameValue(t.value, s.value));
  const unknown = (s: Store): Store => ({
    place: s.place,
    value: amountValue(symbolOf({ kind: "opaque", what: `either ${s.place.key}` })),
  });
  const keys = new Set(a.stores.map((s) => s.place.key));
  return {
    ...a,
    returns:
      a.returns !== undefined && b.returns !== undefined && !sameValue(a.returns, b.returns)
        ? amountValue(symbolOf({ kind: "opaque", what: "either result" }))
        : a.returns,
    returned: a.returned && b.returned ? widen(a.returned, b.returned) : undefined,
    conditions: a.conditions.filter(([form, r]) =>
      b.conditions.some(([f, s]) => amountKey(f) === amountKey(form) && s.min === r.min && s.max === r.max),
    ),
    stores: [
      ...a.stores.map((s) => (same(s) ? s : unknown(s))),
      ...b.stores.filter((s) => !keys.has(s.place.key)).map(unknown),
    ],
    mappings: a.mappings.map((mapping) => {
      const other = b.mappings.find(({ id }) => id === mapping.id);
      return other === undefined ? mapping : inEither(mapping, other);
    }),
    epochs: [...new Set([...a.epochs, ...b.epochs])],
  };
}

/** As callers have to take it, whichever path the function has gone. */
function inEither(mapping: Mapping, other: Mapping): Mapping {
  return {
    ...mapping,
    owner: further(mapping.owner, other.owner),
    seen: mapping.seen || other.seen,
    protection: joinFlags(mapping.protection, other.protection),
    flags: joinFlags(mapping.flags, other.flags),
    raw: other.raw === undefined ? undefined : mapping.raw,
  };
}

/** Of two owners the one that is further away: what one path gives away, the function may have given away. */
function further(a: Owner, b: Owner): Owner {
  return OWNERS.indexOf(a) >= OWNERS.indexOf(b) ? a : b;
}

const OWNERS: readonly Owner[] = ["local", "lent", "stored", "escaped"];
