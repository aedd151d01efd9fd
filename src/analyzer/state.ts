/**
 * State: what is true on one path at one point of a function. Mutable while a block is being run, cloned at its edges.
 *
 * `store` maps places to values; a place that is not in it holds whatever it held at the last moment when unknown code
 * may have changed it, and reading it gives that moment's symbol. `facts` are bounds on linear forms.
 */
import type { Amount } from "./amount.js";
import { amountKey, constant, constantValue, isConstant, mentions, negate, soleSymbol, subtract, symbolOf } from "./amount.js";
import type { Flags } from "./flags.js";
import { joinFlags, NO_FLAGS } from "./flags.js";
import type { FileDescriptor, Mapping } from "./mapping.js";
import { isShared, sameMapping } from "./mapping.js";
import type { Place, Value } from "./value.js";
import { amountValue, isOuter, NULL_VALUE, sameValue } from "./value.js";

/** Bounds of a linear form without its constant; all inclusive. */
export interface Range {
  readonly min: number;
  readonly max: number;
  readonly not: readonly number[];
}

const ANYTHING: Range = { min: -Infinity, max: Infinity, not: [] };
/** More excluded values than this are forgotten: a long switch needs none of them. */
const MAX_EXCLUDED = 6;

export type Relation = "==" | "!=" | "<" | "<=" | ">" | ">=";

export class State {
  private constructor(
    readonly store: Map<string, Value>,
    readonly facts: Map<string, Range>,
    /** The forms that `facts` speaks of. */
    readonly forms: Map<string, Amount>,
    readonly mappings: Map<string, Mapping>,
    readonly descriptors: Map<string, FileDescriptor>,
    /**
     * When unknown code last had its hands on memory, by the symbol that leads there ("::" for file scope): what is
     * loaded afterwards is not what was there before.
     */
    readonly epochs: Map<string, string>,
    /** Parameters that have met other values in a variable: what happens to that one may have happened to them. */
    readonly mingled: Set<string>,
  ) {}

  static empty(): State {
    return new State(new Map(), new Map(), new Map(), new Map(), new Map(), new Map(), new Set());
  }

  clone(): State {
    return new State(new Map(this.store), new Map(this.facts), this.forms, new Map(this.mappings), new Map(this.descriptors), new Map(this.epochs), new Set(this.mingled));
  }

  read(place: Place, isPointer = false): Value {
    const known = this.store.get(place.key);
    if (known !== undefined) return known;
    const epoch = this.#epochOf(place.key);
    const input = this.#inputAround(place);
    if (input !== undefined) {
      const bytes = amountValue(symbolOf({ kind: "input", function: input, place: `${place.key}@${epoch}` }));
      this.store.set(place.key, bytes);
      return bytes;
    }
    // Only what was there when the function began can be named by its callers.
    const pointer = epoch === "" && place.root.kind === "memory" ? place.root.pointer : undefined;
    const origin = epoch === "" ? place.key : `${place.key}@${epoch}`;
    const value = amountValue(symbolOf({ kind: "load", place: origin, base: pointer, path: place.path, ...(isPointer ? { pointer: true } : {}) }));
    this.store.set(place.key, value);
    return value;
  }

