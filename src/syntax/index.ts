/** Opens a C file as a Unit. */
import { isWordCode, skipComment, skipLiteral, skipWord } from "./characters.js";
import { type Definitions, definitionsOf } from "./definitions.js";
import { type Globals, globalsOf } from "./declarations.js";
import { environmentReader } from "./environment.js";
import { parseFunction } from "./functions.js";
import { lineStartsOf, positionAt } from "./lines.js";
import { type Given, givenOf, isRuledOut, NOTHING_GIVEN } from "./given.js";
import type { FunctionItem } from "./lexer.js";
import type { Preprocessed } from "./readings.js";
import type { CommandLine, FunctionOutline, Include, ParsedFunction, Source, Unit } from "./unit.js";

export { couldMatter } from "./family.js";
export { initParser } from "./parser.js";

/** One file alone, without what it includes. */
export function openUnit(source: Source): Unit {
  return openFile(source, () => []).unit;
}

/** Opens files that see what they include, each once. */
export interface Opener {
  open(source: Source): Unit;
  /** A file that was opened, or included by one that was. */
  find(path: string): Unit | undefined;
  /** Files whose text is another one now are opened anew, and with them all that include them. */
  forget(paths: ReadonlySet<string>): void;
}

/** `commandLineOf`: what a file is compiled with, by its path; a header alone is compiled with nothing. */
export function unitOpener(
  include: Include,
  commandLineOf: (path: string) => CommandLine | undefined = () => undefined,
): Opener {
  const files = new Map<string, OpenFile>();
  const included = new Map<Include, Map<OpenFile, readonly OpenFile[]>>();
  const given = new Map<string, Given>();
  const open = (source: Source): OpenFile => {
    const known = files.get(source.path);
    if (known !== undefined) return known;
    const commandLine = commandLineOf(source.path);
    const lines = commandLine?.definitions ?? "";
    if (!given.has(lines)) given.set(lines, givenOf(lines));
    let headers: readonly OpenFile[] | undefined;
    const file: OpenFile = openFile(
      source,
      () => (headers ??= closureOf(file, commandLine?.included().map(open) ?? [], through(commandLine))),
      given.get(lines),
    );
    files.set(source.path, file);
    return file;
  };
  /** The files that a file includes itself, as it is found from the one that is compiled. */
  const through = (commandLine: CommandLine | undefined): ((file: OpenFile) => readonly OpenFile[]) => {
    const find = commandLine?.include ?? include;
    const known = included.get(find) ?? new Map<OpenFile, readonly OpenFile[]>();
    included.set(find, known);
    return (file) => {
      let found = known.get(file);
      if (found === undefined) {
        found = includesOf(file.definitions.file).flatMap(({ name, angled }) => {
          const source = find(name, file.unit.source.path, angled);
          return source === undefined ? [] : [open(source)];
        });
        known.set(file, found);
      }
      return found;
    };
  };
  const forget = (paths: ReadonlySet<string>): void => {
    const stale = [...files.values()].filter(({ unit }) =>
      [unit, ...unit.headers()].some(({ source }) => paths.has(source.path)),
    );
    for (const file of stale) {
      files.delete(file.unit.source.path);
      for (const known of included.values()) known.delete(file);
    }
  };
  return { open: (source) => open(source).unit, find: (path) => files.get(path)?.unit, forget };
}

interface OpenFile {
  readonly unit: Unit;
  readonly definitions: Definitions;
  readonly globals: Globals;
}

/** A file that includes more than this is served by the nearest of them. */
const MAX_HEADERS = 1000;

/** The files that a file includes, directly or not: those of -include first, then the nearest first. */
function closureOf(
  file: OpenFile,
  included: readonly OpenFile[],
  direct: (file: OpenFile) => readonly OpenFile[],
): readonly OpenFile[] {
  const found = new Set<OpenFile>([file, ...included]);
  for (const next of found)
    for (const header of direct(next)) if (found.size <= MAX_HEADERS) found.add(header);
  found.delete(file);
  return [...found];
}

