/** `munmap(st->map, …)` where the function puts nothing there before: it does so only on ways that do not lead here. */
import { constantValue } from "./amount.js";
import type { Cfg, Instruction, Operand, PlaceExpr, Variable } from "./ir.js";
import { predecessors, reached } from "./loops.js";
import type { Machine } from "./machine.js";
import { isAddressOf, placeReadBy, variableReadBy } from "./operands.js";

interface Position {
  readonly block: number;
  readonly index: number;
  readonly instruction: Instruction;
}

/**
 * The variable that holds what was meant: the member of a struct that the function has just allocated is unmapped, but
 * given the variable's value only elsewhere.
 */
export function unsetMember(m: Machine, address: Operand | undefined): string | undefined {
  const { cfg } = m.context;
  const member = address === undefined ? undefined : memberOf(address);
  if (member === undefined) return undefined;
  const all = positions(cfg);
  const here = all.find(({ instruction }) => instruction.id === m.at);
  if (here === undefined || !isJustAllocated(all, member.holder)) return undefined;
  const before = predecessors(cfg);
  const leading = reached(before(here.block), before);
  const isBefore = ({ block, index }: Position): boolean =>
    leading.has(block) || (block === here.block && index < here.index);
  if (all.some((one) => isBefore(one) && maySet(one.instruction, member))) return undefined;
  for (const { instruction } of all) {
    if (instruction.kind !== "assign" || !isMember(instruction.target, member)) continue;
    const source = variableReadBy(setTo(all, instruction.value));
    if (source !== undefined && isThere(m, source)) return source.name;
  }
  return undefined;
}

interface Member {
  readonly holder: Variable;
  readonly field: string;
}

/** `st->map`, by a local variable. */
function memberOf(operand: Operand): Member | undefined {
  const place = placeReadBy(operand);
  return place === undefined ? undefined : memberAt(place);
}

function memberAt(place: PlaceExpr): Member | undefined {
  if (place.kind !== "field" || place.object.kind !== "deref") return undefined;
  const holder = variableReadBy(place.object.pointer);
  return holder?.scope === "local" ? { holder, field: place.field } : undefined;
}

/** What a temporary was set to. */
function setTo(all: readonly Position[], operand: Operand): Operand {
  if (operand.kind !== "temporary") return operand;
  for (const { instruction } of all)
    if (instruction.kind === "set" && instruction.temporary === operand.id) return instruction.value;
  return operand;
}

function isMember(place: PlaceExpr, { holder, field }: Member): boolean {
  const member = memberAt(place);
  return member?.holder.id === holder.id && member.field === field;
}

function positions({ blocks }: Cfg): readonly Position[] {
  return blocks.flatMap(({ instructions }, block) =>
    instructions.map((instruction, index) => ({ block, index, instruction })),
  );
}

/** Given the struct itself, a function may set any member; given another member's address, none does. */
function maySet(instruction: Instruction, member: Member): boolean {
  const { holder } = member;
  switch (instruction.kind) {
    case "assign": {
      const { target } = instruction;
      if (target.kind === "deref") return variableReadBy(target.pointer)?.id === holder.id;
      // Its value is the struct's address, which others may have by now.
      if (variableReadBy(instruction.value)?.id === holder.id || isAddressOf(instruction.value, holder.id))
        return true;
      return (
        memberAt(target)?.holder.id === holder.id && target.kind === "field" && target.type.kind === "pointer"
      );
    }
    case "call":
      return (
        instruction.callee !== "memset" &&
        !allocates(instruction, holder) &&
        instruction.args.some(
          (arg) =>
            variableReadBy(arg)?.id === holder.id ||
            isAddressOf(arg, holder.id) ||
            (arg.kind === "address" && isMember(arg.place, member)),
        )
      );
    case "opaque":
      return true;
    default:
      return false;
  }
}

/** `ALLOC_ZEROED(st, 1)`: a macro of a header that was not read, which its name says enough of. */
function allocates(instruction: Instruction, holder: Variable): boolean {
  return (
    instruction.kind === "call" &&
    /^[A-Z_]*ALLOC[A-Z_]*$/.test(instruction.callee ?? "") &&
    instruction.args[0] !== undefined &&
    variableReadBy(instruction.args[0])?.id === holder.id
  );
}

/** Does it get its only value from a function that allocates? */
function isJustAllocated(all: readonly Position[], holder: Variable): boolean {
  const given = all.flatMap(({ instruction }) =>
    instruction.kind === "assign" &&
    instruction.target.kind === "variable" &&
    instruction.target.variable.id === holder.id
      ? [instruction.value]
      : [],
  );
  const [value, another] = given;
  if (value === undefined) return all.some(({ instruction }) => allocates(instruction, holder));
  const temporary = value?.kind === "cast" ? value.operand : value;
  if (another !== undefined || temporary?.kind !== "temporary") return false;
  return all.some(
    ({ instruction }) =>
      instruction.kind === "call" &&
      instruction.temporary === temporary.id &&
      /[mcz]alloc/i.test(instruction.callee ?? ""),
  );
}

/** Does the path know that the variable is no failure, and not unmapped? */
function isThere({ state }: Machine, { id }: Variable): boolean {
  const value = state.store.get(id);
  if (value?.kind === "pointer") return state.mapping(value.mapping)?.phase === "live";
  if (value?.kind !== "amount" || constantValue(value.amount) !== undefined) return false;
  return state.holds(value.amount, "!=") === true;
}