  /** The function that filled the object which the place is a member of. */
  #inputAround({ key, path }: Place): string | undefined {
    for (let end = path.length; end > 0; end = Math.max(path.lastIndexOf(".", end - 1), path.lastIndexOf("[", end - 1))) {
      const value = this.store.get(key.slice(0, key.length - path.length + end));
      const origin = value?.kind === "amount" ? soleSymbol(value.amount)?.origin : undefined;
      if (origin?.kind === "input") return origin.function;
    }
    const whole = this.store.get(key.slice(0, key.length - path.length));
    const origin = path !== "" && whole?.kind === "amount" ? soleSymbol(whole.amount)?.origin : undefined;
    return origin?.kind === "input" ? origin.function : undefined;
  }

  #epochOf(key: string): string {
    let epoch = "";
    for (const [what, at] of this.epochs) if (reaches(what, key)) epoch += `${epoch === "" ? "" : ","}${at}`;
    return epoch;
  }

  /** Replaces what the place and everything inside it held. */
  write(key: string, value: Value): void {
    this.forgetInside(key);
    this.store.set(key, value);
  }

  /** Forgets the members and elements of a place. */
  forgetInside(key: string): void {
    for (const other of this.store.keys()) {
      if (other.length > key.length && other.startsWith(key) && (other[key.length] === "." || other[key.length] === "[")) this.store.delete(other);
    }
  }

  mapping(id: string): Mapping | undefined {
    return this.mappings.get(id);
  }

  update(id: string, change: Partial<Mapping>): void {
    const mapping = this.mappings.get(id);
    if (mapping !== undefined) this.mappings.set(id, { ...mapping, ...change });
  }

  /** The places that hold a pointer into the mapping. */
  namesOf(id: string): string[] {
    const names: string[] = [];
    for (const [key, value] of this.store) {
      if (value.kind === "pointer" && value.mapping === id && !key.startsWith("t#")) names.push(key);
    }
    return names;
  }

  /** Gives an existing mapping another id, everywhere. */
  rename(id: string, to: string): void {
    const mapping = this.mappings.get(id);
    if (mapping === undefined) return;
    this.drop(to);
    this.mappings.delete(id);
    this.mappings.set(to, { ...mapping, id: to });
    for (const [key, value] of this.store) {
      if (value.kind === "pointer" && value.mapping === id) this.store.set(key, { ...value, mapping: to });
    }
    for (const other of this.mappings.values()) {
      if (other.replaces === id) this.update(other.id, { replaces: to });
      if (other.lostTo?.id === id) this.update(other.id, { lostTo: { ...other.lostTo, id: to } });
    }
  }

  /** On this path the mapping's pointer is NULL, so there is none. */
  becomeNull(id: string): void {
    this.mappings.delete(id);
    for (const [key, value] of this.store) if (value.kind === "pointer" && value.mapping === id) this.store.set(key, NULL_VALUE);
  }

  /** Stops following a mapping: pointers into it become unknown. */
  drop(id: string): void {
    if (!this.mappings.delete(id)) return;
    for (const [key, value] of this.store) {
      if (value.kind === "pointer" && value.mapping === id) {
        this.store.set(key, amountValue(symbolOf({ kind: "opaque", what: `dropped ${id} ${key}` })));
      }
    }
  }

  /** Forgets whatever was computed from the symbol: it is about to stand for a new value. */
  renew(symbolId: string): void {
    forgetSymbol(this, symbolId, true);
  }

  range(amount: Amount): Range {
    if (isConstant(amount)) return { min: amount.constant, max: amount.constant, not: [] };
    const { key, sign } = linearKey(amount);
    const range = this.facts.get(key) ?? ANYTHING;
    const c = amount.constant;
    return sign > 0
      ? { min: range.min + c, max: range.max + c, not: range.not.map((n) => n + c) }
      : { min: c - range.max, max: c - range.min, not: range.not.map((n) => c - n) };
  }

  /** Does `amount relation 0` hold? */
  holds(amount: Amount, relation: Relation): boolean | undefined {
    const { min, max, not } = this.range(amount);
    switch (relation) {
      case "==":
        return min === 0 && max === 0 ? true : min > 0 || max < 0 || not.includes(0) ? false : undefined;
      case "!=":
        return invert(this.holds(amount, "=="));
      case "<":
        return max < 0 ? true : min >= 0 ? false : undefined;
      case "<=":
        return max <= 0 ? true : min > 0 ? false : undefined;
      case ">":
        return min > 0 ? true : max <= 0 ? false : undefined;
      case ">=":
        return min >= 0 ? true : max < 0 ? false : undefined;
    }
  }

  /** Assumes `amount relation 0`; false when that contradicts what is known. */
  assume(amount: Amount, relation: Relation): boolean {
    const known = this.holds(amount, relation);
    if (known !== undefined) return known;
    const { key, sign, form } = linearKey(amount);
    const range = this.facts.get(key) ?? ANYTHING;
    // sign · form + constant relation 0  <=>  form relation' bound
    const bound = sign > 0 ? -amount.constant : amount.constant;
    const narrowed = narrow(range, sign > 0 ? relation : mirrored(relation), bound);
    if (narrowed === undefined) return false;
    this.facts.set(key, narrowed);
    this.forms.set(key, form);
    return true;
  }

  /** What keeps states apart where paths meet: the phases of the mappings and the names that hold them. */
  key(): string {
    const parts: string[] = [];
    for (const m of this.mappings.values()) {
      if (m.source === "heap" || ((isShared(m) || m.source === "given") && m.phase === "live")) continue;
      // One of many, by an index: keeping each apart would never end.
      if (m.source === "given" && /\[|\}\+|\d\+\{|\?|call:/.test(m.id)) continue;
      const names = isShared(m) ? [] : this.namesOf(m.id).sort();
      parts.push(`${m.id}:${m.phase}:${m.owner}:${m.weakTest?.against ?? ""}:${m.lostTo?.id ?? ""}:${names.join(",")}`);
    }
    return parts.sort().join(";");
  }

  equals(other: State): boolean {
    if (this.epochs.size !== other.epochs.size || this.store.size !== other.store.size || this.facts.size !== other.facts.size) return false;
    if (this.mappings.size !== other.mappings.size || this.mingled.size !== other.mingled.size || this.descriptors.size !== other.descriptors.size) return false;
    for (const [key, value] of this.store) {
      const theirs = other.store.get(key);
      if (theirs === undefined || !sameValue(value, theirs)) return false;
    }
    for (const [key, range] of this.facts) {
      const theirs = other.facts.get(key);
      if (theirs === undefined || !sameRange(range, theirs)) return false;
    }
    for (const [id, mapping] of this.mappings) {
      const theirs = other.mappings.get(id);
      if (theirs === undefined || !sameMapping(mapping, theirs)) return false;
    }
    for (const [symbol, at] of this.epochs) if (other.epochs.get(symbol) !== at) return false;
    for (const [id, descriptor] of this.descriptors) {
      const theirs = other.descriptors.get(id);
      if (theirs === undefined || theirs.sized !== descriptor.sized) return false;
    }
    return true;
  }

  /**
   * What holds where `this`, already known at `block`, and `incoming` meet there. A place that differs gets a symbol of
   * that block and place; bounds only ever widen, so repeated joins end.
   */
  join(incoming: State, block: string, isRepeated: boolean): State {
    if (!isRepeated) return this.#join(incoming, block);
    const mine = this.clone();
    const theirs = incoming.clone();
    // What a turn of a loop was given is not what the next one is given, whatever its name.
    for (const { id, source } of theirs.mappings.values()) if (source === "given" && /\?|call:/.test(id)) theirs.mappings.delete(id);
    const prefix = `?join${block}:`;
    const inTheirs = theirs.#speaksOf(prefix);
    const inMine = mine.#speaksOf(prefix);
    if (!inTheirs && !inMine) return mine.#join(theirs, block);
    for (const { symbolId, isNew } of this.#differing(theirs, block)) {
      if (inTheirs) forgetSymbol(theirs, symbolId);
      if (inMine && isNew) forgetSymbol(mine, symbolId);
    }
    return mine.#join(theirs, block);
  }

  #join(arriving: State, block: string): State {
    const result = new State(new Map(), new Map(), this.forms, new Map(), new Map(), new Map(), new Set([...this.mingled, ...arriving.mingled]));
    for (const [symbol, at] of [...this.epochs, ...arriving.epochs]) {
      const same = this.epochs.get(symbol) === at && arriving.epochs.get(symbol) === at;
      const unknown = at.includes(UNKNOWN) || result.epochs.get(symbol)?.includes(UNKNOWN) === true;
      result.epochs.set(symbol, same ? at : `join${block}${unknown ? UNKNOWN : ""}`);
    }
    for (const [key, mine] of this.store) {
      const theirs = arriving.store.get(key);
      if (theirs === undefined) {
        joinUntouched(result, key, mine, block);
        continue;
      }
      if (!sameValue(mine, theirs)) for (const value of [mine, theirs]) mingle(result, value);
      result.store.set(key, sameValue(mine, theirs) ? mine : joinValues(mine, theirs, `join${block}:${key}`));
    }
    for (const [key, theirs] of arriving.store) if (!this.store.has(key)) joinUntouched(result, key, theirs, block);
    for (const [key, range] of this.facts) {
      const theirs = arriving.facts.get(key);
      const widened = theirs === undefined ? undefined : widen(range, theirs);
      if (widened !== undefined) result.facts.set(key, widened);
    }
    joinMappings(result, this, arriving);
    for (const [id, d] of this.descriptors) {
      const theirs = arriving.descriptors.get(id);
      if (theirs !== undefined) result.descriptors.set(id, { ...d, mode: joinFlags(d.mode, theirs.mode), sized: d.sized || theirs.sized });
    }
    return result;
  }

  /** Does anything in it rest on a symbol whose id begins like this? */
  #speaksOf(prefix: string): boolean {
    for (const [key, value] of this.store) if (key.includes(prefix) || valueSpeaksOf(value, prefix)) return true;
    for (const key of this.facts.keys()) if (key.includes(prefix)) return true;
    return false;
  }

  /** The symbols that this join gives to the places that differ: on an earlier turn they stood for something else. */
  #differing(arriving: State, block: string): { readonly symbolId: string; readonly isNew: boolean }[] {
    const symbols: { readonly symbolId: string; readonly isNew: boolean }[] = [];
    for (const [key, mine] of this.store) {
      const theirs = arriving.store.get(key);
      if (theirs === undefined || sameValue(mine, theirs)) continue;
      const own = soleSymbolId(mine);
      for (const symbolId of [`?join${block}:${key}`, `?join${block}:${key}${UNKNOWN}`]) symbols.push({ symbolId, isNew: own !== symbolId });
    }
    return symbols;
  }
}

