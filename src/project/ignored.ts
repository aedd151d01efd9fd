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
}

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
  return { base, matcher: ignore().add(lines.filter(affordable)) };
}

/** The patterns of the .gitignore file in a directory; undefined when it cannot be read. */
export function gitignoreOf(directory: string): Patterns | undefined {
  const content = readRegularFile(path.join(directory, ".gitignore"), MAX_IGNORE_FILE_BYTES);
  if (content.kind !== "bytes") return undefined;
  return patternsOf(directory, content.bytes.toString("utf8").split(/\r?\n/));
}

function relativeTo(base: string, file: string): string {
  return path.relative(base, file).split(path.sep).join("/");
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
    const verdict = layer.matcher.test(directory ? `${relative}/` : relative);
    if (verdict.ignored) return true;
    if (verdict.unignored) return false;
  }
  return false;
}
