/**
 * Edits on bytes: what an edit does not name stays byte for byte, whatever the file's encoding, line endings or byte
 * order mark. Offsets are UTF-16 offsets into the decoded text without byte order mark, as in Span.
 */
import type { Change, Diagnostic, Edit } from "./diagnostic.js";

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Length in bytes of a leading UTF-8 byte order mark: 3 or 0. */
function markLength(bytes: Uint8Array): number {
  return BYTE_ORDER_MARK.every((byte, index) => bytes[index] === byte) ? 3 : 0;
}

/** UTF-8 to text: invalid bytes become U+FFFD, a byte order mark is not part of the text. */
export function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8").decode(bytes);
}

/**
 * How many bytes the character at `at` takes: a well-formed sequence whole, of an ill-formed one its longest prefix
 * that could have become well-formed (Unicode, "maximal subpart"), which the decoder turns into one U+FFFD.
 */
function characterLength(
  bytes: Uint8Array,
  at: number,
): { readonly length: number; readonly valid: boolean } {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return { length: 1, valid: true };
  const following =
    lead >= 0xc2 && lead <= 0xdf
      ? 1
      : lead >= 0xe0 && lead <= 0xef
        ? 2
        : lead >= 0xf0 && lead <= 0xf4
          ? 3
          : 0;
  if (following === 0) return { length: 1, valid: false };
  let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  let high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  for (let index = 1; index <= following; index++) {
    const byte = bytes[at + index];
    if (byte === undefined || byte < low || byte > high) return { length: index, valid: false };
    low = 0x80;
    high = 0xbf;
  }
  return { length: following + 1, valid: true };
}

/** Byte offsets of ascending UTF-16 offsets; offsets past the end map to the end. */
export function byteOffsets(bytes: Uint8Array, offsets: readonly number[]): number[] {
  const found: number[] = [];
  let at = markLength(bytes);
  let units = 0;
  for (const offset of offsets) {
    while (units < offset && at < bytes.length) {
      const { length, valid } = characterLength(bytes, at);
      at += length;
      units += valid && length === 4 ? 2 : 1;
    }
    found.push(at);
  }
  return found;
}

/** The bytes with sorted, non-overlapping changes applied. */
export function applyChanges(bytes: Uint8Array, changes: readonly Change[]): Uint8Array {
  const offsets = byteOffsets(
    bytes,
    changes.flatMap(({ span }) => [span.start, span.end]),
  );
  const parts: Uint8Array[] = [];
  let done = 0;
  for (const [index, change] of changes.entries()) {
    const start = offsets[index * 2] ?? bytes.length;
    parts.push(bytes.subarray(done, start), new TextEncoder().encode(change.text));
    done = offsets[index * 2 + 1] ?? bytes.length;
  }
  parts.push(bytes.subarray(done));
  return Buffer.concat(parts);
}

function overlaps(left: Change, right: Change): boolean {
  // Two insertions at one place, or an insertion at the edge of a replacement, have no certain order either.
  return left.span.start <= right.span.end && right.span.start <= left.span.end;
}

/** The edits to one file's text that can be made together, first finding first, as sorted changes. */
export function changesTogether(
  diagnostics: readonly Diagnostic[],
  safeties: readonly Edit["safety"][] = ["safe"],
): {
  readonly changes: Change[];
  readonly edits: number;
} {
  const taken: Change[] = [];
  let edits = 0;
  for (const { edit } of diagnostics) {
    if (edit === undefined || !safeties.includes(edit.safety) || edit.changes.length === 0) continue;
    if (edit.changes.some((change) => taken.some((other) => overlaps(change, other)))) continue;
    taken.push(...edit.changes);
    edits++;
  }
  taken.sort((left, right) => left.span.start - right.span.start);
  return { changes: taken, edits };
}

function bytesAsText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

/** A file's name as git writes it in a diff: in quotes where it holds quotes or control characters. */
function diffName(name: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  if (!/[\u0000-\u001f\u007f"\\]/.test(name)) return bytesAsText(Buffer.from(name));
  // oxlint-disable-next-line no-control-regex -- the same
  const escaped = name.replace(/[\u0000-\u001f\u007f"\\]/g, (character) =>
    character === '"' || character === "\\"
      ? `\\${character}`
      : `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
  return `"${bytesAsText(Buffer.from(escaped))}"`;
}

/**
 * A unified diff between two states of a file, as bytes: text that is not UTF-8, and CR LF line endings, come through
 * unchanged, so `patch` accepts it.
 */
export async function unifiedDiff(path: string, before: Uint8Array, after: Uint8Array): Promise<Uint8Array> {
  const { createTwoFilesPatch } = await import("diff");
  const patch = createTwoFilesPatch("a", "b", bytesAsText(before), bytesAsText(after), undefined, undefined, {
    context: 3,
  });
  // The library escapes names for text, not for bytes, so the header is written here.
  const hunks = patch.slice(patch.indexOf("@@"));
  return Buffer.from(`--- ${diffName(`a/${path}`)}\n+++ ${diffName(`b/${path}`)}\n${hunks}`, "latin1");
}
