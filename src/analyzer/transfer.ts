/** Runs one instruction on one path state. */
import { overwrite } from "./overwriting.js";
import type { Range } from "./range.js";
import type { Site } from "../diagnostic.js";
import type { Amount } from "./amount.js";
import { constantValue, ofSymbol, sameAmount, soleSymbol, symbolOf } from "./amount.js";
import type { CallInstruction } from "./call.js";
import { lend } from "./unknown-calls.js";
import { letGo, letGoOf, noteRefilled } from "./member-notes.js";
import { runCall } from "./calls.js";
import { noteDescriptor } from "./descriptors.js";
import { evaluate, placeOf } from "./evaluate.js";
import { givenAt, materialize } from "./access.js";
import { hasFlag } from "./flags.js";
import type { Instruction, Operand, PlaceExpr } from "./ir.js";
import type { Machine } from "./machine.js";
import { isShared, type Mapping, tell } from "./mapping.js";
import type { State } from "./state.js";
import type { Place, Value } from "./value.js";
import { amountValue, isOuter, placeAt } from "./value.js";
import { cutTo32, keptIn32 } from "./widths.js";

/** The states after the instruction: none when it does not return, several when a call has several outcomes. */
export function execute(m: Machine, instruction: Instruction): State[] {
  switch (instruction.kind) {
    case "assign":
      // Under another name it may be released without a word of the member.
      letGoOf(m, [instruction.value]);
      assign(m, instruction.target, stored(m, instruction), instruction.site, instruction.value);
      return [m.state];
    case "set":
      letGoOf(m, [instruction.value]);
      m.state.store.set(`t#${instruction.temporary}`, evaluate(m, instruction.value));
      return [m.state];
    case "declare": {
      const { variable } = instruction;
      overwrite(m, variable.id, undefined, instruction.site);
      const uninitialized = symbolOf({ kind: "uninitialized", variable: variable.id });
      const symbol = soleSymbol(uninitialized);
      if (symbol !== undefined && m.again) m.state.renew(symbol.id);
      m.state.write(variable.id, amountValue(uninitialized));
      return [m.state];
    }
    case "leave":
      for (const { id } of instruction.variables) {
        overwrite(m, id, undefined, instruction.site, "out of scope");
        m.state.forgetInside(id);
        m.state.store.delete(id);
      }
      return [m.state];
    case "jump":
      for (const mapping of m.state.mappings.values()) {
        if (mapping.phase === "live" && mapping.source !== "given" && mapping.source !== "heap") {
          m.state.update(mapping.id, {
            history: tell(mapping, instruction.site, `goes to '${instruction.label}' here`),
          });
        }
      }
      return [m.state];
    case "call":
      return call(m, instruction);
    case "evaluate":
      evaluate(m, instruction.value);
      return [m.state];
    case "opaque":
      m.context.mayEnd.add("asm");
      for (const operand of instruction.operands) lend(m, evaluate(m, operand), instruction.site);
      return [m.state];
  }
}

function call(m: Machine, instruction: CallInstruction): State[] {
  return runCall(m, instruction).map(({ state, result }) => {
    if (instruction.used === true) state.store.set(`t#${instruction.temporary}`, result);
    else if (result.kind === "pointer") discard({ ...m, state }, result.mapping, instruction.site);
    return state;
  });
}

/** A fresh mapping whose result nobody keeps. */
function discard(m: Machine, id: string, site: Site): void {
  const mapping = m.state.mapping(id);
  if (
    mapping === undefined ||
    mapping.source === "heap" ||
    mapping.source === "given" ||
    m.state.namesOf(id).length > 0
  )
    return;
  if (
    mapping.source === "mremap" ||
    hasFlag(mapping.flags, "MAP_FIXED") !== "no" ||
    hasFlag(mapping.flags, "MAP_FIXED_NOREPLACE") !== "no"
  ) {
    m.state.update(id, { owner: "escaped", phase: "live" });
    return;
  }
  if (!isShared(mapping))
    m.emit?.({
      kind: "lose",
      site,
      function: m.context.cfg.name,
      mapping,
      how: "discarded",
      releasedElsewhere: false,
    });
  m.state.drop(id);
}

/** The value as the target holds it. */
function stored(m: Machine, { value: operand, narrows }: Instruction & { readonly kind: "assign" }): Value {
  const value = evaluate(m, operand);
  if (narrows === undefined || value.kind !== "amount") return value;
  return amountValue(narrows === 64 ? cutTo32(m, value.amount, operand.site) : keptIn32(value.amount));
}

