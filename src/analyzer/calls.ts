/** Calls: each kind to its own. */
import type { Site } from "../diagnostic.js";
import { givenAt, tellAccess } from "./access.js";
import { NO_FLAGS } from "./flags.js";
import type { Amount } from "./amount.js";
import { operation, soleSymbol, subtract, symbolOf } from "./amount.js";
import type { CallInstruction } from "./call.js";
import { describe, fresh } from "./call.js";
import { noteRequest } from "./descriptors.js";
import { evaluate } from "./evaluate.js";
import { settleFailure } from "./failing.js";
import { applyModel } from "./library-calls.js";
import { familyName, systemCall } from "./model/library.js";
import type { Operand } from "./ir.js";
import { calledMember, nameOfMember } from "./function-tables.js";
import { eitherOf } from "./joining.js";
import type { Machine, Outgoing } from "./machine.js";
import { letGoOf, noteFreed } from "./member-notes.js";
import { applySummary } from "./own-calls.js";
import { errorPointerCall } from "./error-pointers.js";
import { isPrintfLike, unknownCall } from "./unknown-calls.js";
import type { Value } from "./value.js";
import { amountValue, asAmount } from "./value.js";

/** The ways in which a call can go on: none when it does not return, several when it has several outcomes. */
export function runCall(m: Machine, written: CallInstruction): Outgoing[] {
  const instruction = withoutNumber(written);
  const values = instruction.args.map((arg) => evaluate(m, arg));
  const callee = instruction.callee ?? calleeBehind(m, instruction);
  noteFreed(m, instruction);
  const errorPointer = errorPointerCall(m.state, callee, values);
  if (errorPointer !== undefined) return [{ state: m.state, result: amountValue(errorPointer) }];
  const model =
    callee === undefined || !isAsLong(callee, written.args.length) ? undefined : m.context.modelOf(callee);
  if (callee === undefined || m.context.defines(callee) || model === undefined) passDescriptors(m, values);
  noteRequest(m, callee, values, written.args[1] === undefined ? "" : m.context.text(written.args[1].site));
  if (callee !== undefined) {
    const wanted = values.some((value) => mayTell(m, value) || isHeldGlobal(m, value));
    const summary = m.context.summaryOf(callee, wanted || (hasFailed(m) && "where it returns"));
    if (m.context.neverReturns(callee)) return [];
    if ((summary === undefined || summary === "unknown") && ASSERTION_FAILED.test(callee)) return [];
    // A body that is known says itself what becomes of the members it is given.
    if (summary === "unknown" || (summary === undefined && model === undefined && !isPrintfLike(values)))
      letGoOf(m, instruction.args);
    if (summary !== undefined && summary !== "unknown")
      return applySummary(m, { ...instruction, callee: spoken(m, instruction) }, callee, values, summary);
    if (summary === undefined && model !== undefined) {
      if (model.fails === undefined) return applyModel(m, instruction, callee, values, model);
      const before = m.state.clone();
      return settleFailure(m, applyModel(m, instruction, callee, values, model), model.fails, before);
    }
  } else if (instruction.pointer !== undefined) {
    letGoOf(m, instruction.args);
    const target = evaluate(m, instruction.pointer);
    executeMapping(m, target, instruction.site);
  }
  // FreeBSD's mmap(2): what mprotect() may ask for later; it gives no right by itself.
  if (callee === "PROT_MAX") return [{ state: m.state, result: { kind: "flags", flags: NO_FLAGS } }];
  const predicate = predicateOf(callee, values);
  if (predicate !== undefined) return [{ state: m.state, result: amountValue(predicate) }];
  const bound = boundOf(m, callee, values);
  if (bound !== undefined) return [{ state: m.state, result: amountValue(bound) }];
  tellRequest(m, instruction, values);
  unknownCall(m, instruction, values);
  const result = fresh(m, callee);
  const symbol = result.kind === "amount" ? soleSymbol(result.amount) : undefined;
  if (instruction.used === true && symbol !== undefined) {
    for (const value of values)
      if (value.kind === "pointer") m.state.update(value.mapping, { takenBy: symbol.id });
  }
  return [{ state: m.state, result }];
}

