/** What a run has left in its directory, so that two runs can be compared. */
import { createHash } from "node:crypto";
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from "node:fs";
import * as path from "node:path";

/** Bytes of each file that are compared, besides its length: a sparse file can be larger than any memory. */
const MAX_COMPARED = 64 * 1024 * 1024;

function digestOf(file: string, size: number): string {
  const handle = openSync(file, "r");
  try {
    const content = Buffer.alloc(Math.min(size, MAX_COMPARED));
    const length = readSync(handle, content);
    return createHash("sha256").update(content.subarray(0, length)).digest("hex");
  } finally {
    closeSync(handle);
  }
}

function describe(file: string): string {
  const status = lstatSync(file);
  const mode = status.mode.toString(8);
  if (status.isSymbolicLink()) return `${mode} ${readlinkSync(file)}`;
  return status.isFile() ? `${mode} ${status.size} ${digestOf(file, status.size)}` : mode;
}

/** The answer, or a word for a file that may not be read, or that a process which lives on has just removed. */
function attempt<Value>(ask: () => Value, otherwise: Value): Value {
  try {
    return ask();
  } catch {
    return otherwise;
  }
}

/** Modes and digests of everything below a directory, by paths relative to it. What cannot be read has an entry too. */
export function leavingsIn(directory: string, parent = ""): Map<string, string> {
  const entries = attempt(() => readdirSync(path.join(directory, parent), { withFileTypes: true }), []);
  const found = new Map<string, string>();
  for (const entry of entries) {
    const name = path.join(parent, entry.name);
    const file = path.join(directory, name);
    found.set(
      name,
      attempt(() => describe(file), "unreadable"),
    );
    if (entry.isDirectory()) {
      for (const [below, value] of leavingsIn(directory, name)) found.set(below, value);
    }
  }
  return found;
}
