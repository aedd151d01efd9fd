/**
 * From the paths on the command line to the list of C files: a walk over the tree that respects .gitignore, never
 * follows a symbolic link, and opens nothing but regular files.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Notice } from "../diagnostic.js";
import { nearest } from "../nearest.js";
import { count } from "../text.js";
import { isInside, leavesTree, reasonOf } from "./files.js";
import { type Glob, hasGlob, parseGlob } from "./glob.js";
import { C_FILE, gitignoreOf, isIgnored, matches, type Patterns } from "./ignored.js";

/** A file to lint. `Settings` is whatever the caller's `settingsFor` gives for the place the file was found from. */
export interface FoundFile<Settings> {
  /** As it is shown: relative to the working directory where it is inside, with forward slashes. */
  readonly path: string;
  readonly absolute: string;
  readonly settings: Settings;
}

export interface Discovery<Settings> {
  /** Sorted by path, each file once. */
  readonly files: readonly FoundFile<Settings>[];
  /** Left out, and worth saying so. */
  readonly notices: readonly Notice[];
  /** What the user asked for and cannot have: whole sentences. The rest is still linted. */
  readonly mistakes: readonly string[];
}

export interface DiscoveryOptions<Settings> {
  readonly cwd: string;
  readonly paths: readonly string[];
  /** The configuration that holds from this directory on. May throw; the error ends the run. */
  readonly settingsFor: (directory: string) => Settings;
  /** The configuration's `ignore` patterns. */
  readonly ignoredBy: (settings: Settings) => Patterns | undefined;
}

const VERSION_CONTROL = new Set([".git", ".hg", ".svn"]);
const MAX_DEPTH = 200;

interface Collection<Settings> {
  readonly cwd: string;
  readonly files: Map<string, FoundFile<Settings>>;
  readonly notices: Notice[];
  readonly mistakes: string[];
}

function shownPath(cwd: string, absolute: string): string {
  const start = cwd + path.sep;
  const relative = absolute.startsWith(start) ? absolute.slice(start.length) : path.relative(cwd, absolute);
  const outside = /^\.\.(?:[\\/]|$)/.test(relative);
  return (outside ? absolute : relative).split(path.sep).join("/");
}

function add<Settings>(collection: Collection<Settings>, absolute: string, settings: Settings): void {
  if (collection.files.has(absolute)) return;
  collection.files.set(absolute, { path: shownPath(collection.cwd, absolute), absolute, settings });
}

function skip<Settings>(collection: Collection<Settings>, absolute: string, reason: string): void {
  const file = shownPath(collection.cwd, absolute) || ".";
  collection.notices.push({ file, function: undefined, line: undefined, reason });
}

/** The .gitignore files that hold for a directory, from the repository's root down; none outside a repository. */
function outerGitignores(directory: string): Patterns[] {
  const above: string[] = [];
  for (let current = directory; ; current = path.dirname(current)) {
    if (fs.existsSync(path.join(current, ".git"))) break;
    if (path.dirname(current) === current) return [];
    above.unshift(path.dirname(current));
  }
  const layers: Patterns[] = [];
  for (const parent of above) {
    const patterns = fs.existsSync(path.join(parent, ".gitignore")) ? gitignoreOf(parent) : undefined;
    // A directory that the user names is wanted, even where an outer ignore file leaves it out.
    if (patterns !== undefined && !matches(patterns, directory, true)) layers.push(patterns);
  }
  return layers;
}

interface Walk<Settings> {
  readonly collection: Collection<Settings>;
  readonly settings: Settings;
  readonly ignored: Patterns | undefined;
  readonly wanted: (absolute: string) => boolean;
}

interface Directory {
  readonly absolute: string;
  readonly layers: readonly Patterns[];
  readonly depth: number;
}

function entriesOf(directory: string): fs.Dirent[] | string {
  try {
    return fs.readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    return reasonOf(error);
  }
}

