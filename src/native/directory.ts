/** Temporary directories for programs: made where there is a place, private, and removed with all that is left in them. */
import { accessSync, chmodSync, constants, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

/** What to say where no directory can be made. */
export const NO_PLACE =
  "there is no temporary directory that programs can be written to and run in; name one with TMPDIR";

/** Whether the file system takes files and lets them be run: access(2) knows of a mount with noexec. */
function takesPrograms(directory: string): boolean {
  const probe = path.join(directory, "probe");
  try {
    writeFileSync(probe, "", { mode: 0o700 });
    accessSync(probe, constants.X_OK);
    rmSync(probe);
    return true;
  } catch {
    return false;
  }
}

function made(place: string, name: string): string | undefined {
  let directory: string;
  try {
    directory = mkdtempSync(path.join(place, `mmaplint-${name}-`));
  } catch {
    return undefined;
  }
  if (takesPrograms(directory)) return directory;
  rmSync(directory, { recursive: true, force: true });
  return undefined;
}

/**
 * Makes a directory that only this user can enter, in $TMPDIR or else in /var/tmp. `isSuitable` is asked of these places.
 * Undefined where neither will do.
 */
export function makeDirectory(name: string, isSuitable: (place: string) => boolean): string | undefined {
  for (const place of [tmpdir(), "/var/tmp"]) {
    const directory = path.isAbsolute(place) && isSuitable(place) ? made(place, name) : undefined;
    if (directory !== undefined) return directory;
  }
  return undefined;
}

/** Nobody but root can empty a directory that its mode keeps even its owner out of. */
function open(directory: string): void {
  chmodSync(directory, 0o700);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) open(path.join(directory, entry.name));
  }
}

/** Removes a directory; a program that has just been killed may still be making files in it. */
export function removeDirectory(directory: string): void {
  const options = { recursive: true, force: true, maxRetries: 5 } as const;
  try {
    rmSync(directory, options);
  } catch {
    open(directory);
    rmSync(directory, options);
  }
}
