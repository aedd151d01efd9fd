/**
 * The C syntax tree that the analyzer sees: plain readonly data with spans in the original file.
 *
 * Macros are already expanded and one branch of every `#if` is chosen, so there are no directives here. A node that
 * comes out of a macro has the span of the macro's use in the original text and carries `macro`.
 */
import type { Span } from "../diagnostic.js";

/** The outermost macro that a node came from. */
export interface MacroUse {
  readonly name: string;
  /** Where the macro is defined in the same file; undefined when it is defined elsewhere. */
  readonly definition: Span | undefined;
}

interface Node {
  readonly span: Span;
  readonly macro?: MacroUse;
}

export type UnaryOperator = "-" | "+" | "!" | "~";
export type BinaryOperator =
  "+" | "-" | "*" | "/" | "%" | "<<" | ">>" | "&" | "|" | "^" | "==" | "!=" | "<" | "<=" | ">" | ">=";
export type AssignmentOperator = "=" | "+=" | "-=" | "*=" | "/=" | "%=" | "<<=" | ">>=" | "&=" | "|=" | "^=";

export type Expr =
  /** Integer or floating literal; `value` undefined when floating or beyond 2^53. 0xffffffffffffffff is -1. */
  | (Node & { readonly kind: "number"; readonly text: string; readonly value: number | undefined })
  | (Node & { readonly kind: "char"; readonly value: number })
  /** `value` has its escapes resolved; adjacent literals are joined. */
  | (Node & { readonly kind: "string"; readonly value: string })
  | (Node & { readonly kind: "name"; readonly name: string })
  | (Node & { readonly kind: "unary"; readonly op: UnaryOperator; readonly operand: Expr })
  | (Node & { readonly kind: "deref"; readonly operand: Expr })
  | (Node & { readonly kind: "addressOf"; readonly operand: Expr })
  | (Node & {
      readonly kind: "update";
      readonly op: "++" | "--";
      readonly prefix: boolean;
      readonly operand: Expr;
    })
  | (Node & {
      readonly kind: "binary";
      readonly op: BinaryOperator;
      readonly left: Expr;
      readonly right: Expr;
    })
  | (Node & { readonly kind: "logical"; readonly op: "&&" | "||"; readonly left: Expr; readonly right: Expr })
  /** `then` is undefined in GNU's `a ?: b`. */
  | (Node & {
      readonly kind: "conditional";
      readonly test: Expr;
      readonly then: Expr | undefined;
      readonly else: Expr;
    })
  | (Node & { readonly kind: "comma"; readonly left: Expr; readonly right: Expr })
  | (Node & {
      readonly kind: "assign";
      readonly op: AssignmentOperator;
      readonly target: Expr;
      readonly value: Expr;
    })
  /** `maybeCast`: `(word)(argument)`, which is a cast where the word is no function's name. */
  | (Node & {
      readonly kind: "call";
      readonly callee: Expr;
      readonly args: readonly Expr[];
      readonly maybeCast?: true;
    })
  | (Node & { readonly kind: "index"; readonly base: Expr; readonly index: Expr })
  | (Node & {
      readonly kind: "member";
      readonly object: Expr;
      readonly field: string;
      readonly arrow: boolean;
    })
  | (Node & { readonly kind: "cast"; readonly type: CType; readonly operand: Expr })
  | (Node & { readonly kind: "sizeof"; readonly type: CType | undefined; readonly operand: Expr | undefined })
  /** `(struct s){ … }`: `value` is an `initializer`. */
  | (Node & { readonly kind: "compound"; readonly type: CType; readonly value: Expr })
  /** `{ .a = 1, [2] = 3, 4 }`; no designator: the next member in order. */
  | (Node & { readonly kind: "initializer"; readonly elements: readonly InitializerElement[] })
  /** GNU's `({ … })`. */
  | (Node & { readonly kind: "statementExpr"; readonly body: Stmt & { readonly kind: "block" } })
  /** Anything else (`_Generic`, `offsetof`, `va_arg`, …): the operands are evaluated, the value is unknown. */
  | (Node & { readonly kind: "opaque"; readonly operands: readonly Expr[] });

