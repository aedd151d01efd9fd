/** Calls of the program's own functions, by their summaries. */
import { UNKNOWN } from "./joining.js";
import type { Site } from "../diagnostic.js";
import type { Manner } from "./access.js";
import { access, accessGiven, givenAt, materialize } from "./access.js";
import type { Amount } from "./amount.js";
import { constant, constantValue, mentions, ofSymbol, soleSymbol, subtract, ZERO } from "./amount.js";
import { settleRemap } from "./assume.js";
import type { CallInstruction } from "./call.js";
import { begin, describe, fresh, targetOf } from "./call.js";
import { descriptorOf } from "./descriptors.js";
import { reaches } from "./epochs.js";
import { moved } from "./evaluate.js";
import type { Call } from "./events.js";
import { failedBy } from "./failed-wrappers.js";
import { mapFlagsOfNumber, protectionOfNumber } from "./flags.js";
import { Instantiation } from "./instantiation.js";
import { tellLatent } from "./latent.js";
import type { Machine, Outgoing } from "./machine.js";
import type { Mapping, Moment } from "./mapping.js";
import { letGo } from "./member-notes.js";
import { foundAt, loseGiven } from "./overwriting.js";
import { releaseArguments } from "./released-arguments.js";
import { failureOf, nullOf } from "./null-results.js";
import { noteReprotected } from "./range-calls.js";
import type { Range } from "./range.js";
import type { Outcome, Summary } from "./summary.js";
import { clobberMemory, clobberPlace, lend } from "./unknown-calls.js";
import { unmap } from "./unmapping.js";
import type { Place, Value } from "./value.js";
import { amountValue, asAmount, asFlags, isOuter } from "./value.js";

export function applySummary(
  m: Machine,
  instruction: CallInstruction,
  callee: string,
  values: readonly Value[],
  summary: Summary,
): Outgoing[] {
  const call = describe(m, instruction, values, false);
  const out: Outgoing[] = [];
  const maps = summary.outcomes.some((outcome) => returnedMapping(outcome) !== undefined);
  mayFlush(m, values);
  if (summary.mayEnd) m.context.mayEnd.add(callee);
  for (const index of summary.reprotected) if (values[index] !== undefined) noteReprotected(m, values[index]);
  const dies = maps && DIES.test(callee);
  releaseArguments(m, call, instruction, values, summary);
  summary.outcomes.forEach((outcome, i) => {
    if (dies && (returnedMapping(outcome)?.phase ?? "failed") === "failed") return;
    const state = summary.outcomes.length === 1 ? m.state : m.state.clone();
    const machine: Machine = { ...m, state };
    const result = applyOutcome(machine, call, callee, values, outcome, i === 0);
    if (result === undefined) return;
    if (maps && isNullValue(result)) {
      state.failure = failureOf(call, machine.at);
      out.push({ state, result: nullOf(call) });
    } else out.push({ state, result: maps && isMapFailed(result) ? failedBy(machine, call) : result });
  });
  return out;
}

function returnedMapping({ returns, mappings }: Outcome): Mapping | undefined {
  if (returns?.kind !== "pointer") return undefined;
  return mappings.find(({ id, source }) => id === returns.mapping && source !== "heap" && source !== "given");
}

/** By its name such a wrapper ends the program rather than to fail, though what ends it may be out of sight. */
const DIES = /^(?:_*safe_|x|must_|checked_)\w*(?:map|alloc|shmat)/i;

function isNullValue(value: Value): boolean {
  return constantValue(asAmount(value)) === 0;
}

function isMapFailed(value: Value): boolean {
  return constantValue(asAmount(value)) === -1;
}

/** Summaries do not say what is flushed: whatever the function can reach may be. What it writes is written again. */
function mayFlush({ state }: Machine, values: readonly Value[]): void {
  const given = new Set(
    values.map((value) =>
      value.kind === "amount" ? givenAt(state, value.amount)?.mapping.id : mappingOf(value),
    ),
  );
  for (const { id, owner, unflushed } of state.mappings.values())
    if (unflushed !== undefined && (owner !== "local" || given.has(id)))
      state.update(id, { unflushed: undefined });
}

function mappingOf(value: Value): string | undefined {
  return value.kind === "pointer" ? value.mapping : undefined;
}

