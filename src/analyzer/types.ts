/** Static types, as far as pointer arithmetic, sizeof and volatile need them. Unknown is undefined and silent. */
import type { CType, Expr } from "../syntax/ast.js";
import type { Unit } from "../syntax/unit.js";
import type { ElementSize } from "./ir.js";

const INT: CType = { kind: "int", bits: 32, signed: true };
const CHAR: CType = { kind: "int", bits: 8, signed: true };
const SIZE: CType = { kind: "int", bits: 64, signed: false };
export const UNKNOWN_TYPE: CType = { kind: "named", name: "?" };
const VOID_POINTER: CType = { kind: "pointer", to: { kind: "void" } };

/** Integer typedefs of the C library and of Linux, by width in bits. */
const KNOWN_INTEGERS: ReadonlyMap<string, CType> = new Map(
  (
    [
      ["size_t", 64, false],
      ["ssize_t", 64, true],
      ["off_t", 64, true],
      ["off64_t", 64, true],
      ["loff_t", 64, true],
      ["uintptr_t", 64, false],
      ["intptr_t", 64, true],
      ["ptrdiff_t", 64, true],
      ["uint64_t", 64, false],
      ["int64_t", 64, true],
      ["uint32_t", 32, false],
      ["int32_t", 32, true],
      ["uint16_t", 16, false],
      ["int16_t", 16, true],
      ["uint8_t", 8, false],
      ["int8_t", 8, true],
      ["u8", 8, false],
      ["u16", 16, false],
      ["u32", 32, false],
      ["u64", 64, false],
      ["s8", 8, true],
      ["s16", 16, true],
      ["s32", 32, true],
      ["s64", 64, true],
      ["__u8", 8, false],
      ["__u16", 16, false],
      ["__u32", 32, false],
      ["__u64", 64, false],
      ["u_char", 8, false],
      ["uchar", 8, false],
      ["u_int", 32, false],
      ["uint", 32, false],
      ["u_long", 64, false],
      ["ulong", 64, false],
      ["u_int8_t", 8, false],
      ["u_int16_t", 16, false],
      ["u_int32_t", 32, false],
      ["u_int64_t", 64, false],
      ["bool", 8, false],
      ["_Bool", 8, false],
      ["byte", 8, false],
      ["mode_t", 32, false],
      ["pid_t", 32, true],
      ["uid_t", 32, false],
      ["gchar", 8, true],
      ["guchar", 8, false],
      ["guint8", 8, false],
      ["guint32", 32, false],
      ["gsize", 64, false],
    ] as const
  ).map(([name, bits, signed]) => [name, { kind: "int", bits, signed }]),
);

const KNOWN_POINTERS: ReadonlySet<string> = new Set(["caddr_t", "gpointer"]);
/** Calls whose result is a pointer to untyped memory. */
const POINTER_RESULT =
  /^(?:x|g_|__)?(?:mmap|mmap64|mremap|shmat|malloc|calloc|realloc|memalign|aligned_alloc|sbrk|memcpy|memset|memmove)$/;

/** The type behind typedef names. */
export function resolved(type: CType | undefined, unit: Unit): CType | undefined {
  if (type === undefined) return undefined;
  if (type.kind === "named") {
    const known = KNOWN_INTEGERS.get(type.name);
    if (known !== undefined) return known;
    if (KNOWN_POINTERS.has(type.name)) return { kind: "pointer", to: CHAR };
    const found = unit.resolve(type);
    return found.kind === "named" ? undefined : found;
  }
  return type.kind === "struct" || type.kind === "union" ? unit.resolve(type) : type;
}

/** A typedef of a number as that number, with its qualifiers; every other type as it is written. */
export function numberBehind(type: CType, unit: Unit): CType {
  const number = type.kind === "named" ? resolved(type, unit) : undefined;
  if (number?.kind !== "int" && number?.kind !== "float") return type;
  return type.volatile === true ? { ...number, volatile: true } : number;
}

