/** Which functions are worth analyzing, by the names in them alone. */
import { couldMatter } from "../syntax/family.js";
import type { FunctionOutline, Unit } from "../syntax/unit.js";
import type { Models } from "./model/declared.js";
import { isFamilyName } from "./model/library.js";
import type { Event } from "./events.js";

/** Does it name a function of the family, or a macro that does? */
export function namesFamily(
  outline: FunctionOutline,
  familyMacros: ReadonlySet<string>,
  { concerns }: Models,
): boolean {
  for (const name of outline.names)
    if (isFamilyName(name) || familyMacros.has(name) || concerns(name)) return true;
  return outline.names.has("MAP_FAILED");
}

/** The macros that the file defines whose bodies name the family. */
export function macrosOfFamily(unit: Unit, models: Models): ReadonlySet<string> {
  const found = new Set<string>();
  if (!models.any && !couldMatter(unit.source.text)) return found;
  for (const macro of unit.macros) {
    for (const [name] of (unit.macroBodies(macro) ?? "").matchAll(/\w+/g))
      if (isFamilyName(name) || name === "MAP_FAILED" || models.concerns(name)) found.add(macro);
  }
  return found;
}

const FOREIGN_PLATFORM = /\b(?:_*WIN32_*|_WIN64|_MSC_VER|_WIN32_WCE|__MINGW\w*|__OS2__|VMS|__AMIGA\w*)\b/;

/** Stands in a conditional for a platform that has no mmap of its own: elsewhere the name is the system's. */
export function isForeign({ source }: Unit, outline: FunctionOutline): boolean {
  let depth = 0;
  const before = source.text.slice(0, outline.span.start).split("\n");
  for (let i = before.length - 1; i >= 0; i--) {
    const directive = /^[ \t]*#[ \t]*(if\w*|else|elif|endif)\b(.*)/.exec(before[i] ?? "");
    if (directive === null) continue;
    const [, kind = "", condition = ""] = directive;
    if (kind === "endif") depth++;
    else if (kind.startsWith("if") && depth > 0) depth--;
    else if (depth > 0 || kind === "else") continue;
    else if (kind !== "ifndef" && FOREIGN_PLATFORM.test(condition)) return true;
  }
  return false;
}

/** The members that some function puts a mapping into: "struct shm.base". */
export function membersFilled(events: Iterable<Event>): ReadonlySet<string> {
  const members = new Set<string>();
  for (const event of events)
    if (event.kind === "escape" && event.member !== undefined && event.mapping.source === "mmap")
      members.add(event.member);
  return members;
}

/** Those of them whose mapping comes from mmap() itself, and not from an allocator with a way back of its own. */
export function membersMapped(events: readonly Event[]): ReadonlySet<string> {
  return membersFilled(
    events.filter((event) => event.kind === "escape" && !/\/\w*alloc\w*\//i.test(event.mapping.id)),
  );
}

const mapped = new WeakMap<Unit, ReadonlySet<string>>();

/** The variables that the file's text puts the result of a mapping call into. */
export function variablesMapped(unit: Unit): ReadonlySet<string> {
  let names = mapped.get(unit);
  if (names === undefined) {
    const { text } = unit.source;
    names = new Set(couldMatter(text) ? [...text.matchAll(MAPPED)].map(([, name = ""]) => name) : []);
    mapped.set(unit, names);
  }
  return names;
}

const MAPPED = /(?<![\w.>])(\w+)\s*=\s*(?:\([^()]*\)\s*)?(?:mmap|mmap64|mremap|shmat)\s*\(/g;

const ENDS = [
  "exit",
  "_exit",
  "abort",
  "err",
  "errx",
  "verr",
  "longjmp",
  "siglongjmp",
  "error",
  "__builtin_unreachable",
];

/** The functions of the file that may end the process, or call one that may, and those of the C library. */
export function functionsThatMayEnd(
  unit: Unit,
  declaredToEnd: (name: string) => boolean,
): ReadonlySet<string> {
  const ending = new Set<string>(ENDS);
  for (let before = -1; before !== ending.size;) {
    before = ending.size;
    for (const { name, names } of unit.functions)
      if (!ending.has(name) && [...names].some((n) => ending.has(n) || declaredToEnd(n))) ending.add(name);
  }
  return ending;
}

/** The literal path that the file gives to open() for a variable, where it is the same everywhere. */
export function openedFor({ source }: Unit, variable: string): string | undefined {
  const calls = [...source.text.matchAll(new RegExp(`\\b${variable}\\s*=\\s*open\\s*\\(\\s*([^,]*),`, "g"))];
  const paths = new Set(calls.map(([, path = ""]) => /^"([^"\\]*)"$/.exec(path.trim())?.[1]));
  const [path] = paths;
  return paths.size === 1 ? path : undefined;
}