/** Undefined when what is known at the call rules the outcome out. */
function applyOutcome(
  m: Machine,
  call: Call,
  callee: string,
  values: readonly Value[],
  outcome: Outcome,
  first: boolean,
): Value | undefined {
  const into = new Instantiation(m, values, callee, call.args);
  let certain = true;
  for (const [form, range] of outcome.conditions) {
    certain &&= isKnown(m, into.value(amountValue(form)), range);
    if (!assumeRange(m, into, form, range)) return undefined;
  }
  // Everything is read before anything is written: the outcome speaks of what was there at the call.
  const stores = outcome.stores.map(({ place, value }) => ({
    place: into.place(place),
    value: into.value(value),
    // Unknown code that the callee has run may have released what was there.
    isDisturbed: outcome.epochs.some((what) => reaches(what, place.key)),
  }));
  const result = outcome.returns === undefined ? undefined : into.value(outcome.returns);
  const isNumber = outcome.returns?.kind === "amount" && result?.kind === "amount";
  const opaque = isNumber ? soleSymbol(result.amount) : undefined;
  if (opaque?.origin.kind === "opaque" && m.again) m.state.renew(opaque.id);
  if (isNumber && outcome.returned !== undefined && !assumeBounds(m, result.amount, outcome.returned))
    return undefined;
  // What is unmapped first: lending a struct forgets what its members held.
  const inOrder = [...outcome.mappings].sort(
    (a, b) => Number(b.phase === "unmapped") - Number(a.phase === "unmapped"),
  );
  for (const mapping of inOrder) {
    if (isOfMissing(mapping, values.length)) continue;
    if (mapping.source === "given") applyToGiven(m, into, call, mapping, { first, certain });
    else {
      const own = begin(m, adopted(m, into, call, mapping));
      if (first || outcome.mappings.length > 0) tellLatent(m, call, mapping, own);
    }
  }
  for (const symbol of outcome.epochs) disturb(m, values, symbol);
  for (const { place, value, isDisturbed } of stores) {
    if (place === undefined) continue;
    const held = m.state.store.get(place.key);
    const old = held === undefined ? foundAt(m, place.key) : asAmount(held);
    if (old !== undefined && !isDisturbed) loseGiven(m, place.key, old, value, call.site);
    m.state.write(place.key, value);
    // What the callee has stored for its caller, this function has stored for its own.
    if (isOuter(place.key)) m.context.places.set(place.key, place);
    if (value.kind === "pointer") {
      adopt(m, value.mapping, isOuter(place.key) ? "stored" : "local", place.name);
      // Whether it was tested is the affair of the function that has put it into a variable at file scope.
      if (place.key.startsWith("::") && m.state.mapping(value.mapping)?.phase === "unchecked")
        m.state.update(value.mapping, { weakTest: { against: "maybe", site: call.site } });
      tellKept(m, place, value.mapping, call.site);
    }
  }
  if (result?.kind === "pointer")
    adopt(m, result.mapping, isBehindHeader(result) ? "escaped" : "local", undefined);
  const returned = result ?? fresh(m, callee);
  mayHold(m, into, outcome, returned);
  return returned;
}

/** What the callee has lent to unknown code may be in the object that it gives back. */
function mayHold(m: Machine, into: Instantiation, { mappings }: Outcome, returned: Value): void {
  const made = returned.kind === "pointer" ? returned.mapping : undefined;
  const object = returned.kind === "amount" ? soleSymbol(returned.amount)?.id : made;
  if (object === undefined) return;
  for (const { source, owner, address } of mappings) {
    if (source !== "given" || owner !== "lent" || address === undefined) continue;
    const value = into.value(address);
    if (value.kind === "pointer" && value.mapping !== object)
      m.state.update(value.mapping, { takenBy: object });
  }
}

/** The memory of a parameter for which the call has no argument. */
function isOfMissing({ source, address }: Mapping, given: number): boolean {
  if (source !== "given" || address?.kind !== "amount") return false;
  const origin = soleSymbol(address.amount)?.origin;
  return origin?.kind === "parameter" && origin.index >= given;
}

/** Unknown code that the callee ran has had its hands on what it was given. */
function disturb(m: Machine, values: readonly Value[], symbol: string): void {
  const parameter = /^param:(\d+)$/.exec(symbol)?.[1];
  const value = parameter === undefined ? undefined : values[Number(parameter)];
  if (value?.kind === "amount") clobberMemory(m, value.amount);
  else if (value?.kind === "address") clobberPlace(m, value.place.key);
  else if (symbol.startsWith("=::")) clobberPlace(m, symbol.slice(1));
  else if (symbol === "::") m.state.epochs.set(symbol, `${m.at}${UNKNOWN}`);
}

