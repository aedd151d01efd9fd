/** What a callee's summary says, in the caller's terms. */
import type { Amount, Origin, Symbol } from "./amount.js";
import { add, amountKey, constantValue, negate, soleSymbol, symbolOf, ZERO } from "./amount.js";
import { moved } from "./evaluate.js";
import type { Argument } from "./events.js";
import type { Machine } from "./machine.js";
import { maskedAddress } from "./masking.js";
import { substitute } from "./substitution.js";
import type { Place, Value } from "./value.js";
import { amountValue, asAmount, placeAt, valueKey } from "./value.js";
import { cutTo32 } from "./widths.js";

/** Replaces what a callee calls its parameters and their memory by what they are at the call. */
export class Instantiation {
  readonly #ids = new Map<string, string>();

  constructor(
    readonly machine: Machine,
    readonly args: readonly Value[],
    readonly callee: string,
    readonly given: readonly Argument[] = [],
  ) {}

  /** The id at the caller of a mapping that the callee made. */
  mappingId(id: string): string {
    let own = this.#ids.get(id);
    if (own === undefined) {
      own = `${this.machine.at}/${this.callee}/${id}`;
      this.#ids.set(id, own);
    }
    return own;
  }

  amount(amount: Amount): Amount {
    return substitute(amount, (symbol) => {
      const value = this.#symbol(symbol);
      return value === undefined
        ? undefined
        : (asAmount(value) ?? symbolOf({ kind: "opaque", what: `${this.machine.at}.${valueKey(value)}` }));
    });
  }

  value(value: Value): Value {
    switch (value.kind) {
      case "amount":
        return this.#amountValue(value.amount);
      case "pointer":
        return this.#pointer(value);
      case "address": {
        const place = this.place(value.place);
        return place === undefined ? this.#opaque(valueKey(value)) : { ...value, place };
      }
      case "flags":
      case "string":
      case "function":
        return value;
    }
  }

  #pointer(value: Value & { readonly kind: "pointer" }): Value {
    if (!value.mapping.startsWith("given:"))
      return { ...value, mapping: this.mappingId(value.mapping), offset: this.amount(value.offset) };
    return this.#opaque(valueKey(value));
  }

  /** A sole symbol may stand for more than a number: an address, a pointer into a mapping, flags. */
  #amountValue(amount: Amount): Value {
    for (const { symbol, coefficient } of amount.terms) {
      if (coefficient !== 1) continue;
      const value = this.#symbol(symbol);
      if (value === undefined || value.kind === "amount") continue;
      const rest = this.amount({ ...amount, terms: amount.terms.filter((t) => t.symbol !== symbol) });
      if (amount.terms.length === 1 && amount.constant === 0) return value;
      return moved(value, rest) ?? this.#opaque(amountKey(amount));
    }
    return amountValue(this.amount(amount));
  }

  #opaque(what: string): Value {
    return amountValue(symbolOf({ kind: "opaque", what: `${this.machine.at}/${what}` }));
  }

  #symbol(symbol: Symbol): Value | undefined {
    const { origin } = symbol;
    switch (origin.kind) {
      case "parameter":
        return this.#argument(origin) ?? this.#opaque(symbol.id);
      case "load": {
        const place = this.#loaded(origin);
        return place === undefined ? this.#opaque(symbol.id) : this.machine.state.read(place);
      }
      case "call":
      case "uninitialized":
      case "input":
      case "opaque":
        return this.#opaque(symbol.id);
      case "operation":
        return this.#rounded(origin);
      case "page":
      case "constant":
      case "sizeof":
        return undefined;
    }
  }

  /** The argument as the parameter holds it: C11 6.5.2.2 converts it as by assignment. */
  #argument({ index, narrow }: Origin & { readonly kind: "parameter" }): Value | undefined {
    const value = this.args[index];
    const argument = this.given[index];
    return narrow === true && argument?.wide === true && value?.kind === "amount"
      ? amountValue(cutTo32(this.machine, value.amount, argument.site))
      : value;
  }

  /** An address rounded down, where that is the start of a mapping. */
  #rounded({
    operator,
    operands: [inner, unit],
  }: Origin & { readonly kind: "operation" }): Value | undefined {
    if (operator !== "roundDown" || inner === undefined || unit === undefined) return undefined;
    const argument = soleSymbol(inner)?.origin;
    const value = argument?.kind === "parameter" ? this.args[argument.index] : undefined;
    if (value?.kind !== "pointer") return undefined;
    const rounded = maskedAddress(value, "&", negate(this.amount(unit)));
    return rounded.kind === "pointer" && constantValue(rounded.offset) === 0 ? rounded : undefined;
  }

  #loaded(origin: Symbol["origin"] & { readonly kind: "load" }): Place | undefined {
    if (origin.base !== undefined)
      return this.place(placeAt({ kind: "memory", pointer: origin.base }, origin.path, origin.place));
    if (!origin.place.startsWith("::") || origin.place.includes("@")) return undefined;
    const end = origin.place.search(/[.[]/);
    const id = end < 0 ? origin.place : origin.place.slice(0, end);
    return placeAt({ kind: "variable", id }, origin.path, origin.place);
  }

  /** Undefined when it is nothing that the caller can reach by name. */
  place(place: Place): Place | undefined {
    const { root } = place;
    if (root.kind === "variable") return place;
    if (root.kind === "mapping")
      return placeAt({ ...root, id: this.mappingId(root.id) }, place.path, place.name);
    const pointer = this.#amountValue(root.pointer);
    const at = rootAt(pointer);
    if (at === undefined) return undefined;
    const offset = add(at.offset, this.amount(place.offset));
    return placeAt(at.root, at.path + place.path, this.#name(place, pointer), offset);
  }

  /** The caller's own name for the place if its argument has one. */
  #name(place: Place, pointer: Value): string {
    return pointer.kind === "address" ? pointer.place.name + place.path : place.name;
  }
}

function rootAt(pointer: Value): Pick<Place, "root" | "path" | "offset"> | undefined {
  switch (pointer.kind) {
    case "amount":
      return { root: { kind: "memory", pointer: pointer.amount }, path: "", offset: ZERO };
    case "address":
      return constantValue(pointer.offset) === 0 ? pointer.place : undefined;
    case "pointer":
      return {
        root: { kind: "mapping", id: pointer.mapping, offset: pointer.offset },
        path: "",
        offset: ZERO,
      };
    case "flags":
    case "string":
    case "function":
      return undefined;
  }
}
