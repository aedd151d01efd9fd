/** Calls of functions that nobody knows: they may read, write and keep whatever they can reach. */
import { UNKNOWN } from "./joining.js";
import type { Site } from "../diagnostic.js";
import { givenAt, materialize } from "./access.js";
import type { Amount } from "./amount.js";
import { constantValue, ofSymbol, soleSymbol } from "./amount.js";
import { forgetEpoch } from "./forgetting.js";
import type { CallInstruction } from "./call.js";
import { noteDescriptor } from "./descriptors.js";
import { evaluate, opaque } from "./evaluate.js";
import type { Operand } from "./ir.js";
import type { Machine } from "./machine.js";
import { isShared } from "./mapping.js";
import { letGo, noteKept } from "./member-notes.js";
import { isMacroName } from "./model/conventions.js";
import type { Value } from "./value.js";
import { asAmount, isOuter } from "./value.js";

/** It may read, write and keep whatever it can reach from its arguments. */
export function unknownCall(m: Machine, instruction: CallInstruction, values: readonly Value[]): void {
  const isMacro = instruction.callee !== undefined && isMacroName(instruction.callee);
  const kept = isPrintfLike(values) ? [] : instruction.args;
  kept.forEach((operand, i) => {
    const value = values[i];
    if (value !== undefined) lend(m, value, instruction.site);
    if (asksForNull(instruction)) markNull(m, value, instruction.site);
    else if (mayTest(instruction)) mark(m, operand);
  });
  // What is called after a failure may well be what ends the program.
  if ((isMacro && mayTest(instruction)) || values.some((value) => constantValue(asAmount(value)) === 0))
    m.state.failure = undefined;
  if (instruction.returns !== true) m.context.mayEnd.add(instruction.callee ?? "");
  for (const mapping of m.state.mappings.values())
    if (mapping.phase === "failed" && !mapping.told && instruction.returns !== true)
      m.state.update(mapping.id, { told: true });
  if (isMacro) return;
  if (m.emit !== undefined) noteKept(m, "::");
  for (const key of m.state.store.keys())
    if (key.startsWith("::") && !key.startsWith("::static:") && !holdsFailure(m, key))
      m.state.store.delete(key);
  beginEpoch(m, "::");
}

/** Nobody but this function knows of the failure, so nobody else repairs what it left in a global. */
function holdsFailure({ state }: Machine, key: string): boolean {
  const held = state.store.get(key);
  return held?.kind === "pointer" && state.mapping(held.mapping)?.phase === "failed";
}

