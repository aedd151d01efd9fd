/** What a branch taken tells: bounds on numbers, and whether a mapping was made. */
import type { Site } from "../diagnostic.js";
import { SMALLEST_PAGE } from "./alignment.js";
import {
  type Amount,
  add,
  constant,
  constantValue,
  isConstant,
  PAGE,
  sameAmount,
  soleSymbol,
  subtract,
} from "./amount.js";
import { compareFlags, compareObject, holdsForEqual, negated } from "./comparisons.js";
import { evaluate, isDeclaredPointer } from "./evaluate.js";
import type { Operand } from "./ir.js";
import type { Machine } from "./machine.js";
import type { Against, Mapping, WeakTest } from "./mapping.js";
import { isShared, tell } from "./mapping.js";
import { noteTest } from "./member-notes.js";
import { isMacroName } from "./model/conventions.js";
import type { Relation } from "./range.js";
import { mirrored } from "./range.js";
import { noteErrno, noteNegation, noteResult, settlePredicate, settleRelease } from "./result-tests.js";
import { modular } from "./wrapping.js";
import type { Value } from "./value.js";
import { asAmount, asNumber, MAP_FAILED_VALUE, NULL_VALUE, sameValue } from "./value.js";

const RELATIONS: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);
/** The kernel hands an errno back as a pointer in the last page of the address space. */
const LAST_ERRNO = 4096;

/**
 * Restricts the machine's state to the runs in which `condition` is `truth`; false when there are none.
 * Emits a `check` event for each mapping that the condition tests.
 */
export function assume(m: Machine, condition: Operand, truth: boolean): boolean {
  if (condition.kind === "unary" && condition.op === "!") return assume(m, condition.operand, !truth);
  const complement = complementIn(condition);
  if (complement !== undefined) {
    const { operand, isZero } = complement;
    const tested = { site: condition.site, ofPointer: isDeclaredPointer(operand) };
    return compare(m, evaluate(m, operand), "==", MAP_FAILED_VALUE, truth === isZero, tested);
  }
  if (condition.kind === "binary" && RELATIONS.has(condition.op)) {
    const left = evaluate(m, condition.left);
    const right = evaluate(m, condition.right);
    noteNegation(m, condition.left, condition.op as Relation, right);
    boundUnsigned(m, condition.left, left);
    boundUnsigned(m, condition.right, right);
    const tested = {
      site: condition.site,
      ofPointer: isDeclaredPointer(condition.left) || isDeclaredPointer(condition.right),
    };
    if (condition.op === "==" || condition.op === "!=") noteTest(m, condition.left, left, asNumber(right));
    const relation = condition.op as Relation;
    const known = modular(m.state, condition, left, right);
    if (known === "nothing") return true;
    if (typeof known === "boolean") return known === truth;
    return compare(m, left, known ?? relation, right, truth, tested);
  }
  const tested = { site: condition.site, ofPointer: isDeclaredPointer(condition) };
  const value = evaluate(m, condition);
  if (condition.kind === "binary") assumeBits(m, condition, truth);
  noteTest(m, condition, value, 0);
  return compare(m, value, "!=", NULL_VALUE, truth, tested);
}

/** `~(uintptr_t)p == 0` and `!~(uintptr_t)p` ask for -1. */
function complementIn(
  condition: Operand,
): { readonly operand: Operand; readonly isZero: boolean } | undefined {
  if (condition.kind === "unary" && condition.op === "~")
    return { operand: condition.operand, isZero: false };
  if (condition.kind !== "binary" || (condition.op !== "==" && condition.op !== "!=")) return undefined;
  const { left, right, op } = condition;
  return left.kind === "unary" && left.op === "~" && right.kind === "number" && right.value === 0
    ? { operand: left.operand, isZero: op === "==" }
    : undefined;
}

