/** The documents that the client has open: their text is what counts, not the file's. */
import { type Lines, linesOf } from "../text.js";
import { type Encoding, offsetAt, type Range } from "./positions.js";

export interface OpenDocument {
  readonly uri: string;
  /** As the client counts. */
  readonly version: number;
  readonly lines: Lines;
}

/** A part of the text that is replaced; the whole text where there is no range. */
export interface TextChange {
  readonly range?: Range;
  readonly text: string;
}

/** The document after the changes, each of which is meant for the text that the one before it has made. */
export function changed(
  document: OpenDocument,
  version: number,
  changes: readonly TextChange[],
  encoding: Encoding,
): OpenDocument {
  let { lines } = document;
  for (const { range, text } of changes) {
    if (range === undefined) {
      lines = linesOf(text);
      continue;
    }
    const start = offsetAt(lines, range.start, encoding);
    const end = Math.max(start, offsetAt(lines, range.end, encoding));
    lines = linesOf(lines.text.slice(0, start) + text + lines.text.slice(end));
  }
  return { ...document, version, lines };
}
