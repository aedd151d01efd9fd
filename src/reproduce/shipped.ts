/** The reproducers of the package, and a place on disk to run them at. */
import { mkdirSync, readFileSync, statfsSync } from "node:fs";
import * as path from "node:path";
import { makeDirectory } from "../native/directory.js";
import { reproducerFile } from "./files.js";
import { type Reproducer, toReproducer } from "./trial.js";

/**
 * The reproducer of a rule, by the rule's id; undefined when the package has none.
 * @throws HeaderError when it is not of its form, a defect of the package.
 */
export function shipped(id: string): Reproducer | undefined {
  const file = reproducerFile(id);
  return file === undefined ? undefined : toReproducer(readFileSync(file, "utf8"));
}

/** File systems that are memory: tmpfs and ramfs, by the f_type of statfs(2). */
const IN_MEMORY = [0x01021994, 0x858458f6];

function isOnDisk(place: string): boolean {
  try {
    return !IN_MEMORY.includes(statfsSync(place).type);
  } catch {
    return false;
  }
}

/**
 * Makes a directory for reproducers, on a disk if one is at hand: a file in memory is never written back, so some of
 * them have nothing to show there, say so, and skip themselves. Undefined where there is no place.
 */
export function makeWorkplace(): string | undefined {
  return makeDirectory("reproduce", isOnDisk) ?? makeDirectory("reproduce", () => true);
}

/** A directory in a workplace for one trial. */
export function workplaceFor(workplace: string, id: string): string {
  const directory = path.join(workplace, id);
  mkdirSync(directory);
  return directory;
}
