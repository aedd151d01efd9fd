/** What a finding is: places, severity, story and edits. Imports nothing; everything else may import this. */

export type Severity = "note" | "warning" | "error";

/** Half-open range of offsets into a file's text, in UTF-16 code units, a byte order mark not counted. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A span in a named file. `file` is the path as it was given to the linter, with forward slashes. */
export interface Site extends Span {
  readonly file: string;
}

/** `line` and `column` are 1-based, `column` in UTF-16 code units; `offset` as in Span. */
export interface Position {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

/** A half-open range of positions in one file. */
export interface Location {
  readonly file: string;
  readonly start: Position;
  readonly end: Position;
}

/** One step of the way to a defect, in the order in which a run of the program meets them. */
export interface Step {
  readonly location: Location;
  readonly message: string;
}

/** The last step of a story that ends where a path leaves the function. */
export const LEAVES = "leaves the function here";

/** Replaces the text of `span` by `text`. */
export interface Change {
  readonly span: Span;
  readonly text: string;
}

/**
 * Changes to the diagnostic's own file. `safe`: the program keeps its meaning where it was right, applied by --fix.
 * `suggested`: a person must agree. Changes are sorted by start and do not overlap.
 */
export interface Edit {
  readonly title: string;
  readonly safety: "safe" | "suggested";
  readonly changes: readonly Change[];
}

/** One finding. `message` is one line and can be understood alone; the story's first step made the mapping. */
export interface Diagnostic {
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly location: Location;
  /** Name of the enclosing C function. */
  readonly function: string;
  /** How the source names the mapping, as far as it has a name. */
  readonly mapping: string | undefined;
  readonly story: readonly Step[];
  readonly help: string;
  readonly edit: Edit | undefined;
}

/** Something that was not analyzed, and why: never silent, never the end of the run. */
export interface Notice {
  readonly file: string;
  /** Undefined when the whole file was given up. */
  readonly function: string | undefined;
  /** 1-based; undefined when the whole file was given up. */
  readonly line: number | undefined;
  readonly reason: string;
}
