/** Operands to values, places to objects, and the accesses that reading and writing them are. */
import type { Site } from "../diagnostic.js";
import type { CType } from "../syntax/ast.js";
import { access, accessGiven, accessViaHint } from "./access.js";
import type { Amount } from "./amount.js";
import {
  add,
  constant,
  constantValue,
  divide,
  modulo,
  multiply,
  negate,
  operation,
  PAGE,
  scale,
  soleSymbol,
  subtract,
  symbolOf,
  withTraces,
  ZERO,
} from "./amount.js";
import { bitAnd, bitNot, bitOr, shiftLeft, shiftRight } from "./bits.js";
import { flag, isFlagName, maskFlags, orFlags, withoutFlags } from "./flags.js";
import type { ElementSize, Operand, PlaceExpr } from "./ir.js";
import type { Machine } from "./machine.js";
import { asRole, maskedAddress } from "./masking.js";
import type { Place, Value } from "./value.js";
import { amountValue, asAmount, asFlags, isOuter, placeAt } from "./value.js";
import { addedIn32, multipliedIn32 } from "./widths.js";

/** Values that a programmer on a machine with 4 KiB pages writes for the page size, its mask and its shift. */
const PAGE_LITERALS: ReadonlySet<number> = new Set([4096, 4095, -4096, -4095]);

const PAGE_SHIFT = 12;

/** Names that stand for the page size of the machine wherever the text does not say otherwise. */
const PAGE_SIZE_NAME = /^(?:PAGE_?SIZE|PAGESIZE|EXEC_PAGESIZE|OS_PAGE_SIZE|VM_PAGE_SIZE)$/;

export type AccessMode = "read" | "write" | undefined;

export function evaluate(m: Machine, operand: Operand): Value {
  switch (operand.kind) {
    case "number":
      return amountValue(literal(operand));
    case "string":
      return { kind: "string", value: operand.value };
    case "constant":
      return namedConstant(m, operand);
    case "function":
      return { kind: "function", name: operand.name };
    case "temporary":
      return m.state.store.get(`t#${operand.id}`) ?? opaque(m, `temporary ${operand.id}`);
    case "read": {
      const value = m.state.read(placeOf(m, operand.place, "read"), typeAt(operand.place).kind === "pointer");
      if (operand.place.kind === "variable" && operand.place.variable.name === "errno")
        afterFailure(m, value);
      return value;
    }
    case "address": {
      const place = placeOf(m, operand.place, undefined);
      return addressOf(place);
    }
    case "unary":
      return unary(m, operand);
    case "binary":
      return binary(m, operand);
    case "cast":
      return evaluate(m, operand.operand);
    case "sizeof":
      return amountValue(sizeAmount(operand.size));
    case "unknown":
      return opaque(m, operand.key);
  }
}

/** Where a mapping call has failed, errno is a number that stands for an error: positive. */
function afterFailure({ state }: Machine, value: Value): void {
  const hasFailed = [...state.mappings.values()].some(({ phase }) => phase === "failed");
  const amount = hasFailed ? asAmount(value) : undefined;
  if (amount !== undefined && state.range(amount).max > 0) state.assume(amount, ">");
}

/** A value that nothing is known of, the same one each time this instruction makes it. */
export function opaque(m: Machine, what: string): Value {
  return amountValue(symbolOf({ kind: "opaque", what: `${m.at}.${what}` }));
}

function literal(operand: Operand & { readonly kind: "number" }): Amount {
  if (!PAGE_LITERALS.has(operand.value)) return constant(operand.value);
  return constant(operand.value, [
    { site: operand.site, text: operand.macro?.name ?? operand.text, role: "plain" },
  ]);
}

function namedConstant(m: Machine, operand: Operand & { readonly kind: "constant" }): Value {
  const { name, site } = operand;
  if (name === "MAP_FAILED") return amountValue(constant(-1));
  if (name === "PAGE_SIZE" && m.context.fixedPageSize)
    return amountValue(withTraces(PAGE, [{ site, text: operand.macro?.name ?? name, role: "plain" }]));
  if (PAGE_SIZE_NAME.test(name)) return amountValue(PAGE);
  if (isFlagName(name)) return { kind: "flags", flags: flag(name) };
  return amountValue(symbolOf({ kind: "constant", name }));
}

export function typeAt(place: PlaceExpr): CType {
  return place.kind === "variable" ? place.variable.type : place.type;
}

/** Reads a place that is declared as a pointer. */
export function isDeclaredPointer(operand: Operand): boolean {
  return operand.kind === "read" && typeAt(operand.place).kind === "pointer";
}

/** `&place`; of what a pointer points to, that pointer itself. */
function addressOf(place: Place): Value {
  if (place.root.kind === "memory" && place.path === "") return amountValue(place.root.pointer);
  if (place.root.kind === "mapping") {
    return {
      kind: "pointer",
      mapping: place.root.id,
      offset: add(place.root.offset, place.offset),
      varied: false,
    };
  }
  return { kind: "address", place, offset: ZERO };
}

