/** Opens a C file as a Unit. */
import { isWordCode, skipComment, skipLiteral, skipWord } from "./characters.js";
import { definitionsOf } from "./definitions.js";
import { globalsOf } from "./declarations.js";
import { parseFunction } from "./functions.js";
import { lineStartsOf, positionAt } from "./lines.js";
import type { FunctionItem } from "./lexer.js";
import type { FunctionOutline, ParsedFunction, Source, Unit } from "./unit.js";

export { couldMatter } from "./family.js";
export { initParser } from "./parser.js";

/**
 * Finds the functions of a file; nothing is parsed yet. `parse`, `global` and `resolve` need `initParser` to have been
 * awaited. Never throws.
 */
export function openUnit(source: Source): Unit {
  const { text } = source;
  const definitions = definitionsOf(text);
  const globals = globalsOf(definitions);
  const items = new Map<FunctionOutline, FunctionItem>();
  const functions = definitions.file.layout.functions.map((item) => {
    const outline = outlineOf(text, item);
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
    const { readings, unread } = result;
    if (!unread) return { kind: "parsed", readings };
    return {
      kind: "parsed",
      readings,
      unread: { reason: unread.reason, line: position(unread.offset).line },
    };
  };
  return {
    source,
    functions,
    macros: definitions.macroNames,
    macroBody: definitions.macroBody,
    parse: (outline) => {
      let result = parsed.get(outline);
      if (!result) parsed.set(outline, (result = parse(outline)));
      return result;
    },
    global: globals.global,
    resolve: globals.resolve,
    position,
  };
}

/** The names are collected when first asked for: most functions of a file are never looked at. */
function outlineOf(text: string, item: FunctionItem): FunctionOutline {
  let names: ReadonlySet<string> | undefined;
  return {
    name: item.name,
    nameSpan: item.nameSpan,
    span: item.span,
    static: item.static,
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