/** A callee put a mapping into a member through the member's address. */
function tellKept(m: Machine, place: Place, id: string, site: Site): void {
  const mapping = m.state.mapping(id);
  const member = place.member ?? m.context.places.get(place.key)?.member;
  if (mapping === undefined || member === undefined) return;
  m.emit?.({
    kind: "escape",
    site,
    function: m.context.cfg.name,
    mapping,
    offset: undefined,
    offsetCompared: true,
    to: "field",
    member,
    callee: undefined,
  });
}

function assumeRange(m: Machine, into: Instantiation, form: Amount, range: Range): boolean {
  const value = into.value(amountValue(form));
  if (value.kind === "pointer") return assumePointer(m, value, range);
  const amount = asAmount(value);
  if (amount === undefined) return value.kind !== "address" || !(range.min === 0 && range.max === 0);
  return assumeBounds(m, amount, range);
}

function assumeBounds(m: Machine, amount: Amount, range: Range): boolean {
  const bound = (n: number): Amount => subtract(amount, constant(n));
  if (range.min === range.max) return m.state.assume(bound(range.min), "==");
  if (Number.isFinite(range.min) && !m.state.assume(bound(range.min), ">=")) return false;
  if (Number.isFinite(range.max) && !m.state.assume(bound(range.max), "<=")) return false;
  return range.not.every((n) => m.state.assume(bound(n), "!="));
}

/** Is what the outcome needs already known at the call? */
function isKnown(m: Machine, value: Value, range: Range): boolean {
  if (value.kind === "pointer" || value.kind === "address") return range.not.includes(0) || range.min > 0;
  const amount = asAmount(value);
  if (amount === undefined) return false;
  const known = m.state.range(amount);
  return (
    known.min >= range.min &&
    known.max <= range.max &&
    range.not.every((n) => known.not.includes(n) || n < known.min || n > known.max)
  );
}

/** A helper has compared the pointer with a constant. */
function assumePointer(m: Machine, pointer: Value & { readonly kind: "pointer" }, range: Range): boolean {
  const mapping = m.state.mapping(pointer.mapping);
  if (mapping === undefined || mapping.source === "heap") return true;
  const equals = range.min === range.max ? range.min : undefined;
  if (equals === -1 || (range.min <= -1 && range.min >= -4096)) {
    if (mapping.phase === "unchecked") {
      m.state.update(mapping.id, { phase: "failed" });
      settleRemap(m, mapping, true);
      return true;
    }
    return mapping.phase === "failed";
  }
  if (equals === 0) return false;
  if (range.not.includes(-1) || range.max < -1) {
    if (mapping.phase === "failed") return false;
    if (mapping.phase === "unchecked") m.state.update(mapping.id, { phase: "live", weakTest: undefined });
    settleRemap(m, mapping, false);
  }
  return true;
}

/** The memory that the callee worked on is an argument's. */
function applyToGiven(
  m: Machine,
  into: Instantiation,
  call: Call,
  given: Mapping,
  { first, certain }: { readonly first: boolean; readonly certain: boolean },
): void {
  const base = given.address === undefined ? undefined : into.value(given.address);
  const value =
    base === undefined || given.phase !== "unmapped" ? base : moved(base, into.amount(given.offset ?? ZERO));
  if (value === undefined) return;
  if (value.kind === "amount" && (given.phase === "unmapped" || given.owner !== "local")) {
    letGo(m, value.amount);
    if (given.phase === "unmapped") letGoArguments(m, into, given.address);
  }
  if (given.accessed !== undefined) {
    if (given.phase !== "unmapped") touchThrough(m, value, given.accessed, call, first);
    // Where nothing was mapped, the end of it is the lesser evil. What else is used and then ended, says the end.
    else if (isFailed(m, value)) touchThrough(m, value, given.accessed, call, true);
  }
  const touched = value.kind === "amount" ? givenAt(m.state, value.amount)?.mapping.id : mappingOf(value);
  if (touched !== undefined && given.unflushed === undefined)
    m.state.update(touched, { unflushed: undefined });
  if (given.phase === "unmapped") {
    const target = targetOf({ ...m, emit: undefined }, value, call.args[0]?.site ?? call.site, true);
    const length = given.length === undefined ? undefined : amountValue(into.amount(given.length));
    unmap(
      m,
      call,
      { ...target, text: target.mapping?.name ?? call.function },
      length,
      undefined,
      given.unmappedBy ?? "munmap",
    );
    // Under a condition that may not hold here, it may be there still.
    if ((!certain || given.uncertain) && target.mapping !== undefined)
      m.state.update(target.mapping.id, { told: true, uncertain: true });
    return;
  }
  if (given.owner !== "local") {
    if (value.kind === "pointer" && m.state.mapping(value.mapping)?.phase === "unmapped") return;
    if (value.kind === "pointer" && given.owner !== "lent")
      m.state.update(value.mapping, { owner: "escaped" });
    else lend(m, value, call.site);
  }
}