function mingle(result: State, value: Value): void {
  const symbol = value.kind === "amount" ? soleSymbol(value.amount) : undefined;
  if (symbol?.origin.kind === "parameter") result.mingled.add(symbol.id);
}

/** Does unknown code that had `what` in its hands reach the place? `=x` is the object x; a symbol is a pointer. */
function reaches(what: string, key: string): boolean {
  if (what === "::") return key.startsWith("::") && !key.startsWith("::static:");
  if (!what.startsWith("=")) return key.startsWith("*") && key.includes(what);
  const object = what.slice(1);
  return key.startsWith(object) && (key.length === object.length || key[object.length] === "." || key[object.length] === "[");
}

/** One path never touched the place: there it holds what a load would give. */
function joinUntouched(result: State, key: string, value: Value, block: string): void {
  if (!isOuter(key)) return;
  const symbol = value.kind === "amount" ? soleSymbol(value.amount) : undefined;
  if (symbol?.origin.kind === "load" && symbol.origin.place === key) return;
  result.store.set(key, amountValue(symbolOf({ kind: "opaque", what: `join${block}:${key}` })));
}

function joinMappings(result: State, mine: State, theirs: State): void {
  for (const mapping of mine.mappings.values()) {
    const other = theirs.mappings.get(mapping.id);
    if (other === undefined) {
      // Memory that only one path has worked on is again what it was: not followed.
      if (mapping.source !== "given") result.mappings.set(mapping.id, settled(result, mapping));
    } else if (other.phase === mapping.phase) result.mappings.set(mapping.id, settled(result, joinTwo(mapping, other)));
    else {
      result.mappings.set(mapping.id, mapping);
      result.drop(mapping.id);
    }
  }
  for (const mapping of theirs.mappings.values()) {
    if (!mine.mappings.has(mapping.id) && mapping.source !== "given") result.mappings.set(mapping.id, settled(result, mapping));
  }
  for (const [key, value] of result.store) {
    if (value.kind === "pointer" && !result.mappings.has(value.mapping)) {
      result.store.set(key, amountValue(symbolOf({ kind: "opaque", what: `dropped ${value.mapping} ${key}` })));
    }
  }
}

