/** The files around the linted ones: the headers that they include, and where else a function is named. */
import * as fs from "node:fs";
import * as path from "node:path";
import { decode } from "../edit.js";
import type { Include, Source } from "../syntax/unit.js";
import type { FoundFile } from "./discover.js";
import { isInside, leavesTree, readRegularFile } from "./files.js";
import { type LoadedFile, MAX_FILE_BYTES, toLoaded } from "./load.js";

export interface ProjectSurroundings<Settings> {
  readonly include: Include;
  /** Found files that name one of the functions, those left out that `known` has as files that matter. */
  readonly naming: (
    functions: ReadonlySet<string>,
    known: ReadonlyMap<string, LoadedFile<Settings>>,
  ) => readonly LoadedFile<Settings>[];
}

/**
 * Headers of the C library and of the kernel: a file of such a name in a tree is a stand-in for other systems, or part
 * of the library itself.
 */
const SYSTEM_HEADER =
  /^(?:(?:sys|net|netinet|arpa|linux|asm|asm-generic|bits|gnu|mach)\/.*|(?:aio|assert|byteswap|complex|ctype|dirent|dlfcn|elf|endian|err|errno|error|fcntl|features|fenv|float|fnmatch|ftw|getopt|glob|grp|iconv|ifaddrs|inttypes|langinfo|libgen|libintl|limits|link|locale|malloc|math|memory|mntent|mqueue|netdb|paths|poll|pthread|pty|pwd|regex|sched|search|semaphore|setjmp|shadow|signal|spawn|std(?:align|arg|atomic|bool|def|int|io|lib|noreturn)|string|strings|sysexits|syslog|termios?|threads|time|uchar|ucontext|ulimit|unistd|utime|utmpx?|values|wait|wchar|wctype|wordexp)\.h)$/;

/**
 * Finds what `#include` means among the files of a tree: the file beside the including one, or in a directory of
 * `-I`, else the nearest of those whose path ends so; none where two are equally near. `paths` have forward slashes.
 */
export function includeAmong(
  paths: Iterable<string>,
  read: (path: string) => Source | undefined,
  directories: readonly string[] = [],
): Include {
  const byName = new Map<string, string[]>();
  for (const one of paths) {
    const name = one.slice(one.lastIndexOf("/") + 1);
    const others = byName.get(name);
    if (others === undefined) byName.set(name, [one]);
    else others.push(one);
  }
  return (name, from, angled) => {
    if (angled && SYSTEM_HEADER.test(name)) return undefined;
    const plain = name.replace(/^(?:\.\.?\/)+/, "");
    const candidates = byName.get(plain.slice(plain.lastIndexOf("/") + 1));
    if (candidates === undefined) return undefined;
    const beside = [directoryOf(from), ...directories].map((directory) => joined(directory, name));
    const found =
      beside.find((wanted) => candidates.includes(wanted)) ??
      nearestOf(
        from,
        candidates.filter((one) => one === plain || one.endsWith(`/${plain}`)),
      );
    return found === undefined || found === from ? undefined : read(found);
  };
}

function directoryOf(file: string): string {
  return file.slice(0, Math.max(file.lastIndexOf("/"), 0));
}

/** The path with `.` and `..` resolved. */
function joined(directory: string, name: string): string {
  const parts = directory === "" ? [] : directory.split("/");
  for (const part of name.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

function nearestOf(from: string, files: readonly string[]): string | undefined {
  const there = from.split("/");
  const distance = (file: string): number => {
    const parts = file.split("/");
    const different = parts.findIndex((part, i) => part !== there[i]);
    return parts.length - different + (there.length - different);
  };
  const [first, second] = files
    .map((file) => ({ file, distance: distance(file) }))
    .sort((a, b) => a.distance - b.distance);
  return first !== undefined && first.distance !== second?.distance ? first.file : undefined;
}

/** The surroundings of the found files: one another. `read` gives a file's bytes, undefined where it cannot. */
export function surroundingsAmong<Settings>(
  found: readonly FoundFile<Settings>[],
  read: (path: string) => Buffer | undefined,
): ProjectSurroundings<Settings> {
  let among: Include | undefined;
  const sources = new Map<string, Source | undefined>();
  const source = (name: string): Source | undefined => {
    if (!sources.has(name)) sources.set(name, toSource(name, read(name)));
    return sources.get(name);
  };
  return {
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

/** The same on disk, and for files that were named one by one the headers near them. */
export function surroundingsOf<Settings>(
  cwd: string,
  found: readonly FoundFile<Settings>[],
): ProjectSurroundings<Settings> {
  const read = (name: string): Buffer | undefined => readInTree(cwd, name);
  const { include, naming } = surroundingsAmong(found, read);
  const above = new Map<string, Source | undefined>();
  const source = (name: string): Source | undefined => {
    if (!above.has(name)) above.set(name, toSource(name, read(name)));
    return above.get(name);
  };
  return {
    include: (name, from, angled) =>
      include(name, from, angled) ?? includeAbove(cwd, name, from, angled, source),
    naming,
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
  if (path.isAbsolute(from) || (angled && SYSTEM_HEADER.test(name))) return undefined;
  for (let directory = directoryOf(from); ; directory = directoryOf(directory)) {
    for (const start of [directory, joined(directory, "include")]) {
      const wanted = joined(start, name);
      if (wanted !== from && fs.existsSync(path.join(cwd, wanted))) return read(wanted);
    }
    if (directory === "") return undefined;
  }
}

/** Undefined for what is no regular file of the tree. */
function readInTree(cwd: string, name: string): Buffer | undefined {
  const absolute = path.resolve(cwd, name);
  if (isInside(cwd, absolute) && leavesTree(cwd, absolute)) return undefined;
  const content = readRegularFile(absolute, MAX_FILE_BYTES);
  return content.kind === "bytes" ? content.bytes : undefined;
}

function toSource(name: string, bytes: Buffer | undefined): Source | undefined {
  return bytes === undefined || bytes.includes(0) ? undefined : { path: name, text: decode(bytes) };
}
