/**
 * Macro expansion over tokens, as the C standard has it (6.10.4), with GNU's `, ## args` and `args...`.
 *
 * A token out of a macro's body takes the place of the outermost macro's use; a token that was an argument keeps its own.
 */
import type { MacroDefinition } from "./macros.js";
import { append, type Token, tokenize, type Use } from "./tokens.js";

/** Nested expansion of arguments within arguments. */
const MAX_ARGUMENT_DEPTH = 60;
/** Tokens that the expansion of one function may add; what comes after stays unexpanded. */
const MAX_ADDED_TOKENS = 100_000;

export interface ExpandOptions {
  /** The macro that a name at an offset of the file stands for, if it is to be expanded. */
  readonly macro: (name: string, offset: number) => MacroDefinition | undefined;
  /** Leave macros with parameters alone. */
  readonly objectLikeOnly: boolean;
}

interface Work {
  readonly options: ExpandOptions;
  added: number;
}

export function expand(tokens: readonly Token[], options: ExpandOptions): Token[] {
  return expandList({ options, added: 0 }, tokens, 0);
}

function expandList(work: Work, tokens: readonly Token[], depth: number): Token[] {
  const output: Token[] = [];
  const pending = tokens.toReversed();
  for (let token = pending.pop(); token; token = pending.pop()) {
    const replaced = token.kind === "word" ? replace(work, token, pending, depth) : undefined;
    if (!replaced) output.push(token);
    else for (let i = replaced.length - 1; i >= 0; i--) pending.push(replaced[i] ?? token);
  }
  return output;
}

/** The tokens to rescan in place of `name`, its arguments taken off `pending`; undefined when it is not expanded. */
function replace(work: Work, name: Token, pending: Token[], depth: number): Token[] | undefined {
  if (name.hidden?.has(name.text)) return undefined;
  const macro = work.options.macro(name.text, name.start);
  if (!macro || depth > MAX_ARGUMENT_DEPTH || work.added > MAX_ADDED_TOKENS) return undefined;
  if (macro.parameters && work.options.objectLikeOnly) return undefined;
  const taken = macro.parameters ? readArguments(pending) : { args: [], close: name, left: pending.length };
  if (!taken) return undefined;
  const use = useOf(macro, name, taken.close);
  const hidden = new Set(name.hidden).add(macro.name);
  const result = substitute(work, macro, taken.args, { use, hidden, space: name.space }, depth);
  if (!result) return undefined;
  pending.length = taken.left;
  work.added += result.length;
  return result;
}

/** A macro inside another's expansion belongs to the outer one's use, which may reach further through its arguments. */
function useOf(macro: MacroDefinition, name: Token, last: Token): Use {
  const outer = name.body ? name.use : undefined;
  const end = Math.max(outer?.span.end ?? 0, last.end);
  if (outer && outer.span.end === end) return outer;
  const start = outer?.span.start ?? name.start;
  return {
    name: outer?.name ?? macro.name,
    span: { start, end },
    definition: outer ? outer.definition : macro.span,
  };
}

interface Taken {
  readonly args: Token[][];
  readonly close: Token;
  /** What remains of the pending tokens without the arguments. */
  readonly left: number;
}

/** Reads `( … )` from the end of `pending`; undefined when no closed list stands there. */
function readArguments(pending: Token[]): Taken | undefined {
  if (pending.at(-1)?.text !== "(") return undefined;
  const args: Token[][] = [[]];
  let depth = 0;
  for (let i = pending.length - 1; i >= 0; i--) {
    const token = pending[i];
    if (!token) break;
    if (token.text === ")" && --depth === 0) return { args, close: token, left: i };
    if (token.text === "," && depth === 1) args.push([]);
    else if (depth > 0) args.at(-1)?.push(token);
    if (token.text === "(") depth++;
  }
  return undefined;
}

interface Origin {
  readonly use: Use;
  readonly hidden: ReadonlySet<string>;
  readonly space: Token["space"];
}

