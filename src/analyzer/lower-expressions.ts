/** Lowers expressions: values without side effects, places, conditions as edges, initializers as assignments. */
import type { Site } from "../diagnostic.js";
import type { AssignmentOperator, BinaryOperator, CType, Expr, Stmt } from "../syntax/ast.js";
import type { Unit } from "../syntax/unit.js";
import type { BlockBuilder } from "./block-builder.js";
import type { ElementSize, Operand, PlaceExpr, Variable } from "./ir.js";
import {
  fieldOffset,
  fieldType,
  isPointer,
  pointee,
  numberBehind,
  resolved,
  sizeOf,
  structName,
  typeOf,
  UNKNOWN_TYPE,
} from "./types.js";

/** What expressions need of the statements around them. */
export interface Surroundings {
  find(name: string): Variable | undefined;
  block(statements: readonly Stmt[]): void;
  scoped(run: () => void): void;
}

const COMPARISONS: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);
/** Upper-case names that no declaration in view explains are taken for constants. */
const CONSTANT_NAME = /^_*[A-Z][A-Z0-9_]*$/;
const ASSERTION = /^(?:assert|g_assert|Assert|ASSERT|assert_se|xassert|ck_assert|assert_true|g_assert_true)$/;
const EXPECT = /^(?:__builtin_expect|__builtin_expect_with_probability)$/;
/** Typedefs of headers that were not read: `zend_long`, `uptr_t`. */
const INTEGER_TYPE = /_t$|(?:^|_)(?:u?(?:long|int|short|char)\d*|s?size|u?intptr|word|byte)$/i;
const LIKELY = /^(?:un)?likely$|^(?:UN)?LIKELY$|^G_(?:UN)?LIKELY$/;

export class ExpressionLowering {
  readonly #unit: Unit;
  readonly #b: BlockBuilder;
  readonly #around: Surroundings;
  readonly #defined: ReadonlySet<string>;

  constructor(unit: Unit, builder: BlockBuilder, around: Surroundings) {
    this.#unit = unit;
    this.#b = builder;
    this.#around = around;
    this.#defined = new Set(unit.functions.map((f) => f.name));
  }

  #site(expr: { readonly span: { readonly start: number; readonly end: number } }): Site {
    return { file: this.#unit.source.path, start: expr.span.start, end: expr.span.end };
  }

  #located(expr: Expr): { readonly site: Site; readonly macro: Expr["macro"] } {
    return { site: this.#site(expr), macro: expr.macro };
  }

  #type(expr: Expr): CType | undefined {
    return typeOf(expr, this.#unit, (name) => this.#around.find(name)?.type ?? this.#unit.global(name)?.type);
  }

  #typeOfPlace(expr: Expr): CType {
    return numberBehind(this.#type(expr) ?? UNKNOWN_TYPE, this.#unit);
  }

  /** Keeps a value that later side effects must not change. */
  hold(value: Operand): Operand {
    if (value.kind === "temporary" || value.kind === "number" || value.kind === "constant") return value;
    const temporary = `t${this.#b.fresh()}`;
    this.#b.emit({ kind: "set", temporary, value, site: value.site });
    return { kind: "temporary", id: temporary, site: value.site, macro: value.macro };
  }

  /** An expression whose value is dropped. */
  effect(expr: Expr): void {
    switch (expr.kind) {
      case "call":
        this.#call(expr, false);
        return;
      case "cast":
        if (expr.type.kind === "void" && expr.operand.kind === "call") this.#call(expr.operand, "void");
        else this.effect(expr.operand);
        return;
      case "comma":
        this.effect(expr.left);
        this.effect(expr.right);
        return;
      case "logical":
      case "conditional":
        this.#branchEffect(expr);
        return;
      case "assign":
      case "update":
        this.value(expr);
        return;
      default:
        this.#b.emit({ kind: "evaluate", value: this.value(expr), site: this.#site(expr) });
    }
  }