/** `(uintptr_t)p % page`: what the kernel gives in place of an address is a number close to 0, and no multiple. */
function assumeBits(
  m: Machine,
  { op, left, right }: Operand & { readonly kind: "binary" },
  truth: boolean,
): void {
  const silent = { ...m, emit: undefined };
  const unit = op === "%" ? 0 : op === "&" ? 1 : undefined;
  const by = unit === undefined ? undefined : asAmount(evaluate(silent, right));
  if (unit === undefined || by === undefined) return;
  const page = add(by, constant(unit));
  if (!sameAmount(page, PAGE) && constantValue(page) !== SMALLEST_PAGE) return;
  const value = evaluate(silent, left);
  const mapping = value.kind === "pointer" ? m.state.mapping(value.mapping) : undefined;
  if (mapping?.phase === "unchecked") m.state.update(mapping.id, { phase: truth ? "failed" : "live" });
}

/** What an unsigned variable holds where paths have met, or after an operation, is not below 0: `n > 0` fails for 0 alone. */
function boundUnsigned(m: Machine, operand: Operand, value: Value): void {
  if (
    operand.kind !== "read" ||
    operand.place.kind !== "variable" ||
    operand.place.variable.unsigned !== true
  )
    return;
  const amount = asAmount(value);
  const computed = amount === undefined ? undefined : soleSymbol(amount)?.origin.kind;
  if (amount === undefined || (computed !== "opaque" && computed !== "operation")) return;
  if (m.state.range(amount).max >= 0) m.state.assume(amount, ">=");
}

/** The test at a site, for `plainTests`. */
export function testKey({ start, end }: Site): string {
  return `${start}-${end}`;
}

/** Where a test stands, and whether what it tests is declared as a pointer. */
type Test = Pick<WeakTest, "site" | "ofPointer">;

function compare(m: Machine, left: Value, op: Relation, right: Value, truth: boolean, test: Test): boolean {
  const { site } = test;
  if (left.kind === "pointer" || right.kind === "pointer") {
    return left.kind === "pointer"
      ? comparePointer(m, left, op, right, truth, test)
      : comparePointer(m, right as Value & { readonly kind: "pointer" }, mirrored(op), left, truth, test);
  }
  if (m.emit !== undefined) m.context.plainTests.add(testKey(site));
  if (left.kind === "flags" || right.kind === "flags") return compareFlags(left, op, right, truth);
  if (left.kind === "address" || left.kind === "string" || left.kind === "function")
    return compareObject(left, op, right, truth);
  const a = asAmount(left);
  const b = asAmount(right);
  if (a === undefined || b === undefined) return true;
  // The program asks whether it has got NULL.
  if (test.ofPointer === true && constantValue(a) === 0 && constantValue(b) === 0)
    m.state.failure = undefined;
  noteErrno(m, a, site);
  settlePredicate(m, a, op, b, truth);
  if (constantValue(b) === 0) assumeMapped(m, a);
  else if (constantValue(a) === 0) assumeMapped(m, b);
  noteResult(m, a, op, b, site);
  noteResult(m, b, mirrored(op), a, site);
  const isPossible = m.state.assume(subtract(a, b), truth ? op : negated(op));
  for (const one of [a, b]) settleRelease(m, one);
  return isPossible;
}

/** What a constant that a pointer is compared with stands for. */
function meaning(op: Relation, other: Value, mapping: Mapping): Against {
  const n = constantValue(asAmount(other));
  if (n === -1 && (op === "==" || op === "!=")) return "MAP_FAILED";
  if (n === 0) return op === "==" || op === "!=" ? "NULL" : "negative";
  if (n === 1 && (op === "<" || op === ">=")) return "negative";
  // `(unsigned long)p > -4096UL` and its relatives hold for MAP_FAILED too.
  if (n !== undefined && n < 0 && n >= -LAST_ERRNO) return "MAP_FAILED";
  if (mapping.address !== undefined && sameValue(other, mapping.address)) return "address";
  return "other";
}