function sizeAmount(size: ElementSize): Amount {
  return typeof size === "number" ? constant(size) : symbolOf({ kind: "sizeof", ...size });
}

function unary(m: Machine, operand: Operand & { readonly kind: "unary" }): Value {
  const value = evaluate(m, operand.operand);
  if (operand.op === "+") return value;
  const amount = asAmount(value);
  if (amount === undefined) return opaque(m, `${operand.op}${operand.site.start}`);
  switch (operand.op) {
    case "-":
      return amountValue(negate(amount));
    case "~":
      return amountValue(bitNot(amount));
    case "!": {
      const zero = m.state.holds(amount, "==");
      return zero === undefined ? opaque(m, `!${operand.site.start}`) : amountValue(constant(zero ? 1 : 0));
    }
  }
}

function binary(m: Machine, operand: Operand & { readonly kind: "binary" }): Value {
  const left = evaluate(m, operand.left);
  if (
    operand.op === "&" &&
    left.kind === "flags" &&
    operand.right.kind === "unary" &&
    operand.right.op === "~"
  ) {
    const cleared = evaluate(m, operand.right.operand);
    if (cleared.kind === "flags") return { kind: "flags", flags: withoutFlags(left.flags, cleared.flags) };
  }
  const right = evaluate(m, operand.right);
  return combine(m, operand, left, right);
}

function combine(
  m: Machine,
  operand: Operand & { readonly kind: "binary" },
  left: Value,
  right: Value,
): Value {
  const { op } = operand;
  const unknown = (): Value => opaque(m, `${op}${operand.site.start}`);
  if (left.kind === "flags" || right.kind === "flags") {
    if (op === "|" || op === "+") return { kind: "flags", flags: orFlags(asFlags(left), asFlags(right)) };
    if (op === "&") return { kind: "flags", flags: maskFlags(asFlags(left), asFlags(right)) };
    return unknown();
  }
  if (left.kind === "pointer" || left.kind === "address")
    return pointerArithmetic(m, operand, left, right) ?? unknown();
  if ((right.kind === "pointer" || right.kind === "address") && op === "+") {
    return moved(right, scaled(asAmount(left), operand.scaleLeft)) ?? unknown();
  }
  const a = scaled(asAmount(left), operand.scaleLeft);
  const b = scaled(asAmount(right), operand.scaleRight);
  const result = a === undefined || b === undefined ? undefined : arithmetic(op, a, b, operand);
  if (result === undefined || a === undefined || b === undefined) return unknown();
  if (operand.narrow !== true) return amountValue(result);
  return amountValue((op === "+" ? addedIn32 : multipliedIn32)(m, result, [a, b], operand.site));
}

function scaled(amount: Amount | undefined, by: ElementSize | undefined): Amount | undefined {
  if (amount === undefined || by === undefined) return amount;
  return typeof by === "number" ? scale(amount, by) : multiply(amount, sizeAmount(by));
}

/** `value` moved by a number of bytes. */
export function moved(value: Value, by: Amount | undefined): Value | undefined {
  if (by === undefined) return undefined;
  switch (value.kind) {
    case "amount":
      return amountValue(add(value.amount, by));
    case "pointer":
    case "address":
      return { ...value, offset: add(value.offset, by) };
    case "flags":
    case "string":
    case "function":
      return undefined;
  }
}

function pointerArithmetic(
  m: Machine,
  operand: Operand & { readonly kind: "binary" },
  left: Value & { readonly kind: "pointer" | "address" },
  right: Value,
): Value | undefined {
  const { op } = operand;
  if (op === "-" && right.kind === left.kind && identity(left) === identity(right)) {
    return amountValue(subtract(left.offset, right.offset));
  }
  const amount = asAmount(right);
  if (amount === undefined) return undefined;
  if (op === "+") return moved(left, scaled(amount, operand.scaleRight));
  if (op === "-") return moved(left, negate(scaled(amount, operand.scaleRight) ?? ZERO));
  if (
    left.kind === "pointer" &&
    (op === "&" || op === "%") &&
    m.state.mapping(left.mapping)?.source !== "heap"
  )
    return maskedAddress(left, op, amount);
  return undefined;
}

function identity(value: Value & { readonly kind: "pointer" | "address" }): string {
  return value.kind === "pointer" ? value.mapping : value.place.key;
}