/** Looks at one directory's entries; returns the directories below it that are to be walked. */
function visit<Settings>(walk: Walk<Settings>, directory: Directory): Directory[] {
  const entries = entriesOf(directory.absolute);
  if (typeof entries === "string") {
    const shown = shownPath(walk.collection.cwd, directory.absolute) || ".";
    walk.collection.mistakes.push(`${shown}: cannot be read: ${entries}`);
    return [];
  }
  let { layers } = directory;
  if (entries.some((entry) => entry.name === ".gitignore" && entry.isFile())) {
    const patterns = gitignoreOf(directory.absolute);
    if (patterns !== undefined) layers = [...layers, patterns];
  }
  const below: Directory[] = [];
  const leftOut = (absolute: string, isDirectory: boolean): boolean =>
    isIgnored(layers, absolute, isDirectory) ||
    (walk.ignored !== undefined && matches(walk.ignored, absolute, isDirectory));
  const start = directory.absolute.endsWith(path.sep) ? directory.absolute : directory.absolute + path.sep;
  for (const entry of entries) {
    const absolute = start + entry.name;
    if (entry.isDirectory()) {
      if (VERSION_CONTROL.has(entry.name) || leftOut(absolute, true)) continue;
      if (directory.depth < MAX_DEPTH) below.push({ absolute, layers, depth: directory.depth + 1 });
      else skip(walk.collection, absolute, `directories nested deeper than ${MAX_DEPTH} are not searched`);
    } else if (walk.wanted(absolute) && !leftOut(absolute, false)) {
      if (entry.isFile()) add(walk.collection, absolute, walk.settings);
      else if (!entry.isSymbolicLink())
        skip(walk.collection, absolute, "a pipe, socket or device, not a regular file");
    }
  }
  return below;
}

