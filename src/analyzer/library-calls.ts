/** Calls of the C library and of the mmap family, by their models. */
import type { Site } from "../diagnostic.js";
import type { Manner } from "./access.js";
import { access, accessGiven, accessViaHint, memberOf, noteUse } from "./access.js";
import { type Amount, amountKey, PAGE, soleSymbol, symbolOf, ZERO } from "./amount.js";
import type { CallInstruction } from "./call.js";
import { FOUND } from "./assume.js";
import { begin, describe, fresh, targetOf } from "./call.js";
import { applyToFile } from "./descriptors.js";
import { moved, opaque } from "./evaluate.js";
import type { Call, Target } from "./events.js";
import type { Machine, Outgoing } from "./machine.js";
import { attach, map, remap } from "./mapping-calls.js";
import { newMapping } from "./mapping.js";
import { ANY_MEMBER, memberRead, noteUnmapped } from "./member-notes.js";
import { conventionOf } from "./model/conventions.js";
import type { Effect, LibraryModel } from "./model/model.js";
import { tellHandler } from "./handlers.js";
import { discardingAdvice, rangeCall } from "./range-calls.js";
import { fork, isForOneProcess, setAttributes } from "./processes.js";
import { clobberMemory, clobberPlace, fill } from "./unknown-calls.js";
import { emitRelease, releaseEvent, unmap } from "./unmapping.js";
import type { Value } from "./value.js";
import { amountValue, asAmount, asFlags, asNumber, MAP_FAILED_VALUE, NULL_VALUE } from "./value.js";

export function applyModel(
  m: Machine,
  instruction: CallInstruction,
  callee: string,
  values: readonly Value[],
  model: LibraryModel,
): Outgoing[] {
  const call = describe(m, instruction, values, true);
  if (instruction.used === false) tellDropped(m, call, callee);
  if (m.state.store.has("::errno")) clobberPlace(m, "::errno", "filled");
  // A failure that is looked at is another path: the protection, or the content, is then what it was.
  const before = instruction.used === true && changes(model.effects[0], values) ? m.state.clone() : undefined;
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
  return before === undefined
    ? [outgoing]
    : [
        { ...outgoing, result: NULL_VALUE },
        { state: before, result: MAP_FAILED_VALUE },
      ];
}

function tellDropped(m: Machine, call: Call, callee: string): void {
  const convention = conventionOf(callee);
  if (convention === undefined) return;
  m.emit?.({
    kind: "result",
    site: call.site,
    function: m.context.cfg.name,
    mapping: undefined,
    callee,
    convention,
    result: m.at,
    against: "nothing",
    text: call.function,
    testedRight: false,
    first: false,
  });
}

/** Is a success of the call another state than its failure? */
function changes(effect: Effect | undefined, values: readonly Value[]): boolean {
  if (effect?.kind === "protect") return true;
  return (
    effect?.kind === "advise" &&
    effect.keepsContent !== true &&
    effect.flags !== undefined &&
    discardingAdvice(asFlags(values[effect.flags])) !== undefined
  );
}

function resultOf(m: Machine, callee: string, values: readonly Value[], model: LibraryModel): Value {
  if (model.returns === "page-size") return amountValue(PAGE);
  if (typeof model.returns === "object") {
    if ("argument" in model.returns) return values[model.returns.argument] ?? opaque(m, "result");
    const place = symbolOf({ kind: "opaque", what: `${m.at}${FOUND}` });
    return moved(values[model.returns.inside] ?? NULL_VALUE, place) ?? fresh(m, callee);
  }
  // The same for as long as the process lives, and for its child until the child asks.
  if (PROCESS_FACTS.test(callee)) return amountValue(symbolOf({ kind: "constant", name: `${callee}()` }));
  if (callee === "sysconf") {
    const name = values[0];
    const symbol = name?.kind === "amount" ? soleSymbol(name.amount) : undefined;
    if (symbol?.origin.kind === "constant" && /^_SC_PAGE_?SIZE$/.test(symbol.origin.name))
      return amountValue(PAGE);
  }
  return fresh(m, callee);
}

const PROCESS_FACTS = /^(?:getpid|getuid|geteuid|getgid|getegid)$/;

/** The result of the call, where the effect makes one. */
function applyEffect(
  m: Machine,
  effect: Exclude<Effect, { readonly kind: "never-returns" }>,
  call: Call,
  values: readonly Value[],
  instruction: CallInstruction,
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
    case "unmap":
      release(m, effect, call, values, instruction);
      return undefined;
    case "protect":
    case "advise":
    case "lock":
    case "sync":
    case "flush":
      rangeCall(m, effect, call, values);
      return undefined;
    case "allocate":
      return allocate(m, call, values, effect);
    case "allocate-into": {
      const pointer = allocate(m, call, values, effect);
      const into = value(effect.address);
      if (into.kind === "address") m.state.write(into.place.key, pointer);
      return undefined;
    }
    case "free":
      free(m, call, targetOf(m, value(effect.address), site(effect.address), true));
      return undefined;
    case "access":
      touch(m, value(effect.address), effect.mode, call.site, mannerOf(effect, call, values));
      return undefined;
    case "format":
      readStrings(m, call, effect.format, values);
      return undefined;
    case "open":
    case "size":
    case "syncFile":
    case "sendFile":
    case "close":
    case "handFile":
      return applyToFile(m, effect, call, values);
    case "handle":
      tellHandler(m, call, value(effect.signal), value(effect.handler));
      return undefined;
    case "fork": {
      const pid = fresh(m, call.function);
      fork(m, pid, call.site);
      return pid;
    }
    case "make-lock":
    case "lock-attributes":
      applyLock(m, effect, call, values);
      return undefined;
    case "fill":
      fill(m, value(effect.address));
      return undefined;
  }
}