/** The macro's body with the arguments put in; undefined when it grows too large. */
function substitute(
  work: Work,
  macro: MacroDefinition,
  args: Token[][],
  origin: Origin,
  depth: number,
): Token[] | undefined {
  const values = bindArguments(macro, args);
  const expanded = new Map<string, Token[]>();
  const output: Token[] = [];
  const { body } = macro;
  for (let i = 0; i < body.length; i++) {
    const token = body[i];
    if (!token) break;
    if (work.added + output.length > MAX_ADDED_TOKENS) return undefined;
    const next = body[i + 1];
    if (token.text === "#" && next && values.has(next.text)) {
      output.push(place({ ...token, kind: "string", text: stringify(values.get(next.text) ?? []) }, origin));
      i++;
    } else if (token.text === "##" && next && output.length > 0) {
      const comma = output.at(-1)?.text === "," && next.text === macro.rest;
      const right = values.get(next.text) ?? [place(next, origin)];
      // GNU: the comma before an empty variable part goes away, and before another nothing is pasted.
      if (comma && right.length === 0) output.pop();
      else if (comma) append(output, right);
      else paste(output, right, origin);
      i++;
    } else if (values.has(token.text) && token.kind === "word") {
      const raw = values.get(token.text) ?? [];
      if (next?.text === "##") {
        if (raw.length > 0) append(output, raw);
        // An empty left operand: the right one stands alone.
        else if (i + 2 < body.length) i += skipEmptyPaste(output, body, i, values, origin);
      } else {
        let value = expanded.get(token.text);
        if (!value) expanded.set(token.text, (value = expandList(work, raw, depth + 1)));
        pushArgument(output, value, token.space);
      }
    } else output.push(place(token, origin));
  }
  return output.map((token, index) => finish(token, origin, index === 0));
}

/** `EMPTY ## x`: gives `x` and returns how many body tokens that used up. */
function skipEmptyPaste(
  output: Token[],
  body: readonly Token[],
  at: number,
  values: Map<string, Token[]>,
  origin: Origin,
): number {
  const right = body[at + 2];
  if (!right) return 0;
  // Something further to paste to (`a ## b ## c`) is left to the caller's next turn.
  append(output, values.get(right.text) ?? [place(right, origin)]);
  return 2;
}

function pushArgument(output: Token[], value: readonly Token[], space: Token["space"]): void {
  value.forEach((token, index) => output.push(index === 0 ? { ...token, space } : token));
}

function place(token: Token, origin: Origin): Token {
  const { start, end } = origin.use.span;
  return { ...token, start, end, use: origin.use, body: true, hidden: origin.hidden };
}

/** Argument tokens learn that they came through this use; all tokens learn which macros they are not to expand. */
function finish(token: Token, origin: Origin, first: boolean): Token {
  const space = first ? origin.space : token.space;
  if (token.body && token.use === origin.use && token.hidden === origin.hidden) return { ...token, space };
  const hidden = token.hidden ? new Set([...token.hidden, ...origin.hidden]) : origin.hidden;
  // Arguments are already expanded: hiding this macro only keeps a recursive name from expanding again.
  return token.body ? { ...token, space, hidden } : { ...token, space, use: token.use ?? origin.use, hidden };
}

function bindArguments(macro: MacroDefinition, args: Token[][]): Map<string, Token[]> {
  const values = new Map<string, Token[]>();
  const parameters = macro.parameters ?? [];
  parameters.forEach((parameter, index) => values.set(parameter, args[index] ?? []));
  if (macro.rest !== undefined) values.set(macro.rest, joinWithCommas(args.slice(parameters.length)));
  return values;
}

function joinWithCommas(args: readonly Token[][]): Token[] {
  return args.flatMap((arg, index) => {
    const anchor = arg[0] ?? args[index - 1]?.at(-1);
    const comma: Token = {
      kind: "punctuator",
      text: ",",
      start: anchor?.start ?? 0,
      end: anchor?.start ?? 0,
      space: "",
    };
    return index === 0 ? arg : [comma, ...arg];
  });
}

/** Pastes the last of `output` and the first of `right` into one token. */
function paste(output: Token[], right: readonly Token[], origin: Origin): void {
  const left = output.at(-1);
  const first = right[0];
  if (!left || !first) return;
  output.pop();
  const text = left.text + first.text;
  for (const token of tokenize(text, 0, text.length))
    output.push(place({ ...token, space: left.space }, origin));
  append(output, right.slice(1));
}

/** The text of the argument as a string literal. */
function stringify(tokens: readonly Token[]): string {
  const text = tokens
    .map((token, index) => (index > 0 && token.space !== "" ? " " : "") + escapeLiteral(token))
    .join("");
  return `"${text}"`;
}

function escapeLiteral(token: Token): string {
  const literal = token.kind === "string" || token.kind === "character";
  return literal ? token.text.replaceAll(/["\\]/g, "\\$&") : token.text;
}