function includesOf(file: Preprocessed): { readonly name: string; readonly angled: boolean }[] {
  const { text, layout } = file;
  return layout.directives.flatMap((directive) => {
    if (directive.kind !== "include" || directive.branch?.dead === true) return [];
    if (isRuledOut(file, directive.end)) return [];
    const [, bracket, name] =
      /^\s*(["<])([^">\n]+)[">]/.exec(text.slice(directive.argument, directive.end)) ?? [];
    return name === undefined ? [] : [{ name, angled: bracket === "<" }];
  });
}

/**
 * Finds the functions of a file; nothing is parsed yet. `parse`, `global` and `resolve` need `initParser` to have been
 * awaited. Never throws.
 */
function openFile(source: Source, headers: () => readonly OpenFile[], given = NOTHING_GIVEN): OpenFile {
  const { text } = source;
  const definitions = definitionsOf(text, () => headers().map((header) => header.definitions), given);
  const globals = globalsOf(definitions, () => headers().map((header) => header.globals));
  const items = new Map<FunctionOutline, FunctionItem>();
  const functions = definitions.file.layout.functions
    .filter((item) => !isRuledOut(definitions.file, item.span.start))
    .map((item) => {
      const outline = outlineOf(text, item, definitions.own.isUsual);
      items.set(outline, item);
      return outline;
    });
  const parsed = new Map<FunctionOutline, ParsedFunction>();
  let lineStarts: readonly number[] | undefined;
  const position = (offset: number): { line: number; column: number } =>
    positionAt((lineStarts ??= lineStartsOf(text)), offset);

  const parse = (outline: FunctionOutline): ParsedFunction => {
    const item = items.get(outline);
    if (!item)
      return {
        kind: "failed",
        reason: "not a function of this file",
        line: position(outline.span.start).line,
      };
    const result = parseFunction(definitions, item);
    if (result.kind === "failed")
      return { kind: "failed", reason: result.reason, line: position(result.offset).line };
    const { readings, unread, opposite } = result;
    if (!unread) return { kind: "parsed", readings, opposite };
    return {
      kind: "parsed",
      readings,
      opposite,
      unread: { reason: unread.reason, line: position(unread.offset).line },
    };
  };
  const unit: Unit = {
    source,
    functions,
    headers: () => headers().map((header) => header.unit),
    homeOf: (name) => {
      const speaking = [{ unit, definitions }, ...headers()].filter(
        (file) => file.definitions.declarationsOf(name).length > 0,
      );
      // A variable may have the name of its struct.
      const defining = speaking.find((file) =>
        file.definitions
          .declarationsOf(name)
          .some(({ start, end }) => !isExtern(file.unit.source.text.slice(start, end))),
      );
      return (defining ?? speaking[0])?.unit.source.path;
    },
    neverReturns: definitions.neverReturns,
    macros: definitions.macroNames,
    macroBodies: definitions.macroBodies,
    environment: environmentReader(
      definitions,
      () => headers().map((header) => header.definitions),
      () => functions,
    ),
    parse: (outline) => {
      let result = parsed.get(outline);
      if (!result) parsed.set(outline, (result = parse(outline)));
      return result;
    },
    global: globals.global,
    resolve: globals.resolve,
    position,
  };
  return { unit, definitions, globals };
}

/** The names are collected when first asked for: most functions of a file are never looked at. */
function outlineOf(text: string, item: FunctionItem, isUsual: (offset: number) => boolean): FunctionOutline {
  let names: ReadonlySet<string> | undefined;
  return {
    name: item.name,
    nameSpan: item.nameSpan,
    span: item.span,
    static: item.static,
    get usual() {
      return isUsual(item.span.start);
    },
    get names() {
      return (names ??= wordsIn(text, item.span.start, item.span.end));
    },
  };
}

/** Every identifier of [start, end) outside comments and literals, those in directives included. */
function wordsIn(text: string, start: number, end: number): Set<string> {
  const words = new Set<string>();
  let i = start;
  while (i < end) {
    const code = text.charCodeAt(i);
    if (isWordCode(code)) {
      const stop = skipWord(text, i);
      if (code < 48 || code > 57) words.add(text.slice(i, stop));
      i = stop;
    } else if (code === 34 || code === 39) i = skipLiteral(text, i);
    else if (code === 47) i = Math.max(i + 1, skipComment(text, i));
    else i++;
  }
  return words;
}

function isExtern(declaration: string): boolean {
  return /^\s*extern\b/.test(declaration);
}