function assign(m: Machine, target: PlaceExpr, value: Value, site: Site, operand: Operand): void {
  const place = placeOf(storing(m, value), target, "write");
  registerPlace(m, place);
  if (isNul(value)) noteNulled(m, place, site);
  noteRefilled(m, place, value);
  if (m.emit !== undefined && isOuter(place.key)) m.context.written.add(place.key);
  overwrite(m, place.key, value, site);
  const copied = operand.kind === "read" ? membersOf(m, operand) : [];
  m.state.write(place.key, value);
  for (const { path, value: inner, member } of copied) {
    const at = { ...placeAt(place.root, place.path + path, place.name + path, place.offset), member };
    m.state.store.set(at.key, inner);
    if (inner.kind !== "pointer") continue;
    registerPlace(m, at);
    name(m, inner.mapping, at, site);
  }
  if (isNul(value)) noteZero(m, place);
  // Where others find it, anybody may close it.
  if (isOuter(place.key) || place.path !== "") noteDescriptor(m, value, { handed: true });
  if (value.kind === "pointer") name(m, value.mapping, place, site);
  else if (value.kind === "amount" && isOuter(place.key)) keepGiven(m, value.amount, site);
}

/** Whoever is told of the write is told that it stores a pointer. */
function storing(m: Machine, value: Value): Machine {
  const { emit } = m;
  if (emit === undefined || value.kind === "amount" || value.kind === "flags") return m;
  return {
    ...m,
    emit: (event) =>
      emit(event.kind === "access" && event.mode === "write" ? { ...event, storesPointer: true } : event),
  };
}

/** A zero is stored: it ends a string, or is one step of wiping memory. */
function noteZero({ state, context, again }: Machine, { root }: Place): void {
  if (root.kind === "mapping") state.update(root.id, { terminated: true, wiped: true });
  if (root.kind !== "memory") return;
  const given = givenAt(state, root.pointer);
  if (given !== undefined) state.update(given.mapping.id, { wiped: true });
  if (again) context.zeroed.add(root.pointer);
}

/** `if (s->base) s->base = NULL`: what the member held is gone, unless somebody else has it. */
function noteNulled(m: Machine, { key, member }: Place, site: Site): void {
  const old = m.state.store.get(key);
  if (m.emit === undefined || member === undefined || old?.kind !== "amount") return;
  const given = givenAt(m.state, old.amount);
  if (given !== undefined && (given.mapping.phase === "unmapped" || given.mapping.owner !== "local")) return;
  if (soleSymbol(old.amount)?.origin.kind === "load" && m.state.holds(old.amount, "!=") === true)
    m.context.nulled.set(member, site);
}

/** Places outside the function are what summaries speak of. */
function registerPlace(m: Machine, place: Place): void {
  if (isOuter(place.key)) m.context.places.set(place.key, place);
  else if (place.member !== undefined) m.context.localMembers.set(place.key, place.member);
}