function typeName(type: CType): string {
  switch (type.kind) {
    case "struct":
    case "union":
    case "enum":
      return `${type.kind} ${type.tag ?? "?"}`;
    case "named":
      return type.name;
    case "array":
      return `${typeName(type.of)}[]`;
    default:
      return type.kind;
  }
}

/** Bytes where C fixes them on every machine that matters; long and pointers differ between machines. */
export function sizeOf(type: CType | undefined, unit: Unit): ElementSize {
  const t = resolved(type, unit);
  if (t === undefined) return { type: type === undefined ? "?" : typeName(type) };
  switch (t.kind) {
    case "void":
    case "function":
      return 1;
    case "int":
    case "float":
      return t.bits / 8;
    case "pointer":
      return { type: "pointer" };
    case "enum":
      return 4;
    case "array": {
      const each = sizeOf(t.of, unit);
      return typeof each === "number" && t.length?.kind === "number" && t.length.value !== undefined
        ? each * t.length.value
        : { type: typeName(t) };
    }
    case "struct":
    case "union":
      return layoutOf(t, unit)?.size ?? { type: type?.kind === "named" ? type.name : typeName(t) };
    case "named":
      return { type: t.name };
  }
}

interface Layout {
  readonly size: number;
  readonly offsets: ReadonlyMap<string, number>;
}

/** Natural alignment, as every common ABI lays structs out; undefined when a member's size differs between machines. */
function layoutOf(type: CType & { readonly kind: "struct" | "union" }, unit: Unit): Layout | undefined {
  if (type.fields === undefined || type.fields.length === 0) return undefined;
  const offsets = new Map<string, number>();
  let end = 0;
  let widest = 1;
  for (const { name, type: member } of type.fields) {
    const size = sizeOf(member, unit);
    const alignment = alignmentOf(member, unit);
    if (typeof size !== "number" || alignment === undefined) return undefined;
    widest = Math.max(widest, alignment);
    const at = type.kind === "union" ? 0 : Math.ceil(end / alignment) * alignment;
    offsets.set(name, at);
    end = type.kind === "union" ? Math.max(end, size) : at + size;
  }
  return { size: Math.ceil(end / widest) * widest, offsets };
}

function alignmentOf(type: CType, unit: Unit): number | undefined {
  const t = resolved(type, unit);
  switch (t?.kind) {
    case "int":
    case "float":
      return t.bits / 8;
    case "enum":
      return 4;
    case "array":
      return alignmentOf(t.of, unit);
    case "struct":
    case "union": {
      const each = (t.fields ?? []).map((field) => alignmentOf(field.type, unit));
      return each.length === 0 || each.includes(undefined) ? undefined : Math.max(...(each as number[]));
    }
    default:
      return undefined;
  }
}

/** The struct that a pointer or an object is of, by tag or typedef name; undefined for anything else. */
export function structName(type: CType | undefined, unit: Unit): string | undefined {
  if (type === undefined) return undefined;
  if (type.kind === "pointer" || type.kind === "array")
    return structName(type.kind === "pointer" ? type.to : type.of, unit);
  if (type.kind === "struct" || type.kind === "union")
    return type.tag === undefined ? undefined : typeName(type);
  if (type.kind !== "named") return undefined;
  const behind = unit.resolve(type);
  if (behind.kind === "pointer") return structName(behind, unit);
  return behind.kind === "struct" && behind.tag !== undefined ? typeName(behind) : type.name;
}

/** Bytes from the start of a struct to a member. */
export function fieldOffset(object: CType | undefined, field: string, unit: Unit): ElementSize {
  const t = resolved(object, unit);
  if (t?.kind === "struct" || t?.kind === "union") {
    if (t.kind === "union" || t.fields?.[0]?.name === field) return 0;
    const at = layoutOf(t, unit)?.offsets.get(field);
    if (at !== undefined) return at;
  }
  const type = `offset of ${field} in ${object === undefined ? "?" : typeName(object)}`;
  const isLaterField = t?.kind === "struct" && t.fields?.some(({ name }) => name === field) === true;
  return isLaterField ? { type, behindStart: true } : { type };
}

