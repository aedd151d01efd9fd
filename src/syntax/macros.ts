/** The macros that a file defines, and which definition is in force at a place. */
import type { Span } from "../diagnostic.js";
import { skipBlanks, skipWord } from "./characters.js";
import type { Branch, Directive } from "./directives.js";
import { type Token, tokenize } from "./tokens.js";

export interface MacroDefinition {
  readonly name: string;
  /** Where the directive stands; undefined when another file defines the macro. */
  readonly span: Span | undefined;
  /** Undefined for an object-like macro. The variable part is not among them. */
  readonly parameters: readonly string[] | undefined;
  /** The name of the variable part: `__VA_ARGS__`, or GNU's `args...`. */
  readonly rest: string | undefined;
  readonly body: readonly Token[];
}

/** A `#define`, or with `macro` undefined an `#undef`. */
export interface MacroEvent {
  readonly name: string;
  /** The event counts for text behind this offset. */
  readonly offset: number;
  readonly branch: Branch | undefined;
  /** Reads the body on first use. */
  readonly macro: (() => MacroDefinition) | undefined;
}

/** By name, each list in the order of the file. */
export type MacroEvents = ReadonlyMap<string, readonly MacroEvent[]>;

export function collectMacros(text: string, directives: readonly Directive[]): MacroEvents {
  const events = new Map<string, MacroEvent[]>();
  for (const directive of directives) {
    if (directive.kind !== "define" && directive.kind !== "undef") continue;
    const start = skipBlanks(text, directive.argument);
    const end = skipWord(text, start);
    const name = text.slice(start, end);
    if (name === "") continue;
    const macro =
      directive.kind === "define" ? lazily(() => readMacro(text, directive, name, end)) : undefined;
    const event: MacroEvent = { name, offset: directive.start, branch: directive.branch, macro };
    const list = events.get(name);
    if (list) list.push(event);
    else events.set(name, [event]);
  }
  return events;
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** `nameEnd`: a parenthesis directly there makes the macro function-like. */
function readMacro(text: string, directive: Directive, name: string, nameEnd: number): MacroDefinition {
  const span = { start: directive.start, end: directive.end };
  if (text[nameEnd] !== "(") {
    return {
      name,
      span,
      parameters: undefined,
      rest: undefined,
      body: bodyTokens(text, nameEnd, directive.end),
    };
  }
  const tokens = tokenize(text, nameEnd, directive.end);
  const close = tokens.findIndex((token) => token.text === ")");
  const parameters: string[] = [];
  let rest: string | undefined;
  for (const token of tokens.slice(1, Math.max(close, 1))) {
    if (token.kind === "word") parameters.push(token.text);
    // GNU's `args...` names the variable part.
    else if (token.text === "...")
      rest = tokens[tokens.indexOf(token) - 1]?.kind === "word" ? parameters.pop() : "__VA_ARGS__";
  }
  const bodyStart = tokens[close]?.end ?? directive.end;
  return { name, span, parameters, rest, body: bodyTokens(text, bodyStart, directive.end) };
}

function bodyTokens(text: string, start: number, end: number): Token[] {
  return tokenize(text, start, end).map((token) => (token.space === "\n" ? { ...token, space: " " } : token));
}

/**
 * The first definition before `offset`, where no branch that defines it is active: the condition (`#ifndef PAGE_SIZE`)
 * tells of another definition that is not known.
 */
export function firstMacro(events: readonly MacroEvent[], offset: number): MacroDefinition | undefined {
  return events
    .slice(0, countBefore(events, offset))
    .find((other) => other.macro)
    ?.macro?.();
}

/** The last event before `offset` whose branch is active. */
export function activeEvent(
  events: readonly MacroEvent[] | undefined,
  offset: number,
  isActive: (branch: Branch | undefined) => boolean,
): MacroEvent | undefined {
  if (!events) return undefined;
  for (let i = countBefore(events, offset) - 1; i >= 0; i--) {
    const event = events[i];
    if (event && isActive(event.branch)) return event;
  }
  return undefined;
}

/** How many events stand before `offset`. */
export function countBefore(events: readonly MacroEvent[], offset: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((events[middle]?.offset ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The macro's body as text: tokens with single blanks. */
export function bodyText(macro: MacroDefinition): string {
  return macro.body.map((token, index) => (index > 0 && token.space !== "" ? " " : "") + token.text).join("");
}

/**
 * `#define flush_cache OBJ(flush_cache)` gives a function another name for the linker. Its definition, its prototype and
 * its calls are renamed alike, so nothing is lost when all keep the name as written, and a name that reads
 * `OBJ(flush_cache)` would be none in the definition.
 */
export function isDecoration({ name, parameters, body }: MacroDefinition): boolean {
  const [outer, open, inner, close, more] = body;
  return (
    parameters === undefined &&
    outer?.kind === "word" &&
    open?.text === "(" &&
    inner?.text === name &&
    close?.text === ")" &&
    more === undefined
  );
}