function mannerOf(
  { mode, as, fills }: Extract<Effect, { readonly kind: "access" }>,
  call: Call,
  values: readonly Value[],
): Manner {
  const copies = mode === "write" && COPIES.test(call.function);
  const length = asAmount(values[2]);
  const origin = length === undefined ? undefined : soleSymbol(length)?.origin;
  return {
    as,
    by: call.function,
    copiesCode: copies && values[1]?.kind === "function",
    isAddress: copies && origin?.kind === "sizeof" && origin.type === "pointer",
    ...(fills === true ? { fills } : {}),
  };
}

const COPIES = /^(?:__builtin_)?mem(?:p?cpy|move)$/;

function applyLock(
  m: Machine,
  effect: Extract<Effect, { readonly kind: "make-lock" | "lock-attributes" }>,
  call: Call,
  values: readonly Value[],
): void {
  const address = values[effect.address] ?? NULL_VALUE;
  const shared = effect.shared === undefined ? undefined : values[effect.shared];
  if (effect.kind === "lock-attributes") {
    setAttributes(m, address, shared);
    return;
  }
  const attributes = effect.attributes === undefined ? undefined : values[effect.attributes];
  const lockOfProcess = isForOneProcess(m, attributes, shared);
  touch(m, address, "write", call.site, { as: "bytes", by: call.function, lockOfProcess });
}

function free(m: Machine, call: Call, target: Target): void {
  const { mapping } = target;
  if (target.value.kind === "amount") {
    if (m.emit !== undefined) noteUse(m, target.value.amount, releaseEvent(m, call, target, "mapping"));
    // What it held is gone with it.
    fill(m, target.value);
  }
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
  for (const [key, held] of m.state.store)
    if (held.kind === "pointer" && key.startsWith(`@{${mapping.id}+`)) loseHeld(m, held.mapping, call.site);
  m.state.drop(mapping.id);
}

function release(
  m: Machine,
  effect: Effect & { readonly kind: "unmap" },
  call: Call,
  values: readonly Value[],
  instruction: CallInstruction,
): void {
  const lengthOperand = effect.length === undefined ? undefined : instruction.args[effect.length];
  const length = effect.length === undefined ? undefined : (values[effect.length] ?? NULL_VALUE);
  const address = instruction.args[effect.address];
  const target = targetOf(m, values[effect.address] ?? NULL_VALUE, address?.site ?? call.site, true);
  const member = address === undefined ? undefined : memberRead(m, address);
  if (member !== undefined && m.emit !== undefined) noteUnmapped(m, call, target, member, lengthOperand);
  if (target.value.kind === "amount")
    m.context.letGo.add(member ?? memberOf(m, target.value.amount) ?? ANY_MEMBER);
  unmap(m, call, target, length, lengthOperand, effect.length === undefined ? "shmdt" : "munmap", address);
}

/** Memory of malloc: followed only to see who releases it, and who takes it for whole pages. */
function allocate(
  m: Machine,
  call: Call,
  values: readonly Value[],
  at: { readonly length?: number; readonly alignment?: number },
): Value {
  const id = `m${m.at}`;
  const argument = (index: number | undefined): Amount | undefined =>
    index === undefined ? undefined : asAmount(values[index]);
  const [length, alignment] = [argument(at.length), argument(at.alignment)];
  begin(m, newMapping({ id, source: "heap", function: call.function, site: call.site, length, alignment }));
  return { kind: "pointer", mapping: id, offset: ZERO, varied: false };
}

/** The memory that held the mapping's last name is freed. */
function loseHeld(m: Machine, id: string, site: Site): void {
  const mapping = m.state.mapping(id);
  if (mapping === undefined || mapping.owner === "escaped" || m.state.namesOf(id).length !== 1) return;
  if (mapping.phase !== "live" && mapping.phase !== "unchecked") return;
  m.emit?.({
    kind: "lose",
    site,
    function: m.context.cfg.name,
    mapping,
    how: "holder freed",
    releasedElsewhere: false,
  });
  m.state.update(id, { owner: "escaped" });
}

function touch(m: Machine, value: Value, mode: "read" | "write", site: Site, manner: Manner): void {
  if (value.kind === "pointer") access(m, value.mapping, value.offset, mode, site, manner);
  else if (value.kind === "amount") {
    accessViaHint(m, value, mode, site, manner.by);
    if (m.emit !== undefined) m.context.copied.add(amountKey(value.amount));
    accessGiven(m, value.amount, mode, site, manner);
    if (mode === "write") clobberMemory(m, value.amount);
  } else if (value.kind === "address" && mode === "write") {
    clobberPlace(m, value.place.key, "filled");
    if (manner.by !== undefined && READS_INPUT.test(manner.by)) {
      m.state.write(
        value.place.key,
        amountValue(symbolOf({ kind: "input", function: manner.by, place: `${m.at}:${value.place.key}` })),
      );
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
    if (match[3] === "s" && match[2] === undefined && value !== undefined)
      touch(m, value, "read", call.site, { as: "string", by: call.function });
  }
}
