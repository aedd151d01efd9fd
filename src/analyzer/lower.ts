/** Lowers a parsed function to basic blocks: statements, control flow, scopes. Expressions: lower-expressions.ts. */
import type { Site, Span } from "../diagnostic.js";
import type { CType, Declarator, Expr, FunctionDefinition, Stmt } from "../syntax/ast.js";
import type { Unit } from "../syntax/unit.js";
import { BlockBuilder } from "./block-builder.js";
import type { Cfg, Operand, PlaceExpr } from "./ir.js";
import { ExpressionLowering } from "./lower-expressions.js";
import { type IntegerFacts, Scopes } from "./scopes.js";
import { numberBehind, resolved } from "./types.js";

/** Where a jump goes, and how many scopes are still open there. */
interface Target {
  readonly block: number;
  readonly depth: number;
}

/**
 * Lowers one reading of a function. Throws TooLarge; nothing else for any tree.
 */
export function lower(definition: FunctionDefinition, unit: Unit): Cfg {
  return new StatementLowering(definition, unit).run();
}

class StatementLowering {
  readonly #builder = new BlockBuilder();
  readonly #scopes = new Scopes();
  readonly #labels = new Map<string, number>();
  readonly #expressions: ExpressionLowering;
  readonly #breaks: Target[] = [];
  readonly #continues: Target[] = [];
  /** The blocks of the `case` statements of the innermost switch. */
  #cases: Map<Stmt, number> = new Map();

