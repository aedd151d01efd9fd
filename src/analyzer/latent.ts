/** What a wrapper of mmap() leaves to its caller: the arguments that it hands on. */
import type { Amount } from "./amount.js";
import { sameAmount, soleSymbol } from "./amount.js";
import type { Call, Target } from "./events.js";
import { UNKNOWN_FLAGS } from "./flags.js";
import { unrounded } from "./lengths.js";
import type { Machine } from "./machine.js";
import { canBeZero, isRemainderTested } from "./mapping-calls.js";
import type { Mapping } from "./mapping.js";
import { NULL_VALUE } from "./value.js";
import { isBounded } from "./widths.js";

/** What a wrapper could not know of its mapping, and its caller does: judged at the call. */
export function tellLatent(m: Machine, call: Call, inside: Mapping, own: Mapping): void {
  if (m.emit === undefined || own.source !== "mmap" || own.phase === "failed") return;
  const offset = differs(inside.offset, own.offset) ? own.offset : undefined;
  const length = differs(inside.length, own.length) ? own.length : undefined;
  const protection = inside.protection.open ? own.protection : UNKNOWN_FLAGS;
  const flags = inside.flags.open ? own.flags : UNKNOWN_FLAGS;
  if (offset === undefined && length === undefined && protection.open && flags.open) return;
  const address: Target = {
    value: NULL_VALUE,
    mapping: undefined,
    offset: undefined,
    varied: false,
    text: "",
    holds: undefined,
    wantedBy: undefined,
  };
  m.emit({
    kind: "map",
    site: call.site,
    function: m.context.cfg.name,
    mapping: {
      ...own,
      protection,
      flags,
      mayBeEmpty: isPassedOn(inside.length) && length !== undefined && canBeZero(m, unrounded(length)),
    },
    call,
    address,
    length,
    offsetTested: offset === undefined || isRemainderTested(m, offset),
    offsetMayWrap: undefined,
    severalFiles: false,
    sizeCompared: true,
    lengthBounded: length === undefined || isBounded(m.state, length),
    sizeUntested: undefined,
    inStatic: m.context.cfg.static,
    twin: undefined,
    testsOther: undefined,
    failure: "found",
    protection,
    flags,
    offset,
  });
}

/** What the caller gives is the length, or is rounded to it. */
function isPassedOn(length: Amount | undefined): boolean {
  return length !== undefined && soleSymbol(unrounded(length))?.origin.kind === "parameter";
}

function differs(a: Amount | undefined, b: Amount | undefined): boolean {
  return a !== undefined && b !== undefined && !sameAmount(a, b);
}
