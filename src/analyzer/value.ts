/** Value: what an operand is known to be at one moment of one path. */
import type { Amount } from "./amount.js";
import { amountKey, constant, constantValue, sameAmount, ZERO } from "./amount.js";
import type { Flags } from "./flags.js";
import { flagsKey, NO_FLAGS, sameFlags, UNKNOWN_FLAGS } from "./flags.js";

export type Value =
  /** A number, or a pointer to something that is not tracked. */
  | { readonly kind: "amount"; readonly amount: Amount }
  | { readonly kind: "flags"; readonly flags: Flags }
  /**
   * Into a tracked mapping, `offset` bytes past what its call returned. `varied`: advanced by a different amount on
   * different paths, so not certainly at the start.
   */
  | { readonly kind: "pointer"; readonly mapping: string; readonly offset: Amount; readonly varied: boolean }
  /** The address of an object of the program, or `offset` bytes past it. */
  | { readonly kind: "address"; readonly place: Place; readonly offset: Amount }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "function"; readonly name: string };

/**
 * An object in memory, named so that equal keys are the same object:
 * `x`, `x.f`, `x[2]`; `::g` for file scope; `*{…}` for what an untracked pointer points to; `@m` for inside a mapping.
 */
export interface Place {
  readonly key: string;
  readonly root: Root;
  /** Members and elements behind the root: ".map.base", "[2]". */
  readonly path: string;
  /** Bytes from the root to here. */
  readonly offset: Amount;
  /** As the source spells it, for messages. */
  readonly name: string;
  /** The struct and the member that it is, "struct shm.base". */
  readonly member?: string | undefined;
}

export type Root =
  | { readonly kind: "variable"; readonly id: string }
  /** What an untracked pointer points to. */
  | { readonly kind: "memory"; readonly pointer: Amount }
  | { readonly kind: "mapping"; readonly id: string; readonly offset: Amount };

export function placeAt(root: Root, path: string, name: string, offset: Amount = ZERO): Place {
  return { key: rootKey(root) + path, root, path, name, offset };
}

function rootKey(root: Root): string {
  switch (root.kind) {
    case "variable":
      return root.id;
    case "memory":
      return `*{${amountKey(root.pointer)}}`;
    case "mapping":
      return `@{${root.id}+${amountKey(root.offset)}}`;
  }
}

export const NULL_VALUE: Value = { kind: "amount", amount: ZERO };
export const MAP_FAILED_VALUE: Value = { kind: "amount", amount: constant(-1) };

export function amountValue(amount: Amount): Value {
  return { kind: "amount", amount };
}

export function isOuter(key: string): boolean {
  return key.startsWith("::") || key.startsWith("*") || key.startsWith("@");
}

/** `*p` of a parameter, as when a cursor is moved on: whatever it holds has other names in the caller. */
export function isCallersVariable(place: string): boolean {
  return /^\*\{\+\{param:\d+\}\}$/.test(place);
}

/** A global, or what a parameter points to: where a function leaves a result of its own. */
export function isResult(key: string): boolean {
  return key.startsWith("::") || isCallersVariable(key);
}

/** The last name in a place that outlives a function: "base" of "struct shm.base" and of "::shm.base". */
export function lastName(holder: string): string {
  return /\w+$/.exec(holder)?.[0] ?? holder;
}

export function valueKey(value: Value): string {
  switch (value.kind) {
    case "amount":
      return amountKey(value.amount);
    case "flags":
      return `f:${flagsKey(value.flags)}`;
    case "pointer":
      return `p:${value.mapping}+${amountKey(value.offset)}${value.varied ? "~" : ""}`;
    case "address":
      return `&${value.place.key}+${amountKey(value.offset)}`;
    case "string":
      return `s:${value.value}`;
    case "function":
      return `fn:${value.name}`;
  }
}

export function sameValue(a: Value, b: Value): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case "amount":
      return b.kind === "amount" && sameAmount(a.amount, b.amount);
    case "flags":
      return b.kind === "flags" && sameFlags(a.flags, b.flags);
    case "pointer":
      return (
        b.kind === "pointer" &&
        a.mapping === b.mapping &&
        a.varied === b.varied &&
        sameAmount(a.offset, b.offset)
      );
    case "address":
      return b.kind === "address" && a.place.key === b.place.key && sameAmount(a.offset, b.offset);
    case "string":
      return b.kind === "string" && a.value === b.value;
    case "function":
      return b.kind === "function" && a.name === b.name;
  }
}

/** The value as a set of flags; `ofNumber` reads a literal. */
export function asFlags(
  value: Value | undefined,
  ofNumber: (n: number) => Flags = () => UNKNOWN_FLAGS,
): Flags {
  if (value?.kind === "flags") return value.flags;
  const n = value?.kind === "amount" ? constantValue(value.amount) : undefined;
  if (n === undefined) return UNKNOWN_FLAGS;
  return n === 0 ? orZero(ofNumber) : ofNumber(n);
}

function orZero(ofNumber: (n: number) => Flags): Flags {
  const zero = ofNumber(0);
  return zero.open ? NO_FLAGS : zero;
}

export function asAmount(value: Value | undefined): Amount | undefined {
  if (value?.kind === "amount") return value.amount;
  // MAP_* and O_* names stand for numbers that are not followed; none at all is zero.
  return value?.kind === "flags" && value.flags.may.size === 0 && !value.flags.open ? ZERO : undefined;
}

export function asNumber(value: Value | undefined): number | undefined {
  return constantValue(asAmount(value));
}
