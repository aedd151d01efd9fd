/**
 * The instructions that C is lowered to: side effects stand alone and in order, operands are free of them, and every
 * choice (`if`, `&&`, `?:`, `switch`, loops) is an edge that assumes a condition.
 */
import type { Site } from "../diagnostic.js";
import type { BinaryOperator, CType, MacroUse, UnaryOperator } from "../syntax/ast.js";

export interface Variable {
  /** Unique in its function; file-scope names are prefixed with "::". */
  readonly id: string;
  readonly name: string;
  readonly type: CType;
  /** `outer`: file scope or static, seen by other functions too. */
  readonly scope: "local" | "parameter" | "outer";
  /** An unsigned integer: never below 0. */
  readonly unsigned?: boolean;
  /** An integer too narrow for an address. */
  readonly narrow?: boolean;
}

export interface Located {
  readonly site: Site;
  readonly macro?: MacroUse | undefined;
}

/** An expression without side effects. Reading through a pointer is still an access of what it points to. */
export type Operand = Located &
  (
    | { readonly kind: "number"; readonly value: number; readonly text: string }
    | { readonly kind: "string"; readonly value: string }
    /** A name that nothing in view defines, or a name of the family: MAP_SHARED, NULL, PAGE_SIZE. */
    | { readonly kind: "constant"; readonly name: string }
    | { readonly kind: "function"; readonly name: string }
    | { readonly kind: "temporary"; readonly id: string }
    | { readonly kind: "read"; readonly place: PlaceExpr }
    | { readonly kind: "address"; readonly place: PlaceExpr }
    | { readonly kind: "unary"; readonly op: UnaryOperator; readonly operand: Operand }
    /** `elementSize` is the size in bytes that pointer arithmetic on the left operand is scaled by. */
    | {
        readonly kind: "binary";
        readonly op: BinaryOperator;
        readonly left: Operand;
        readonly right: Operand;
        readonly scaleRight: ElementSize | undefined;
        readonly scaleLeft: ElementSize | undefined;
        /** A multiplication, a shift or a sum in 32 bits. */
        readonly narrow?: boolean;
      }
    | { readonly kind: "cast"; readonly type: CType; readonly operand: Operand }
    | {
        readonly kind: "sizeof";
        readonly size: ElementSize;
        readonly text: string;
        readonly ofPointer: boolean;
      }
    /** A value that the lowering does not understand. */
    | { readonly kind: "unknown"; readonly key: string }
  );

/** Bytes, or the name of a type whose size is not known. `behindStart`: of a member that is not the first of its struct. */
export type ElementSize = number | { readonly type: string; readonly behindStart?: true };

/** An object in memory, not yet evaluated. */
export type PlaceExpr =
  | { readonly kind: "variable"; readonly variable: Variable }
  /** `offset`: bytes from the start of the object. */
  | {
      readonly kind: "field";
      readonly object: PlaceExpr;
      readonly field: string;
      /** The struct and the member, "struct shm.base"; undefined when the struct has no name. */
      readonly member: string | undefined;
      readonly offset: ElementSize;
      readonly type: CType;
      readonly site: Site;
    }
  | {
      readonly kind: "element";
      readonly array: PlaceExpr;
      readonly index: Operand;
      readonly size: ElementSize;
      readonly type: CType;
      readonly site: Site;
    }
  /** What `pointer` points to; `type` is the type of the object there. */
  | { readonly kind: "deref"; readonly pointer: Operand; readonly type: CType; readonly site: Site };

export type Instruction = {
  readonly id: string;
  readonly site: Site;
} & (
  | {
      readonly kind: "assign";
      readonly target: PlaceExpr;
      readonly value: Operand;
      readonly update: boolean;
      /** The target is an integer of 32 bits or less, the value one of as many bits as this. */
      readonly narrows?: 32 | 64 | undefined;
    }
  | { readonly kind: "set"; readonly temporary: string; readonly value: Operand }
  /** A local variable comes into being without a value. */
  | { readonly kind: "declare"; readonly variable: Variable }
  /** Local variables end with their block. */
  | { readonly kind: "leave"; readonly variables: readonly Variable[] }
  | {
      readonly kind: "call";
      readonly temporary: string;
      /** Undefined for a call through a pointer. */
      readonly callee: string | undefined;
      readonly pointer: Operand | undefined;
      readonly args: readonly Operand[];
      /** The struct that each argument points to, by name. */
      readonly structs: readonly (string | undefined)[];
      /** Is the type of each argument certainly an integer of 64 bits? */
      readonly wide: readonly boolean[];
      /** False when the value of the call is dropped; "void" when dropped by a cast to void. */
      readonly used: boolean | "void";
      /** A goto follows it in its block: whoever wrote that knows that the call comes back. */
      readonly returns?: true;
      readonly nameSite: Site;
    }
  /** A goto, for the story: the edge itself is the block's terminator. */
  | { readonly kind: "jump"; readonly label: string }
  /** Evaluated for its accesses alone. */
  | { readonly kind: "evaluate"; readonly value: Operand }
  /** The operands are read, and whatever they reach may change and escape. */
  | { readonly kind: "opaque"; readonly operands: readonly Operand[] }
);

export type Terminator =
  | { readonly kind: "goto"; readonly to: number }
  | {
      readonly kind: "branch";
      readonly condition: Operand;
      readonly then: number;
      readonly else: number;
    }
  | { readonly kind: "return"; readonly value: Operand | undefined; readonly site: Site }
  /** Control does not get here. */
  | { readonly kind: "unreachable" };

export interface Block {
  readonly instructions: readonly Instruction[];
  readonly terminator: Terminator;
}

/** A lowered function. Block 0 is the entry. */
export interface Cfg {
  readonly name: string;
  readonly file: string;
  readonly parameters: readonly Variable[];
  readonly returns: "void" | "pointer" | "other";
  readonly noreturn: boolean;
  readonly static: boolean;
  readonly blocks: readonly Block[];
  readonly site: Site;
  readonly nameSite: Site;
}
