/** The calls that make mappings: mmap(2), shmat(2), mremap(2). */
import type { Site } from "../diagnostic.js";
import { memberOf } from "./access.js";
import type { Amount } from "./amount.js";
import { add, constantValue, isConstant, sameAmount, subtract, ZERO } from "./amount.js";
import { begin, lengthKnown, targetOf } from "./call.js";
import { descriptorOf } from "./descriptors.js";
import { evaluate } from "./evaluate.js";
import type { Argument, Call, Target, MapEvent } from "./events.js";
import { flag, hasFlag, mapFlagsOfNumber, protectionOfNumber, UNKNOWN_FLAGS } from "./flags.js";
import { unrounded } from "./lengths.js";
import type { Machine } from "./machine.js";
import { isCompared } from "./range.js";
import type { Mapping } from "./mapping.js";
import { newMapping } from "./mapping.js";
import { isBareCall } from "./model/library.js";
import type { Effect } from "./model/model.js";
import type { Value } from "./value.js";
import { asAmount, asFlags, NULL_VALUE } from "./value.js";
import { isBounded } from "./widths.js";

export function map(
  m: Machine,
  effect: Effect & { readonly kind: "map" },
  call: Call,
  values: readonly Value[],
): Value {
  const argument = (index: number): Value => values[index] ?? NULL_VALUE;
  const flags = asFlags(argument(effect.flags), mapFlagsOfNumber);
  const fixed = hasFlag(flags, "MAP_FIXED") !== "no";
  const given = asAmount(argument(effect.length));
  const length = given === undefined ? undefined : lengthKnown(m, given);
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
      // What is placed over an address that somebody chose belongs to whoever owns that address (a wrapper's caller
      // knows which); and code that makes system calls itself arranges the address space by rules of its own.
      owner: (fixed && !flags.open) || isBareCall(call.function) ? "escaped" : "local",
      address: argument(effect.address),
      length,
      lengthText,
      protection: asFlags(argument(effect.protection), protectionOfNumber),
      flags,
      raw: { protection: argument(effect.protection), flags: argument(effect.flags) },
      fd,
      locked: hasFlag(flags, "MAP_LOCKED") === "yes" ? call.site : undefined,
      descriptor: descriptorOf(m, fd),
      fdMember: fd.kind === "amount" ? (memberOf(m, fd.amount) ?? memberHolding(m, fd.amount)) : undefined,
      offset: asAmount(argument(effect.offset)),
      mayBeEmpty: descriptorOf(m, fd)?.sized !== true && canBeZero(m, unrounded(length ?? ZERO)),
      pageTested: length !== undefined && isRemainderTested(m, length),
      history: [
        { site: call.site, message: lengthText === "" ? "mapped here" : `mapped here, length ${lengthText}` },
      ],
    }),
  );
  const address = targetOf(m, argument(effect.address), call.args[effect.address]?.site ?? call.site, false);
  if (fixed && address.mapping !== undefined) {
    const { id, length: before } = address.mapping;
    const behind =
      before !== undefined &&
      address.offset !== undefined &&
      m.state.holds(subtract(address.offset, before), ">=") === true;
    // Placed behind its end, it makes it longer.
    m.state.update(id, { protection: UNKNOWN_FLAGS, ...(behind ? { length: undefined } : {}) });
  }
  m.emit?.({
    kind: "map",
    site: call.site,
    function: m.context.cfg.name,
    mapping,
    call,
    address,
    length,
    ...conditionsOn(m, mapping, call, effect.offset),
    inStatic: m.context.cfg.static,
    twin: twinOf(m, address, length, mapping.id),
    failure: "unnoticed",
    protection: mapping.protection,
    flags,
    offset: mapping.offset,
  });
  return { kind: "pointer", mapping: mapping.id, offset: ZERO, varied: false };
}

/** What the path has asked of the length and the offset before the call. */
function conditionsOn(
  m: Machine,
  { length, offset }: Mapping,
  call: Call,
  offsetIndex: number,
): Pick<
  MapEvent,
  | "offsetTested"
  | "offsetMayWrap"
  | "sizeCompared"
  | "lengthBounded"
  | "severalFiles"
  | "sizeUntested"
  | "testsOther"
> {
  return {
    offsetTested: offset !== undefined && isRemainderTested(m, offset),
    offsetMayWrap:
      offset !== undefined && mayWrap(m, offset) ? subtraction(m, call.args[offsetIndex]) : undefined,
    sizeCompared: m.emit !== undefined && isSizeCompared(m),
    lengthBounded: length !== undefined && isBounded(m.state, length),
    severalFiles: false,
    sizeUntested: length === undefined ? undefined : untestedSize(m, length),
    testsOther: call.used === false ? testedAgain(m) : undefined,
  };
}

