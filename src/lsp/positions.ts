/** Places in a document as the protocol counts them: lines and columns from 0, columns in the units agreed upon. */
import type { Span } from "../diagnostic.js";
import { type Lines, positionOf } from "../text.js";

/** What a column counts: UTF-16 code units, or bytes of UTF-8. */
export type Encoding = "utf-16" | "utf-8";

/** 0-based line, and column in units of the encoding. */
export interface Place {
  readonly line: number;
  readonly character: number;
}

export interface Range {
  readonly start: Place;
  readonly end: Place;
}

/** The bytes of the code point at an offset, and its UTF-16 code units. Half of a pair alone is written as U+FFFD. */
function widthAt(text: string, offset: number): { readonly bytes: number; readonly units: number } {
  const code = text.codePointAt(offset) ?? 0;
  if (code > 0xffff) return { bytes: 4, units: 2 };
  return { bytes: code < 0x80 ? 1 : code < 0x800 ? 2 : 3, units: 1 };
}

/** The place of a UTF-16 offset; one past the end is the end. */
export function placeAt(lines: Lines, offset: number, encoding: Encoding): Place {
  const { line, column } = positionOf(lines, Math.max(0, Math.min(offset, lines.text.length)));
  if (encoding === "utf-16") return { line: line - 1, character: column - 1 };
  const start = lines.starts[line - 1] ?? 0;
  let character = 0;
  for (let at = start; at < start + column - 1;) {
    const { bytes, units } = widthAt(lines.text, at);
    character += bytes;
    at += units;
  }
  return { line: line - 1, character };
}

/** The UTF-16 offset of a place: one past the end of its line is the end of the line, a line past the last the end. */
export function offsetAt(lines: Lines, { line, character }: Place, encoding: Encoding): number {
  const start = lines.starts[line];
  if (start === undefined) return line < 0 ? 0 : lines.text.length;
  const end = endOfLine(lines, line);
  if (encoding === "utf-16") return Math.max(start, Math.min(start + character, end));
  let at = start;
  for (let left = character; at < end;) {
    const { bytes, units } = widthAt(lines.text, at);
    if (left < bytes) break;
    left -= bytes;
    at += units;
  }
  return at;
}

export function rangeOf(lines: Lines, { start, end }: Span, encoding: Encoding): Range {
  return { start: placeAt(lines, start, encoding), end: placeAt(lines, end, encoding) };
}

/** Where a line's text ends, its line ending not included. */
function endOfLine({ text, starts }: Lines, line: number): number {
  let end = starts[line + 1] ?? text.length;
  const last = starts[line + 1] === undefined ? "" : (text[end - 1] ?? "");
  if (last === "\n" || last === "\r") end--;
  if (last === "\n" && text[end - 1] === "\r") end--;
  return end;
}
