/** Calls: of the mmap family and the C library by their models, of the program's own functions by their summaries. */
import type { Site } from "../diagnostic.js";
import type { Amount } from "./amount.js";
import { amountKey, compareLengths, constant, constantValue, isConstant, ofSymbol, operation, PAGE, sameAmount, sameUpToRounding, soleSymbol, subtract, symbolOf, unrounded, ZERO } from "./amount.js";
import { settleRemap } from "./assume.js";
import { access, accessGiven, accessViaHint, evaluate, givenAt, materialize, memberOf, moved, opaque, placeOf, wantedAt } from "./evaluate.js";
import type { Argument, Call, Target } from "./events.js";
import type { Flags } from "./flags.js";
import { flag, hasFlag, mapFlagsOfNumber, openFlagsOfNumber, protectionOfNumber, UNKNOWN_FLAGS } from "./flags.js";
import type { Instruction, Operand } from "./ir.js";
import type { Machine, Outgoing } from "./machine.js";
import type { FileDescriptor, Mapping, Moment } from "./mapping.js";
import { isShared, newMapping, tell } from "./mapping.js";
import { libraryModel } from "./model/library.js";
import type { Effect, LibraryModel } from "./model/model.js";
import type { Range } from "./state.js";
import type { Outcome, Summary } from "./summary.js";
import { Instantiation } from "./summary.js";
import type { Place, Value } from "./value.js";
import { amountValue, asAmount, asFlags, asNumber, isOuter, MAP_FAILED_VALUE, NULL_VALUE } from "./value.js";

export type CallInstruction = Instruction & { readonly kind: "call" };

/** Upper-case calls are macros of headers that were not read: a pointer given to one may have been tested there. */
export function runCall(m: Machine, instruction: CallInstruction): Outgoing[] {
  const values = instruction.args.map((arg) => evaluate(m, arg));
  const { callee } = instruction;
  noteFreed(m, instruction);
  if (callee !== undefined) {
    const wanted = values.some((value) => holdsTracked(m, value));
    const summary = m.context.summaryOf(callee, wanted);
    if (m.context.neverReturns(callee)) return [];
    // A body that is known says itself what becomes of the members it is given.
    if (summary === "unknown" || (summary === undefined && libraryModel(callee) === undefined && !isPrintfLike(values))) letGoOf(m, instruction.args);
    if (summary !== undefined && summary !== "unknown") return applySummary(m, instruction, callee, values, summary);
    if (summary === undefined) {
      const model = libraryModel(callee);
      if (model !== undefined) return applyModel(m, instruction, callee, values, model);
    }
  } else if (instruction.pointer !== undefined) {
    letGoOf(m, instruction.args);
    const target = evaluate(m, instruction.pointer);
    if (target.kind === "pointer") executeMapping(m, target, instruction.site);
  }
  const predicate = predicateOf(callee, values);
  if (predicate !== undefined) return [{ state: m.state, result: amountValue(predicate) }];
  unknownCall(m, instruction, values);
  const result = fresh(m, callee);
  const symbol = result.kind === "amount" ? soleSymbol(result.amount) : undefined;
  if (instruction.used === true && symbol !== undefined) {
    for (const value of values) if (value.kind === "pointer") m.state.update(value.mapping, { takenBy: symbol.id });
  }
  return [{ state: m.state, result }];
}

/** Macros of the system's headers that only look at a number: the same number, the same answer. */
const PREDICATE = /^(?:S_IS[A-Z]+|W[A-Z]+|FD_ISSET|IS_[A-Z_]+|[A-Z_]*_IS_[A-Z_]+)$/;

function predicateOf(callee: string | undefined, values: readonly Value[]): Amount | undefined {
  if (callee === undefined || !PREDICATE.test(callee)) return undefined;
  const amounts = values.map((value) => asAmount(value));
  if (amounts.length === 0 || amounts.some((amount) => amount === undefined)) return undefined;
  return operation("macro", symbolOf({ kind: "constant", name: callee }), ...amounts.filter((amount) => amount !== undefined));
}

const FREES = /free|destroy|release|delete|dealloc/i;

/** A struct is freed, or the descriptor in it is closed: the end of what it holds. */
function noteFreed(m: Machine, { callee, pointer, structs, args, site }: CallInstruction): void {
  if (m.emit === undefined) return;
  const name = callee ?? (pointer === undefined ? "" : m.context.text(pointer.site));
  if (name === "close") {
    const member = args[0] === undefined ? undefined : memberRead(m, args[0]);
    if (member !== undefined) m.context.freed.push({ struct: member.slice(0, member.lastIndexOf(".")), closes: member, site });
  } else if (FREES.test(name) && args.length <= 2 && !m.context.defines(name)) {
    const struct = structs[args.length - 1];
    if (struct !== undefined) m.context.freed.push({ struct, closes: undefined, site });
  }
}

/** Would following the call into its body tell something? */
function holdsTracked(m: Machine, value: Value): boolean {
  if (value.kind === "pointer") return m.state.mapping(value.mapping)?.source !== "heap";
  if (value.kind === "address") {
    for (const [key, held] of m.state.store) if (held.kind === "pointer" && key.startsWith(value.place.key)) return true;
    return false;
  }
  return value.kind === "amount" && soleSymbol(value.amount)?.origin.kind === "parameter";
}

function executeMapping(m: Machine, target: Value & { readonly kind: "pointer" }, site: Site): void {
  const mapping = m.state.mapping(target.mapping);
  if (mapping === undefined) return;
  m.emit?.({ kind: "access", site, function: m.context.cfg.name, mapping, mode: "execute", offset: target.offset, viaHint: false, as: "bytes", by: undefined, expectsFault: m.context.catchesFaults });
}

