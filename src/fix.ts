/** Safe edits, round by round: what one round leaves out because it overlaps, the next one finds again. */
import { check, type Checked, type Checker } from "./check.js";
import type { Config } from "./config.js";
import { applyChanges, decode, changesTogether, unifiedDiff } from "./edit.js";
import { leavesTree, readRegularFile, reasonOf, replaceFile } from "./project/files.js";
import { type LoadedFile, MAX_FILE_BYTES } from "./project/load.js";

/** Edits that make room for one another for longer than this do not come to rest at all. */
const MAX_ROUNDS = 10;

export interface Fixed {
  /** The files as they are after the edits; unchanged ones are the same objects as before. */
  readonly files: readonly LoadedFile<Config>[];
  /** What is still to be said about them. */
  readonly checked: Checked;
  readonly edits: number;
}

/** Applies the safe edits in memory until none is left. */
export function fixAll(files: readonly LoadedFile<Config>[], first: Checked, checker: Checker): Fixed {
  let current = files;
  let checked = first;
  let edits = 0;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let made = 0;
    const findings = checked.findings;
    current = current.map((file) => {
      const own = changesTogether(findings.filter(({ location }) => location.file === file.path));
      if (own.edits === 0) return file;
      made += own.edits;
      const bytes = applyChanges(file.bytes, own.changes);
      return { ...file, bytes, text: decode(bytes) };
    });
    if (made === 0) break;
    edits += made;
    checked = check(current, checker);
  }
  return { files: current, checked, edits };
}

function changedPairs(
  before: readonly LoadedFile<Config>[],
  after: readonly LoadedFile<Config>[],
): { readonly old: LoadedFile<Config>; readonly new: LoadedFile<Config> }[] {
  return before.flatMap((old, index) => {
    const changed = after[index];
    return changed === undefined || changed === old ? [] : [{ old, new: changed }];
  });
}

/** Why a file cannot be replaced; undefined when it was. */
function write(cwd: string, old: LoadedFile<Config>, bytes: Uint8Array): string | undefined {
  if (leavesTree(cwd, old.absolute)) {
    return "the symbolic link leads out of the working directory; edit its target instead";
  }
  const content = readRegularFile(old.absolute, MAX_FILE_BYTES);
  if (content.kind !== "bytes" || !content.bytes.equals(old.bytes)) {
    return "it was changed by somebody else in the meantime; run mmaplint again";
  }
  try {
    replaceFile(old.absolute, bytes);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** Replaces the changed files, each at once; answers with sentences about those that it could not replace. */
export function writeFixed(
  cwd: string,
  before: readonly LoadedFile<Config>[],
  { files }: Fixed,
): readonly string[] {
  return changedPairs(before, files).flatMap((pair) => {
    const reason = write(cwd, pair.old, pair.new.bytes);
    return reason === undefined ? [] : [`${pair.old.path}: was not edited: ${reason}`];
  });
}

/** The changes as a unified diff; empty when nothing changed. */
export async function diffFixed(
  before: readonly LoadedFile<Config>[],
  { files }: Fixed,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (const pair of changedPairs(before, files)) {
    parts.push(await unifiedDiff(pair.old.path, pair.old.bytes, pair.new.bytes));
  }
  return Buffer.concat(parts);
}
