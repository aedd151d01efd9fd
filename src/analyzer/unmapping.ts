/** The end of a mapping: munmap(2) and shmdt(2), whole or in part, right or wrong. */
import type { Site } from "../diagnostic.js";
import { materialize, noteUse } from "./access.js";
import type { Amount, Origin } from "./amount.js";
import { UNKNOWN } from "./joining.js";
import { amountKey, constantValue, ofSymbol, sameAmount, soleSymbol, subtract, symbolOf } from "./amount.js";
import { noteReleased } from "./believed.js";
import { lengthKnown } from "./call.js";
import type { Call, ReleaseEvent, Target, UnmapEvent } from "./events.js";
import { isSameEachTurn } from "./invariant.js";
import type { Operand } from "./ir.js";
import { compareLengths, sameUpToRounding } from "./lengths.js";
import type { Machine } from "./machine.js";
import type { Mapping } from "./mapping.js";
import { newMapping, tell } from "./mapping.js";
import { momentRead, placeRead } from "./epochs.js";
import { letGo } from "./member-notes.js";
import { areApart, type Range } from "./range.js";
import { OF_MANY } from "./turns.js";
import { unsetMember } from "./unset-member.js";
import type { Value } from "./value.js";
import { amountValue, asAmount } from "./value.js";

/** The length's variable had another value when the mapping was made. */
function isReassigned(
  mapping: Mapping | undefined,
  length: Amount | undefined,
  operand: Operand | undefined,
  text: string,
): boolean {
  if (mapping?.length === undefined || length === undefined || mapping.source === "given") return false;
  // A wrapper is called: the texts are the wrapper's own.
  if (operand === undefined) return isOtherJoin(mapping.length, length);
  if (operand.kind === "number" || mapping.lengthText !== text) return false;
  // The same call twice may give the same twice.
  if (length.terms.some(({ symbol }) => symbol.id.includes(UNKNOWN) || symbol.origin.kind === "call"))
    return false;
  return constantValue(subtract(length, mapping.length)) !== 0;
}

/** `fstat(fd, &st); p = mmap(0, st.st_size, …); edit(p, &st); munmap(p, st.st_size)` */
function isLent(mapping: Mapping | undefined, length: Amount | undefined): boolean {
  if (mapping?.length === undefined || length === undefined) return false;
  const place = placeRead(length);
  const [then, now] = [momentRead(mapping.length), momentRead(length)];
  // What a library function has filled is named after the call alone.
  return (
    place?.endsWith(".st_size") === true &&
    placeRead(mapping.length) === place &&
    now.endsWith(UNKNOWN) &&
    /^@\d[^,]*$/.test(then) &&
    !then.endsWith(UNKNOWN)
  );
}

/** What one variable holds where paths have met, at two places: on all ways from the first to the second it was set. */
function isOtherJoin(a: Amount, b: Amount): boolean {
  const [first, second] = [soleSymbol(a)?.id, soleSymbol(b)?.id];
  const variable = /^\?join\d+:(\w+)$/;
  const name = variable.exec(first ?? "")?.[1];
  return name !== undefined && first !== second && name === variable.exec(second ?? "")?.[1];
}

export function unmap(
  m: Machine,
  call: Call,
  target: Target,
  lengthValue: Value | undefined,
  operand: Operand | undefined,
  by: "munmap" | "shmdt",
  address?: Operand,
): void {
  const { mapping } = target;
  noteReleased(m, target);
  const length = lengthOf(m, mapping, asAmount(lengthValue));
  const site = operand?.site;
  const lengthText = site === undefined ? "" : m.context.text(site);
  const inside = target.holds === undefined ? heldInside(m, target, length) : undefined;
  const event: UnmapEvent = {
    kind: "unmap",
    site: call.site,
    function: m.context.cfg.name,
    call,
    target: inside === undefined ? target : { ...target, holds: inside },
    length,
    lengthText,
    lengthOf: lengthOfAnother(m, mapping, length),
    fromMember: false,
    makersDiffer: false,
    shadows: shadowed(m, target),
    lengthReassigned: isReassigned(target.mapping, length, operand, lengthText),
    lengthLent: isLent(mapping, length),
    sizeofPointer: operand?.kind === "sizeof" && operand.ofPointer,
    sameEachTurn: isMissedAgain(m, call, mapping),
    stillCounted: undefined,
    meant: m.emit !== undefined && call.direct ? unsetMember(m, address) : undefined,
  };
  m.emit?.(event);
  if (m.emit !== undefined && call.direct) noteUnmappedGlobal(m, event);
  if (inside !== undefined) {
    m.state.update(inside.id, { owner: "escaped" });
    return;
  }
  if (mapping === undefined) return endUnknown(m, call, target, length, by);
  const wrongKind = isWrongKind(mapping, by);
  if (wrongKind) emitRelease(m, call, target);
  if (mapping.phase === "failed") return;
  if (mapping.phase === "unmapped") {
    m.state.drop(mapping.id);
    return;
  }
  if (isPartial(target, length)) endPart(m, call, target, mapping, lengthText);
  else
    m.state.update(mapping.id, {
      phase: "unmapped",
      weakTest: undefined,
      unmappedAt: call.site,
      unmappedBy: by,
      endedBy: soleSymbol(resultOf(m, call))?.id,
      history: tell(mapping, call.site, "unmapped here"),
      ...(mayBeAPart(mapping, length) ? { uncertain: true } : {}),
      // Callers of a function that unmaps what it was given are told how much of it, and where.
      ...(mapping.source === "given" ? { length, offset: target.offset } : {}),
    });
}