/** The symbol for the result of this call; what was computed from an earlier turn's result is forgotten. */
function fresh(m: Machine, callee: string | undefined): Value {
  const amount = symbolOf({ kind: "call", function: callee, instruction: m.at });
  const symbol = soleSymbol(amount);
  if (symbol !== undefined && m.again) m.state.renew(symbol.id);
  return amountValue(amount);
}

function describe(m: Machine, instruction: CallInstruction, values: readonly Value[], direct: boolean): Call {
  const args = instruction.args.map(
    (operand, i): Argument => ({
      value: values[i] ?? NULL_VALUE,
      site: operand.site,
      text: m.context.text(operand.site),
      inMacro: operand.macro !== undefined,
      sizeofPointer: operand.kind === "sizeof" && operand.ofPointer,
    }),
  );
  const { site, nameSite, used } = instruction;
  return { function: instruction.callee ?? "", site, nameSite, args, used, direct };
}

/** What an address argument points to. `follow` begins to track memory that the function was given. */
export function targetOf(m: Machine, value: Value, site: Site, follow: boolean): Target {
  const text = m.context.text(site);
  const wantedBy = wantedAt(m.state, value);
  const base = { value, text, holds: heldAt(m, value), wantedBy };
  if (value.kind === "pointer") {
    return { ...base, mapping: m.state.mapping(value.mapping), offset: value.offset, varied: value.varied };
  }
  if (value.kind === "amount" && wantedBy === undefined) {
    const given = follow ? materialize(m, value.amount, site, text) : givenAt(m.state, value.amount);
    if (given !== undefined) return { ...base, mapping: given.mapping, offset: given.offset, varied: false };
  }
  return { ...base, mapping: undefined, offset: undefined, varied: false };
}

/** The mapping that the object at an address holds a pointer to. */
function heldAt(m: Machine, value: Value): Mapping | undefined {
  if (value.kind !== "address" || constantValue(value.offset) !== 0) return undefined;
  const held = m.state.store.get(value.place.key);
  return held?.kind === "pointer" ? m.state.mapping(held.mapping) : undefined;
}

// ---------------------------------------------------------------------------------------------------------------------
// Library functions

function applyModel(m: Machine, instruction: CallInstruction, callee: string, values: readonly Value[], model: LibraryModel): Outgoing[] {
  const call = describe(m, instruction, values, true);
  if (m.state.store.has("::errno")) clobberPlace(m, "::errno", "filled");
  // A failure that is looked at is another path: the protection is then what it was.
  const before = instruction.used === true && model.effects[0]?.kind === "protect" ? m.state.clone() : undefined;
  let result: Value | undefined;
  for (const effect of model.effects) {
    if (effect.kind === "never-returns") {
      const status = effect.unlessZero === undefined ? undefined : asNumber(values[effect.unlessZero]);
      if (effect.unlessZero === undefined || (status !== undefined && status !== 0)) return [];
      continue;
    }
    result = applyEffect(m, effect, call, values, instruction) ?? result;
  }
  const outgoing: Outgoing = { state: m.state, result: result ?? resultOf(m, callee, values, model) };
  return before === undefined ? [outgoing] : [{ ...outgoing, result: NULL_VALUE }, { state: before, result: MAP_FAILED_VALUE }];
}

function resultOf(m: Machine, callee: string, values: readonly Value[], model: LibraryModel): Value {
  if (model.returns === "page-size") return amountValue(PAGE);
  if (typeof model.returns === "object") {
    if ("argument" in model.returns) return values[model.returns.argument] ?? opaque(m, "result");
    const place = symbolOf({ kind: "opaque", what: `${m.at}.found` });
    return moved(values[model.returns.inside] ?? NULL_VALUE, place) ?? fresh(m, callee);
  }
  if (callee === "sysconf") {
    const name = values[0];
    const symbol = name?.kind === "amount" ? soleSymbol(name.amount) : undefined;
    if (symbol?.origin.kind === "constant" && /^_SC_PAGE_?SIZE$/.test(symbol.origin.name)) return amountValue(PAGE);
  }
  return fresh(m, callee);
}

/** The result of the call, where the effect makes one. */
function applyEffect(
  m: Machine, effect: Exclude<Effect, { readonly kind: "never-returns" }>, call: Call, values: readonly Value[], instruction: CallInstruction,
): Value | undefined {
  const value = (index: number): Value => values[index] ?? NULL_VALUE;
  const site = (index: number): Site => call.args[index]?.site ?? call.site;
  switch (effect.kind) {
    case "map":
      return map(m, effect, call, values);
    case "attach":
      return attach(m, effect, call, values);
    case "remap":
      return remap(m, effect, call, values);
    case "unmap": {
      const length = effect.length === undefined ? undefined : value(effect.length);
      const at = targetOf(m, value(effect.address), site(effect.address), true);
      const address = instruction.args[effect.address];
      const member = address === undefined ? undefined : memberRead(m, address);
      if (member !== undefined && m.emit !== undefined) noteUnmapped(m, call, at, member, effect.length === undefined ? undefined : instruction.args[effect.length]);
      if (at.value.kind === "amount") m.context.letGo.add(member ?? memberOf(m, at.value.amount) ?? ANY_MEMBER);
      const by = effect.length === undefined ? "shmdt" : "munmap";
      unmap(m, call, at, length, effect.length === undefined ? undefined : instruction.args[effect.length], by);
      return undefined;
    }
    case "protect":
    case "advise":
    case "lock":
    case "sync":
      rangeCall(m, effect, call, values);
      return undefined;
    case "allocate": {
      const mapping = begin(m, newMapping({ id: `m${m.at}`, source: "heap", function: call.function, site: call.site }));
      return { kind: "pointer", mapping: mapping.id, offset: ZERO, varied: false };
    }
    case "allocate-into": {
      const into = value(effect.address);
      const mapping = begin(m, newMapping({ id: `m${m.at}`, source: "heap", function: call.function, site: call.site }));
      if (into.kind === "address") m.state.write(into.place.key, { kind: "pointer", mapping: mapping.id, offset: ZERO, varied: false });
      return undefined;
    }
    case "free":
      free(m, call, targetOf(m, value(effect.address), site(effect.address), true));
      return undefined;
    case "access":
      touch(m, value(effect.address), effect.mode, call.site, { as: effect.as, by: call.function });
      return undefined;
    case "format":
      readStrings(m, call, effect.format, values);
      return undefined;
    case "open":
      return openDescriptor(m, effect, call, values);
    case "size":
      sizeDescriptor(m, value(effect.fd), /^f(?:truncate|allocate)|^posix_f/.test(call.function), call.site);
      return undefined;
    case "syncFile":
      syncFile(m, effect.fd < 0 ? undefined : value(effect.fd));
      return undefined;
    case "fill":
      fill(m, value(effect.address));
      return undefined;
  }
}

