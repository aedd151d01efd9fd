/**
 * State: what is true on one path at one point of a function. Mutable while a block is being run, cloned at its edges.
 *
 * `store` maps places to values; a place that is not in it holds whatever it held at the last moment when unknown code
 * may have changed it, and reading it gives that moment's symbol. `facts` are bounds on linear forms.
 */
import type { Amount } from "./amount.js";
import { isConstant, soleSymbol, symbolOf } from "./amount.js";
import { forgetEpoch, forgetSymbol, soleSymbolId, valueSpeaksOf } from "./forgetting.js";
import type { SometimesUsed } from "./joining.js";
import {
  joinDescriptors,
  joinMappings,
  joinUntouched,
  joinUses,
  joinValues,
  mingle,
  UNKNOWN,
} from "./joining.js";
import { epochOfJoin, reaches } from "./epochs.js";
import type { FileDescriptor, Mapping } from "./mapping.js";
import { isShared } from "./mapping.js";
import { sameState } from "./same-state.js";
import type { Range, Relation } from "./range.js";
import { ANYTHING, invert, linearKey, mirrored, narrow, usualRange, widen } from "./range.js";
import { OF_MANY, PASSING, placeLeft } from "./turns.js";
import type { Place, Value } from "./value.js";
import { amountValue, isResult, NULL_VALUE, sameValue } from "./value.js";

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
    /**
     * What only some of the paths that have met here have used, each as it was found in a place of others, by its id;
     * "gone": one of them has given it to somebody else.
     */
    readonly sometimesUsed: Map<string, SometimesUsed | "gone">,
  ) {}

  /** On this path a function of the program has failed to map, and given NULL; until that is told. */
  failure: Mapping | undefined;

  static empty(): State {
    return new State(new Map(), new Map(), new Map(), new Map(), new Map(), new Map(), new Set(), new Map());
  }

  clone(): State {
    const copy = new State(
      new Map(this.store),
      new Map(this.facts),
      this.forms,
      new Map(this.mappings),
      new Map(this.descriptors),
      new Map(this.epochs),
      new Set(this.mingled),
      new Map(this.sometimesUsed),
    );
    copy.failure = this.failure;
    return copy;
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
    const value = amountValue(
      symbolOf({
        kind: "load",
        place: origin,
        base: pointer,
        path: place.path,
        ...(isPointer ? { pointer: true } : {}),
      }),
    );
    this.store.set(place.key, value);
    return value;
  }

  /** The function that filled the object which the place is a member of. */
  #inputAround({ key, path }: Place): string | undefined {
    for (
      let end = path.length;
      end > 0;
      end = Math.max(path.lastIndexOf(".", end - 1), path.lastIndexOf("[", end - 1))
    ) {
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
      if (
        other.length > key.length &&
        other.startsWith(key) &&
        (other[key.length] === "." || other[key.length] === "[")
      )
        this.store.delete(other);
    }
  }

  /** Does the place hold what it held when the function began, or was there when unknown code was done with it? */
  isUntouched(key: string): boolean {
    return !this.store.has(key) && this.#epochOf(key) === "";
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
    for (const [key, value] of this.store)
      if (value.kind === "pointer" && value.mapping === id) this.store.set(key, NULL_VALUE);
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
    const { key, sign, form } = linearKey(amount);
    const range = this.facts.get(key) ?? usualRange(form);
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
      if (m.source === "heap" || (m.source === "given" && m.phase === "live")) continue;
      // What a struct or an array of the caller's holds is left to the caller; other places would lose it in a join.
      const isElement = m.name?.endsWith("]") === true;
      if (isShared(m) && m.phase === "live" && (isElement || !this.namesOf(m.id).some(isResult))) continue;
      // One of many, by an index: keeping each apart would never end.
      const left = placeLeft(this, m);
      if (m.source === "given" && OF_MANY.test(left === undefined ? m.id : left)) continue;
      const names = isShared(m) ? [] : this.namesOf(m.id).sort();
      if (left !== undefined) names.push("left");
      parts.push(
        `${m.id}:${m.phase}:${m.owner}:${m.weakTest?.against ?? ""}:${m.lostTo?.id ?? ""}:${names.join(",")}`,
      );
    }
    for (const id of this.descriptors.keys()) parts.push(id);
    if (this.failure !== undefined) parts.push(this.failure.id);
    for (const [key, { min, max }] of this.facts)
      if (min === -1 && max === -1 && isOfPointer(this.forms.get(key))) parts.push(`${key} failed`);
    return parts.sort().join(";");
  }

  /**
   * What holds where `this`, already known at `block`, and `incoming` meet there. A place that differs gets a symbol of
   * that block and place; bounds only ever widen, so repeated joins end.
   */
  join(incoming: State, block: string, isRepeated: boolean): State {
    if (sameState(this, incoming)) return this;
    if (!isRepeated) return this.#join(incoming, block, isRepeated);
    const prefix = `?join${block}:`;
    // What was read since the paths met here has other values on the next turn.
    const since = epochOfJoin(block);
    if (incoming.#readSince(since)) {
      const renewed = incoming.clone();
      forgetEpoch(renewed, since);
      return this.join(renewed, block, isRepeated);
    }
    const inTheirs = incoming.#speaksOf(prefix);
    const inMine = this.#speaksOf(prefix);
    // What a turn of a loop was given is not what the next one is given, whatever its name. What has been unmapped before
    // the loop stays so.
    const passing = [...incoming.mappings.values()].filter(
      (m) =>
        m.source === "given" &&
        PASSING.test(m.id) &&
        !(m.phase === "unmapped" && this.mappings.get(m.id)?.phase === "unmapped"),
    );
    if (!inTheirs && !inMine && passing.length === 0) return this.#join(incoming, block, isRepeated);
    const theirs = incoming.clone();
    const mine = inMine ? this.clone() : this;
    for (const { id } of passing) theirs.mappings.delete(id);
    for (const { symbolId, isNew } of inTheirs || inMine ? this.#differing(theirs, block) : []) {
      if (inTheirs) forgetSymbol(theirs, symbolId);
      if (inMine && isNew) forgetSymbol(mine, symbolId);
    }
    return mine.#join(theirs, block, isRepeated);
  }

  /** Does anything rest on what was read since that moment? */
  #readSince(epoch: string): boolean {
    for (const key of this.store.keys()) if (key.includes(epoch)) return true;
    for (const value of this.store.values()) if (valueSpeaksOf(value, epoch)) return true;
    for (const id of this.mappings.keys()) if (id.includes(epoch)) return true;
    return false;
  }

  #join(arriving: State, block: string, isRepeated: boolean): State {
    const result = new State(
      new Map(),
      new Map(),
      this.forms,
      new Map(),
      new Map(),
      new Map(),
      new Set([...this.mingled, ...arriving.mingled]),
      new Map(),
    );
    result.failure = this.failure?.id === arriving.failure?.id ? this.failure : undefined;
    for (const [symbol, at] of [...this.epochs, ...arriving.epochs]) {
      const same = this.epochs.get(symbol) === at && arriving.epochs.get(symbol) === at;
      const unknown = at.includes(UNKNOWN) || result.epochs.get(symbol)?.includes(UNKNOWN) === true;
      result.epochs.set(symbol, same ? at : `${epochOfJoin(block)}${unknown ? UNKNOWN : ""}`);
    }
    for (const [key, mine] of this.store) {
      const theirs = arriving.store.get(key);
      if (theirs === undefined) {
        joinUntouched(result, arriving, key, mine, block);
        continue;
      }
      if (!sameValue(mine, theirs)) for (const value of [mine, theirs]) mingle(result, value);
      result.store.set(
        key,
        sameValue(mine, theirs) ? mine : joinValues(mine, theirs, `join${block}:${key}`, isRepeated),
      );
    }
    for (const [key, theirs] of arriving.store)
      if (!this.store.has(key)) joinUntouched(result, this, key, theirs, block);
    for (const [key, range] of this.facts) {
      const theirs = arriving.facts.get(key);
      const widened = theirs === undefined ? undefined : widen(range, theirs);
      if (widened !== undefined) result.facts.set(key, widened);
    }
    joinUses(result, this, arriving, isRepeated);
    joinMappings(result, this, arriving, isRepeated);
    joinDescriptors(result, this, arriving);
    return result;
  }

  /** Does anything in it rest on a symbol whose id begins like this? */
  #speaksOf(prefix: string): boolean {
    for (const [key, value] of this.store)
      if (key.includes(prefix) || valueSpeaksOf(value, prefix)) return true;
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
      for (const symbolId of [`?join${block}:${key}`, `?join${block}:${key}${UNKNOWN}`])
        symbols.push({ symbolId, isNew: own !== symbolId });
    }
    return symbols;
  }
}

/** What was read from a place that is declared as a pointer. */
function isOfPointer(form: Amount | undefined): boolean {
  const origin = form === undefined ? undefined : soleSymbol(form)?.origin;
  return origin?.kind === "load" && origin.pointer === true;
}
