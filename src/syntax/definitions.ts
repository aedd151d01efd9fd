/**
 * What a piece of C means by its names: macros, type names, declarations. The file itself comes first, then the files
 * that it includes.
 */
import type { Span } from "../diagnostic.js";
import { type Branch, branchAt, indexAfter } from "./directives.js";
import { scanFile } from "./lexer.js";
import { keepsName } from "./family.js";
import { type Given, givenMacro, NOTHING_GIVEN } from "./given.js";
import {
  activeEvent,
  bodyText,
  collectMacros,
  firstMacro,
  isDecoration,
  type MacroDefinition,
} from "./macros.js";
import { NORETURN } from "./normalize.js";
import { allText, type Preprocessed, type Reading, usualReading } from "./readings.js";
import { closing, type Token, tokenize } from "./tokens.js";
import { isKeyword, type IsType, isStandardType, typedefNames } from "./typenames.js";

export interface Definitions {
  readonly file: Preprocessed;
  /** The macro that a name stands for at an offset; undefined also for names that keep their own meaning. */
  macro(name: string, offset: number, reading: Reading): MacroDefinition | undefined;
  readonly isType: IsType;
  /** Where this file declares a name, or a struct's, union's or enum's tag, at file scope. */
  declarationsOf(name: string): readonly Span[];
  /** A prototype, here or in an included file, says that the function does not return. */
  neverReturns(name: string): boolean;
  /** The texts of the definitions of a macro, whatever conditionals they stand in. */
  macroBodies(name: string): string | undefined;
  /** The macros that this file defines. */
  readonly macroNames: ReadonlySet<string>;
  /** What files that include this one see of it, theirs aside. */
  readonly own: OwnDefinitions;
}

interface OwnDefinitions {
  /** `given`: what the file that includes this one is compiled with. */
  macro(name: string, given: Given): MacroDefinition | undefined;
  macroBodies(name: string): string | undefined;
  isType(name: string): boolean;
  neverReturns(name: string): boolean;
  /** Does Linux as usually built have the text at an offset? */
  isUsual(offset: number): boolean;
}

interface DeclarationIndex {
  readonly spans: ReadonlyMap<string, Span[]>;
  readonly noreturn: ReadonlySet<string>;
}