/** Puts a new mapping into the state; one that the same call made on an earlier turn gets out of its way. */
function begin(m: Machine, mapping: Mapping): Mapping {
  if (m.state.mapping(mapping.id) !== undefined) m.state.rename(mapping.id, `${mapping.id}'`);
  m.state.mappings.set(mapping.id, mapping);
  return mapping;
}

function map(m: Machine, effect: Effect & { readonly kind: "map" }, call: Call, values: readonly Value[]): Value {
  const argument = (index: number): Value => values[index] ?? NULL_VALUE;
  const flags = asFlags(argument(effect.flags), mapFlagsOfNumber);
  const fixed = hasFlag(flags, "MAP_FIXED") !== "no";
  const length = asAmount(argument(effect.length));
  const lengthText = call.args[effect.length]?.text ?? "";
  const fd = argument(effect.fd);
  const mapping = begin(
    m,
    newMapping({
      id: `m${m.at}`,
      source: "mmap",
      function: call.function,
      site: call.site,
      phase: "unchecked",
      // What is placed over an address that somebody chose belongs to whoever owns that address.
      owner: fixed ? "escaped" : "local",
      address: argument(effect.address),
      length,
      lengthText,
      protection: asFlags(argument(effect.protection), protectionOfNumber),
      flags,
      raw: { protection: argument(effect.protection), flags: argument(effect.flags) },
      fd,
      descriptor: descriptorOf(m, fd),
      fdMember: fd.kind === "amount" ? (memberOf(m, fd.amount) ?? memberHolding(m, fd.amount)) : undefined,
      offset: asAmount(argument(effect.offset)),
      mayBeEmpty: canBeZero(m, unrounded(length ?? ZERO)),
      pageTested: length !== undefined && isRemainderTested(m, length),
      history: [{ site: call.site, message: lengthText === "" ? "mapped here" : `mapped here, length ${lengthText}` }],
    }),
  );
  const address = targetOf(m, argument(effect.address), call.args[effect.address]?.site ?? call.site, false);
  if (fixed && address.mapping !== undefined) m.state.update(address.mapping.id, { protection: UNKNOWN_FLAGS });
  m.emit?.({
    kind: "map", site: call.site, function: m.context.cfg.name, mapping, call, address, length,
    lengthRange: length === undefined ? undefined : m.state.range(length),
    lengthTested: length !== undefined && isCompared(m, length),
    offsetTested: mapping.offset !== undefined && isRemainderTested(m, mapping.offset),
    inStatic: m.context.cfg.static,
    toleratesFailure: false,
    protection: mapping.protection, flags, offset: mapping.offset,
    ownReservation: address.mapping === undefined ? "unknown" : address.mapping.source === "heap" ? "no" : "yes",
  });
  return { kind: "pointer", mapping: mapping.id, offset: ZERO, varied: false };
}

/** Some condition on this path compares the amount with something that is no constant. */
function isCompared(m: Machine, amount: Amount): boolean {
  const own = amountKey(subtract(amount, constant(amount.constant)));
  return amount.terms.some(({ symbol }) => [...m.state.facts.keys()].some((key) => key !== own && key.includes(`{${symbol.id}}`)));
}