export interface InitializerElement {
  readonly designators: readonly ({ readonly field: string } | { readonly index: Expr })[];
  readonly value: Expr;
}

export type CType = (
  | { readonly kind: "void" }
  /** `bits` on an LP64 machine: char 8, short 16, int 32, long 64, long long 64, _Bool 8. */
  | { readonly kind: "int"; readonly bits: 8 | 16 | 32 | 64; readonly signed: boolean }
  | { readonly kind: "float"; readonly bits: number }
  | { readonly kind: "pointer"; readonly to: CType }
  /** `length` undefined: `[]`. */
  | { readonly kind: "array"; readonly of: CType; readonly length: Expr | undefined }
  | {
      readonly kind: "struct" | "union";
      readonly tag: string | undefined;
      /** Undefined when only referred to by its tag. */
      readonly fields: readonly Field[] | undefined;
    }
  | { readonly kind: "enum"; readonly tag: string | undefined }
  /** A typedef's name, not looked up. */
  | { readonly kind: "named"; readonly name: string }
  | { readonly kind: "function"; readonly returns: CType }
) & { readonly volatile?: boolean; readonly const?: boolean };

export interface Field {
  readonly name: string;
  readonly type: CType;
}

export interface Declarator {
  readonly name: string;
  readonly type: CType;
  readonly storage: "none" | "static" | "extern" | "typedef";
  /** Also `static`/thread local: kept between calls when not "none". */
  readonly initializer: Expr | undefined;
  readonly span: Span;
}

export type Stmt =
  | (Node & { readonly kind: "block"; readonly body: readonly Stmt[] })
  | (Node & { readonly kind: "expression"; readonly expr: Expr })
  | (Node & { readonly kind: "declaration"; readonly declarators: readonly Declarator[] })
  | (Node & {
      readonly kind: "if";
      readonly test: Expr;
      readonly then: Stmt;
      readonly else: Stmt | undefined;
    })
  | (Node & { readonly kind: "while"; readonly test: Expr; readonly body: Stmt })
  | (Node & { readonly kind: "doWhile"; readonly body: Stmt; readonly test: Expr })
  | (Node & {
      readonly kind: "for";
      readonly init: Stmt | undefined;
      readonly test: Expr | undefined;
      readonly update: Expr | undefined;
      readonly body: Stmt;
    })
  /** Case labels stand in `body` as `case` statements, at any depth. */
  | (Node & { readonly kind: "switch"; readonly test: Expr; readonly body: Stmt })
  /** A label, its `body` the statement behind it. `value` undefined: default. `to`: end of GNU's `case 1 ... 5`. */
  | (Node & {
      readonly kind: "case";
      readonly value: Expr | undefined;
      readonly to: Expr | undefined;
      readonly body: Stmt;
    })
  | (Node & { readonly kind: "label"; readonly name: string; readonly body: Stmt })
  | (Node & { readonly kind: "goto"; readonly label: string })
  | (Node & { readonly kind: "break" | "continue" | "empty" })
  | (Node & { readonly kind: "return"; readonly value: Expr | undefined })
  /** Inline assembly and computed goto: `operands` are read, may be written, and escape. */
  | (Node & { readonly kind: "opaque"; readonly operands: readonly Expr[] });

export interface Parameter {
  /** Undefined in `int f(void *)`. */
  readonly name: string | undefined;
  readonly type: CType;
  readonly span: Span;
}

export interface FunctionDefinition {
  readonly name: string;
  readonly nameSpan: Span;
  readonly returns: CType;
  readonly parameters: readonly Parameter[];
  readonly variadic: boolean;
  /** Internal linkage. */
  readonly static: boolean;
  /** `_Noreturn`, `[[noreturn]]` or the GNU attribute, on the definition or on a prototype in the same file. */
  readonly noreturn: boolean;
  readonly body: Stmt & { readonly kind: "block" };
  /** From the first token of the head to the closing brace. */
  readonly span: Span;
}