  constructor(
    readonly definition: FunctionDefinition,
    readonly unit: Unit,
  ) {
    this.#expressions = new ExpressionLowering(unit, this.#builder, {
      find: (name) => this.#scopes.find(name),
      block: (statements) => this.#statements(statements),
      scoped: (run) => this.#scoped(run, undefined),
    });
  }

  run(): Cfg {
    const { definition } = this;
    const parameters = definition.parameters.map(({ name, type }, i) =>
      this.#scopes.declare(
        name ?? `#${i}`,
        numberBehind(type, this.unit),
        "parameter",
        integerFacts(resolved(type, this.unit)),
      ),
    );
    this.#statements(definition.body.body);
    const end = definition.span.end;
    const site = this.#site({ start: Math.max(definition.span.start, end - 1), end });
    const blocks = this.#builder.finish({ kind: "return", value: undefined, site });
    return {
      name: definition.name,
      file: this.unit.source.path,
      parameters,
      returns: returnKind(resolved(definition.returns, this.unit) ?? definition.returns),
      noreturn: definition.noreturn,
      static: definition.static,
      blocks,
      site: this.#site(definition.span),
      nameSite: this.#site(definition.nameSpan),
    };
  }

  #site(span: Span): Site {
    return { file: this.unit.source.path, start: span.start, end: span.end };
  }

  /** `end`: where the scope's variables end; undefined for an expression, whose value may still name them. */
  #scoped(run: () => void, end: Span | undefined): void {
    const depth = this.#scopes.depth;
    this.#scopes.push();
    run();
    if (end !== undefined)
      this.#leaveScopes(depth, this.#site({ start: Math.max(end.start, end.end - 1), end: end.end }));
    this.#scopes.pop();
  }

  #leaveScopes(depth: number, site: Site): void {
    const variables = this.#scopes.localsFrom(depth);
    if (variables.length > 0) this.#builder.emit({ kind: "leave", variables, site });
  }

  #statements(body: readonly Stmt[]): void {
    for (const stmt of body) this.#statement(stmt);
  }

  #statement(stmt: Stmt): void {
    const b = this.#builder;
    const x = this.#expressions;
    switch (stmt.kind) {
      case "block":
        this.#scoped(() => this.#statements(stmt.body), stmt.span);
        return;
      case "expression":
        x.effect(stmt.expr);
        return;
      case "declaration":
        for (const declarator of stmt.declarators) this.#declare(declarator);
        return;
      case "if":
        this.#if(stmt.test, stmt.then, stmt.else);
        return;
      case "while":
        this.#loop({ test: stmt.test, body: stmt.body, update: undefined, testFirst: true });
        return;
      case "doWhile":
        this.#loop({ test: stmt.test, body: stmt.body, update: undefined, testFirst: false });
        return;
      case "for":
        this.#scoped(() => {
          if (stmt.init !== undefined) this.#statement(stmt.init);
          this.#loop({ test: stmt.test, body: stmt.body, update: stmt.update, testFirst: true });
        }, stmt.span);
        return;
      case "switch":
        this.#switch(stmt.test, stmt.body, this.#site(stmt.span));
        return;
      case "case":
        b.enter(this.#cases.get(stmt) ?? b.newBlock());
        this.#statement(stmt.body);
        return;
      case "label":
        b.enter(this.#label(stmt.name));
        this.#statement(stmt.body);
        return;
      case "goto":
        this.#goto(stmt.label, stmt.span);
        return;
      case "break":
        this.#leave(this.#breaks, this.#site(stmt.span));
        return;
      case "continue":
        this.#leave(this.#continues, this.#site(stmt.span));
        return;
      case "empty":
        return;
      case "return":
        this.#return(stmt.value, this.#site(stmt.span));
        return;
      case "opaque":
        b.emit({
          kind: "opaque",
          operands: stmt.operands.map((o) => x.argument(o)),
          site: this.#site(stmt.span),
        });
        return;
    }
  }

  /** A truth value or a choice returns on each side by itself, so that what it rests on is not lost in a join. */
  #return(value: Expr | undefined, site: Site): void {
    if (value !== undefined && this.#expressions.isTruth(value)) {
      this.#returnEither(value, (truth) =>
        this.#builder.end({ kind: "return", value: number(truth ? 1 : 0, site), site }),
      );
      return;
    }
    if (value?.kind === "conditional" && value.then !== undefined) {
      const { then } = value;
      this.#returnEither(value.test, (truth) => this.#return(truth ? then : value.else, site));
      return;
    }
    const operand = value === undefined ? undefined : this.#expressions.value(value);
    this.#builder.end({ kind: "return", value: operand, site });
  }

  #returnEither(test: Expr, side: (truth: boolean) => void): void {
    const yes = this.#builder.newBlock();
    const no = this.#builder.newBlock();
    this.#expressions.condition(test, yes, no);
    this.#builder.enter(yes);
    side(true);
    this.#builder.enter(no);
    side(false);
  }

  #leave(targets: readonly Target[], site: Site): void {
    const to = targets.at(-1);
    if (to !== undefined) this.#leaveScopes(to.depth, site);
    this.#builder.end(to === undefined ? { kind: "unreachable" } : { kind: "goto", to: to.block });
  }

  #label(name: string): number {
    let block = this.#labels.get(name);
    if (block === undefined) {
      block = this.#builder.newBlock();
      this.#labels.set(name, block);
    }
    return block;
  }

  #declare({ name, type, storage, initializer, span }: Declarator): void {
    if (storage === "typedef") return;
    if (storage === "extern" || type.kind === "function") {
      this.#scopes.declare(name, type, "outer", {}, "::");
      return;
    }
    const kept = storage === "static";
    const variable = this.#scopes.declare(
      name,
      numberBehind(type, this.unit),
      kept ? "outer" : "local",
      integerFacts(resolved(type, this.unit)),
      kept ? `::static:${this.definition.name}.` : "",
    );
    // A static variable's initializer is its value only once; nothing is known when the function is entered.
    if (kept) return;
    const site = this.#site(span);
    this.#builder.emit({ kind: "declare", variable, site });
    const place: PlaceExpr = { kind: "variable", variable };
    if (initializer !== undefined)
      this.#expressions.initialize(place, resolved(type, this.unit) ?? type, initializer, site);
  }

  #goto(label: string, span: Span): void {
    this.#builder.jump({ kind: "jump", label, site: this.#site(span) }, this.#label(label));
  }

  #if(test: Expr, then: Stmt, otherwise: Stmt | undefined): void {
    const b = this.#builder;
    const thenBlock = b.newBlock();
    const elseBlock = b.newBlock();
    const after = otherwise === undefined ? elseBlock : b.newBlock();
    this.#expressions.condition(test, thenBlock, elseBlock);
    b.enter(thenBlock);
    const jump = soleGoto(then);
    // The condition tells why control goes there.
    if (jump !== undefined) this.#goto(jump.label, { start: test.span.start, end: jump.span.end });
    else this.#scoped(() => this.#statement(then), then.span);
    if (otherwise !== undefined) {
      b.end({ kind: "goto", to: after });
      b.enter(elseBlock);
      this.#scoped(() => this.#statement(otherwise), otherwise.span);
    }
    b.enter(after);
  }

  #loop(loop: { test: Expr | undefined; body: Stmt; update: Expr | undefined; testFirst: boolean }): void {
    const b = this.#builder;
    const body = b.newBlock();
    const next = b.newBlock();
    const after = b.newBlock();
    const head = loop.testFirst ? b.newBlock() : next;
    const test = (): void => {
      if (loop.test === undefined) b.end({ kind: "goto", to: body });
      else this.#expressions.condition(loop.test, body, after);
    };
    if (loop.testFirst) {
      b.enter(head);
      test();
    }
    b.enter(body);
    const { depth } = this.#scopes;
    this.#breaks.push({ block: after, depth });
    this.#continues.push({ block: next, depth });
    this.#scoped(() => this.#statement(loop.body), loop.body.span);
    this.#breaks.pop();
    this.#continues.pop();
    b.enter(next);
    if (loop.update !== undefined) this.#expressions.effect(loop.update);
    if (loop.testFirst) b.end({ kind: "goto", to: head });
    else test();
    b.enter(after);
  }

  #switch(testExpr: Expr, body: Stmt, site: Site): void {
    const b = this.#builder;
    const subject = this.#expressions.hold(this.#expressions.value(testExpr));
    const after = b.newBlock();
    const labels: (Stmt & { readonly kind: "case" })[] = [];
    collectCases(body, labels);
    const outer = this.#cases;
    this.#cases = new Map(labels.map((label) => [label, b.newBlock()]));
    let fallback = after;
    for (const label of labels) {
      const target = this.#cases.get(label) ?? after;
      if (label.value === undefined) {
        fallback = target;
        continue;
      }
      const next = b.newBlock();
      b.end({ kind: "branch", condition: this.#caseTest(subject, label, site), then: target, else: next });
      b.enter(next);
    }
    b.end({ kind: "goto", to: fallback });
    this.#breaks.push({ block: after, depth: this.#scopes.depth });
    this.#scoped(() => this.#statement(body), body.span);
    this.#breaks.pop();
    b.enter(after);
    this.#cases = outer;
  }

  #caseTest(subject: Operand, label: Stmt & { readonly kind: "case" }, site: Site): Operand {
    const value = label.value === undefined ? undefined : this.#expressions.value(label.value);
    // A range is not followed: any value may lie in it.
    if (value === undefined || label.to !== undefined)
      return { kind: "unknown", key: this.#builder.fresh(), site };
    return {
      kind: "binary",
      op: "==",
      left: subject,
      right: value,
      scaleLeft: undefined,
      scaleRight: undefined,
      site,
    };
  }
}