function isFailed({ state }: Machine, value: Value): boolean {
  return value.kind === "pointer" && state.mapping(value.mapping)?.phase === "failed";
}

/** What the callee has computed an address from that nobody can name here may be what it has unmapped. */
function letGoArguments(m: Machine, { args }: Instantiation, address: Value | undefined): void {
  const computed = asAmount(address)?.terms.filter(({ symbol }) => symbol.origin.kind === "operation") ?? [];
  for (const [index, arg] of args.entries())
    if (arg.kind === "pointer" && computed.some(({ symbol }) => mentions(ofSymbol(symbol), `param:${index}`)))
      m.state.update(arg.mapping, { owner: "escaped" });
}

function touchThrough(m: Machine, value: Value, mode: "read" | "write", call: Call, first: boolean): void {
  const machine = first ? m : { ...m, emit: undefined };
  const manner: Manner = { as: "bytes", by: call.function, fills: "maybe" };
  if (value.kind === "pointer") access(machine, value.mapping, value.offset, mode, call.site, manner);
  else if (value.kind === "amount") accessGiven(machine, value.amount, mode, call.site, manner);
}

/** A mapping that the callee made, as the caller sees it. */
function adopted(m: Machine, into: Instantiation, call: Call, mapping: Mapping): Mapping {
  const here: Moment = { site: call.site, message: `made by ${call.function}, called here`, isMaker: true };
  const [first, ...later] = mapping.history;
  return {
    ...mapping,
    id: into.mappingId(mapping.id),
    site: call.site,
    function: call.function,
    name: undefined,
    owner: mapping.owner !== "stored" ? mapping.owner : mapping.seen ? "lent" : "local",
    address: mapping.address === undefined ? undefined : into.value(mapping.address),
    length: mapping.length === undefined ? undefined : into.amount(mapping.length),
    lengthText: "",
    ...(mapping.raw === undefined ? {} : flagsAtCall(into, mapping, mapping.raw)),
    offset: mapping.offset === undefined ? undefined : into.amount(mapping.offset),
    fd: mapping.fd === undefined ? undefined : into.value(mapping.fd),
    descriptor:
      mapping.descriptor ?? (mapping.fd === undefined ? undefined : descriptorOf(m, into.value(mapping.fd))),
    replaces: replacedBy(m, into, call, mapping),
    lostTo: undefined,
    history: [...(first === undefined ? [] : [first]), ...later.filter(({ isMaker }) => isMaker), here],
  };
}

/** What a wrapper of mremap() moves is what it was given. */
function replacedBy(m: Machine, into: Instantiation, call: Call, mapping: Mapping): string | undefined {
  const parameter = /^given:param:(\d+)$/.exec(mapping.replaces ?? "")?.[1];
  if (parameter === undefined) return undefined;
  const value = into.args[Number(parameter)];
  if (value?.kind === "pointer") return value.mapping;
  const argument = call.args[Number(parameter)];
  return value?.kind === "amount"
    ? materialize(m, value.amount, argument?.site ?? call.site, argument?.text)?.mapping.id
    : undefined;
}

function flagsAtCall(
  into: Instantiation,
  mapping: Mapping,
  raw: NonNullable<Mapping["raw"]>,
): Partial<Mapping> {
  const at = { protection: into.value(raw.protection), flags: into.value(raw.flags) };
  return {
    raw: at,
    protection: mapping.protection.open ? asFlags(at.protection, protectionOfNumber) : mapping.protection,
    flags: mapping.flags.open ? asFlags(at.flags, mapFlagsOfNumber) : mapping.flags,
  };
}

/** An allocator's block: what the allocator wrote in front of it says how it is released. */
function isBehindHeader({ offset }: Value & { readonly kind: "pointer" }): boolean {
  return (
    (offset.constant > 0 || offset.terms.length > 0) &&
    offset.terms.every(({ symbol, coefficient }) => symbol.origin.kind === "sizeof" && coefficient > 0)
  );
}

function adopt(
  m: Machine,
  id: string,
  owner: "local" | "stored" | "escaped",
  name: string | undefined,
): void {
  const mapping = m.state.mapping(id);
  if (mapping === undefined) return;
  const kept =
    mapping.owner === "escaped" || (owner === "local" && mapping.owner !== "local") ? mapping.owner : owner;
  m.state.update(id, { owner: kept, name: mapping.name ?? name });
}