/** Some condition on the path speaks of the size that stat() or lseek() gives. */
function isSizeCompared({ context, state }: Machine): boolean {
  const keys = [...state.facts.keys()];
  if (keys.some((key) => /st_size|stx_size/.test(key))) return true;
  return context.cfg.blocks.some(({ instructions }) =>
    instructions.some(
      (instruction) =>
        instruction.kind === "call" &&
        SEEKS.test(instruction.callee ?? "") &&
        keys.some((key) => key.includes(`{call:${instruction.id}}`)),
    ),
  );
}

const SEEKS = /^(?:lseek(?:64)?|ftello?(?:64)?)$/;

/** `offset - page`, with nothing known of how the two compare. */
function mayWrap(m: Machine, offset: Amount): boolean {
  const [less, more] = [offset.terms.filter(isTaken), offset.terms.filter((term) => !isTaken(term))];
  if (more.length === 0 || (less.length === 0 && offset.constant >= 0)) return false;
  // Where paths have met, one of them may have compared the two: MAX(offset, page) - page.
  if (more.some(({ symbol }) => symbol.origin.kind === "opaque" || isFactorTested(m, symbol))) return false;
  const isPages = less.every(({ symbol }) => symbol.origin.kind === "page");
  return (
    isPages &&
    !isRemainderTested(m, offset) &&
    !isCompared(m.state.facts, offset) &&
    m.state.holds(offset, ">=") !== true
  );
}

/** The last subtraction from the variable that is given, else the argument itself. */
function subtraction({ context }: Machine, given: Argument | undefined): Site | undefined {
  if (given === undefined) return undefined;
  const sites = context.cfg.blocks.flatMap(({ instructions }) =>
    instructions.flatMap((instruction) =>
      instruction.kind === "assign" &&
      instruction.target.kind === "variable" &&
      instruction.target.variable.name === given.text &&
      instruction.site.start < given.site.start &&
      /-(?!>)/.test(context.text(instruction.site))
        ? [instruction.site]
        : [],
    ),
  );
  return sites.at(-1) ?? given.site;
}

/** `(n - 1) * page` after a test of `n`. */
function isFactorTested(m: Machine, { origin }: Amount["terms"][number]["symbol"]): boolean {
  return (
    origin.kind === "operation" &&
    origin.operator === "mul" &&
    origin.operands.some((factor) => {
      const { min, not } = m.state.range(factor);
      return factor.terms.length > 0 && (min > 0 || not.includes(0));
    })
  );
}

function isTaken({ coefficient }: Amount["terms"][number]): boolean {
  return coefficient < 0;
}

const STAT = /^(?:f|l)?stat(?:64|at|at64)?$/;

/** The stat() that filled what the length is computed from, where its result is dropped without a cast to void. */
function untestedSize({ context, emit }: Machine, length: Amount): Site | undefined {
  if (emit === undefined) return undefined;
  for (const { symbol } of unrounded(length).terms) {
    // What is read after a call has filled it names that call.
    const filledAt = symbol.origin.kind === "load" ? symbol.origin.place.split("@").at(-1) : undefined;
    if (filledAt === undefined) continue;
    for (const { instructions } of context.cfg.blocks)
      for (const instruction of instructions)
        if (
          instruction.kind === "call" &&
          instruction.id === filledAt &&
          instruction.used === false &&
          STAT.test(instruction.callee ?? "")
        )
          return instruction.site;
  }
  return undefined;
}

/** A reservation of twice the length, and a mapping of that length at its start: this one fills the rest. */
function twinOf(
  { state }: Machine,
  { mapping: whole, offset }: Target,
  length: Amount | undefined,
  id: string,
): Mapping | undefined {
  if (whole?.length === undefined || offset === undefined || length === undefined) return undefined;
  if (!sameAmount(offset, length) || !sameAmount(whole.length, add(length, length))) return undefined;
  for (const other of state.mappings.values()) {
    const { address } = other;
    if (
      other.id !== id &&
      address?.kind === "pointer" &&
      address.mapping === whole.id &&
      constantValue(address.offset) === 0 &&
      other.length !== undefined &&
      sameAmount(other.length, length)
    )
      return other;
  }
  return undefined;
}