/** The members of a struct that is copied as a whole. */
function membersOf(m: Machine, operand: Operand & { readonly kind: "read" }): CopiedMember[] {
  const from = placeOf({ ...m, emit: undefined }, operand.place, undefined).key;
  const members: CopiedMember[] = [];
  for (const [key, value] of m.state.store) {
    const path = key.slice(from.length);
    if (!key.startsWith(from) || !/^[.[]/.test(path)) continue;
    const member = m.context.places.get(key)?.member ?? m.context.localMembers.get(key);
    members.push({ path, value, member });
  }
  return members;
}

interface CopiedMember {
  /** Inside the struct: ".base". */
  readonly path: string;
  readonly value: Value;
  /** "struct shm.base". */
  readonly member: string | undefined;
}

function isNul(value: Value): boolean {
  return value.kind === "amount" && constantValue(value.amount) === 0;
}

/** Others find a pointer that the function was given. */
function keepGiven(m: Machine, amount: Amount, site: Site): void {
  letGo(m, amount);
  const symbol = soleSymbol(amount);
  if (symbol?.origin.kind !== "parameter") return;
  const given = materialize(m, ofSymbol(symbol), site);
  if (given !== undefined && !isShared(given.mapping)) m.state.update(given.mapping.id, { owner: "stored" });
}

/** Some condition on the path speaks of what the amount is computed from. */
function isSpokenOf({ state }: Machine, { terms }: Amount): boolean {
  return terms.some(({ symbol }) =>
    [...state.facts].some(([key, range]) => key.includes(`{${symbol.id}}`) && !isSignOnly(range)),
  );
}

/** What the type of an unsigned variable says already. */
function isSignOnly({ min, max, not }: Range): boolean {
  return min === 0 && max === Infinity && not.length === 0;
}

/** A place holds the mapping now. */
function name(m: Machine, id: string, place: Place, site: Site): void {
  const mapping = m.state.mapping(id);
  if (mapping === undefined) return;
  const outside = isOuter(place.key);
  const indexed = place.path.includes("[{") || place.path.includes("[?");
  const known = mapping.name ?? (place.name === "" ? undefined : place.name);
  if (!outside && !indexed) {
    if (mapping.name === undefined) m.state.update(id, { name: known });
    return;
  }
  notePointed(m, id, place, site);
  if (mapping.source === "heap" && outside) keepInside(m, id, site);
  const held = m.state.store.get(place.key);
  const at = held?.kind === "pointer" ? held : undefined;
  // A second place that points behind the start is a name for a part of it.
  const isPart = isShared(mapping) && at !== undefined && constantValue(at.offset) !== 0;
  if (!isShared(mapping) || isPart)
    m.emit?.({
      kind: "escape",
      site,
      function: m.context.cfg.name,
      mapping,
      offset: at?.offset,
      offsetCompared: at === undefined || isSpokenOf(m, at.offset),
      to: place.key.startsWith("::") ? "global" : "field",
      member: isPart ? undefined : place.member,
      callee: undefined,
    });
  if (outside) handReservation(m, mapping);
  m.state.update(id, {
    name: known,
    owner: mapping.owner === "escaped" ? "escaped" : indexed && !outside ? "escaped" : "stored",
  });
}

/** Others find what was allocated: they find what stands in it, too. */
function keepInside(m: Machine, id: string, site: Site): void {
  for (const [key, inner] of m.state.store)
    if (key.startsWith(`@{${id}+`) && inner.kind === "amount") keepGiven(m, inner.amount, site);
}

function notePointed(m: Machine, id: string, { key, member }: Place, site: Site): void {
  const value = m.state.store.get(key);
  const mapping = m.state.mapping(id);
  if (
    m.emit === undefined ||
    member === undefined ||
    value?.kind !== "pointer" ||
    mapping === undefined ||
    value.varied
  )
    return;
  const before = m.context.pointed.get(member);
  if (before === undefined || before.site.start <= site.start)
    m.context.pointed.set(member, {
      key,
      mapping,
      offset: value.offset,
      ambiguous:
        before !== undefined &&
        (before.ambiguous || (before.key !== key && !sameAmount(before.offset, value.offset))),
      repeated: m.again && ONE_OBJECT.test(key),
      site,
    });
}

/** A member of what a variable at file scope or a parameter stands for, whatever the turn of the loop. */
const ONE_OBJECT = /^(?:::|\*\{\+\{param:\d+\}\})[\w.:]*$/;

/** Control leaves through `return value`: what is returned belongs to the caller. */
export function leave(m: Machine, operand: Operand | undefined, site: Site): Value | undefined {
  if (operand === undefined) return undefined;
  const value = evaluate(m, operand);
  hand(m, value, site);
  if (operand.kind === "read") for (const member of membersOf(m, operand)) hand(m, member.value, site);
  return value;
}

function hand(m: Machine, value: Value, site: Site): void {
  if (value.kind === "address") {
    for (const [key, held] of m.state.store)
      if (held.kind === "pointer" && key.startsWith(value.place.key)) hand(m, held, site);
    return;
  }
  if (value.kind === "amount") letGo(m, value.amount);
  if (value.kind !== "pointer") return;
  const mapping = m.state.mapping(value.mapping);
  if (mapping === undefined) return;
  m.emit?.({
    kind: "escape",
    site,
    function: m.context.cfg.name,
    mapping,
    offset: value.offset,
    offsetCompared: isSpokenOf(m, value.offset),
    to: "caller",
    member: undefined,
    callee: undefined,
  });
  handReservation(m, mapping);
  if (mapping.partial !== undefined)
    m.state.update(mapping.id, { partial: { ...mapping.partial, intended: true } });
  // Who holds it besides the caller has seen it.
  const shared = isShared(mapping);
  const isWhole = mapping.phase === "unchecked" && constantValue(value.offset) === 0;
  m.state.update(mapping.id, {
    ...(shared ? { seen: true } : { owner: "stored" }),
    ...(shared && !isWhole ? {} : { history: tell(mapping, site, "returned here") }),
  });
}

/** What was placed at the start of another mapping, or forced into it, is that one's name too. */
function handReservation(m: Machine, { address, flags, phase }: Mapping): void {
  if (address?.kind !== "pointer" || phase === "failed") return;
  if (constantValue(address.offset) === 0 || hasFlag(flags, "MAP_FIXED") === "yes")
    m.state.update(address.mapping, { owner: "stored" });
}
