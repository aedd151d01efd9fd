/** The files around the linted ones: the headers that they include, and where else a function is named. */
import * as fs from "node:fs";
import * as path from "node:path";
import { decode } from "../edit.js";
import type { CommandLine, Include, Source } from "../syntax/unit.js";
import { commandLinesOf } from "./command-lines.js";
import type { CompilationDatabase } from "./compilation-database.js";
import type { FoundFile } from "./discover.js";
import { isInside, leavesTree, readRegularFile } from "./files.js";
import { directoryOf, isOwnHeader, joined } from "./headers.js";
import { type LoadedFile, MAX_FILE_BYTES, toLoaded } from "./load.js";

export interface ProjectSurroundings<Settings> {
  readonly include: Include;
  /** The settings of the file at a path; of a header that was not found among the files, those of the first one. */
  readonly settingsOf: (path: string) => Settings | undefined;
  /** What a build says of the file at a path; absent without a build. */
  readonly commandLineOf?: ((path: string) => CommandLine | undefined) | undefined;
  /** Found files that name one of the functions, those left out that `known` has as files that matter. */
  readonly naming: (
    functions: ReadonlySet<string>,
    known: ReadonlyMap<string, LoadedFile<Settings>>,
  ) => readonly LoadedFile<Settings>[];
}

/**
 * Finds what `#include` means among the files of a tree: the file beside the including one, else the
 * nearest of those whose path ends so; of two equally near the one for Linux or x86, else none. `paths` have forward slashes.
 */
export function includeAmong(paths: Iterable<string>, read: (path: string) => Source | undefined): Include {
  const byName = new Map<string, string[]>();
  for (const one of paths) {
    const name = one.slice(one.lastIndexOf("/") + 1);
    const others = byName.get(name);
    if (others === undefined) byName.set(name, [one]);
    else others.push(one);
  }
  return (name, from, angled) => {
    const plain = name.replace(/^(?:\.\.?\/)+/, "");
    const named = byName.get(plain.slice(plain.lastIndexOf("/") + 1));
    if (named === undefined) return undefined;
    const candidates = angled ? named.filter((one) => isOwnHeader(plain, one)) : named;
    const beside = joined(directoryOf(from), name);
    const found = candidates.includes(beside)
      ? beside
      : nearestOf(
          from,
          candidates.filter((one) => one === plain || one.endsWith(`/${plain}`)),
        );
    return found === undefined || found === from ? undefined : read(found);
  };
}

function nearestOf(from: string, files: readonly string[]): string | undefined {
  const there = from.split("/");
  const distance = (file: string): number => {
    const parts = file.split("/");
    const different = parts.findIndex((part, i) => part !== there[i]);
    return parts.length - different + (there.length - different);
  };
  const distances = files.map(distance);
  const least = Math.min(...distances);
  const nearest = files.filter((_, i) => distances[i] === least);
  const usual = nearest.filter((file) => USUAL_VARIANT.test(file));
  return nearest.length === 1 ? nearest[0] : usual.length === 1 ? usual[0] : undefined;
}

/** Of the headers that a tree has for each system or machine, those that its other conditionals are read for too. */
const USUAL_VARIANT = /(?:^|\/)(?:linux|x86|x86[-_]64|amd64)\//;

/** The surroundings of the found files: one another. `read` gives a file's bytes, undefined where it cannot. */
export function surroundingsAmong<Settings>(
  found: readonly FoundFile<Settings>[],
  read: (path: string) => Buffer | undefined,
): ProjectSurroundings<Settings> {
  let among: Include | undefined;
  const source = sourceReader(read);
  const byPath = new Map(found.map((file) => [file.path, file.settings]));
  return {
    settingsOf: (name) => byPath.get(name) ?? found[0]?.settings,
    include: (name, from, angled) => {
      among ??= includeAmong(
        found.map((file) => file.path),
        source,
      );
      return among(name, from, angled);
    },
    naming: (functions, known) => {
      const named = new RegExp(`\\b(?:${[...functions].join("|")})\\b`);
      return found.flatMap((file) => {
        if (known.get(file.path)?.matters === true) return [];
        const bytes = read(file.path);
        if (bytes === undefined || !named.test(bytes.toString("latin1"))) return [];
        const loaded = toLoaded(file, bytes, () => true);
        return typeof loaded === "object" ? [loaded] : [];
      });
    },
  };
}

/**
 * The same on disk, for files that were named one by one the headers near them, and what a build says of them. `read`
 * gives the bytes of a file of the tree.
 */
export function surroundingsOf<Settings>(
  cwd: string,
  found: readonly FoundFile<Settings>[],
  database: CompilationDatabase | undefined,
  read: (name: string) => Buffer | undefined = (name) => readInTree(cwd, name),
): ProjectSurroundings<Settings> {
  const { include, naming, settingsOf } = surroundingsAmong(found, read);
  const source = sourceReader(read);
  const around: Include = (name, from, angled) =>
    include(name, from, angled) ?? includeAbove(cwd, name, from, angled, source);
  if (database === undefined) return { include: around, naming, settingsOf };
  return {
    include: around,
    naming,
    settingsOf,
    commandLineOf: commandLinesOf(cwd, database, around, source),
  };
}

/** A header beside the including file or above it, also in a directory `include`, when only some files are linted. */
function includeAbove(
  cwd: string,
  name: string,
  from: string,
  angled: boolean,
  read: (name: string) => Source | undefined,
): Source | undefined {
  if (path.isAbsolute(from)) return undefined;
  for (let directory = directoryOf(from); ; directory = directoryOf(directory)) {
    for (const start of [directory, joined(directory, "include")]) {
      const wanted = joined(start, name);
      if (wanted === from || (angled && !isOwnHeader(name, wanted))) continue;
      if (fs.existsSync(path.join(cwd, wanted))) return read(wanted);
    }
    if (directory === "") return undefined;
  }
}

/** A file's bytes; undefined for what is no regular file of the tree. */
export function readInTree(cwd: string, name: string): Buffer | undefined {
  const absolute = path.resolve(cwd, name);
  if (isInside(cwd, absolute) && leavesTree(cwd, absolute)) return undefined;
  const content = readRegularFile(absolute, MAX_FILE_BYTES);
  return content.kind === "bytes" ? content.bytes : undefined;
}

/** Reads each file once. */
function sourceReader(read: (name: string) => Buffer | undefined): (name: string) => Source | undefined {
  const sources = new Map<string, Source | undefined>();
  return (name) => {
    if (!sources.has(name)) sources.set(name, toSource(name, read(name)));
    return sources.get(name);
  };
}

/** What is read of a file; undefined where it cannot be C source. */
export function toSource(name: string, bytes: Buffer | undefined): Source | undefined {
  return bytes === undefined || bytes.includes(0) ? undefined : { path: name, text: decode(bytes) };
}