/** Some condition on this path speaks of the amount's remainder. */
function isRemainderTested(m: Machine, amount: Amount): boolean {
  return amount.terms.some(({ symbol }) =>
    [...m.state.facts.keys()].some((key) => /roundDown\(|mod\(|and\(/.test(key) && key.includes(symbol.id)),
  );
}

function canBeZero(m: Machine, length: Amount | undefined): boolean {
  if (length === undefined) return false;
  const { min, not } = m.state.range(length);
  return min <= 0 && !not.includes(0) && !isCompared(m, length);
}

/** The struct member that the value has been put into. */
function memberHolding(m: Machine, amount: Amount): string | undefined {
  if (isConstant(amount)) return undefined;
  for (const [key, held] of m.state.store) {
    const member = held.kind === "amount" && sameAmount(held.amount, amount) ? m.context.places.get(key)?.member : undefined;
    if (member !== undefined) return member;
  }
  return undefined;
}

function attach(m: Machine, effect: Effect & { readonly kind: "attach" }, call: Call, values: readonly Value[]): Value {
  const flags = asFlags(values[effect.flags]);
  const readOnly = hasFlag(flags, "SHM_RDONLY");
  const protection = readOnly === "yes" ? flag("PROT_READ") : UNKNOWN_FLAGS;
  const mapping = begin(
    m,
    newMapping({
      id: `m${m.at}`, source: "shmat", function: call.function, site: call.site, phase: "unchecked", address: values[effect.address],
      protection, flags: flag("MAP_SHARED"), history: [{ site: call.site, message: "attached here" }],
    }),
  );
  return { kind: "pointer", mapping: mapping.id, offset: ZERO, varied: false };
}

function remap(m: Machine, effect: Effect & { readonly kind: "remap" }, call: Call, values: readonly Value[]): Value {
  const target = targetOf(m, values[effect.address] ?? NULL_VALUE, call.args[effect.address]?.site ?? call.site, true);
  const newLength = asAmount(values[effect.newLength]);
  m.emit?.({
    kind: "remap", site: call.site, function: m.context.cfg.name, call, target,
    oldLength: asAmount(values[effect.oldLength]), newLength, flags: asFlags(values[effect.flags]),
  });
  const flags = asFlags(values[effect.flags]);
  if (m.state.mapping(`m${m.at}`) !== undefined) m.state.rename(`m${m.at}`, `m${m.at}'`);
  const old = target.mapping === undefined ? undefined : (m.state.mapping(target.mapping.id) ?? m.state.mapping(`${target.mapping.id}'`));
  // Without MREMAP_MAYMOVE it stays where it is: the result is another name for it.
  const stays = !flags.open && !flags.may.has("MREMAP_MAYMOVE");
  if (stays && old !== undefined) m.state.update(old.id, { length: undefined });
  // With MREMAP_FIXED what is at the new address goes.
  const replaced = values[4];
  if (replaced?.kind === "pointer") m.state.update(replaced.mapping, { owner: "escaped" });
  const whole = old !== undefined && !stays && target.offset !== undefined && constantValue(target.offset) === 0;
  const lengthText = call.args[effect.newLength]?.text ?? "";
  const mapping = begin(
    m,
    newMapping({
      id: `m${m.at}`, source: "mremap", function: call.function, site: call.site, phase: "unchecked", owner: stays ? "escaped" : "local",
      length: newLength, lengthText, protection: old?.protection ?? UNKNOWN_FLAGS, flags: old?.flags ?? UNKNOWN_FLAGS,
      fd: old?.fd, descriptor: old?.descriptor, offset: old?.offset, replaces: whole ? old.id : undefined,
      history: [...(old?.history ?? []), { site: call.site, message: `remapped here, length ${lengthText}` }],
    }),
  );
  return { kind: "pointer", mapping: mapping.id, offset: ZERO, varied: false };
}

/** The length's variable had another value when the mapping was made. */
function isReassigned(mapping: Mapping | undefined, length: Amount | undefined, operand: Operand | undefined, text: string): boolean {
  if (mapping?.length === undefined || length === undefined || operand === undefined || operand.kind === "number") return false;
  if (mapping.source === "given" || mapping.lengthText !== text) return false;
  if (length.terms.some(({ symbol }) => /unknown/.test(symbol.id))) return false;
  return constantValue(subtract(length, mapping.length)) !== 0;
}

function unmap(
  m: Machine, call: Call, target: Target, lengthValue: Value | undefined, operand: Operand | undefined, by: "munmap" | "shmdt",
): void {
  const length = asAmount(lengthValue);
  const site = operand?.site;
  const lengthText = site === undefined ? "" : m.context.text(site);
  const { mapping } = target;
  m.emit?.({
    kind: "unmap", site: call.site, function: m.context.cfg.name, call, target, length, lengthText,
    lengthOf: lengthOfAnother(m, mapping, length), fromMember: false, shadows: shadowed(m, target),
    lengthRange: length === undefined ? undefined : m.state.range(length),
    lengthReassigned: isReassigned(target.mapping, length, operand, lengthText),
    sizeofPointer: operand?.kind === "sizeof" && operand.ofPointer,
  });
  if (mapping === undefined) {
    const meant = target.holds ?? target.wantedBy;
    if (meant === undefined) emitRelease(m, call, target);
    else m.state.update(meant.id, { owner: "escaped" });
    return;
  }
  const wrongKind = isWrongKind(mapping, by);
  if (wrongKind) emitRelease(m, call, target);
  if (mapping.phase === "failed") return;
  if (mapping.phase === "unmapped") {
    m.state.drop(mapping.id);
    return;
  }
  if (isPartial(target, length)) {
    // Trimming, or a wrong length: what follows tells. The rest is still there, of another length.
    const message = `${target.text} was mapped with ${mapping.lengthText || "another length"}, but is unmapped with ${lengthText || "another length"}`;
    const partial = { site: call.site, message, intended: mapping.partial !== undefined || m.again || constantValue(target.offset) !== 0 };
    m.state.update(mapping.id, { length: undefined, owner: "escaped", partial, history: tell(mapping, call.site, "partly unmapped here") });
    return;
  }
  // Callers of a function that unmaps what it was given are told how much of it, and where.
  const extent = mapping.source === "given" ? { length, offset: target.offset } : {};
  m.state.update(mapping.id, { phase: "unmapped", weakTest: undefined, unmappedAt: call.site, unmappedBy: by, history: tell(mapping, call.site, "unmapped here"), ...extent });
}

/** `p = mmap(…); … p = mmap(…)` failed: unmapping `p` leaves what it held before. */
function shadowed(m: Machine, { mapping, text }: Target): boolean {
  if (mapping?.phase !== "failed") return false;
  return [...m.state.mappings.values()].some(({ id, name, phase, source }) => id !== mapping.id && name === text && phase === "live" && source === "mmap");
}

/** Lengths get exchanged where two mappings end together. */
function lengthOfAnother(m: Machine, mapping: Mapping | undefined, length: Amount | undefined): string | undefined {
  if (length === undefined || length.terms.every(({ symbol }) => symbol.origin.kind === "page") || mapping?.length === undefined || sameUpToRounding(length, mapping.length)) return undefined;
  for (const other of m.state.mappings.values()) {
    if (other.id !== mapping.id && other.length !== undefined && other.name !== undefined && sameAmount(other.length, length)) return other.name;
  }
  return undefined;
}

function isWrongKind(mapping: Mapping, by: "munmap" | "shmdt"): boolean {
  if (mapping.source === "heap") return true;
  if (mapping.source === "given") return false;
  return by === "shmdt" ? mapping.source !== "shmat" : mapping.source === "shmat";
}

/** Is it certain, or as good as certain, that something stays mapped on purpose? */
function isPartial(target: Target, length: Amount | undefined): boolean {
  const { mapping, offset } = target;
  if (mapping === undefined || offset === undefined || mapping.source === "given") return false;
  if (constantValue(offset) !== 0) return !target.varied;
  if (length === undefined || mapping.length === undefined) return false;
  const comparison = compareLengths(mapping.length, length);
  return comparison === "shorter" || comparison === "different" || (comparison === "unknown" && target.text !== "" && constantValue(length) !== undefined);
}

function emitRelease(m: Machine, call: Call, target: Target): void {
  const of = target.mapping !== undefined ? (target.mapping.source === "heap" ? "heap" : "mapping") : target.value.kind === "address" ? "object" : undefined;
  if (of !== undefined) m.emit?.({ kind: "release", site: call.site, function: m.context.cfg.name, call, target, of });
}

function free(m: Machine, call: Call, target: Target): void {
  const { mapping } = target;
  if (mapping !== undefined && mapping.source !== "heap" && mapping.source !== "given") {
    emitRelease(m, call, target);
    m.state.drop(mapping.id);
    return;
  }
  if (mapping === undefined) return;
  if (mapping.source === "given") {
    // Whether it is malloc's, only the callers know.
    m.state.update(mapping.id, { owner: "escaped" });
    return;
  }
  for (const [key, held] of m.state.store) if (held.kind === "pointer" && key.startsWith(`@{${mapping.id}+`)) loseHeld(m, held.mapping, call.site);
  m.state.drop(mapping.id);
}

/** The memory that held the mapping's last name is freed. */
function loseHeld(m: Machine, id: string, site: Site): void {
  const mapping = m.state.mapping(id);
  if (mapping === undefined || mapping.owner === "escaped" || m.state.namesOf(id).length !== 1) return;
  if (mapping.phase !== "live" && mapping.phase !== "unchecked") return;
  m.emit?.({ kind: "lose", site, function: m.context.cfg.name, mapping, how: "holder freed", releasedElsewhere: false });
  m.state.update(id, { owner: "escaped" });
}

function rangeCall(m: Machine, effect: Effect & { readonly kind: "protect" | "advise" | "lock" | "sync" }, call: Call, values: readonly Value[]): void {
  const target = targetOf(m, values[effect.address] ?? NULL_VALUE, call.args[effect.address]?.site ?? call.site, false);
  const ofNumber = effect.kind === "protect" ? protectionOfNumber : (): Flags => UNKNOWN_FLAGS;
  const flags = effect.flags === undefined ? UNKNOWN_FLAGS : asFlags(values[effect.flags], ofNumber);
  const length = asAmount(values[effect.length]);
  const byteOffset = target.offset !== undefined && isByteOffset(target);
  m.emit?.({ kind: effect.kind, site: call.site, function: m.context.cfg.name, call, target, length, byteOffset, flags });
  const { mapping } = target;
  if (mapping === undefined) return;
  if (mapping.phase === "unchecked") m.state.update(mapping.id, { phase: "live", weakTest: undefined });
  if (effect.kind === "protect") {
    // A part of it gets another protection: nothing is certain of the whole any more.
    const whole = target.offset !== undefined && constantValue(target.offset) === 0 && length !== undefined && mapping.length !== undefined && constantValue(subtract(length, mapping.length)) === 0;
    m.state.update(mapping.id, { protection: whole ? flags : UNKNOWN_FLAGS, history: tell(mapping, call.site, "protection changed here") });
  }
  if (effect.kind !== "sync") return;
  if (hasFlag(flags, "MS_SYNC") !== "no") m.state.update(mapping.id, { written: undefined, asyncAt: undefined });
  else if (hasFlag(flags, "MS_ASYNC") === "yes") m.state.update(mapping.id, { asyncAt: call.site });
}

/** `memcpy(p + at, …); msync(p + at, …)`: an offset for bytes, of which nothing says that it is a page's. */
function isByteOffset({ mapping, offset }: Target): boolean {
  if (mapping === undefined || offset === undefined || !mapping.byteOffsets.includes(amountKey(offset))) return false;
  return offset.terms.length > 0 && offset.terms.every(({ symbol }) => symbol.origin.kind === "load" || symbol.origin.kind === "parameter");
}

export function touch(m: Machine, value: Value, mode: "read" | "write", site: Site, manner: { readonly as: "bytes" | "string"; readonly by: string | undefined }): void {
  if (value.kind === "pointer") access(m, value.mapping, value.offset, mode, site, manner);
  else if (value.kind === "amount") {
    accessViaHint(m, value, mode, site, manner.by);
    accessGiven(m, value.amount, mode, site, manner);
    if (mode === "write") clobberMemory(m, value.amount);
  } else if (value.kind === "address" && mode === "write") {
    clobberPlace(m, value.place.key, "filled");
    if (manner.by !== undefined && READS_INPUT.test(manner.by)) {
      m.state.write(value.place.key, amountValue(symbolOf({ kind: "input", function: manner.by, place: `${m.at}:${value.place.key}` })));
    }
  }
}

/** What these put into memory comes from outside the program. */
const READS_INPUT = /^(?:pread|pread64|read|fread|recv)$/;

const CONVERSION = /%(?:%|[-+ #0']*(\*|\d+)?(?:\.(\*|\d*))?(?:hh|h|ll|l|j|z|t|L|q)?([a-zA-Z]))/g;

function readStrings(m: Machine, call: Call, formatIndex: number, values: readonly Value[]): void {
  const format = values[formatIndex];
  if (format?.kind !== "string") return;
  let index = formatIndex + 1;
  for (const match of format.value.matchAll(CONVERSION)) {
    if (match[0] === "%%") continue;
    if (match[1] === "*") index++;
    if (match[2] === "*") index++;
    const value = values[index++];
    if (match[3] === "s" && match[2] === undefined && value !== undefined) touch(m, value, "read", call.site, { as: "string", by: call.function });
  }
}

function openDescriptor(m: Machine, effect: Effect & { readonly kind: "open" }, call: Call, values: readonly Value[]): Value {
  const result = fresh(m, call.function);
  const symbol = result.kind === "amount" ? soleSymbol(result.amount) : undefined;
  const path = effect.path === undefined ? undefined : values[effect.path];
  const created = call.function === "creat" ? flag("O_WRONLY") : UNKNOWN_FLAGS;
  const descriptor: FileDescriptor = {
    origin: effect.origin,
    mode: effect.flags === undefined ? created : asFlags(values[effect.flags], openFlagsOfNumber),
    path: path?.kind === "string" ? path.value : undefined,
    site: call.site,
    sized: false,
  };
  if (symbol !== undefined) m.state.descriptors.set(symbol.id, descriptor);
  return result;
}

function descriptorOf(m: Machine, fd: Value): FileDescriptor | undefined {
  const symbol = fd.kind === "amount" ? soleSymbol(fd.amount) : undefined;
  return symbol === undefined ? undefined : m.state.descriptors.get(symbol.id);
}

function sizeDescriptor(m: Machine, fd: Value, truncates: boolean, site: Site): void {
  const symbol = fd.kind === "amount" ? soleSymbol(fd.amount) : undefined;
  const descriptor = symbol === undefined ? undefined : m.state.descriptors.get(symbol.id);
  if (symbol === undefined) return;
  if (descriptor !== undefined) m.state.descriptors.set(symbol.id, { ...descriptor, sized: true });
  else if (truncates) m.state.descriptors.set(symbol.id, { origin: "other", mode: UNKNOWN_FLAGS, path: undefined, site, sized: true });
}

function syncFile(m: Machine, fd: Value | undefined): void {
  for (const mapping of m.state.mappings.values()) {
    if (fd === undefined || (mapping.fd !== undefined && asAmount(fd) !== undefined && constantValue(subtract(asAmount(fd) as Amount, asAmount(mapping.fd) ?? constant(-2))) === 0)) {
      m.state.update(mapping.id, { written: undefined, asyncAt: undefined });
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Unknown functions

/** It may read, write and keep whatever it can reach from its arguments. */
function unknownCall(m: Machine, instruction: CallInstruction, values: readonly Value[]): void {
  const isMacro = instruction.callee !== undefined && /^_*[A-Z][A-Z0-9_]*$/.test(instruction.callee);
  const kept = isPrintfLike(values) ? [] : instruction.args;
  kept.forEach((operand, i) => {
    const value = values[i];
    if (value !== undefined) lend(m, value, instruction.site);
    if (mayTest(instruction)) mark(m, operand);
  });
  // What is called after a failure may well be what ends the program.
  for (const mapping of m.state.mappings.values()) if (mapping.phase === "failed" && !mapping.told) m.state.update(mapping.id, { told: true });
  if (isMacro) return;
  for (const key of m.state.store.keys()) if (key.startsWith("::") && !key.startsWith("::static:")) clobberPlace(m, key);
  m.state.epochs.set("::", `${m.at}unknown`);
}

/** What follows a format with conversions is printed, not kept. */
function isPrintfLike(values: readonly Value[]): boolean {
  return values.some((value) => value.kind === "string" && /%[-+ #0-9.*]*[a-zA-Z]/.test(value.value));
}

/** Names of functions that look at a pointer to say whether it is one. */
const TESTS = /check|valid|fail|err|assert|verify|is_|null|die|ensure|expect|require/i;
/** Macros that compute with a pointer. */
const COMPUTES = /PTR|OFFSET|CAST|ALIGN|ROUND|ADDR/;

/** May the call be a test of what it is given? Macros of headers that were not read may hide anything. */
function mayTest({ callee }: CallInstruction): boolean {
  if (callee === undefined) return false;
  return TESTS.test(callee) || (/^_*[A-Z][A-Z0-9_]*$/.test(callee) && !COMPUTES.test(callee));
}

/** A result that the call sees, in whatever expression, may have been tested by it. */
function mark(m: Machine, operand: Operand): void {
  switch (operand.kind) {
    case "binary":
      mark(m, operand.left);
      mark(m, operand.right);
      return;
    case "unary":
    case "cast":
      mark(m, operand.operand);
      return;
    case "temporary":
    case "read": {
      const value = evaluate({ ...m, emit: undefined }, operand);
      const mapping = value.kind === "pointer" ? m.state.mapping(value.mapping) : undefined;
      if (mapping?.phase === "unchecked" && mapping.weakTest === undefined) {
        m.state.update(mapping.id, { weakTest: { against: "maybe", site: operand.site } });
      }
      return;
    }
    default:
      return;
  }
}

/** The struct member that an operand reads, whatever it holds by now. */
function memberRead(m: Machine, operand: Operand): string | undefined {
  if (operand.kind === "cast") return memberRead(m, operand.operand);
  return operand.kind === "read" ? placeOf({ ...m, emit: undefined }, operand.place, undefined).member : undefined;
}

export function letGoOf(m: Machine, operands: readonly Operand[]): void {
  for (const arg of operands) {
    const member = memberRead(m, arg);
    if (member !== undefined) m.context.letGo.add(member);
  }
}

function noteUnmapped(m: Machine, call: Call, target: Target, member: string, length: Operand | undefined): void {
  if (target.value.kind === "pointer" || length === undefined) return;
  const amount = asAmount(evaluate({ ...m, emit: undefined }, length));
  m.context.unmapped.push({
    member, call, text: target.text, lengthMember: memberRead(m, length),
    length: amount !== undefined && isConstant(amount) ? amount : undefined, lengthText: m.context.text(length.site),
  });
}

/** Stands in `letGo` for memory whose origin is not known: it may be any member's. */
export const ANY_MEMBER = "*";

/** What a struct member holds gets another holder: the member is not the only one that can release it. */
export function letGo(m: Machine, amount: Amount): void {
  const member = memberOf(m, amount);
  if (member !== undefined) m.context.letGo.add(member);
}

/** Hands a value to code that is not known. */
export function lend(m: Machine, value: Value, site: Site, depth = 0): void {
  switch (value.kind) {
    case "pointer": {
      const mapping = m.state.mapping(value.mapping);
      if (mapping === undefined || isShared(mapping)) return;
      m.emit?.({ kind: "escape", site, function: m.context.cfg.name, mapping, offset: value.offset, to: "call", member: undefined });
      m.state.update(mapping.id, { owner: "lent" });
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
        if (given !== undefined && given.mapping.owner === "local") m.state.update(given.mapping.id, { owner: "lent" });
      }
      letGo(m, value.amount);
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
      const elsewhere = mapping !== undefined && m.state.namesOf(mapping.id).some((name) => name !== inner && !isOuter(name));
      if (mapping !== undefined && !isShared(mapping)) m.state.update(mapping.id, { owner: elsewhere ? "lent" : "escaped", });
    } else lend(m, held, site, depth + 1);
  }
  clobberPlace(m, key);
}

/** `by`: a library function that fills it for certain, or unknown code that may leave it as it is. */
export function clobberPlace(m: Machine, key: string, by: "filled" | "unknown" = "unknown"): void {
  const value = opaque(m, `${by} ${key}`);
  const symbol = value.kind === "amount" ? soleSymbol(value.amount) : undefined;
  if (symbol !== undefined && m.again) m.state.renew(symbol.id);
  m.state.write(key, value);
  m.state.epochs.set(`=${key}`, by === "filled" ? m.at : `${m.at}unknown`);
}

/** Forgets what lies behind an untracked pointer. */
function clobberMemory(m: Machine, pointer: Amount): void {
  for (const { symbol } of pointer.terms) {
    if (symbol.origin.kind === "page" || symbol.origin.kind === "constant" || symbol.origin.kind === "sizeof") continue;
    for (const key of m.state.store.keys()) {
      if (key.startsWith("*") && key.includes(symbol.id)) clobberPlace(m, key);
    }
    m.state.epochs.set(symbol.id, `${m.at}unknown`);
  }
}

/** A library function fills what the argument points to, and keeps nothing. */
function fill(m: Machine, value: Value): void {
  if (value.kind === "address") clobberPlace(m, value.place.key, "filled");
  else if (value.kind === "amount") clobberMemory(m, value.amount);
}

// ---------------------------------------------------------------------------------------------------------------------
// The program's own functions

function applySummary(m: Machine, instruction: CallInstruction, callee: string, values: readonly Value[], summary: Summary): Outgoing[] {
  const call = describe(m, instruction, values, false);
  const out: Outgoing[] = [];
  summary.outcomes.forEach((outcome, i) => {
    const state = summary.outcomes.length === 1 ? m.state : m.state.clone();
    const machine: Machine = { ...m, state };
    const result = applyOutcome(machine, call, callee, values, outcome, i === 0);
    if (result !== undefined) out.push({ state, result });
  });
  return out;
}

/** Undefined when what is known at the call rules the outcome out. */
function applyOutcome(m: Machine, call: Call, callee: string, values: readonly Value[], outcome: Outcome, first: boolean): Value | undefined {
  const into = new Instantiation(m, values, callee);
  let certain = true;
  for (const [form, range] of outcome.conditions) {
    certain &&= isKnown(m, into.value(amountValue(form)), range);
    if (!assumeRange(m, into, form, range)) return undefined;
  }
  // Everything is read before anything is written: the outcome speaks of what was there at the call.
  const stores = outcome.stores.map(({ place, value }) => ({ place: into.place(place), value: into.value(value) }));
  const result = outcome.returns === undefined ? undefined : into.value(outcome.returns);
  // What is unmapped first: lending a struct forgets what its members held.
  const inOrder = [...outcome.mappings].sort((a, b) => Number(b.phase === "unmapped") - Number(a.phase === "unmapped"));
  for (const mapping of inOrder) {
    if (mapping.source === "given") applyToGiven(m, into, call, mapping, { first, certain });
    else {
      const own = begin(m, adopted(m, into, call, mapping));
      if (first || outcome.mappings.length > 0) tellLatent(m, call, mapping, own);
    }
  }
  for (const symbol of outcome.epochs) disturb(m, values, symbol);
  for (const { place, value } of stores) {
    if (place === undefined) continue;
    m.state.write(place.key, value);
    if (value.kind === "pointer") {
      own(m, value.mapping, isOuter(place.key) ? "stored" : "local", place.name);
      tellKept(m, place, value.mapping, call.site);
    }
  }
  if (result?.kind === "pointer") own(m, result.mapping, "local", undefined);
  return result ?? fresh(m, callee);
}

/** Unknown code that the callee ran has had its hands on what it was given. */
function disturb(m: Machine, values: readonly Value[], symbol: string): void {
  const parameter = /^param:(\d+)$/.exec(symbol)?.[1];
  const value = parameter === undefined ? undefined : values[Number(parameter)];
  if (value?.kind === "amount") clobberMemory(m, value.amount);
  else if (value?.kind === "address") clobberPlace(m, value.place.key);
  else if (symbol.startsWith("=::")) clobberPlace(m, symbol.slice(1));
  else if (symbol === "::") m.state.epochs.set(symbol, `${m.at}unknown`);
}

/** A callee put a mapping into a member through the member's address. */
function tellKept(m: Machine, place: Place, id: string, site: Site): void {
  const mapping = m.state.mapping(id);
  const member = place.member ?? m.context.places.get(place.key)?.member;
  if (mapping === undefined || member === undefined) return;
  m.emit?.({ kind: "escape", site, function: m.context.cfg.name, mapping, offset: undefined, to: "field", member });
}

/** What a wrapper could not know of its mapping, and its caller does: judged at the call. */
function tellLatent(m: Machine, call: Call, inside: Mapping, own: Mapping): void {
  if (m.emit === undefined || own.source !== "mmap" || own.phase === "failed") return;
  const offset = differs(inside.offset, own.offset) ? own.offset : undefined;
  const length = differs(inside.length, own.length) ? own.length : undefined;
  const protection = inside.protection.open ? own.protection : UNKNOWN_FLAGS;
  const flags = inside.flags.open ? own.flags : UNKNOWN_FLAGS;
  if (offset === undefined && length === undefined && protection.open && flags.open) return;
  const address: Target = { value: NULL_VALUE, mapping: undefined, offset: undefined, varied: false, text: "", holds: undefined, wantedBy: undefined };
  m.emit({
    kind: "map", site: call.site, function: m.context.cfg.name, mapping: { ...own, protection, flags }, call, address, length,
    lengthRange: undefined, lengthTested: true, offsetTested: offset === undefined || isRemainderTested(m, offset),
    inStatic: m.context.cfg.static, toleratesFailure: true, protection, flags, offset, ownReservation: "unknown",
  });
}

function differs(a: Amount | undefined, b: Amount | undefined): boolean {
  return a !== undefined && b !== undefined && !sameAmount(a, b);
}

function assumeRange(m: Machine, into: Instantiation, form: Amount, range: Range): boolean {
  const value = into.value(amountValue(form));
  if (value.kind === "pointer") return assumePointer(m, value, range);
  const amount = asAmount(value);
  if (amount === undefined) return value.kind !== "address" || !(range.min === 0 && range.max === 0);
  const bound = (n: number): Amount => subtract(amount, constant(n));
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
  return known.min >= range.min && known.max <= range.max && range.not.every((n) => known.not.includes(n) || n < known.min || n > known.max);
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
  m: Machine, into: Instantiation, call: Call, given: Mapping, { first, certain }: { readonly first: boolean; readonly certain: boolean },
): void {
  const base = given.address === undefined ? undefined : into.value(given.address);
  const value = base === undefined || given.phase !== "unmapped" ? base : moved(base, into.amount(given.offset ?? ZERO));
  if (value === undefined) return;
  if (value.kind === "amount" && (given.phase === "unmapped" || given.owner !== "local")) letGo(m, value.amount);
  if (given.accessed !== undefined && given.phase !== "unmapped") touchThrough(m, value, given.accessed, call, first);
  if (given.phase === "unmapped") {
    const target = targetOf({ ...m, emit: undefined }, value, call.args[0]?.site ?? call.site, true);
    const length = given.length === undefined ? undefined : amountValue(into.amount(given.length));
    unmap(m, call, { ...target, text: target.mapping?.name ?? call.function }, length, undefined, given.unmappedBy ?? "munmap");
    // Under a condition that may not hold here, it may be there still.
    if (!certain && target.mapping !== undefined) m.state.update(target.mapping.id, { told: true, uncertain: true });
    return;
  }
  if (given.owner !== "local") {
    if (value.kind === "pointer" && given.owner !== "lent") m.state.update(value.mapping, { owner: "escaped" });
    else lend(m, value, call.site);
  }
}

function touchThrough(m: Machine, value: Value, mode: "read" | "write", call: Call, first: boolean): void {
  const machine = first ? m : { ...m, emit: undefined };
  if (value.kind === "pointer") access(machine, value.mapping, value.offset, mode, call.site, { as: "bytes", by: call.function });
  else if (value.kind === "amount") accessGiven(machine, value.amount, mode, call.site, { as: "bytes", by: call.function });
}

/** A mapping that the callee made, as the caller sees it. */
function adopted(m: Machine, into: Instantiation, call: Call, mapping: Mapping): Mapping {
  const here: Moment = { site: call.site, message: `made by ${call.function}, called here` };
  return {
    ...mapping,
    id: into.mappingId(mapping.id),
    site: call.site,
    function: call.function,
    name: undefined,
    owner: mapping.owner === "stored" ? "local" : mapping.owner,
    address: mapping.address === undefined ? undefined : into.value(mapping.address),
    length: mapping.length === undefined ? undefined : into.amount(mapping.length),
    lengthText: "",
    ...(mapping.raw === undefined ? {} : flagsAtCall(into, mapping, mapping.raw)),
    offset: mapping.offset === undefined ? undefined : into.amount(mapping.offset),
    fd: mapping.fd === undefined ? undefined : into.value(mapping.fd),
    descriptor: mapping.descriptor ?? (mapping.fd === undefined ? undefined : descriptorOf(m, into.value(mapping.fd))),
    replaces: undefined,
    lostTo: undefined,
    history: [...mapping.history.slice(0, 2), here],
  };
}

function flagsAtCall(into: Instantiation, mapping: Mapping, raw: NonNullable<Mapping["raw"]>): Partial<Mapping> {
  const at = { protection: into.value(raw.protection), flags: into.value(raw.flags) };
  return {
    raw: at,
    protection: mapping.protection.open ? asFlags(at.protection, protectionOfNumber) : mapping.protection,
    flags: mapping.flags.open ? asFlags(at.flags, mapFlagsOfNumber) : mapping.flags,
  };
}

function own(m: Machine, id: string, owner: "local" | "stored", name: string | undefined): void {
  const mapping = m.state.mapping(id);
  if (mapping === undefined) return;
  const kept = mapping.owner === "escaped" || (owner === "local" && mapping.owner === "stored") ? mapping.owner : owner;
  m.state.update(id, { owner: kept, name: mapping.name ?? name });
}
