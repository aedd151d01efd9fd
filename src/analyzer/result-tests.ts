/** Tests of what library functions return as numbers, and of errno. */
import type { Site } from "../diagnostic.js";
import { type Amount, constantValue, soleSymbol } from "./amount.js";
import type { ResultEvent } from "./events.js";
import type { Cfg, Operand } from "./ir.js";
import type { Machine } from "./machine.js";
import { conventionOf } from "./model/conventions.js";
import type { Range, Relation } from "./range.js";
import { asAmount, type Value } from "./value.js";

/** `errno = 0; p = mmap(…); if (errno != 0)` tests the result too; errno that nobody has cleared says nothing. */
export function noteErrno(m: Machine, a: Amount, site: Site): void {
  if (!a.terms.some(({ symbol }) => symbol.id.includes("errno")) || !clearsErrno(m.context.cfg)) return;
  for (const mapping of m.state.mappings.values()) {
    if (mapping.phase === "unchecked") m.state.update(mapping.id, { weakTest: { against: "maybe", site } });
  }
}

function clearsErrno({ blocks }: Cfg): boolean {
  return blocks.some(({ instructions }) =>
    instructions.some(
      (instruction) =>
        instruction.kind === "assign" &&
        instruction.target.kind === "variable" &&
        instruction.target.variable.name === "errno",
    ),
  );
}

/** Tells of the test of a call's result against a number. */
export function noteResult(m: Machine, tested: Amount, op: Relation, other: Amount, site: Site): void {
  if (m.emit === undefined) return;
  const symbol = soleSymbol(tested);
  if (symbol?.origin.kind !== "call" || symbol.origin.function === undefined) return;
  const convention = conventionOf(symbol.origin.function);
  if (convention === undefined) return;
  m.emit({
    kind: "result",
    site,
    function: m.context.cfg.name,
    mapping: undefined,
    callee: symbol.origin.function,
    convention,
    result: symbol.id,
    against: againstNumber(op, other),
    text: m.context.text(site),
    testedRight: false,
    first: isUnbounded(m.state.range(tested)),
  });
}

function isUnbounded({ min, max, not }: Range): boolean {
  return min === -Infinity && max === Infinity && not.length === 0;
}

function againstNumber(op: Relation, other: Amount): ResultEvent["against"] {
  const name = soleSymbol(other)?.origin;
  if (name?.kind === "constant" && /^E[A-Z0-9]+$/.test(name.name)) return "errno";
  return isSignTest(op, constantValue(other)) ? "negative" : "other";
}

/** Is it asked whether something is below 0, or is -1? */
function isSignTest(op: Relation, n: number | undefined): boolean {
  switch (op) {
    case "==":
    case "!=":
    case "<=":
    case ">":
      return n === -1;
    case "<":
    case ">=":
      return n === 0;
  }
}

/** `NOT_FAILED(p)`, `mmap_didnt_fail(p)`, but not `segment_failed(p)`. */
const NOT_FAILED = /(?:^|_)(?:not?|(?:is|was|were|has|have|had|do|does|did)nt)_?fail/i;

/** `if (MAPPING_FAILED(p))`, by a macro or a function that was not read: its name says which answer is the failure. */
export function settlePredicate(
  { state }: Machine,
  a: Amount,
  op: Relation,
  b: Amount,
  truth: boolean,
): void {
  const symbol = soleSymbol(a);
  if (symbol?.origin.kind !== "call" || constantValue(b) !== 0 || (op !== "==" && op !== "!=")) return;
  const name = symbol.origin.function ?? "";
  if (!/fail/i.test(name)) return;
  const isYes = ((op === "!=") === truth) !== NOT_FAILED.test(name.replace(/([a-z\d])(?=[A-Z])/g, "$1_"));
  for (const { id, phase, takenBy } of state.mappings.values()) {
    if (phase === "unchecked" && takenBy === symbol.id)
      state.update(id, { phase: isYes ? "failed" : "live" });
  }
}

/** `if (munmap(p, n) < 0)`: where that has failed, the mapping is there as before. */
export function settleRelease({ state }: Machine, tested: Amount): void {
  const symbol = soleSymbol(tested);
  if (symbol?.origin.kind !== "call") return;
  for (const { id, phase, endedBy, uncertain } of state.mappings.values())
    if (phase === "unmapped" && endedBy === symbol.id && !uncertain && state.holds(tested, "==") === false)
      state.update(id, { uncertain: true, told: true });
}

/** `!munmap(p, n) == -1`: what `!` gives is 0 or 1. */
export function noteNegation(m: Machine, left: Operand, op: Relation, right: Value): void {
  if (left.kind !== "unary" || left.op !== "!" || left.operand.kind !== "temporary") return;
  if (!isSignTest(op, constantValue(asAmount(right)))) return;
  m.emit?.({
    kind: "result",
    site: left.site,
    function: m.context.cfg.name,
    mapping: undefined,
    callee: undefined,
    convention: undefined,
    result: left.operand.id,
    against: "negation",
    text: m.context.text(left.site),
    testedRight: false,
    first: false,
  });
}
