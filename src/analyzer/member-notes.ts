/** Notes of what a function does with struct members, for what only all functions together tell. */
import { memberOf } from "./access.js";
import type { Amount } from "./amount.js";
import { isConstant } from "./amount.js";
import type { CallInstruction } from "./call.js";
import { evaluate, placeOf } from "./evaluate.js";
import type { Call, Target } from "./events.js";
import type { Operand } from "./ir.js";
import type { Machine } from "./machine.js";
import { asAmount } from "./value.js";

const FREES = /free|destroy|release|delete|dealloc/i;

/** A struct is freed, or the descriptor in it is closed: the end of what it holds. */
export function noteFreed(m: Machine, { callee, pointer, structs, args, site }: CallInstruction): void {
  if (m.emit === undefined) return;
  const name = callee ?? (pointer === undefined ? "" : m.context.text(pointer.site));
  if (name === "close") {
    const member = args[0] === undefined ? undefined : memberRead(m, args[0]);
    if (member !== undefined)
      m.context.freed.push({ struct: member.slice(0, member.lastIndexOf(".")), closes: member, site });
  } else if (FREES.test(name) && args.length <= 2 && !m.context.defines(name)) {
    const struct = structs[args.length - 1];
    if (struct !== undefined) m.context.freed.push({ struct, closes: undefined, site });
  }
}

/** The struct member that an operand reads, whatever it holds by now. */
export function memberRead(m: Machine, operand: Operand): string | undefined {
  if (operand.kind === "cast") return memberRead(m, operand.operand);
  return operand.kind === "read"
    ? placeOf({ ...m, emit: undefined }, operand.place, undefined).member
    : undefined;
}

export function letGoOf(m: Machine, operands: readonly Operand[]): void {
  for (const arg of operands) {
    const member = memberRead(m, arg);
    if (member !== undefined) m.context.letGo.add(member);
  }
}

export function noteUnmapped(
  m: Machine,
  call: Call,
  target: Target,
  member: string,
  length: Operand | undefined,
): void {
  if (target.value.kind === "pointer" || length === undefined) return;
  const amount = asAmount(evaluate({ ...m, emit: undefined }, length));
  m.context.unmapped.push({
    member,
    call,
    text: target.text,
    lengthMember: memberRead(m, length),
    length: amount !== undefined && isConstant(amount) ? amount : undefined,
    lengthText: m.context.text(length.site),
  });
}

/** Stands in `letGo` for memory whose origin is not known: it may be any member's. */
export const ANY_MEMBER = "*";

/** What a struct member holds gets another holder: the member is not the only one that can release it. */
export function letGo(m: Machine, amount: Amount): void {
  const member = memberOf(m, amount);
  if (member !== undefined) m.context.letGo.add(member);
}
