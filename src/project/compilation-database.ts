/**
 * Clang's JSON Compilation Database (clang.llvm.org/docs/JSONCompilationDatabase.html): which files a build compiles,
 * and with which flags. It is data: nothing in it is executed, and no file that it names is opened here.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { type CompilerFlags, compilerFlags } from "./compiler-flags.js";
import { isInside, leavesTree, readRegularFile } from "./files.js";
import { MAX_FILE_BYTES } from "./load.js";
import { shellWords } from "./shell.js";

export interface CompilationDatabase {
  /** The database's own path, as it is shown. */
  readonly shown: string;
  /** Absolute, in the order of the database, each once. */
  readonly files: readonly string[];
  /** What a file is compiled with, by its absolute path: as its first entry says. Undefined for other files. */
  readonly flagsOf: (file: string) => CompilerFlags | undefined;
}

export const DATABASE = "compile_commands.json";
const WRITING_ONE =
  "build systems write it: cmake -DCMAKE_EXPORT_COMPILE_COMMANDS=ON, meson setup, or bear -- make";

interface Entry {
  readonly directory: string;
  readonly file: string;
  readonly words: () => readonly string[];
}

/**
 * Reads the database that a user names, the file or the directory that holds it; answers with a sentence when it
 * cannot be used.
 *
 * @param cwd absolute; what the database says of files that lie there by another name holds for them as well
 * @param named how the sentence begins: where the user has named the database
 */
export function readDatabase(
  cwd: string,
  build: string,
  named = `-p ${build}`,
): CompilationDatabase | string {
  if (build === "") return `-p: the name is missing; name the directory that holds ${DATABASE}`;
  const there = path.resolve(cwd, build);
  const isDirectory = isDirectoryThere(there);
  const file = isDirectory ? path.join(there, DATABASE) : there;
  const shown = isDirectory ? path.join(build, DATABASE).split(path.sep).join("/") : build;
  if (leavesTree(cwd, file))
    return `${named}: ${shown} is a symbolic link that leads out of the working directory and is not followed; name its target ${fs.realpathSync(file)} instead`;
  const content = readRegularFile(file, MAX_FILE_BYTES);
  if (content.kind === "failed")
    return `${named}: ${shown} cannot be read: ${content.reason}; name the directory that holds ${DATABASE}, ${WRITING_ONE}`;
  if (content.kind === "too-large")
    return `${named}: ${shown} has more than the limit of ${MAX_FILE_BYTES / (1024 * 1024)} MiB; make a smaller one of the entries that matter`;
  const entries = entriesOf(content.bytes.toString("utf8").replace(/^\ufeff/, ""), path.dirname(file));
  return typeof entries === "string" ? `${named}: ${shown} ${entries}` : index(cwd, shown, entries);
}

function isDirectoryThere(name: string): boolean {
  try {
    return fs.statSync(name, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    // What is wrong with it is told by who tries to read it.
    return false;
  }
}

/** The entries, or what is wrong with them as a clause. `base`: what a relative `directory` is relative to. */
function entriesOf(text: string, base: string): readonly Entry[] | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `is not valid JSON: ${reason}; have it written anew, ${WRITING_ONE}`;
  }
  if (!Array.isArray(value))
    return `is no compilation database: it must be an array of entries; ${WRITING_ONE}`;
  const entries: Entry[] = [];
  for (const [number, item] of value.entries()) {
    const entry = entryOf(item, base);
    if (typeof entry === "string")
      return `is no compilation database: entry ${number} ${entry}; ${WRITING_ONE}`;
    entries.push(entry);
  }
  return entries;
}

function entryOf(item: unknown, base: string): Entry | string {
  if (typeof item !== "object" || item === null) return "must be an object";
  const { directory, file, arguments: list, command }: Readonly<Record<string, unknown>> = { ...item };
  if (typeof directory !== "string") return 'has no text for the key "directory"';
  if (typeof file !== "string") return 'has no text for the key "file"';
  const start = path.resolve(base, directory);
  if (list !== undefined) {
    if (!Array.isArray(list)) return 'must have an array for the key "arguments"';
    const words = list.filter((word) => typeof word === "string");
    return { directory: start, file, words: () => words };
  }
  if (typeof command !== "string") return 'needs the key "arguments" or the key "command"';
  return { directory: start, file, words: () => shellWords(command) };
}

function index(cwd: string, shown: string, entries: readonly Entry[]): CompilationDatabase {
  const here = inWorkingDirectory(cwd);
  const byFile = new Map<string, Entry>();
  for (const entry of entries) {
    const spelled = path.resolve(entry.directory, entry.file);
    const file = path.join(here(path.dirname(spelled)), path.basename(spelled));
    if (!byFile.has(file)) byFile.set(file, entry);
  }
  const known = new Map<string, CompilerFlags>();
  return {
    shown,
    files: [...byFile.keys()],
    flagsOf: (file) => {
      const entry = byFile.get(file);
      if (entry === undefined) return undefined;
      const flags = known.get(file) ?? flagsOfEntry(entry, here);
      known.set(file, flags);
      return flags;
    },
  };
}

function flagsOfEntry(entry: Entry, here: (directory: string) => string): CompilerFlags {
  const flags = compilerFlags(entry.words(), here(entry.directory));
  return { ...flags, quoted: flags.quoted.map(here), directories: flags.directories.map(here) };
}

/** Spells a directory as below the working directory where it is so behind symbolic links; others stay as they are. */
function inWorkingDirectory(cwd: string): (directory: string) => string {
  const known = new Map<string, string>();
  return (directory) => {
    if (isInside(cwd, directory)) return directory;
    let real = known.get(directory);
    if (real === undefined) known.set(directory, (real = realDirectory(cwd, directory)));
    return real;
  };
}

function realDirectory(cwd: string, directory: string): string {
  try {
    const tree = fs.realpathSync(cwd);
    const real = fs.realpathSync(directory);
    return isInside(tree, real) ? path.join(cwd, path.relative(tree, real)) : directory;
  } catch {
    return directory;
  }
}