/** The name of the function that the program puts into the member which the call goes through. */
function calleeBehind({ context }: Machine, { pointer }: CallInstruction): string | undefined {
  const member = pointer?.kind === "read" ? calledMember(pointer.place) : undefined;
  const name = member === undefined ? undefined : nameOfMember(member);
  return name !== undefined && context.defines(name) ? name : undefined;
}

/** What the text calls the function: through a pointer there is no other name. */
function spoken({ context }: Machine, { callee, nameSite }: CallInstruction): string {
  return callee ?? context.text(nameSite).replace(/\s+/g, "");
}

/** `__mmap(vm, address, n)` of some header that was not read is not the C library's. */
function isAsLong(callee: string, count: number): boolean {
  const wanted = callee.startsWith("_") ? ARGUMENTS.get(familyName(callee) ?? "") : undefined;
  return wanted === undefined || wanted === count;
}

const ARGUMENTS = new Map([
  ["mmap", 6],
  ["mmap64", 6],
  ["munmap", 2],
  ["mprotect", 3],
  ["msync", 3],
  ["madvise", 3],
  ["mlock", 2],
]);

/** mmap() ends with a protection, flags, a descriptor and an offset; so does what stands for it somewhere else. */
function tellRequest(m: Machine, instruction: CallInstruction, values: readonly Value[]): void {
  if (m.emit === undefined || instruction.callee === undefined) return;
  const [protection, flags] = values.slice(-MMAP_TAIL);
  if (values.length < MMAP_ARGUMENTS || protection?.kind !== "flags" || flags?.kind !== "flags") return;
  const names = [...flags.flags.must];
  if (
    ![...protection.flags.must].some((name) => name.startsWith("PROT_")) ||
    !names.some((name) => SHARING.test(name))
  )
    return;
  m.emit({
    kind: "request",
    site: instruction.site,
    function: m.context.cfg.name,
    mapping: undefined,
    call: describe(m, instruction, values, true),
    protection: protection.flags,
  });
}

const MMAP_TAIL = 4;
const MMAP_ARGUMENTS = 6;
const SHARING = /^MAP_(?:SHARED|PRIVATE|SHARED_VALIDATE)$/;

/** What the macros of assertions call, in headers that do not say that it never returns. */
const ASSERTION_FAILED = /assert(?:ion)?_?(?:f|fail(?:ed|ure)?)$/i;

/** Where mmap2 has its offset, counted with the number of the call. */
const MMAP2_OFFSET = 6;

function nameIn(operand: Operand): string {
  if (operand.kind === "constant") return operand.name;
  return operand.kind === "read" && operand.place.kind === "variable" ? operand.place.variable.name : "";
}

/** `syscall(SYS_mmap, …)` as the call of the function; `__syscall` gives what the kernel gives. */
function withoutNumber(instruction: CallInstruction): CallInstruction {
  const { callee, args, structs, wide } = instruction;
  const bare = callee === "__syscall" || callee === "__internal_syscall";
  if (!bare && callee !== "syscall") return instruction;
  const name = args[0] === undefined ? undefined : systemCall(nameIn(args[0]));
  if (name === undefined) return instruction;
  const inPages = name === "mmap2";
  const of = inPages ? "mmap" : name;
  return {
    ...instruction,
    callee: bare ? `sys_${of}` : of,
    args: args.slice(1, inPages ? MMAP2_OFFSET : undefined),
    structs: structs.slice(1),
    wide: wide.slice(1),
  };
}

/** Code of the program gets descriptors, as arguments or where others can find them. */
function passDescriptors({ state }: Machine, values: readonly Value[]): void {
  for (const [id, descriptor] of state.descriptors) {
    const given = values.some((value) => value.kind === "amount" && soleSymbol(value.amount)?.id === id);
    if (given || descriptor.handed) state.descriptors.set(id, { ...descriptor, handed: true, passed: true });
  }
}