function walkTree<Settings>(walk: Walk<Settings>, root: string): void {
  const pending: Directory[] = [{ absolute: root, layers: outerGitignores(root), depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) pending.push(...visit(walk, next));
}

function addTree<Settings>(
  collection: Collection<Settings>,
  options: DiscoveryOptions<Settings>,
  argument: string,
  root: string,
  glob: Glob | undefined,
): void {
  const settings = options.settingsFor(root);
  const relative = (absolute: string): string => path.relative(root, absolute).split(path.sep).join("/");
  const wanted = (absolute: string): boolean =>
    glob === undefined ? C_FILE.test(absolute) : glob.expression.test(relative(absolute));
  const counted = { ...collection, files: new Map<string, FoundFile<Settings>>() };
  walkTree({ collection: counted, settings, ignored: options.ignoredBy(settings), wanted }, root);
  for (const [absolute, file] of counted.files)
    if (!collection.files.has(absolute)) collection.files.set(absolute, file);
  if (counted.files.size > 0) return;
  collection.mistakes.push(
    glob === undefined
      ? `${argument}: no C files (.c, .h) are in this directory, apart from ignored ones; name the directory that holds the source, or the files themselves`
      : `${argument}: no file matches this pattern, apart from ignored ones`,
  );
}

/** What to say of a path that does not exist: the nearest name beside it, or that a glob matched nothing. */
function missing(absolute: string, argument: string): string {
  let siblings: string[] = [];
  try {
    siblings = fs.readdirSync(path.dirname(absolute));
  } catch {
    return `${argument}: there is no such file or directory; check the path, it is relative to the working directory`;
  }
  const guess = nearest(path.basename(absolute), siblings);
  const hint =
    guess === undefined ? "check the path" : `did you mean "${path.join(path.dirname(argument), guess)}"?`;
  return `${argument}: there is no such file or directory; ${hint}`;
}

function addArgument<Settings>(
  collection: Collection<Settings>,
  options: DiscoveryOptions<Settings>,
  argument: string,
): void {
  const absolute = path.resolve(options.cwd, argument);
  let status: fs.Stats | undefined;
  try {
    status = fs.statSync(absolute, { throwIfNoEntry: false });
  } catch (error) {
    collection.mistakes.push(`${argument}: cannot be read: ${reasonOf(error)}`);
    return;
  }
  if (status === undefined) {
    const dangling = fs.lstatSync(absolute, { throwIfNoEntry: false }) !== undefined;
    const glob = hasGlob(argument) ? parseGlob(options.cwd, argument) : undefined;
    if (dangling) collection.mistakes.push(`${argument}: this symbolic link leads to nothing`);
    else if (glob !== undefined) addTree(collection, options, argument, glob.root, glob);
    else collection.mistakes.push(missing(absolute, argument));
    return;
  }
  if (leavesTree(options.cwd, absolute)) {
    collection.mistakes.push(
      `${argument}: this symbolic link leads out of the working directory and is not followed; name its target ${fs.realpathSync(absolute)} instead`,
    );
  } else if (status.isDirectory()) {
    addTree(collection, options, argument, absolute, undefined);
  } else if (!status.isFile()) {
    collection.mistakes.push(
      `${argument}: cannot be linted: it is a pipe, socket or device; use --stdin to lint a stream`,
    );
  } else {
    const settings = options.settingsFor(path.dirname(absolute));
    const ignored = options.ignoredBy(settings);
    if (ignored !== undefined && matches(ignored, absolute, false)) {
      skip(collection, absolute, "the configuration's `ignore` leaves this file out");
    } else {
      add(collection, absolute, settings);
    }
  }
}

/**
 * Finds the C files of a list that nobody typed, as a build has it: what is outside of the working directory, or not
 * there, is left out and counted. `shown`: the name of the list. Does not throw; `settingsFor` may.
 */
export function discoverListed<Settings>(
  options: Omit<DiscoveryOptions<Settings>, "paths">,
  list: readonly string[],
  shown: string,
): Discovery<Settings> {
  const { cwd, settingsFor, ignoredBy } = options;
  const collection: Collection<Settings> = { cwd, files: new Map(), notices: [], mistakes: [] };
  const wanted = list.filter((file) => C_FILE.test(file));
  const inside = wanted.filter((file) => isInside(cwd, file) && !leavesTree(cwd, file));
  const there = inside.filter((file) => isRegularFile(file));
  for (const file of there) {
    const settings = settingsFor(path.dirname(file));
    const ignored = ignoredBy(settings);
    if (ignored === undefined || !matches(ignored, file, false)) add(collection, file, settings);
  }
  const notice = (number: number, reason: string): void => {
    if (number === 0) return;
    const files = `${count(number, "file")} that it lists`;
    collection.notices.push({
      file: shown,
      function: undefined,
      line: undefined,
      reason: `${files} ${reason}`,
    });
  };
  const verb = (number: number, one: string, many: string): string => (number === 1 ? one : many);
  const outside = wanted.length - inside.length;
  const gone = inside.length - there.length;
  notice(outside, `${verb(outside, "is", "are")} outside of the working directory`);
  notice(gone, `${verb(gone, "does", "do")} not exist`);
  if (there.length === 0) {
    collection.mistakes.push(
      `${shown}: lists no C file (.c, .h) that is in the working directory; start mmaplint where the sources are, or name the paths to lint`,
    );
  }
  return sorted(collection);
}

function isRegularFile(file: string): boolean {
  try {
    return fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false;
  }
}

function sorted<Settings>({ files, notices, mistakes }: Collection<Settings>): Discovery<Settings> {
  const inOrder = [...files.values()].sort((left, right) => (left.path < right.path ? -1 : 1));
  return { files: inOrder, notices, mistakes };
}

/** Finds the files. Does not throw for what a path may be; `settingsFor` may. */
export function discover<Settings>(options: DiscoveryOptions<Settings>): Discovery<Settings> {
  const collection: Collection<Settings> = { cwd: options.cwd, files: new Map(), notices: [], mistakes: [] };
  for (const argument of options.paths) addArgument(collection, options, argument);
  return sorted(collection);
}
