/** Globs on the command line, for shells and callers that do not expand them: `*`, `**`, `?`, `[a-z]`, `{a,b}`. */
import * as path from "node:path";

export interface Glob {
  /** Absolute directory below which everything that can match lies. */
  readonly root: string;
  /** Matches a path relative to `root`, with forward slashes. */
  readonly expression: RegExp;
}

export function hasGlob(pattern: string): boolean {
  return /[*?[{]/.test(pattern);
}

/** The source of a regular expression for one part of a glob, from `at`; braces may nest. */
function translate(glob: string): string {
  let source = "";
  let depth = 0;
  for (let at = 0; at < glob.length; at++) {
    const character = glob[at] ?? "";
    if (glob.startsWith("**/", at) && (at === 0 || glob[at - 1] === "/")) {
      source += "(?:[^/]+/)*";
      at += 2;
    } else if (character === "*") {
      while (glob[at + 1] === "*") at++;
      source += at + 1 === glob.length && glob.endsWith("/**") ? ".*" : "[^/]*";
    } else if (character === "?") {
      source += "[^/]";
    } else if (character === "[" && glob.indexOf("]", at + 2) !== -1) {
      const end = glob.indexOf("]", at + 2);
      const set = glob
        .slice(at + 1, end)
        .replace(/^!/, "^")
        .replace(/[\\\]]/g, "\\$&");
      source += `[${set}]`;
      at = end;
    } else if (character === "{" && glob.indexOf("}", at) !== -1) {
      depth++;
      source += "(?:";
    } else if (character === "}" && depth > 0) {
      depth--;
      source += ")";
    } else if (character === "," && depth > 0) {
      source += "|";
    } else {
      source += character.replace(/[\\^$.*+?()[\]{}|]/, "\\$&");
    }
  }
  return source + ")".repeat(depth);
}

/** Splits a glob into the directory it starts in and an expression; undefined when it is not well-formed. */
export function parseGlob(cwd: string, pattern: string): Glob | undefined {
  const parts = pattern.split("/");
  const first = parts.findIndex(hasGlob);
  const root = path.resolve(cwd, parts.slice(0, first).join("/") || (pattern.startsWith("/") ? "/" : "."));
  try {
    return { root, expression: new RegExp(`^${translate(parts.slice(first).join("/"))}$`, "u") };
  } catch {
    return undefined;
  }
}