/** A mapping that lost its last name in a join is no longer this function's for certain. */
function settled(result: State, mapping: Mapping): Mapping {
  return !isShared(mapping) && mapping.source !== "given" && result.namesOf(mapping.id).length === 0 && mapping.lostTo === undefined
    ? { ...mapping, owner: "escaped" }
    : mapping;
}

const OWNERS = ["local", "lent", "stored", "escaped"] as const;

function joinTwo(a: Mapping, b: Mapping): Mapping {
  return {
    ...a,
    owner: OWNERS[Math.max(OWNERS.indexOf(a.owner), OWNERS.indexOf(b.owner))] ?? "escaped",
    protection: joinFlags(a.protection, b.protection),
    flags: joinFlags(a.flags, b.flags),
    length: a.length !== undefined && b.length !== undefined && amountKey(a.length) === amountKey(b.length) ? a.length : undefined,
    offset: a.offset !== undefined && b.offset !== undefined && amountKey(a.offset) === amountKey(b.offset) ? a.offset : undefined,
    written: a.written !== undefined && b.written !== undefined ? a.written : undefined,
    terminated: a.terminated || b.terminated,
    compared: a.compared || b.compared,
    accessed: a.accessed === "write" || b.accessed === "write" ? "write" : (a.accessed ?? b.accessed),
    descriptor: a.descriptor?.site.start === b.descriptor?.site.start ? a.descriptor : undefined,
    history: a.history.length <= b.history.length ? a.history : b.history,
  };
}