function arithmetic(
  op: string,
  a: Amount,
  b: Amount,
  operand: Operand & { readonly kind: "binary" },
): Amount | undefined {
  switch (op) {
    case "+":
      return add(a, b);
    case "-":
      return subtract(a, b);
    case "*":
      return asRole(asRole(multiply(a, b), b, "factor"), a, "factor");
    case "/":
      return asRole(divide(a, b), b, "rounding");
    case "%":
      return asRole(modulo(a, b), b, "rounding");
    case "&":
      return asRole(asRole(bitAnd(a, b), b, "rounding"), a, "rounding");
    case "|":
      return bitOr(a, b);
    case "^":
      return operation("xor", a, b);
    case "<<":
      return withShift(shiftLeft(a, b), b, operand.right);
    case ">>":
      return withShift(shiftRight(a, b), b, operand.right);
    default:
      return comparison(op, subtract(a, b));
  }
}

function withShift(result: Amount, by: Amount, operand: Operand): Amount {
  if (constantValue(by) !== PAGE_SHIFT || operand.kind !== "number") return result;
  return withTraces(result, [
    { site: operand.site, text: operand.macro?.name ?? operand.text, role: "shift" },
  ]);
}

function comparison(op: string, difference: Amount): Amount | undefined {
  const d = constantValue(difference);
  if (d === undefined) return undefined;
  switch (op) {
    case "==":
      return constant(d === 0 ? 1 : 0);
    case "!=":
      return constant(d !== 0 ? 1 : 0);
    case "<":
      return constant(d < 0 ? 1 : 0);
    case "<=":
      return constant(d <= 0 ? 1 : 0);
    case ">":
      return constant(d > 0 ? 1 : 0);
    case ">=":
      return constant(d >= 0 ? 1 : 0);
    default:
      return undefined;
  }
}

/** The object that a place expression names now. A dereference on the way is an access in `mode`. */
export function placeOf(m: Machine, expr: PlaceExpr, mode: AccessMode, plain?: boolean): Place {
  const isPlain = plain !== false && isPlainType(typeAt(expr), plain === true);
  switch (expr.kind) {
    case "variable":
      return placeAt({ kind: "variable", id: expr.variable.id }, "", expr.variable.name);
    case "field": {
      const object = placeOf(m, expr.object, mode, isPlain);
      const offset = add(object.offset, sizeAmount(expr.offset));
      const place = {
        ...placeAt(object.root, `${object.path}.${expr.field}`, m.context.text(expr.site), offset),
        member: expr.member ?? joined(object.member, expr.field),
      };
      if (isOuter(place.key)) m.context.places.set(place.key, place);
      return place;
    }
    case "element": {
      const array = placeOf(m, expr.array, mode, isPlain);
      const index = asAmount(evaluate(m, expr.index));
      const key = index === undefined ? `?${m.at}` : (constantValue(index) ?? keyOf(index));
      const inside =
        scaled(index, expr.size) ?? symbolOf({ kind: "opaque", what: `${m.at}.element ${expr.site.start}` });
      return placeAt(
        array.root,
        `${array.path}[${key}]`,
        m.context.text(expr.site),
        add(array.offset, inside),
      );
    }
    case "deref":
      return dereference(m, evaluate(m, expr.pointer), mode, expr.site, isPlain);
  }
}

function keyOf(amount: Amount): string {
  const symbol = soleSymbol(amount);
  return symbol === undefined
    ? `{${amount.terms.map((t) => `${t.coefficient}${t.symbol.id}`).join("+")}+${amount.constant}}`
    : `{${symbol.id}}`;
}

/** A number that is certainly not volatile; `inside`: what holds such a number. */
function isPlainType(type: CType, inside: boolean): boolean {
  return type.volatile !== true && (inside || type.kind === "int" || type.kind === "float");
}

function dereference(m: Machine, pointer: Value, mode: AccessMode, site: Site, plain: boolean): Place {
  const name = m.context.text(site);
  switch (pointer.kind) {
    case "address": {
      const at = constantValue(pointer.offset);
      if (at === 0) return pointer.place;
      return placeAt(pointer.place.root, `${pointer.place.path}[+${at ?? keyOf(pointer.offset)}]`, name);
    }
    case "pointer":
      if (mode !== undefined)
        access(m, pointer.mapping, pointer.offset, mode, site, { as: "bytes", by: undefined, plain });
      return placeAt({ kind: "mapping", id: pointer.mapping, offset: pointer.offset }, "", name);
    case "amount":
      if (mode !== undefined) {
        accessViaHint(m, pointer, mode, site, undefined);
        accessGiven(m, pointer.amount, mode, site, { as: "bytes", by: undefined, plain });
      }
      return placeAt({ kind: "memory", pointer: pointer.amount }, "", name);
    case "flags":
    case "string":
    case "function":
      return placeAt(
        { kind: "memory", pointer: symbolOf({ kind: "opaque", what: `${m.at}.*${site.start}` }) },
        "",
        name,
      );
  }
}

/** Inside a struct whose type is not known, the way there stands for it. */
function joined(holder: string | undefined, field: string): string | undefined {
  return holder === undefined ? undefined : `${holder}.${field}`;
}