  #branchEffect(expr: Expr & { readonly kind: "logical" | "conditional" }): void {
    const then = this.#b.newBlock();
    const otherwise = this.#b.newBlock();
    const after = this.#b.newBlock();
    if (expr.kind === "logical") {
      this.condition(expr.left, expr.op === "&&" ? then : after, expr.op === "&&" ? after : then);
      this.#b.enter(then);
      this.effect(expr.right);
    } else {
      this.condition(expr.test, then, otherwise);
      this.#b.enter(then);
      if (expr.then !== undefined) this.effect(expr.then);
      this.#b.end({ kind: "goto", to: after });
      this.#b.enter(otherwise);
      this.effect(expr.else);
    }
    this.#b.enter(after);
  }

  /** Goes to `then` where `expr` is not zero, else to `otherwise`. The caller enters a block next. */
  condition(expr: Expr, then: number, otherwise: number): void {
    const b = this.#b;
    switch (expr.kind) {
      case "logical": {
        const middle = b.newBlock();
        if (expr.op === "&&") this.condition(expr.left, middle, otherwise);
        else this.condition(expr.left, then, middle);
        b.enter(middle);
        this.condition(expr.right, then, otherwise);
        return;
      }
      case "unary":
        if (expr.op === "!") {
          this.condition(expr.operand, otherwise, then);
          return;
        }
        break;
      case "comma":
        this.effect(expr.left);
        this.condition(expr.right, then, otherwise);
        return;
      case "call":
        if (this.#isTransparent(expr)) {
          this.condition(expr.args[0] as Expr, then, otherwise);
          return;
        }
        break;
      case "cast":
        // `(bool)(a && b)`: the truth of an integer cast of a truth value is that value's.
        if (this.isTruth(expr.operand) && expr.type.kind !== "void") {
          this.condition(expr.operand, then, otherwise);
          return;
        }
        break;
      case "binary": {
        const inner = this.#truthComparedWithZero(expr);
        if (inner !== undefined) {
          this.condition(inner.operand, inner.equal ? otherwise : then, inner.equal ? then : otherwise);
          return;
        }
        break;
      }
      default:
        break;
    }
    b.end({ kind: "branch", condition: this.#plain(expr), then, else: otherwise });
  }

  /** `(a == b) == 0`, `!!x != 0`. */
  #truthComparedWithZero(
    expr: Expr & { readonly kind: "binary" },
  ): { operand: Expr; equal: boolean } | undefined {
    if (expr.op !== "==" && expr.op !== "!=") return undefined;
    if (expr.right.kind !== "number" || expr.right.value !== 0 || !this.isTruth(expr.left)) return undefined;
    return { operand: expr.left, equal: expr.op === "==" };
  }

  /** Is its value 1 or 0 by a comparison or a logical operator? */
  isTruth(expr: Expr): boolean {
    switch (expr.kind) {
      case "logical":
        return true;
      case "unary":
        return expr.op === "!";
      case "binary":
        return COMPARISONS.has(expr.op);
      case "call":
        return this.#isTransparent(expr) && expr.args[0] !== undefined && this.isTruth(expr.args[0]);
      default:
        return false;
    }
  }

  #isTransparent(call: Expr & { readonly kind: "call" }): boolean {
    if (call.callee.kind !== "name") return false;
    const { name } = call.callee;
    return (
      (call.args.length > 0 && (EXPECT.test(name) || (LIKELY.test(name) && call.args.length === 1))) ||
      (call.maybeCast === true && this.#isUnknownType(name, call.args[0]))
    );
  }

  /** A word that nothing says is a function, named like an integer type or put before an assignment. */
  #isUnknownType(name: string, operand: Expr | undefined): boolean {
    if (operand?.kind !== "assign" && !INTEGER_TYPE.test(name)) return false;
    const isKnown = this.#defined.has(name) || this.#around.find(name) !== undefined;
    return !isKnown && this.#unit.global(name) === undefined;
  }

  /** A value; comparisons and logical operators become edges that set it to 1 or 0. */
  value(expr: Expr): Operand {
    if (this.isTruth(expr)) return this.#truthValue(expr);
    return this.#plain(expr);
  }

  #truthValue(expr: Expr): Operand {
    const b = this.#b;
    const temporary = `t${b.fresh()}`;
    const yes = b.newBlock();
    const no = b.newBlock();
    const after = b.newBlock();
    const located = this.#located(expr);
    const set = (value: number): void =>
      b.emit({
        kind: "set",
        temporary,
        value: { kind: "number", value, text: String(value), ...located },
        site: located.site,
      });
    this.condition(expr, yes, no);
    b.enter(yes);
    set(1);
    b.end({ kind: "goto", to: after });
    b.enter(no);
    set(0);
    b.enter(after);
    return { kind: "temporary", id: temporary, ...located };
  }

  /** An argument of an unknown function or macro: comparisons stay whole, so that no path is split for them. */
  argument(expr: Expr): Operand {
    return this.#plain(expr);
  }

  #plain(expr: Expr): Operand {
    const located = this.#located(expr);
    switch (expr.kind) {
      case "number":
        return expr.value === undefined
          ? { kind: "unknown", key: `number ${expr.text}`, ...located }
          : { kind: "number", value: expr.value, text: expr.text, ...located };
      case "char":
        return { kind: "number", value: expr.value, text: "'c'", ...located };
      case "string":
        return { kind: "string", value: expr.value, ...located };
      case "name":
        return this.#name(expr);
      case "unary":
        return { kind: "unary", op: expr.op, operand: this.#plain(expr.operand), ...located };
      case "deref":
      case "index":
      case "member":
        return this.#read(expr);
      case "addressOf":
        return { kind: "address", place: this.place(expr.operand), ...located };
      case "update":
        return this.#update(expr);
      case "binary":
        return this.#binary(expr.op, this.#plain(expr.left), this.#plain(expr.right), expr);
      case "logical":
        return this.#truthValue(expr);
      case "conditional":
        return this.#conditional(expr);
      case "comma":
        this.effect(expr.left);
        return this.value(expr.right);
      case "assign":
        return this.#assign(expr);
      case "call":
        return this.#call(expr, true);
      case "cast":
        // Only what is used as a number: an argument of a macro stays whole.
        if (this.isTruth(expr.operand)) return this.#truthValue(expr.operand);
        return {
          kind: "cast",
          type: resolved(expr.type, this.#unit) ?? expr.type,
          operand: this.#plain(expr.operand),
          ...located,
        };
      case "sizeof":
        return this.#sizeof(expr);
      case "compound":
        return { kind: "read", place: this.#compound(expr), ...located };
      case "initializer":
        for (const element of expr.elements) this.effect(element.value);
        return { kind: "unknown", key: this.#b.fresh(), ...located };
      case "statementExpr":
        return this.#statementExpression(expr);
      case "opaque":
        this.#b.emit({
          kind: "opaque",
          operands: expr.operands.map((o) => this.argument(o)),
          site: located.site,
        });
        return { kind: "unknown", key: this.#b.fresh(), ...located };
    }
  }

  #name(expr: Expr & { readonly kind: "name" }): Operand {
    const located = this.#located(expr);
    const { name } = expr;
    const local = this.#around.find(name);
    if (local !== undefined && local.type.kind !== "function") return this.#read(expr);
    if (name === "NULL" || name === "nullptr" || name === "false" || name === "FALSE") {
      return { kind: "number", value: 0, text: name, ...located };
    }
    if (name === "true" || name === "TRUE") return { kind: "number", value: 1, text: name, ...located };
    if (name === "__func__" || name === "__FUNCTION__") return { kind: "string", value: "", ...located };
    const global = this.#unit.global(name);
    if (global?.constant !== undefined) {
      return {
        kind: "number",
        value: global.constant,
        text: name,
        site: located.site,
        macro: { name, definition: global.span },
      };
    }
    if (
      global?.initializer !== undefined &&
      isConstantExpression(global.initializer) &&
      (global.type.const === true || global.type.kind === "enum")
    ) {
      return this.#plain(global.initializer);
    }
    if (this.#defined.has(name) || global?.type.kind === "function")
      return { kind: "function", name, ...located };
    if (global === undefined && CONSTANT_NAME.test(name)) return { kind: "constant", name, ...located };
    return this.#read(expr);
  }

  #read(expr: Expr): Operand {
    const place = this.place(expr);
    const located = this.#located(expr);
    // An array stands for the address of its first element.
    if (resolved(this.#type(expr), this.#unit)?.kind === "array")
      return { kind: "address", place, ...located };
    return { kind: "read", place, ...located };
  }

  place(expr: Expr): PlaceExpr {
    const site = this.#site(expr);
    switch (expr.kind) {
      case "name": {
        const local = this.#around.find(expr.name);
        const type = this.#unit.global(expr.name)?.type ?? UNKNOWN_TYPE;
        return { kind: "variable", variable: local ?? this.#outer(expr.name, type) };
      }
      case "deref":
        return {
          kind: "deref",
          pointer: this.#plain(expr.operand),
          type: this.#typeOfPlace(expr),
          site,
        };
      case "index":
        return this.#element(expr, site);
      case "member": {
        const type = this.#typeOfPlace(expr);
        const { field } = expr;
        if (!expr.arrow) {
          const offset = fieldOffset(this.#type(expr.object), field, this.#unit);
          const member = this.#memberName(this.#type(expr.object), field);
          return { kind: "field", object: this.place(expr.object), field, member, offset, type, site };
        }
        const pointer = this.#plain(expr.object);
        const holder = pointee(this.#type(expr.object), this.#unit);
        const object: PlaceExpr = { kind: "deref", pointer, type: holder ?? UNKNOWN_TYPE, site };
        const member = this.#memberName(holder, field);
        return {
          kind: "field",
          object,
          field,
          member,
          offset: fieldOffset(holder, field, this.#unit),
          type,
          site,
        };
      }
      case "compound":
        return this.#compound(expr);
      case "cast":
        return this.place(expr.operand);
      default: {
        // Not an lvalue in C, but a call's struct result may be read through: keep the value in a variable.
        const variable: Variable = {
          id: `v${this.#b.fresh()}`,
          name: "",
          type: this.#type(expr) ?? UNKNOWN_TYPE,
          scope: "local",
        };
        const place: PlaceExpr = { kind: "variable", variable };
        this.#b.emit({ kind: "assign", target: place, value: this.value(expr), update: false, site });
        return place;
      }
    }
  }

  /** A variable of file scope; one with internal linkage is out of reach for the functions of other files. */
  #outer(name: string, type: CType): Variable {
    const prefix = this.#unit.global(name)?.storage === "static" ? "::static:" : "::";
    return { id: `${prefix}${name}`, name, type: numberBehind(type, this.#unit), scope: "outer" };
  }

  #element(expr: Expr & { readonly kind: "index" }, site: Site): PlaceExpr {
    const type = this.#typeOfPlace(expr);
    const base = resolved(this.#type(expr.base), this.#unit);
    const index = this.#plain(expr.index);
    if (
      base?.kind === "array" &&
      (expr.base.kind === "name" || expr.base.kind === "member" || expr.base.kind === "index")
    ) {
      return {
        kind: "element",
        array: this.place(expr.base),
        index,
        size: sizeOf(type, this.#unit),
        type,
        site,
      };
    }
    const pointer = this.#plain(expr.base);
    const moved: Operand = {
      kind: "binary",
      op: "+",
      left: pointer,
      right: index,
      scaleRight: this.#elementSize(expr.base),
      scaleLeft: undefined,
      site,
    };
    const atStart = index.kind === "number" && index.value === 0;
    return { kind: "deref", pointer: atStart ? pointer : moved, type, site };
  }

  #elementSize(pointer: Expr): ElementSize {
    return sizeOf(pointee(this.#type(pointer), this.#unit), this.#unit);
  }

  #binary(
    op: BinaryOperator,
    left: Operand,
    right: Operand,
    expr: Expr & { readonly kind: "binary" },
  ): Operand {
    const leftPointer = isPointer(this.#type(expr.left), this.#unit);
    const rightPointer = isPointer(this.#type(expr.right), this.#unit);
    const scales = op === "+" || op === "-";
    return {
      kind: "binary",
      op,
      left,
      right,
      scaleRight: scales && leftPointer && !rightPointer ? this.#elementSize(expr.left) : undefined,
      scaleLeft: op === "+" && rightPointer && !leftPointer ? this.#elementSize(expr.right) : undefined,
      ...(((op === "*" || op === "<<") && this.#mayNeedMore(expr)) ||
      (op === "+" && this.#isUnsignedIn32(this.#type(expr)))
        ? { narrow: true }
        : {}),
      ...this.#located(expr),
    };
  }

  /** Is it computed in 32 bits or less, and do its operands leave room for a result of more? */
  #mayNeedMore(expr: Expr & { readonly kind: "binary" }): boolean {
    const type = resolved(this.#type(expr), this.#unit);
    if (type?.kind !== "int" || type.bits > 32) return false;
    const [left, right] = [this.#bits(expr.left), this.#bits(expr.right)];
    if (expr.op === "*") return left + right > 32;
    return expr.right.kind !== "number" || left + (expr.right.value ?? 0) > 32;
  }

  #isUnsignedIn32(declared: CType | undefined): boolean {
    const type = resolved(declared, this.#unit);
    return type?.kind === "int" && type.bits === 32 && !type.signed;
  }

  /** As many as the value of a number needs, else those of the type. */
  #bits(expr: Expr): number {
    if (expr.kind === "number" && expr.value !== undefined) return Math.ceil(Math.log2(expr.value + 1));
    const type = resolved(this.#type(expr), this.#unit);
    return type?.kind === "int" ? type.bits : 0;
  }

  /** The value's bits, where an integer of 32 bits or less is to hold it. */
  #narrowing(target: CType | undefined, value: Expr): 32 | 64 | undefined {
    const into = resolved(target, this.#unit);
    if (into?.kind !== "int" || into.bits > 32) return undefined;
    return this.#isWide(value, this.#type(value)) ? 64 : 32;
  }

  /** Does its value have 64 bits for all that its type says? */
  #isWide(value: Expr, declared: CType | undefined): boolean {
    const type = resolved(declared, this.#unit);
    return type?.kind === "int" && type.bits === 64 && !isMasked(value);
  }

  #update(expr: Expr & { readonly kind: "update" }): Operand {
    const target = this.place(expr.operand);
    const located = this.#located(expr);
    const before = this.hold({ kind: "read", place: target, ...located });
    const step: Operand = { kind: "number", value: 1, text: "1", site: located.site };
    const pointer = isPointer(this.#type(expr.operand), this.#unit);
    const moved: Operand = {
      kind: "binary",
      op: expr.op === "++" ? "+" : "-",
      left: before,
      right: step,
      scaleLeft: undefined,
      scaleRight: pointer ? this.#elementSize(expr.operand) : undefined,
      ...located,
    };
    const after = this.hold(moved);
    this.#b.emit({ kind: "assign", target, value: after, update: true, site: located.site });
    return expr.prefix ? after : before;
  }

  #assign(expr: Expr & { readonly kind: "assign" }): Operand {
    const site = this.#site(expr);
    if (expr.op === "=" && expr.value.kind === "initializer") return this.#plain(expr.value);
    if (expr.op === "=") {
      // A struct is copied member by member from where it stands.
      const source = this.value(expr.value);
      const value = expr.value.kind === "compound" ? source : this.hold(source);
      const narrows = this.#narrowing(this.#type(expr.target), expr.value);
      this.#b.emit({
        kind: "assign",
        target: this.#assigned(expr.target),
        value,
        update: false,
        narrows,
        site,
      });
      return value;
    }
    const target = this.place(expr.target);
    const op = operatorOf(expr.op);
    const pointer = (op === "+" || op === "-") && isPointer(this.#type(expr.target), this.#unit);
    const value = this.hold({
      kind: "binary",
      op,
      left: { kind: "read", place: target, site: this.#site(expr.target) },
      right: this.value(expr.value),
      scaleRight: pointer ? this.#elementSize(expr.target) : undefined,
      scaleLeft: undefined,
      ...(op === "+" && this.#isUnsignedIn32(this.#type(expr.target)) ? { narrow: true } : {}),
      ...this.#located(expr),
    });
    this.#b.emit({ kind: "assign", target, value, update: true, site });
    return value;
  }

  /** `BUFFER_DATA(b) = p`: what is assigned to by a call is a place that a macro names whose header was not read. */
  #assigned(target: Expr): PlaceExpr {
    if (target.kind !== "call") return this.place(target);
    return { kind: "deref", pointer: this.#plain(target), type: UNKNOWN_TYPE, site: this.#site(target) };
  }

  #conditional(expr: Expr & { readonly kind: "conditional" }): Operand {
    const b = this.#b;
    const located = this.#located(expr);
    const temporary = `t${b.fresh()}`;
    const yes = b.newBlock();
    const no = b.newBlock();
    const after = b.newBlock();
    let elvis: Operand | undefined;
    if (expr.then === undefined) {
      elvis = this.hold(this.value(expr.test));
      b.end({ kind: "branch", condition: elvis, then: yes, else: no });
    } else {
      this.condition(expr.test, yes, no);
    }
    b.enter(yes);
    b.emit({ kind: "set", temporary, value: elvis ?? this.value(expr.then as Expr), site: located.site });
    b.end({ kind: "goto", to: after });
    b.enter(no);
    b.emit({ kind: "set", temporary, value: this.value(expr.else), site: located.site });
    b.enter(after);
    return { kind: "temporary", id: temporary, ...located };
  }

  #sizeof(expr: Expr & { readonly kind: "sizeof" }): Operand {
    const type = expr.type ?? (expr.operand === undefined ? undefined : this.#type(expr.operand));
    const text = this.#unit.source.text.slice(expr.span.start, expr.span.end);
    const ofPointer = expr.operand !== undefined && resolved(type, this.#unit)?.kind === "pointer";
    return { kind: "sizeof", size: sizeOf(type, this.#unit), text, ofPointer, ...this.#located(expr) };
  }

  #compound(expr: Expr & { readonly kind: "compound" }): PlaceExpr {
    const type = resolved(expr.type, this.#unit) ?? expr.type;
    const variable: Variable = { id: `v${this.#b.fresh()}`, name: "", type, scope: "local" };
    const place: PlaceExpr = { kind: "variable", variable };
    this.#b.emit({ kind: "declare", variable, site: this.#site(expr) });
    this.initialize(place, type, expr.value, this.#site(expr));
    return place;
  }

  #statementExpression(expr: Expr & { readonly kind: "statementExpr" }): Operand {
    const last = expr.body.body.at(-1);
    let result: Operand = { kind: "unknown", key: this.#b.fresh(), ...this.#located(expr) };
    this.#around.scoped(() => {
      if (last?.kind === "expression") {
        this.#around.block(expr.body.body.slice(0, -1));
        result = this.hold(this.value(last.expr));
      } else {
        this.#around.block(expr.body.body);
      }
    });
    return result;
  }

  #call(expr: Expr & { readonly kind: "call" }, used: boolean | "void"): Operand {
    const located = this.#located(expr);
    const callee = expr.callee.kind === "name" ? expr.callee.name : undefined;
    if (this.#isTransparent(expr)) return this.value(expr.args[0] as Expr);
    if (
      callee !== undefined &&
      ASSERTION.test(callee) &&
      expr.args.length === 1 &&
      !this.#defined.has(callee)
    ) {
      this.#assertion(expr.args[0] as Expr);
      return { kind: "number", value: 0, text: "0", ...located };
    }
    const local = callee === undefined ? undefined : this.#around.find(callee);
    const direct = callee !== undefined && (local === undefined || local.type.kind === "function");
    const pointer = direct ? undefined : this.#plain(expr.callee);
    const known = direct && this.#defined.has(callee);
    const args = expr.args.map((arg) => (known ? this.value(arg) : this.argument(arg)));
    const types = expr.args.map((arg) => this.#type(arg));
    const temporary = `t${this.#b.fresh()}`;
    const nameSite = this.#site(expr.callee);
    this.#b.emit({
      kind: "call",
      temporary,
      callee: direct ? callee : undefined,
      pointer,
      args,
      structs: types.map((type) => structName(type, this.#unit)),
      wide: expr.args.map((arg, i) => this.#isWide(arg, types[i])),
      used,
      nameSite,
      site: located.site,
    });
    return { kind: "temporary", id: temporary, ...located };
  }

  #assertion(test: Expr): void {
    const holds = this.#b.newBlock();
    const fails = this.#b.newBlock();
    this.condition(test, holds, fails);
    this.#b.enter(fails);
    this.#b.end({ kind: "unreachable" });
    this.#b.enter(holds);
  }

  /** `type place = value`, member by member for a braced list. */
  initialize(place: PlaceExpr, type: CType, value: Expr, site: Site): void {
    if (value.kind !== "initializer") {
      const narrows = this.#narrowing(type, value);
      this.#b.emit({ kind: "assign", target: place, value: this.value(value), update: false, narrows, site });
      return;
    }
    const t = resolved(type, this.#unit) ?? type;
    const named = value.elements.some(({ designators: [first] }) => first !== undefined && "field" in first);
    if (t.kind !== "struct" && t.kind !== "union" && t.kind !== "array" && !named) {
      const [only] = value.elements;
      if (only !== undefined) this.initialize(place, type, only.value, site);
      return;
    }
    let position = 0;
    for (const element of value.elements) {
      const [designator] = element.designators;
      const member = this.#member(place, t, designator, position, site);
      position = member.next;
      if (member.place === undefined || element.designators.length > 1) this.effect(element.value);
      else this.initialize(member.place, member.type, element.value, this.#site(element.value));
    }
  }

  #memberName(holder: CType | undefined, field: string): string | undefined {
    const struct = structName(holder, this.#unit);
    return struct === undefined ? undefined : `${struct}.${field}`;
  }

  #member(
    place: PlaceExpr,
    type: CType,
    designator: { readonly field: string } | { readonly index: Expr } | undefined,
    position: number,
    site: Site,
  ): { place: PlaceExpr | undefined; type: CType; next: number } {
    if (type.kind === "array") {
      const index: Operand =
        designator !== undefined && "index" in designator
          ? this.#plain(designator.index)
          : { kind: "number", value: position, text: String(position), site };
      const next = index.kind === "number" ? index.value + 1 : position + 1;
      const size = sizeOf(type.of, this.#unit);
      return {
        place: { kind: "element", array: place, index, size, type: type.of, site },
        type: type.of,
        next,
      };
    }
    const fields = type.kind === "struct" || type.kind === "union" ? (type.fields ?? []) : [];
    const at =
      designator !== undefined && "field" in designator
        ? fields.findIndex((f) => f.name === designator.field)
        : position;
    const name = designator !== undefined && "field" in designator ? designator.field : fields[at]?.name;
    if (name === undefined || name === "") return { place: undefined, type: UNKNOWN_TYPE, next: at + 1 };
    const memberType = fieldType(type, name, this.#unit) ?? UNKNOWN_TYPE;
    const offset = fieldOffset(type, name, this.#unit);
    const member = this.#memberName(type, name);
    return {
      place: { kind: "field", object: place, field: name, member, offset, type: memberType, site },
      type: memberType,
      next: at + 1,
    };
  }
}

/** Whoever leaves no more than the lower bits, or shifts the upper ones down, knows how many there are. */
function isMasked(expr: Expr): boolean {
  return expr.kind === "binary" && (expr.op === "&" || expr.op === "%" || expr.op === ">>");
}

/** Names and literals only: flags that an enum or a const variable puts together. */
function isConstantExpression(expr: Expr): boolean {
  switch (expr.kind) {
    case "name":
    case "number":
      return true;
    case "binary":
      return isConstantExpression(expr.left) && isConstantExpression(expr.right);
    case "unary":
      return isConstantExpression(expr.operand);
    default:
      return false;
  }
}

function operatorOf(op: Exclude<AssignmentOperator, "=">): BinaryOperator {
  switch (op) {
    case "+=":
      return "+";
    case "-=":
      return "-";
    case "*=":
      return "*";
    case "/=":
      return "/";
    case "%=":
      return "%";
    case "<<=":
      return "<<";
    case ">>=":
      return ">>";
    case "&=":
      return "&";
    case "|=":
      return "|";
    case "^=":
      return "^";
  }
}
