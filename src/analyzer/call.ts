/** What all kinds of calls share: the call as events tell it, its target, its result. */
import type { Site } from "../diagnostic.js";
import { givenAt, materialize, wantedAt } from "./access.js";
import { type Amount, constantValue, soleSymbol, symbolOf, ZERO } from "./amount.js";
import type { Argument, Call, Target } from "./events.js";
import { typeAt } from "./evaluate.js";
import type { Instruction, Operand } from "./ir.js";
import type { Machine } from "./machine.js";
import type { Mapping } from "./mapping.js";
import type { Value } from "./value.js";
import { amountValue, NULL_VALUE } from "./value.js";

export type CallInstruction = Instruction & { readonly kind: "call" };

/** The symbol for the result of this call; what was computed from an earlier turn's result is forgotten. */
export function fresh(m: Machine, callee: string | undefined): Value {
  const amount = symbolOf({ kind: "call", function: callee, instruction: m.at });
  const symbol = soleSymbol(amount);
  if (symbol !== undefined && m.again) m.state.renew(symbol.id);
  return amountValue(amount);
}

export function describe(
  m: Machine,
  instruction: CallInstruction,
  values: readonly Value[],
  direct: boolean,
): Call {
  const args = instruction.args.map((operand, i): Argument => ({
    value: values[i] ?? NULL_VALUE,
    site: operand.site,
    text: m.context.text(operand.site),
    inMacro: operand.macro !== undefined,
    narrow: isNarrow(operand),
    signed: isNarrow(operand, true),
    wide: instruction.wide[i] === true,
    sizeofPointer: operand.kind === "sizeof" && operand.ofPointer,
  }));
  const { site, nameSite, used } = instruction;
  return { function: instruction.callee ?? "", site, nameSite, args, used, direct };
}

/** Reads a variable or member of an integer type that has no more than 32 bits. */
function isNarrow(operand: Operand, signed = false): boolean {
  if (operand.kind !== "read") return false;
  const type = typeAt(operand.place);
  return type.kind === "int" && type.bits <= 32 && (!signed || type.signed);
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

/** Puts a new mapping into the state; one that the same call made on an earlier turn gets out of its way. */
export function begin(m: Machine, mapping: Mapping): Mapping {
  if (m.state.mapping(mapping.id) !== undefined) m.state.rename(mapping.id, `${mapping.id}'`);
  m.state.mappings.set(mapping.id, mapping);
  return mapping;
}

/** A length as the path knows it: 0 where the conditions passed leave it nothing else. */
export function lengthKnown({ state }: Machine, given: Amount): Amount {
  const { min, max } = state.range(given);
  return min === 0 && max === 0 ? ZERO : given;
}