/** Scans the text; declarations, and the files included, are only looked into when a name is asked for. */
export function definitionsOf(
  text: string,
  included: () => readonly Definitions[] = () => [],
  given: Given = NOTHING_GIVEN,
): Definitions {
  const layout = scanFile(text);
  const file: Preprocessed = { text, layout, macros: collectMacros(text, layout.directives), given };
  const own = ownDefinitions(file);
  const first = <Found>(ask: (definitions: OwnDefinitions) => Found | undefined): Found | undefined => {
    for (const { own: theirs } of included()) {
      const found = ask(theirs);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const includedMacro = remembered((name) => first((theirs) => theirs.macro(name, given)));
  const includedType = remembered((name) => first((theirs) => (theirs.isType(name) ? true : undefined)));
  const includedEnd = remembered((name) => first((theirs) => (theirs.neverReturns(name) ? true : undefined)));
  /** Nothing is open about a name that the command line speaks of: a definition that is not active is none. */
  const settledMacro = (name: string, offset: number, { isActive }: Reading): MacroDefinition | undefined => {
    const event = activeEvent(file.macros.get(name), offset, isActive);
    return event ? event.macro?.() : (includedMacro(name) ?? givenMacro(given, name));
  };
  return {
    file,
    own,
    macro: (name, offset, reading) => {
      const macro = given.has(name)
        ? settledMacro(name, offset, reading)
        : (macroInForce(file, name, offset, reading) ?? includedMacro(name));
      return macro && !keepsName(name, macro.parameters !== undefined) && !isDecoration(macro)
        ? macro
        : undefined;
    },
    isType: (name) => own.isType(name) || isStandardType(name) || includedType(name) === true,
    declarationsOf: (name) => own.declarationsOf(name),
    neverReturns: (name) => own.neverReturns(name) || includedEnd(name) === true,
    macroBodies: (name) => {
      const macro = givenMacro(given, name);
      return (
        own.macroBodies(name) ?? (macro && bodyText(macro)) ?? first((theirs) => theirs.macroBodies(name))
      );
    },
    macroNames: new Set(
      [...file.macros].filter(([, events]) => events.some((event) => event.macro)).map(([name]) => name),
    ),
  };
}

/** A macro that only another branch defines stands for what is not known, unless the file has a function of that name. */
function macroInForce(
  { text, layout, macros }: Preprocessed,
  name: string,
  offset: number,
  { isActive }: Reading,
): MacroDefinition | undefined {
  const events = macros.get(name);
  const active = activeEvent(events, offset, isActive);
  if (active !== undefined || events === undefined) return active?.macro?.();
  const isFunction = layout.functions.some(
    ({ nameSpan }) => text.slice(nameSpan.start, nameSpan.end) === name,
  );
  const [first] = events.filter(({ macro }) => macro !== undefined);
  const isIncluded = first?.branch !== undefined && includesInstead(layout, first.branch, isActive);
  return isFunction || isIncluded ? undefined : firstMacro(events, offset);
}

/** `#if HAVE_MMAP`, `#include <unistd.h>`, `#else`, `#define getpagesize() 4096`: the header has what the macro stands for. */
function includesInstead(
  { directives }: Preprocessed["layout"],
  branch: Branch,
  isActive: Reading["isActive"],
): boolean {
  const arm = branch.group.arms.find(isActive);
  return arm !== undefined && directives.some((one) => one.kind === "include" && one.branch === arm);
}

/** Asks once for each name. */
function remembered<Found>(ask: (name: string) => Found): (name: string) => Found {
  const known = new Map<string, Found>();
  return (name) => {
    const found = known.get(name);
    if (found !== undefined || known.has(name)) return found as Found;
    const answer = ask(name);
    known.set(name, answer);
    return answer;
  };
}

function ownDefinitions(file: Preprocessed): OwnDefinitions & Pick<Definitions, "declarationsOf"> {
  let index: DeclarationIndex | undefined;
  let types: ReadonlySet<string> | undefined;
  const readings = new Map<Given, Reading>();
  const declarations = (): DeclarationIndex => (index ??= indexDeclarations(file));
  const saysNoreturn = lazy(() => SAYS_NORETURN.test(file.text));
  const readingOf = (given: Given): Reading => {
    let reading = readings.get(given);
    if (reading === undefined) {
      const at = behindGuard(file, given);
      readings.set(given, (reading = usualReading({ ...file, given }, { start: at, end: at })));
    }
    return reading;
  };
  return {
    isUsual: (offset) => readingOf(file.given).isActive(branchAt(file.layout.directives, offset)),
    macro: (name, given) => {
      const events = file.macros.get(name);
      if (events === undefined) return undefined;
      const reading = readingOf(given);
      const macro = given.has(name)
        ? activeEvent(events, Number.POSITIVE_INFINITY, reading.isActive)?.macro?.()
        : macroInForce(file, name, Number.POSITIVE_INFINITY, reading);
      return macro === undefined ? undefined : { ...macro, span: undefined };
    },
    macroBodies: (name) => {
      // Which of them holds, the reading says: here a definition in any branch counts.
      const bodies = (file.macros.get(name) ?? []).flatMap(({ macro }) => (macro ? [bodyText(macro())] : []));
      return bodies.length === 0 ? undefined : bodies.join("\n");
    },
    isType: (name) => (types ??= typedefsOf(file)).has(name),
    declarationsOf: (name) => declarations().spans.get(name) ?? [],
    neverReturns: (name) => saysNoreturn() && declarations().noreturn.has(name),
  };
}

const SAYS_NORETURN = /no_?ret|__dead/i;

function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Where the text behind `#ifndef GUARD`, `#define GUARD` begins; 0 in a file without. */
function behindGuard({ text, layout }: Preprocessed, given: Given): number {
  const [test, define] = layout.directives;
  if (test === undefined || define?.kind !== "define" || (test.kind !== "ifndef" && test.kind !== "if"))
    return 0;
  const name = /^\s*(\w+)/.exec(text.slice(define.argument, define.end))?.[1];
  const tested = text.slice(test.argument, test.end);
  // What the command line defines is no guard: the definition is a default.
  if (name === undefined || given.has(name)) return 0;
  return new RegExp(`\\b${name}\\b`).test(tested) ? define.end : 0;
}

function typedefsOf(file: Preprocessed): Set<string> {
  const names = new Set<string>();
  for (const span of file.layout.declarations) {
    if (!/\btypedef\b/.test(file.text.slice(span.start, span.start + 200))) continue;
    const tokens = allTokens(file, span);
    const start = tokens.findIndex((token) => token.text === "typedef");
    if (start >= 0) for (const name of typedefNames(tokens, start)) names.add(name);
  }
  return names;
}

/** Tokens of every branch in the span. */
export function allTokens(file: Preprocessed, span: Span): Token[] {
  const { directives } = file.layout;
  const inside = directives[indexAfter(directives, span.start)];
  const parts = inside && inside.start < span.end ? allText(file, span) : [span];
  return parts.flatMap((part) => tokenize(file.text, part.start, part.end));
}

function indexDeclarations(file: Preprocessed): DeclarationIndex {
  const spans = new Map<string, Span[]>();
  const noreturn = new Set<string>();
  for (const span of file.layout.declarations) {
    const tokens = allTokens(file, span);
    const names = declaredNames(tokens);
    for (const name of names) {
      const list = spans.get(name);
      if (list) list.push(span);
      else spans.set(name, [span]);
    }
    if (tokens.some((token) => NORETURN.test(token.text))) for (const name of names) noreturn.add(name);
  }
  return { spans, noreturn };
}

/** Names before `;` `,` `=` `[` `(` outside parentheses, enum constants, tags with a body, and the name in `(*name)`. */
function declaredNames(tokens: readonly Token[]): Set<string> {
  const names = new Set<string>();
  let initializer = false;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    const next = tokens[i + 1]?.text ?? ";";
    if (!token) break;
    if (token.text === "=") initializer = true;
    if (token.text === "," || token.text === ";") initializer = false;
    if (token.text === "(") {
      if (/^[*^]$/.test(next) && !initializer) {
        const name = tokens.slice(i, i + 8).find((other) => other.kind === "word" && !isKeyword(other.text));
        if (name) names.add(name.text);
      }
      i = closing(tokens, i);
    } else if (token.text === "{") {
      const close = closing(tokens, i);
      if (!initializer) namesInBody(tokens, i, close, names);
      i = close;
    } else if (token.kind === "word" && !isKeyword(token.text) && !initializer) {
      const tag = /^(?:struct|union|enum)$/.test(tokens[i - 1]?.text ?? "");
      if (tag ? next === "{" : /^(?:[;,=[(]|__attribute__)$/.test(next)) names.add(token.text);
    }
  }
  return names;
}

/** Enum constants, and the tags of structs defined inside. */
function namesInBody(tokens: readonly Token[], open: number, close: number, names: Set<string>): void {
  const isEnum = tokens[open - 1]?.text === "enum" || tokens[open - 2]?.text === "enum";
  for (let i = open + 1; i < close; i++) {
    const token = tokens[i];
    const before = tokens[i - 1]?.text ?? "";
    if (token?.kind !== "word") continue;
    const tagged = /^(?:struct|union|enum)$/.test(before) && tokens[i + 1]?.text === "{";
    if (tagged || (isEnum && /^[{,]$/.test(before))) names.add(token.text);
    if (before === "enum" || (tagged && before === "enum")) continue;
    if (tokens[i + 1]?.text === "{" && (before === "enum" || token.text === "enum")) {
      const inner = closing(tokens, i + 1);
      namesInBody(tokens, i + 1, inner, names);
      i = inner;
    }
  }
}
