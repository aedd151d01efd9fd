/** What a build says of a file, as the front end wants it: headers are looked for in the working directory only. */
import * as path from "node:path";
import type { CommandLine, Include, Source } from "../syntax/unit.js";
import type { CompilationDatabase } from "./compilation-database.js";
import type { CompilerFlags } from "./compiler-flags.js";
import { isInside } from "./files.js";
import { directoryOf, isSystemHeader, joined } from "./headers.js";

/**
 * The command line of a file, by its path with forward slashes; undefined where the database does not know it.
 *
 * @param around finds what is in none of the directories that the build names
 * @param read the file at a path in the working directory; undefined where there is none
 */
export function commandLinesOf(
  cwd: string,
  database: CompilationDatabase,
  around: Include,
  read: (path: string) => Source | undefined,
): (path: string) => CommandLine | undefined {
  const known = new Map<string, CommandLine>();
  return (file) => {
    const flags = database.flagsOf(path.resolve(cwd, file));
    if (flags === undefined) return undefined;
    // Most files of a program are compiled alike, and so share what is known of their headers.
    const key = JSON.stringify(flags);
    const commandLine = known.get(key) ?? commandLineOf(cwd, flags, around, read);
    known.set(key, commandLine);
    return commandLine;
  };
}

function commandLineOf(
  cwd: string,
  flags: CompilerFlags,
  around: Include,
  read: (path: string) => Source | undefined,
): CommandLine {
  const inTree = (directories: readonly string[]): string[] =>
    directories
      .filter((directory) => isInside(cwd, directory))
      .map((directory) => path.relative(cwd, directory).split(path.sep).join("/"));
  const angledDirectories = inTree(flags.directories);
  const quotedDirectories = [...inTree(flags.quoted), ...angledDirectories];
  const among = (directories: readonly string[], name: string, from: string): Source | undefined => {
    for (const directory of directories) {
      const wanted = joined(directory, name);
      const found = wanted === from ? undefined : read(wanted);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const include: Include = (name, from, angled) => {
    if (angled && isSystemHeader(name)) return around(name, from, angled);
    const directories = angled ? angledDirectories : [directoryOf(from), ...quotedDirectories];
    return among(directories, name, from) ?? around(name, from, angled);
  };
  return {
    definitions: flags.definitions,
    included: () =>
      flags.included.flatMap((name) => {
        const [start] = inTree([path.resolve(flags.directory, name)]);
        const there = start === undefined ? undefined : read(start);
        return there ?? (path.isAbsolute(name) ? undefined : among(quotedDirectories, name, "")) ?? [];
      }),
    include,
  };
}