/** Trimming, or a wrong length: what follows tells. The rest is still there, of another length. */
function endPart(m: Machine, call: Call, target: Target, mapping: Mapping, lengthText: string): void {
  const message = `${target.text} was mapped with ${mapping.lengthText || "another length"}, but is unmapped with ${lengthText || "another length"}`;
  const partial = {
    site: call.site,
    message,
    intended: mapping.partial !== undefined || m.again || constantValue(target.offset) !== 0,
    result: resultOf(m, call),
  };
  m.state.update(mapping.id, {
    length: undefined,
    owner: "escaped",
    partial,
    history: tell(mapping, call.site, "partly unmapped here"),
  });
}

function resultOf(m: Machine, call: Call): Amount {
  return symbolOf({ kind: "call", function: call.function, instruction: m.at });
}

/** What others have put into a variable at file scope; of members, the comparison of lengths tells it. */
function noteUnmappedGlobal(m: Machine, event: UnmapEvent): void {
  const { value } = event.target;
  if (value.kind !== "amount" || soleSymbol(value.amount)?.origin.kind !== "load") return;
  // How much the others have mapped, they say in words of their own.
  noteUse(
    m,
    value.amount,
    { ...event, length: undefined, lengthText: "", lengthOf: undefined, fromMember: true },
    true,
  );
}

/** By a length of its own, which nobody can compare with what was mapped. */
function mayBeAPart(mapping: Mapping, length: Amount | undefined): boolean {
  return (
    mapping.source === "mmap" &&
    length !== undefined &&
    mapping.length !== undefined &&
    compareLengths(mapping.length, length) === "unknown"
  );
}

/** As it is known on this path; the length that was mapped is known by its own name. */
function lengthOf(m: Machine, mapping: Mapping | undefined, given: Amount | undefined): Amount | undefined {
  if (given === undefined || (mapping?.length !== undefined && sameAmount(mapping.length, given)))
    return given;
  return lengthKnown(m, given);
}

/**
 * `ring->desc = mmap(0, n, …); … munmap(ring, n)`: a member of the struct points into a mapping of that very length. A
 * constant may be the length of both.
 */
function heldInside(m: Machine, { value, mapping }: Target, length: Amount | undefined): Mapping | undefined {
  if (
    value.kind !== "amount" ||
    length === undefined ||
    (mapping !== undefined && mapping.source !== "given")
  )
    return undefined;
  if (!length.terms.some(({ symbol }) => VARIES.has(symbol.origin.kind))) return undefined;
  const members = `*{${amountKey(value.amount)}}.`;
  for (const [key, held] of m.state.store) {
    // The whole of another mapping of that length may be the next one of a list.
    const inside =
      held.kind === "pointer" && key.startsWith(members) && constantValue(held.offset) !== 0
        ? m.state.mapping(held.mapping)
        : undefined;
    if (inside?.phase !== "live" || inside.source !== "mmap" || inside.length === undefined) continue;
    if (sameAmount(inside.length, length)) return inside;
  }
  return undefined;
}

const VARIES: ReadonlySet<Origin["kind"]> = new Set(["parameter", "load", "call", "operation"]);

/** Of one of many no later turn remembers that it is unmapped already. */
function isMissedAgain(m: Machine, { direct }: Call, mapping: Mapping | undefined): boolean {
  if (m.emit === undefined || !m.again || !direct) return false;
  if (mapping === undefined || !mapping.id.startsWith("given:load:") || !OF_MANY.test(mapping.id))
    return false;
  return isSameEachTurn(m.context.cfg, m.at);
}

/** `p = mmap(…); … p = mmap(…)` failed: unmapping `p` leaves what it held before. */
function shadowed(m: Machine, { mapping, text }: Target): boolean {
  if (mapping?.phase !== "failed") return false;
  return [...m.state.mappings.values()].some(
    ({ id, name, phase, source }) =>
      id !== mapping.id && name === text && phase === "live" && source === "mmap",
  );
}

