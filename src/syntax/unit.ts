/** The front end's one public surface: a C file as functions and declarations, each read only when asked for. */
import type { Span } from "../diagnostic.js";
import type { CType, Expr, FunctionDefinition } from "./ast.js";

/** A C file. `text` is without byte order mark; `path` has forward slashes. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/**
 * The file that an `#include` in the file `from` means, paths with forward slashes; undefined when it is none of the
 * project's. `angled`: it is written `<name>`.
 */
export type Include = (name: string, from: string, angled: boolean) => Source | undefined;

/** What the compiler is told of a file besides its text. */
export interface CommandLine {
  /** What -D and -U say, in order, as lines of `#define` and `#undef`. */
  readonly definitions: string;
  /** The files of -include, in order; read when first asked for. */
  readonly included: () => readonly Source[];
  /** What `#include` means in the file, and in what it includes. */
  readonly include: Include;
}

/** A top-level function found by the lexer alone, not parsed yet. */
export interface FunctionOutline {
  readonly name: string;
  readonly nameSpan: Span;
  /** From the first token of the head (return type, storage class) to the closing brace. */
  readonly span: Span;
  readonly static: boolean;
  /** Linux as usually built has this definition. */
  readonly usual: boolean;
  /** Every identifier in head and body, macro uses not expanded. */
  readonly names: ReadonlySet<string>;
}

/** One name declared at file scope (not a function definition): a variable, typedef, enum constant or prototype. */
export interface GlobalDeclaration {
  readonly name: string;
  readonly type: CType;
  readonly storage: "none" | "static" | "extern" | "typedef";
  readonly initializer: Expr | undefined;
  /** Value of an enum constant, or of a `static const` integer with a constant initializer. */
  readonly constant: number | undefined;
  /** In this file; undefined when an included file declares it. */
  readonly span: Span | undefined;
}

/** A function after parsing. */
export type ParsedFunction =
  /**
   * One definition for each reading of the function's conditionals: the same condition takes the same branch throughout
   * a reading. The first is Linux as usually built, the second has every open condition the other way round; when both
   * give the same text there is one. Where a branch that names the family is in neither, a third selects it. A reading
   * that cannot be parsed is left out while another can.
   */
  | {
      readonly kind: "parsed";
      readonly readings: readonly FunctionDefinition[];
      /** The second is the first with every open condition the other way round, and not chosen for a branch. */
      readonly opposite: boolean;
      /** Why the other reading is missing, when it could not be parsed. */
      readonly unread?: { readonly reason: string; readonly line: number };
    }
  /** `reason` is a short clause such as "syntax error near 'foo'" or "nested deeper than 1000 levels". */
  | { readonly kind: "failed"; readonly reason: string; readonly line: number };

export interface Unit {
  readonly source: Source;
  /**
   * In the order of the file; a function defined in both branches of an `#if` appears twice, unless the command line
   * says which of them is compiled.
   */
  readonly functions: readonly FunctionOutline[];
  /** The files that it includes, directly or through others; the nearest first. */
  headers(): readonly Unit[];
  /** The path of the file, this one first, that declares a name or tag at file scope; undefined when none in sight does. */
  homeOf(name: string): string | undefined;
  /** A prototype here or in an included file says that the function does not return. */
  neverReturns(name: string): boolean;
  /** Object-like and function-like macros' names that the file defines, without those of included files. */
  readonly macros: ReadonlySet<string>;
  /**
   * The texts of the definitions of a macro, a line each, tokens with single blanks between; for those names too that are never
   * expanded (`#define MAP_FAILED NULL`).
   */
  macroBodies(name: string): string | undefined;
  /**
   * The function's text and all that its meaning rests on in this file and the included ones: while the list is the
   * same, so is what `parse`, `global` and `resolve` have to say of the function and its names.
   */
  environment(outline: FunctionOutline): readonly string[];
  /** Parses on first use and remembers; never throws. */
  parse(outline: FunctionOutline): ParsedFunction;
  /**
   * Looks a name up at file scope, then in the included files; parses the declaration on first use and remembers; never
   * throws.
   */
  global(name: string): GlobalDeclaration | undefined;
  /** The struct, union or enum behind typedef names and tags, as far as it is defined in sight; else the type itself. */
  resolve(type: CType): CType;
  /** 1-based line and column (UTF-16 code units) of an offset. */
  position(offset: number): { readonly line: number; readonly column: number };
}
