/** From found files to texts in memory: only those that can matter are decoded and kept. */
import type { Notice } from "../diagnostic.js";
import { decode } from "../edit.js";
// The prefilter alone, not the engine behind it: most runs never need the engine, and loading it costs more than they do.
import { couldMatter } from "../syntax/family.js";
import type { FoundFile } from "./discover.js";
import { readRegularFile } from "./files.js";

/** A larger file is given up with a notice: no person wrote it, and it would take a parser's memory. */
export const MAX_FILE_BYTES = 32 * 1024 * 1024;

/** Files hold suppressions even where nothing else in them matters; an unused one is to be found there as well. */
const SUPPRESSION_MARK = "mmaplint-disable-";

export interface LoadedFile<Settings> extends FoundFile<Settings> {
  readonly bytes: Uint8Array;
  /** Without byte order mark. */
  readonly text: string;
  /** Whether it is linted; else it is here for its suppressions only. */
  readonly matters: boolean;
}

export interface Loading<Settings> {
  readonly files: readonly LoadedFile<Settings>[];
  readonly notices: readonly Notice[];
  readonly mistakes: readonly string[];
}

function binaryReason(bytes: Uint8Array): string | undefined {
  if (!bytes.includes(0)) return undefined;
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  return utf16 ? "it is UTF-16; convert it to UTF-8" : "it holds NUL bytes, so it is no C source";
}

function megabytes(bytes: number): string {
  return `${(bytes / (1024 * 1024)).toFixed(0)} MiB`;
}

/** A file's bytes as a loaded file; a reason when it cannot be C source; undefined when nothing in it matters. */
export function toLoaded<Settings>(
  file: FoundFile<Settings>,
  bytes: Buffer,
  matter: (text: string, settings: Settings) => boolean = () => false,
): LoadedFile<Settings> | string | undefined {
  const binary = binaryReason(bytes);
  if (binary !== undefined) return binary;
  // One byte, one character: the names that are looked for are ASCII, so no decoding is needed to see them.
  const raw = bytes.toString("latin1");
  const matters = couldMatter(raw) || matter(raw, file.settings);
  if (!matters && !raw.includes(SUPPRESSION_MARK)) return undefined;
  return { ...file, bytes, text: decode(bytes), matters };
}

/** Reads the files; never throws. `matter`: is a text with these settings to be linted, though it does not name the family? */
export function load<Settings>(
  found: readonly FoundFile<Settings>[],
  matter: (text: string, settings: Settings) => boolean = () => false,
): Loading<Settings> {
  const files: LoadedFile<Settings>[] = [];
  const notices: Notice[] = [];
  const mistakes: string[] = [];
  const giveUp = (file: string, reason: string): void => {
    notices.push({ file, function: undefined, line: undefined, reason });
  };
  for (const file of found) {
    const content = readRegularFile(file.absolute, MAX_FILE_BYTES);
    switch (content.kind) {
      case "failed":
        mistakes.push(`${file.path}: cannot be read: ${content.reason}`);
        break;
      case "too-large":
        giveUp(
          file.path,
          `it has ${megabytes(content.size)}, more than the limit of ${megabytes(MAX_FILE_BYTES)}`,
        );
        break;
      case "bytes": {
        const loaded = toLoaded(file, content.bytes, matter);
        if (typeof loaded === "string") giveUp(file.path, loaded);
        else if (loaded !== undefined) files.push(loaded);
        break;
      }
    }
  }
  return { files, notices, mistakes };
}