/** The type of what a pointer or array points to. */
export function pointee(type: CType | undefined, unit: Unit): CType | undefined {
  const t = resolved(type, unit);
  return t?.kind === "pointer" ? t.to : t?.kind === "array" ? t.of : undefined;
}

export function isPointer(type: CType | undefined, unit: Unit): boolean {
  const t = resolved(type, unit);
  return t?.kind === "pointer" || t?.kind === "array";
}

export function fieldType(object: CType | undefined, field: string, unit: Unit): CType | undefined {
  const t = resolved(object, unit);
  if (t?.kind !== "struct" && t?.kind !== "union") return undefined;
  for (const member of t.fields ?? []) {
    if (member.name === field) return member.type;
    // Members of an anonymous struct or union count as the outer one's.
    if (member.name === "") {
      const inner = fieldType(member.type, field, unit);
      if (inner !== undefined) return inner;
    }
  }
  return undefined;
}

/** The static type of an expression; `lookup` gives a variable's. */
export function typeOf(
  expr: Expr,
  unit: Unit,
  lookup: (name: string) => CType | undefined,
): CType | undefined {
  const of = (e: Expr): CType | undefined => typeOf(e, unit, lookup);
  switch (expr.kind) {
    case "number":
      return /[lL]/.test(expr.text) ? SIZE : INT;
    case "char":
      return INT;
    case "string":
      return { kind: "array", of: CHAR, length: undefined };
    case "name":
      return lookup(expr.name);
    case "unary":
      return expr.op === "!" ? INT : of(expr.operand);
    case "deref":
      return pointee(of(expr.operand), unit);
    case "addressOf": {
      const to = of(expr.operand);
      return to === undefined ? undefined : { kind: "pointer", to };
    }
    case "update":
      return of(expr.operand);
    case "binary":
      return binaryType(expr.op, of(expr.left), of(expr.right), unit);
    case "logical":
      return INT;
    case "conditional":
      return (expr.then === undefined ? undefined : of(expr.then)) ?? of(expr.else);
    case "comma":
      return of(expr.right);
    case "assign":
      return of(expr.target);
    case "call":
      return expr.callee.kind === "name" && POINTER_RESULT.test(expr.callee.name)
        ? VOID_POINTER
        : callType(expr.callee, unit, lookup);
    case "index":
      return pointee(of(expr.base), unit);
    case "member":
      return fieldType(expr.arrow ? pointee(of(expr.object), unit) : of(expr.object), expr.field, unit);
    case "cast":
    case "compound":
      return expr.type;
    case "sizeof":
      return SIZE;
    case "initializer":
    case "statementExpr":
    case "opaque":
      return undefined;
  }
}

function binaryType(
  op: string,
  left: CType | undefined,
  right: CType | undefined,
  unit: Unit,
): CType | undefined {
  if (/^(?:==|!=|<|<=|>|>=)$/.test(op)) return INT;
  if (op === "+" || op === "-") {
    if (isPointer(left, unit)) return isPointer(right, unit) ? SIZE : left;
    if (isPointer(right, unit)) return right;
  }
  const a = resolved(left, unit);
  const b = resolved(right, unit);
  if (op === "<<" || op === ">>") return a;
  if (a?.kind === "int" && b?.kind === "int") return a.bits >= b.bits ? a : b;
  return undefined;
}

function callType(callee: Expr, unit: Unit, lookup: (name: string) => CType | undefined): CType | undefined {
  const type = resolved(typeOf(callee, unit, lookup), unit);
  const target = type?.kind === "pointer" ? resolved(type.to, unit) : type;
  return target?.kind === "function" ? target.returns : undefined;
}
