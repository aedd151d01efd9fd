/** Which paths .gitignore files and the configuration's `ignore` leave out. Patterns have the syntax of gitignore(5). */
import { createRequire } from "node:module";
import * as path from "node:path";
import type ignoreModule from "ignore";
import type { Ignore } from "ignore";
import { isInside, readRegularFile } from "./files.js";

/** Patterns, and the absolute directory they are relative to. */
export interface Patterns {
  readonly base: string;
  readonly matcher: Ignore;
  /** The same for paths that end in .c or .h, below a directory that is not ignored. */
  readonly matcherOfC: Ignore;
}

/** What is linted where the user names no files. */
export const C_FILE = /\.[ch]$/i;

/** Far beyond any ignore file that a person writes. */
const MAX_IGNORE_FILE_BYTES = 1024 * 1024;

/**
 * More wildcards than this in one part of a path, or more `**` in all, could take a matcher longer than all the rest
 * of a run: each of them multiplies its time by the length of the name, and hostile repositories choose both.
 */
export const MAX_WILDCARDS = 3;

/** Whether a pattern can be matched in good time. */
export function affordable(pattern: string): boolean {
  const parts = pattern.split("/");
  if (parts.filter((part) => part === "**").length > MAX_WILDCARDS) return false;
  return parts.every((part) => (part.match(/\*+/g)?.length ?? 0) <= MAX_WILDCARDS);
}

const require = createRequire(import.meta.url);

/** Compiles patterns; those that are not affordable are left out. */
export function patternsOf(base: string, lines: readonly string[]): Patterns {
  // Loaded only where there are patterns, and as the CommonJS module it is: import() takes three times as long.
  const ignore: typeof ignoreModule = require("ignore");
  const patterns = lines.filter(affordable);
  return {
    base,
    matcher: ignore().add(patterns),
    matcherOfC: ignore().add(patterns.filter(canEndInC)),
  };
}

/**
 * False for a pattern that certainly matches no name that ends in .c or .h: it is for directories, or its own last
 * letter is another one. That is most of them, and a matcher tries all its patterns on every path.
 */
function canEndInC(pattern: string): boolean {
  return pattern.startsWith("!") || !/(?:[^\\]\/|[^\WcChH])$/.test(pattern);
}

/** The patterns of the .gitignore file in a directory; undefined when it cannot be read. */
export function gitignoreOf(directory: string): Patterns | undefined {
  const content = readRegularFile(path.join(directory, ".gitignore"), MAX_IGNORE_FILE_BYTES);
  if (content.kind !== "bytes") return undefined;
  return patternsOf(directory, content.bytes.toString("utf8").split(/\r?\n/));
}

function relativeTo(base: string, file: string): string {
  const start = base.endsWith(path.sep) ? base : base + path.sep;
  // What the walk asks about lies below, and cutting a string is many times as fast as comparing two paths.
  const relative = file.startsWith(start) ? file.slice(start.length) : path.relative(base, file);
  return path.sep === "/" ? relative : relative.split(path.sep).join("/");
}

/** Whether one set of patterns matches a path. */
export function matches({ base, matcher }: Patterns, file: string, directory: boolean): boolean {
  if (file === base || !isInside(base, file)) return false;
  return matcher.ignores(directory ? `${relativeTo(base, file)}/` : relativeTo(base, file));
}

/** Whether a path is ignored; of several ignore files the innermost that mentions the path decides. */
export function isIgnored(layers: readonly Patterns[], file: string, directory: boolean): boolean {
  for (let index = layers.length - 1; index >= 0; index--) {
    const layer = layers[index];
    if (layer === undefined) continue;
    const relative = relativeTo(layer.base, file);
    const matcher = !directory && C_FILE.test(file) ? layer.matcherOfC : layer.matcher;
    const verdict = matcher.test(directory ? `${relative}/` : relative);
    if (verdict.ignored) return true;
    if (verdict.unignored) return false;
  }
  return false;
}