function comparePointer(
  m: Machine,
  pointer: Value & { readonly kind: "pointer" },
  op: Relation,
  other: Value,
  truth: boolean,
  test: Test,
): boolean {
  const { site } = test;
  const mapping = m.state.mapping(pointer.mapping);
  if (mapping === undefined) return true;
  // `for (p = map; p < end; )`: what says nothing of the first turn bounds the others.
  if (m.again && other.kind === "pointer" && op !== "==" && op !== "!=")
    m.state.update(pointer.mapping, { endCompared: true });
  if (m.emit !== undefined && (mapping.source === "heap" || mapping.source === "given"))
    m.context.plainTests.add(testKey(site));
  const moved = constantValue(pointer.offset) !== 0;
  // NULL is what memchr() and its kin give when they find nothing: no question about the mapping.
  if (moved && pointer.offset.terms.some(({ symbol }) => symbol.id.endsWith(FOUND))) return true;
  const against = meaning(op, other, mapping);
  if (moved && against !== "MAP_FAILED" && against !== "NULL")
    return compareOffsets(m, pointer, op, other, truth);
  m.emit?.({
    kind: "check",
    site,
    function: m.context.cfg.name,
    mapping,
    against: moved && against !== "NULL" ? "other" : against,
    exact: constantValue(asAmount(other)) === -1,
    ofPointer: test.ofPointer === true,
    sole: false,
  });
  if (moved && against !== "NULL") return movedTest(m, mapping, (op === "==") === truth, site);
  switch (against) {
    case "MAP_FAILED":
      return testedRight(m, mapping, op, other, truth, site);
    case "NULL":
      return testedNull(m, mapping, (op === "==") === truth, test);
    case "negative":
      return testedSign(m, mapping, op, truth, test);
    case "address":
    case "other":
      return testedOther(m, mapping, pointer, op, other, truth, site);
  }
}

/** The end of the id of a place that a library function has found in a mapping. */
export const FOUND = ".found";

function compareOffsets(
  m: Machine,
  pointer: Value & { readonly kind: "pointer" },
  op: Relation,
  other: Value,
  truth: boolean,
): boolean {
  if (other.kind !== "pointer" || other.mapping !== pointer.mapping) return true;
  const difference = subtract(pointer.offset, other.offset);
  return isConstant(difference) || !pointer.varied
    ? m.state.assume(difference, truth ? op : negated(op))
    : true;
}

/** MAP_FAILED plus something equals nothing: while nobody holds the result itself, it is as good as untested. */
function movedTest(m: Machine, mapping: Mapping, equal: boolean, site: Site): boolean {
  // No address inside a mapping is MAP_FAILED.
  if (mapping.phase === "live" && mapping.source !== "given") return !equal;
  if (mapping.phase !== "unchecked") return true;
  const held = m.state.namesOf(mapping.id).some((name) => {
    const value = m.state.store.get(name);
    return value?.kind === "pointer" && constantValue(value.offset) === 0;
  });
  if (held) m.state.update(mapping.id, { weakTest: { against: "maybe", site } });
  else if (equal) m.state.becomeNull(mapping.id);
  return true;
}

function testedRight(
  m: Machine,
  mapping: Mapping,
  op: Relation,
  other: Value,
  truth: boolean,
  site: Site,
): boolean {
  const n = constantValue(asAmount(other)) ?? -1;
  const holdsForFailure =
    op === "=="
      ? n === -1
      : op === "!="
        ? n !== -1
        : op === ">"
          ? -1 > n
          : op === ">="
            ? -1 >= n
            : op === "<"
              ? -1 < n
              : -1 <= n;
  const failed = holdsForFailure === truth;
  switch (mapping.phase) {
    case "unchecked":
      m.state.update(mapping.id, {
        phase: failed ? "failed" : "live",
        weakTest: undefined,
        ...(failed ? { history: tell(mapping, site, "found to have failed here") } : {}),
      });
      settleRemap(m, mapping, failed);
      return true;
    case "failed":
      return failed;
    case "live":
      if (mapping.source === "given" || mapping.source === "heap") return true;
      return !failed;
    case "unmapped":
      return !failed;
  }
}