/** `mmap(…); if (p == MAP_FAILED)` with nothing in between: the name of a mapping that is known to be none. */
function testedAgain(m: Machine): string | undefined {
  const block = m.context.cfg.blocks.find(({ instructions }) => instructions.at(-1)?.id === m.at);
  if (block?.terminator.kind !== "branch") return undefined;
  const { condition } = block.terminator;
  if (condition.kind !== "binary" || (condition.op !== "==" && condition.op !== "!=")) return undefined;
  const quiet: Machine = { ...m, emit: undefined };
  const sides = [evaluate(quiet, condition.left), evaluate(quiet, condition.right)];
  const tested = sides.find((value) => value.kind === "pointer");
  if (tested?.kind !== "pointer" || !sides.some((value) => constantValue(asAmount(value)) === -1))
    return undefined;
  const other = m.state.mapping(tested.mapping);
  return other?.phase === "live" && other.source === "mmap" ? other.name : undefined;
}

/** Some condition on this path speaks of the amount's remainder. */
export function isRemainderTested(m: Machine, amount: Amount): boolean {
  return amount.terms.some(({ symbol }) =>
    [...m.state.facts.keys()].some((key) => /roundDown\(|mod\(|and\(/.test(key) && key.includes(symbol.id)),
  );
}

/** Nothing on the path says that it is more than 0. */
export function canBeZero(m: Machine, length: Amount | undefined): boolean {
  if (length === undefined) return false;
  const { min, not } = m.state.range(length);
  return min <= 0 && !not.includes(0) && !isCompared(m.state.facts, length);
}

/** The struct member that the value has been put into. */
function memberHolding(m: Machine, amount: Amount): string | undefined {
  if (isConstant(amount)) return undefined;
  for (const [key, held] of m.state.store) {
    const member =
      held.kind === "amount" && sameAmount(held.amount, amount)
        ? m.context.places.get(key)?.member
        : undefined;
    if (member !== undefined) return member;
  }
  return undefined;
}

export function attach(
  m: Machine,
  effect: Effect & { readonly kind: "attach" },
  call: Call,
  values: readonly Value[],
): Value {
  const flags = asFlags(values[effect.flags]);
  const readOnly = hasFlag(flags, "SHM_RDONLY");
  const protection = readOnly === "yes" ? flag("PROT_READ") : UNKNOWN_FLAGS;
  const mapping = begin(
    m,
    newMapping({
      id: `m${m.at}`,
      source: "shmat",
      function: call.function,
      site: call.site,
      phase: "unchecked",
      address: values[effect.address],
      protection,
      flags: flag("MAP_SHARED"),
      history: [{ site: call.site, message: "attached here" }],
    }),
  );
  return { kind: "pointer", mapping: mapping.id, offset: ZERO, varied: false };
}

export function remap(
  m: Machine,
  effect: Effect & { readonly kind: "remap" },
  call: Call,
  values: readonly Value[],
): Value {
  const target = targetOf(
    m,
    values[effect.address] ?? NULL_VALUE,
    call.args[effect.address]?.site ?? call.site,
    true,
  );
  const newLength = asAmount(values[effect.newLength]);
  m.emit?.({
    kind: "remap",
    site: call.site,
    function: m.context.cfg.name,
    call,
    target,
    oldLength: asAmount(values[effect.oldLength]),
    newLength,
    flags: asFlags(values[effect.flags]),
  });
  const flags = asFlags(values[effect.flags]);
  if (m.state.mapping(`m${m.at}`) !== undefined) m.state.rename(`m${m.at}`, `m${m.at}'`);
  const old =
    target.mapping === undefined
      ? undefined
      : (m.state.mapping(target.mapping.id) ?? m.state.mapping(`${target.mapping.id}'`));
  // Without MREMAP_MAYMOVE it stays where it is: the result is another name for it.
  const stays = !flags.open && !flags.may.has("MREMAP_MAYMOVE");
  if (stays && old !== undefined) m.state.update(old.id, { length: undefined });
  // With MREMAP_FIXED what is at the new address goes.
  const replaced = values[4];
  if (replaced?.kind === "pointer") m.state.update(replaced.mapping, { owner: "escaped" });
  const whole =
    old !== undefined && !stays && target.offset !== undefined && constantValue(target.offset) === 0;
  const lengthText = call.args[effect.newLength]?.text ?? "";
  const mapping = begin(
    m,
    newMapping({
      id: `m${m.at}`,
      source: "mremap",
      function: call.function,
      site: call.site,
      phase: "unchecked",
      owner: stays || isBareCall(call.function) ? "escaped" : "local",
      length: newLength,
      lengthText,
      protection: old?.protection ?? UNKNOWN_FLAGS,
      flags: old?.flags ?? UNKNOWN_FLAGS,
      fd: old?.fd,
      descriptor: old?.descriptor,
      offset: old?.offset,
      replaces: whole ? old.id : undefined,
      history: [...(old?.history ?? []), { site: call.site, message: `remapped here, length ${lengthText}` }],
    }),
  );
  return { kind: "pointer", mapping: mapping.id, offset: ZERO, varied: false };
}