/** Macros of the system's headers that only look at a number: the same number, the same answer. */
const PREDICATE = /^(?:S_IS[A-Z]+|W[A-Z]+|FD_ISSET|IS_[A-Z_]+|[A-Z_]*_IS_[A-Z_]+)$/;

function predicateOf(callee: string | undefined, values: readonly Value[]): Amount | undefined {
  if (callee === undefined || !PREDICATE.test(callee)) return undefined;
  const amounts = values.map((value) => asAmount(value));
  if (amounts.length === 0 || amounts.some((amount) => amount === undefined)) return undefined;
  return operation(
    "macro",
    symbolOf({ kind: "constant", name: callee }),
    ...amounts.filter((amount) => amount !== undefined),
  );
}

/** `MIN(a, b)` of a header that was not read is one of the two, and no more than the other. */
function boundOf(m: Machine, callee: string | undefined, values: readonly Value[]): Amount | undefined {
  const [a, b, more] = values.map((value) => asAmount(value));
  const which = /^(min|max)$/i.exec(callee ?? "")?.[1]?.toLowerCase();
  if (which === undefined || a === undefined || b === undefined || more !== undefined) return undefined;
  const bound = eitherOf(a, b, `${which} ${m.at}`);
  // On another turn of a loop it is another number.
  if (m.again) m.state.renew(`?${which} ${m.at}`);
  for (const one of [a, b]) m.state.assume(subtract(bound, one), which === "min" ? "<=" : ">=");
  return bound;
}

/** What a variable at file scope holds that some function of the program puts a mapping into. */
function isHeldGlobal({ context }: Machine, value: Value): boolean {
  const origin = value.kind === "amount" ? soleSymbol(value.amount)?.origin : undefined;
  if (origin?.kind !== "load" || origin.pointer !== true) return false;
  const [, name] = /^::(?:static:)?(\w+)(?:@|$)/.exec(origin.place) ?? [];
  return name !== undefined && context.holdsMapping(name);
}

/** Whether the path goes on as it is, where a mapping has failed, or the call ends it, only its body tells. */
function hasFailed({ state }: Machine): boolean {
  for (const { phase, told } of state.mappings.values()) if (phase === "failed" && !told) return true;
  return false;
}

/** Would following the call into its body tell something? */
function mayTell(m: Machine, value: Value): boolean {
  if (value.kind === "pointer") return m.state.mapping(value.mapping)?.source !== "heap";
  if (value.kind === "address") {
    // A length or an address that the function fills in or rounds.
    if (value.place.root.kind === "variable" && value.place.path === "") return true;
    for (const [key, held] of m.state.store)
      if (held.kind === "pointer" && key.startsWith(value.place.key)) return true;
    return false;
  }
  const symbol = value.kind === "amount" ? soleSymbol(value.amount) : undefined;
  return symbol?.origin.kind === "parameter" || (symbol !== undefined && leadsToEnded(m, symbol.id));
}

/** Has the function unmapped what a member behind the pointer holds? Whether it is unmapped once more, the body tells. */
function leadsToEnded({ state }: Machine, pointer: string): boolean {
  for (const { id, source, phase } of state.mappings.values())
    if (source === "given" && phase === "unmapped" && id.includes(`*{+{${pointer}}}`)) return true;
  return false;
}

function executeMapping(m: Machine, target: Value, site: Site): void {
  const at =
    target.kind === "pointer"
      ? { mapping: m.state.mapping(target.mapping), offset: target.offset }
      : target.kind === "amount"
        ? givenAt(m.state, target.amount)
        : undefined;
  if (at?.mapping === undefined) return;
  const { mapping, offset } = at;
  tellAccess(m, mapping, { offset, mode: "execute", site, viaHint: false, as: "bytes", by: undefined });
}