/** A length of 0 is EINVAL, and none is negative: what something was mapped with is more than 0. */
function assumeMapped({ state }: Machine, amount: Amount): void {
  if (isConstant(amount) || state.range(amount).min > 0) return;
  for (const { phase, source, length } of state.mappings.values())
    if (phase === "live" && source === "mmap" && length !== undefined && sameAmount(length, amount)) {
      state.assume(amount, ">");
      return;
    }
}

/** mremap moved the old mapping, or left it alone. */
export function settleRemap(m: Machine, mapping: Mapping, failed: boolean): void {
  if (mapping.replaces === undefined) return;
  const old = m.state.mapping(mapping.replaces);
  if (old === undefined) return;
  if (!failed)
    m.state.update(old.id, {
      phase: "unmapped",
      moved: true,
      lostTo: undefined,
      history: tell(old, mapping.site, "moved away by mremap here"),
    });
}

function testedNull(m: Machine, mapping: Mapping, isNull: boolean, tested: Test): boolean {
  if (mapping.source === "heap" || mapping.source === "given") {
    if (isNull) m.state.becomeNull(mapping.id);
    return true;
  }
  const test: WeakTest = { against: "NULL", ...tested };
  switch (mapping.phase) {
    case "unchecked":
      // The branch for NULL is what the author takes for failure.
      if (isNull) m.state.becomeNull(mapping.id);
      else m.state.update(mapping.id, { weakTest: test });
      return true;
    case "failed":
      // The test is told; what follows from it is not another defect.
      m.state.update(mapping.id, { told: true });
      return !isNull;
    case "live":
    case "unmapped":
      return !isNull;
  }
}

function testedSign(m: Machine, mapping: Mapping, op: Relation, truth: boolean, tested: Test): boolean {
  const failed = (op === "<" || op === "<=") === truth;
  if (mapping.phase === "unchecked") {
    if (failed) m.state.becomeNull(mapping.id);
    else m.state.update(mapping.id, { weakTest: { against: "negative", ...tested } });
  } else if (mapping.phase === "live") return !failed;
  return true;
}

function testedOther(
  m: Machine,
  mapping: Mapping,
  pointer: Value,
  op: Relation,
  other: Value,
  truth: boolean,
  site: Site,
): boolean {
  const isWanted = mapping.address !== undefined && sameValue(other, mapping.address);
  // Where it is at the address asked for, whoever gave the address knows it too.
  const equal = (op === "==" && truth) || (op === "!=" && !truth);
  const shared = isWanted && equal && !isShared(mapping) ? { owner: "stored" as const } : {};
  // At the end of what the program has already, or at its start, it becomes a part of that.
  if (equal && mapping.phase === "live" && !isShared(mapping) && isPlaceOfProgram(other))
    m.state.update(mapping.id, { owner: "stored" });
  if (isWanted)
    m.state.update(mapping.id, {
      compared: true,
      elsewhere: op === "==" || op === "!=" ? !equal : false,
      ...shared,
    });
  if (mapping.phase !== "unchecked") return sameValue(pointer, other) ? holdsForEqual(op) === truth : true;
  // `p == (void *)1` finds no failure.
  const n = constantValue(asAmount(other));
  if (n !== undefined && n > 0 && n < SMALLEST_PAGE && !isWanted) return !equal;
  const origin = other.kind === "amount" ? soleSymbol(other.amount)?.origin : undefined;
  // `p != DEFAULT(NULL, MAP_FAILED)`: what a macro of a header that was not read gives stands for the failure.
  if (equal && origin?.kind === "call" && isMacroName(origin.function ?? "")) {
    m.state.becomeNull(mapping.id);
    return true;
  }
  // Equal to the wanted address: mapped. Otherwise it may have failed or may be elsewhere.
  m.state.update(mapping.id, equal ? { phase: "live", ...shared } : { weakTest: { against: "maybe", site } });
  return true;
}

function isPlaceOfProgram(value: Value): boolean {
  return value.kind === "amount" && value.amount.terms.some(({ symbol }) => symbol.origin.kind === "load");
}