function joinValues(mine: Value, theirs: Value, what: string): Value {
  if (mine.kind === "pointer" && theirs.kind === "pointer" && mine.mapping === theirs.mapping) {
    return { ...mine, offset: symbolOf({ kind: "opaque", what }), varied: true };
  }
  if (mine.kind === "flags" || theirs.kind === "flags") {
    const a = flagsOf(mine);
    const b = flagsOf(theirs);
    if (a !== undefined && b !== undefined) return { kind: "flags", flags: joinFlags(a, b) };
  }
  // What unknown code may have changed stays so.
  const unknown = [mine, theirs].some((value) => value.kind === "amount" && value.amount.terms.some(({ symbol }) => symbol.id.includes(UNKNOWN)));
  return amountValue(symbolOf({ kind: "opaque", what: unknown ? `${what}${UNKNOWN}` : what }));
}

/** Marks the symbols of values that unknown code may have changed. */
export const UNKNOWN = "unknown";

function flagsOf(value: Value): Flags | undefined {
  if (value.kind === "flags") return value.flags;
  return value.kind === "amount" && constantValue(value.amount) === 0 ? NO_FLAGS : undefined;
}

/** Forgets everything in `state` that was computed from a symbol which is about to stand for another value. */
function forgetSymbol(state: State, symbolId: string, alsoAlone = false): void {
  for (const key of state.facts.keys()) if (key.includes(symbolId)) state.facts.delete(key);
  for (const [key, value] of state.store) {
    if (key.includes(symbolId)) {
      state.store.delete(key);
      continue;
    }
    if ((!alsoAlone && soleSymbolId(value) === symbolId) || !valueMentions(value, symbolId)) continue;
    const stale = symbolOf({ kind: "opaque", what: `stale ${key}` });
    state.store.set(key, value.kind === "pointer" ? { ...value, offset: stale, varied: true } : amountValue(stale));
  }
  for (const m of state.mappings.values()) {
    if (m.source === "given" && m.id.includes(symbolId)) {
      state.mappings.delete(m.id);
      continue;
    }
    const length = m.length !== undefined && mentions(m.length, symbolId) ? undefined : m.length;
    const offset = m.offset !== undefined && mentions(m.offset, symbolId) ? undefined : m.offset;
    if (length !== m.length || offset !== m.offset) state.update(m.id, { length, offset });
  }
}