/** The case labels of one switch, not those of switches inside it. */
function collectCases(stmt: Stmt, into: (Stmt & { readonly kind: "case" })[]): void {
  switch (stmt.kind) {
    case "case":
      into.push(stmt);
      collectCases(stmt.body, into);
      return;
    case "block":
      for (const inner of stmt.body) collectCases(inner, into);
      return;
    case "if":
      collectCases(stmt.then, into);
      if (stmt.else !== undefined) collectCases(stmt.else, into);
      return;
    case "while":
    case "doWhile":
    case "for":
    case "label":
      collectCases(stmt.body, into);
      return;
    default:
      return;
  }
}

/** `goto fail;` and `{ goto fail; }`. */
function soleGoto(stmt: Stmt): (Stmt & { readonly kind: "goto" }) | undefined {
  if (stmt.kind === "goto") return stmt;
  const [only, second] = stmt.kind === "block" ? stmt.body : [];
  return only?.kind === "goto" && second === undefined ? only : undefined;
}

function integerFacts(type: CType | undefined): IntegerFacts {
  return type?.kind === "int" ? { unsigned: !type.signed, narrow: type.bits < 64 } : {};
}

function number(value: number, site: Site): Operand {
  return { kind: "number", value, text: String(value), site };
}

function returnKind(type: CType): Cfg["returns"] {
  return type.kind === "void" || type.kind === "pointer" ? type.kind : "other";
}
