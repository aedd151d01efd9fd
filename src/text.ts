/** Lines and positions of a text, as reporters and edits need them. Pure. */
import type { Position } from "./diagnostic.js";

/** A text with the offsets at which its lines start. Lines end at LF, CR LF or a lone CR, as editors count them. */
export interface Lines {
  readonly text: string;
  readonly starts: readonly number[];
}

/** Splits a text into lines, in time linear in its length. */
export function linesOf(text: string): Lines {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length);
  return { text, starts };
}

/** A line's text without its line ending, by 1-based number; empty for a line that does not exist. */
export function lineText(lines: Lines, line: number): string {
  const start = lines.starts[line - 1];
  if (start === undefined) return "";
  return lines.text.slice(start, lines.starts[line] ?? lines.text.length).replace(/[\r\n]+$/, "");
}

/** The 1-based line and column (UTF-16 code units) of an offset. */
export function positionOf(lines: Lines, offset: number): Position {
  let low = 0;
  let high = lines.starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lines.starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (lines.starts[low] ?? 0) + 1, offset };
}

/** The last line that is not empty. */
export function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1)?.trim() ?? "";
}

/** `1 file`, `2 files`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/**
 * The text with control characters and bidirectional overrides made visible, so that a hostile source file or file
 * name cannot steer the terminal it is shown on. Tabs stay.
 */
export function visible(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