function soleSymbolId(value: Value): string | undefined {
  if (value.kind === "amount") return soleSymbol(value.amount)?.id;
  return value.kind === "pointer" || value.kind === "address" ? soleSymbol(value.offset)?.id : undefined;
}

function valueSpeaksOf(value: Value, prefix: string): boolean {
  const amount = value.kind === "amount" ? value.amount : value.kind === "pointer" || value.kind === "address" ? value.offset : undefined;
  return amount?.terms.some(({ symbol }) => symbol.id.includes(prefix)) === true || (value.kind === "address" && value.place.key.includes(prefix));
}

function valueMentions(value: Value, symbolId: string): boolean {
  switch (value.kind) {
    case "amount":
      return mentions(value.amount, symbolId);
    case "pointer":
      return mentions(value.offset, symbolId);
    case "address":
      return mentions(value.offset, symbolId) || value.place.key.includes(symbolId);
    case "flags":
    case "string":
    case "function":
      return false;
  }
}

/** The form without its constant, with the sign of its first term taken out. */
function linearKey(amount: Amount): { readonly key: string; readonly sign: 1 | -1; readonly form: Amount } {
  const first = amount.terms[0];
  const sign = first !== undefined && first.coefficient < 0 ? -1 : 1;
  const rest = subtract(amount, constant(amount.constant));
  const form = sign < 0 ? negate(rest) : rest;
  return { key: amountKey(form), sign, form };
}

function narrow(range: Range, relation: Relation, bound: number): Range | undefined {
  let { min, max, not } = range;
  switch (relation) {
    case "==":
      min = Math.max(min, bound);
      max = Math.min(max, bound);
      break;
    case "!=":
      if (min === bound) min++;
      else if (max === bound) max--;
      else not = not.length >= MAX_EXCLUDED ? not : [...not, bound];
      break;
    case "<":
      max = Math.min(max, bound - 1);
      break;
    case "<=":
      max = Math.min(max, bound);
      break;
    case ">":
      min = Math.max(min, bound + 1);
      break;
    case ">=":
      min = Math.max(min, bound);
      break;
  }
  return min > max || (min === max && not.includes(min)) ? undefined : { min, max, not };
}

function widen(mine: Range, theirs: Range): Range | undefined {
  const min = theirs.min >= mine.min ? mine.min : -Infinity;
  const max = theirs.max <= mine.max ? mine.max : Infinity;
  const not = mine.not.filter((n) => theirs.not.includes(n) || n < theirs.min || n > theirs.max);
  return min === -Infinity && max === Infinity && not.length === 0 ? undefined : { min, max, not };
}

function sameRange(a: Range, b: Range): boolean {
  return a.min === b.min && a.max === b.max && a.not.length === b.not.length && a.not.every((n) => b.not.includes(n));
}

export function mirrored(relation: Relation): Relation {
  switch (relation) {
    case "<":
      return ">";
    case "<=":
      return ">=";
    case ">":
      return "<";
    case ">=":
      return "<=";
    case "==":
    case "!=":
      return relation;
  }
}

function invert(truth: boolean | undefined): boolean | undefined {
  return truth === undefined ? undefined : !truth;
}