/** What follows a format with conversions is printed, not kept. */
export function isPrintfLike(values: readonly Value[]): boolean {
  return values.some((value) => value.kind === "string" && /%[-+ #0-9.*]*[a-zA-Z]/.test(value.value));
}

/** Names of functions that look at a pointer to say whether it is one. */
const TESTS = /check|valid|fail|err|assert|verify|is_|null|die|ensure|expect|require/i;

/** Macros that compute with a pointer. */
const COMPUTES = /PTR|OFFSET|CAST|ALIGN|ROUND|ADDR/;

/** May the call be a test of what it is given? Macros of headers that were not read may hide anything. */
function mayTest({ callee }: CallInstruction): boolean {
  if (callee === undefined) return false;
  return TESTS.test(callee) || (isMacroName(callee) && !COMPUTES.test(callee));
}

/** Assertions of test suites: `assert_non_null(p)`, `TEST_ASSERT_NOT_NULL(p)`, `CU_ASSERT_PTR_NOT_NULL(p)`. */
function asksForNull({ callee, args }: CallInstruction): boolean {
  return callee !== undefined && args.length <= 2 && /(?:not|non)_?null/i.test(callee);
}

function markNull(m: Machine, value: Value | undefined, site: Site): void {
  const mapping = value?.kind === "pointer" ? m.state.mapping(value.mapping) : undefined;
  if (mapping?.phase === "unchecked")
    m.state.update(mapping.id, { weakTest: { against: "NULL", site, ofPointer: true, sole: true } });
}

/** A result that the call sees, in whatever expression, may have been tested by it. */
function mark(m: Machine, operand: Operand, isCompared = false): void {
  switch (operand.kind) {
    case "binary": {
      const compares = isCompared || operand.op === "==" || operand.op === "!=";
      mark(m, operand.left, compares);
      mark(m, operand.right, compares);
      return;
    }
    case "unary":
    case "cast":
      mark(m, operand.operand, isCompared);
      return;
    case "temporary":
    case "read": {
      const value = evaluate({ ...m, emit: undefined }, operand);
      const mapping = value.kind === "pointer" ? m.state.mapping(value.mapping) : undefined;
      // A comparison may be the right one, whatever has been asked before.
      if (mapping?.phase === "unchecked" && (mapping.weakTest === undefined || isCompared)) {
        m.state.update(mapping.id, { weakTest: { against: "maybe", site: operand.site } });
      }
      return;
    }
    default:
      return;
  }
}

/** What unknown code may have done to memory. */
const HANDLED = { wiped: true, discarded: undefined, unflushed: undefined } as const;

/** Hands a value to code that is not known. */
export function lend(m: Machine, value: Value, site: Site, depth = 0): void {
  switch (value.kind) {
    case "pointer": {
      const mapping = m.state.mapping(value.mapping);
      if (mapping === undefined) return;
      m.state.update(mapping.id, HANDLED);
      if (isShared(mapping)) {
        m.state.update(mapping.id, { seen: true });
        return;
      }
      m.emit?.({
        kind: "escape",
        site,
        function: m.context.cfg.name,
        mapping,
        offset: value.offset,
        offsetCompared: true,
        to: "call",
        member: undefined,
        callee: /^\w+(?=\s*\()/.exec(m.context.text(site))?.[0] ?? "",
      });
      m.state.update(mapping.id, { owner: "lent", seen: true });
      return;
    }
    case "address": {
      // From a member its struct is found: it may be the first one, or container_of() be used.
      const { root } = value.place;
      giveAway(m, root.kind === "variable" ? root.id : value.place.key, site, depth);
      if (root.kind === "memory") clobberMemory(m, root.pointer);
      return;
    }
    case "amount": {
      const symbol = soleSymbol(value.amount);
      if (symbol?.origin.kind === "parameter") {
        const given = materialize(m, ofSymbol(symbol), site);
        if (given !== undefined && given.mapping.owner === "local")
          m.state.update(given.mapping.id, { owner: "lent" });
      }
      letGo(m, value.amount);
      noteDescriptor(m, value, { handed: true, passed: true });
      const known = givenAt(m.state, value.amount);
      if (known !== undefined) m.state.update(known.mapping.id, HANDLED);
      clobberMemory(m, value.amount);
      return;
    }
    case "flags":
    case "string":
    case "function":
      return;
  }
}

const MAX_REACH = 3;

/** Unknown code gets the address of an object: what the object holds is known to others, and may change. */
function giveAway(m: Machine, key: string, site: Site, depth: number): void {
  if (depth > MAX_REACH) return;
  for (const [inner, held] of m.state.store) {
    if (inner !== key && !(inner.startsWith(key) && /^[.[]/.test(inner.slice(key.length)))) continue;
    if (held.kind === "pointer") {
      const mapping = m.state.mapping(held.mapping);
      const elsewhere =
        mapping !== undefined && m.state.namesOf(mapping.id).some((name) => name !== inner && !isOuter(name));
      if (mapping !== undefined && !isShared(mapping))
        m.state.update(mapping.id, { owner: elsewhere ? "lent" : "escaped", seen: true });
      if (mapping !== undefined) m.state.update(mapping.id, HANDLED);
    } else lend(m, held, site, depth + 1);
  }
  clobberPlace(m, key);
}

/** `by`: a library function that fills it for certain, or unknown code that may leave it as it is. */
export function clobberPlace(m: Machine, key: string, by: "filled" | "unknown" = "unknown"): void {
  if (m.emit !== undefined && by === "unknown") noteKept(m, key);
  const value = opaque(m, `${by === "unknown" ? UNKNOWN : by} ${key}`);
  const symbol = value.kind === "amount" ? soleSymbol(value.amount) : undefined;
  if (symbol !== undefined && m.again) m.state.renew(symbol.id);
  m.state.write(key, value);
  m.state.epochs.set(`=${key}`, by === "filled" ? m.at : `${m.at}${UNKNOWN}`);
}

/** Unknown code has had its hands on what `what` leads to: what is read from now on is named after this moment. */
function beginEpoch(m: Machine, what: string): void {
  const epoch = `${m.at}${UNKNOWN}`;
  if (m.again) forgetEpoch(m.state, epoch);
  m.state.epochs.set(what, epoch);
}

/** Forgets what lies behind an untracked pointer. */
export function clobberMemory(m: Machine, pointer: Amount): void {
  for (const { symbol } of pointer.terms) {
    if (symbol.origin.kind === "page" || symbol.origin.kind === "constant" || symbol.origin.kind === "sizeof")
      continue;
    if (m.emit !== undefined) noteKept(m, symbol.id);
    for (const key of m.state.store.keys())
      if (key.startsWith("*") && key.includes(symbol.id)) m.state.store.delete(key);
    beginEpoch(m, symbol.id);
  }
}

/** A library function fills what the argument points to, and keeps nothing. */
export function fill(m: Machine, value: Value): void {
  if (value.kind === "address") clobberPlace(m, value.place.key, "filled");
  else if (value.kind === "amount") clobberMemory(m, value.amount);
}