/** Lengths get exchanged where two mappings end together. */
function lengthOfAnother(
  m: Machine,
  mapping: Mapping | undefined,
  length: Amount | undefined,
): string | undefined {
  if (
    length === undefined ||
    length.terms.every(({ symbol }) => symbol.origin.kind === "page") ||
    mapping?.length === undefined ||
    sameUpToRounding(length, mapping.length)
  )
    return undefined;
  for (const other of m.state.mappings.values()) {
    if (
      other.id !== mapping.id &&
      other.source !== "given" &&
      other.length !== undefined &&
      other.name !== undefined &&
      sameAmount(other.length, length)
    )
      return other.name;
  }
  return undefined;
}

function isWrongKind(mapping: Mapping, by: "munmap" | "shmdt"): boolean {
  if (mapping.source === "heap") return true;
  if (mapping.source === "given") return false;
  return by === "shmdt" ? mapping.source !== "shmat" : mapping.source === "shmat";
}

/** What is unmapped is no mapping that is followed. */
function endUnknown(
  m: Machine,
  call: Call,
  target: Target,
  length: Amount | undefined,
  by: "munmap" | "shmdt",
): void {
  if (target.value.kind === "amount") {
    giveUp(m, target.value.amount, call.site);
    endRounded(m, target.value.amount, length, call, by);
  }
  const meant = target.holds ?? target.wantedBy;
  if (meant === undefined) emitRelease(m, call, target);
  else m.state.update(meant.id, { owner: "escaped" });
}

/** `munmap(p & ~(page - 1), …)`: whoever gives the start of a mapping, or what lies in its first page, has it unmapped. */
function endRounded(
  m: Machine,
  address: Amount,
  length: Amount | undefined,
  { function: name, site }: Call,
  by: "munmap" | "shmdt",
): void {
  const symbol = soleSymbol(address);
  if (symbol?.origin.kind !== "operation" || symbol.origin.operator !== "roundDown") return;
  const [inner] = symbol.origin.operands;
  if (inner === undefined || soleSymbol(inner)?.origin.kind !== "parameter") return;
  const id = `given:${symbol.id}`;
  const ended = { phase: "unmapped", length, unmappedBy: by, address: amountValue(address) } as const;
  m.state.mappings.set(id, newMapping({ id, source: "given", function: name, site, ...ended }));
}

/** `munmap(p - p % page, …)`: what a parameter or a member points to may end with it. */
function giveUp(m: Machine, amount: Amount, site: Site): void {
  for (const { symbol } of amount.terms) {
    const { origin } = symbol;
    if (origin.kind === "operation") for (const operand of origin.operands) giveUp(m, operand, site);
    if (origin.kind === "load") letGo(m, ofSymbol(symbol));
    if (origin.kind !== "parameter") continue;
    const given = materialize(m, ofSymbol(symbol), site);
    if (given !== undefined) m.state.update(given.mapping.id, { owner: "escaped" });
  }
}

/** Is it certain, or as good as certain, that something stays mapped on purpose? */
function isPartial(target: Target, length: Amount | undefined): boolean {
  const { mapping, offset } = target;
  if (mapping === undefined || offset === undefined || mapping.source === "given") return false;
  if (constantValue(offset) !== 0) return !target.varied;
  if (length === undefined || mapping.length === undefined) return false;
  const comparison = compareLengths(mapping.length, length);
  return (
    comparison === "shorter" ||
    comparison === "different" ||
    (comparison === "unknown" &&
      target.text !== "" &&
      constantValue(length) !== undefined &&
      !isFilledIn(mapping.length))
  );
}

/** By unknown code: it may be any number. */
function isFilledIn({ terms }: Amount): boolean {
  return terms.some(({ symbol: { origin } }) => origin.kind === "opaque" && origin.what.includes(UNKNOWN));
}

export function emitRelease(m: Machine, call: Call, target: Target): void {
  const of =
    target.mapping !== undefined
      ? target.mapping.source === "heap"
        ? "heap"
        : "mapping"
      : target.value.kind === "address" && target.value.place.root.kind === "variable"
        ? "object"
        : undefined;
  if (of !== undefined && !isAskedBothWays(m)) m.emit?.(releaseEvent(m, call, target, of));
}

/**
 * `p = options.map ? mmap(…) : read_all(…); work(p); if (options.map) munmap(p, n); else free(p);`: unknown code that had its
 * hands on the variable in between has hardly changed it.
 */
function isAskedBothWays({ state }: Machine): boolean {
  const found = new Map<string, Range>();
  for (const [key, range] of state.facts) {
    const place = placeRead(state.forms.get(key));
    if (place?.startsWith("::") !== true) continue;
    const other = found.get(place);
    if (other !== undefined && areApart(other, range)) return true;
    found.set(place, range);
  }
  return false;
}

export function releaseEvent(m: Machine, call: Call, target: Target, of: ReleaseEvent["of"]): ReleaseEvent {
  return { kind: "release", site: call.site, function: m.context.cfg.name, call, target, of };
}
