/**
 * Brings macros that stand for statements without a semicolon, for nothing, or for the head of a loop into the form of
 * C: the grammar reads some of them without complaint, but as declarations and nested functions. What stands in a
 * declaration as an attribute goes only when the text did not parse. Works statement by statement over tokens.
 */
import { plainSpecifiers } from "./head-tokens.js";
import { MACRO_LIKE } from "./heads.js";
import { at, ITERATION } from "./normalize.js";
import { append, closing, splitAtCommas, type Token } from "./tokens.js";
import { isKeyword, type IsType, SPECIFIERS, TYPE_KEYWORDS } from "./typenames.js";

const LOOP_NAME = /for_?each|foreach|iterate|_for_|^for|loop|walk|while|until/i;

const STEERING = /^(?:if|for|while|do|switch|return|goto|break|continue)$/;

/** `tokens` begins with the body's brace. `declarations`: whether these are repaired too. */
export function repairBody(tokens: readonly Token[], isType: IsType, declarations: boolean): Token[] {
  const work: Work = { tokens, output: [], isType, declarations };
  let i = 0;
  while (i < tokens.length) i = repairStatement(work, i);
  return work.output;
}

interface Work {
  readonly tokens: readonly Token[];
  readonly output: Token[];
  readonly isType: IsType;
  readonly declarations: boolean;
}

/** Takes one statement, or the part of one up to a statement inside it; returns where to go on. */
function repairStatement(work: Work, start: number): number {
  const { tokens, output, isType } = work;
  const token = tokens[start];
  const next = tokens[start + 1];
  if (!token) return start + 1;
  if (/^(?:[{};]|else|do|default)$/.test(token.text)) {
    output.push(token);
    if (token.text === "default" && next?.text === ":") output.push(next);
    return start + (token.text === "default" && next?.text === ":" ? 2 : 1);
  }
  if (/^(?:if|while|for|switch)$/.test(token.text) && next?.text === "(") {
    const close = closing(tokens, start + 1);
    append(output, tokens.slice(start, close + 1));
    return close + 1;
  }
  if (token.text === "case") return copyThrough(tokens, start, ":", output);
  if (token.kind === "word" && next?.text === ":" && !isKeyword(token.text)) {
    output.push(token, next);
    return start + 2;
  }
  if (token.kind === "word" && !isKeyword(token.text) && !isType(token.text)) {
    const behind = repairMacro(tokens, start, output);
    if (behind > start) return behind;
  }
  if (work.declarations && startsDeclaration(tokens, start, isType))
    return repairDeclaration(tokens, start, output, isType);
  return copyStatement(tokens, start, output);
}

function copyThrough(tokens: readonly Token[], start: number, last: string, output: Token[]): number {
  let i = start;
  for (; i < tokens.length; i++) {
    const token = tokens[i];
    if (token) output.push(token);
    if (token?.text === last) break;
  }
  return i + 1;
}

/** Copies up to the semicolon; a block inside (of a statement expression, or unforeseen) is left to the main loop. */
function copyStatement(tokens: readonly Token[], start: number, output: Token[]): number {
  let depth = 0;
  for (let i = start; i < tokens.length; i++) {
    const token = tokens[i];
    if (!token) break;
    if (token.text === "{") {
      if (depth > 0 || i === start || tokens[i - 1]?.text === "=") {
        const close = closing(tokens, i);
        append(output, tokens.slice(i, close + 1));
        i = close;
        continue;
      }
      return i;
    }
    if (token.text === "}" && depth === 0) return i;
    output.push(token);
    if (token.text === "(" || token.text === "[") depth++;
    else if (token.text === ")" || token.text === "]") depth--;
    else if (token.text === ";" && depth <= 0) return i + 1;
  }
  return tokens.length;
}

/** `FOO(x)`, `FOO(x) {`, `FOO {`, `FOO` on a line of its own. Returns `start` when the word is none of these. */
function repairMacro(tokens: readonly Token[], start: number, output: Token[]): number {
  const token = tokens[start];
  const next = tokens[start + 1];
  if (!token || !next) return start;
  if (next.text === "{") {
    append(output, loopHead(token, []));
    return start + 1;
  }
  if (next.text !== "(") {
    const follows = next.kind === "word" || next.text === "}" || next.text === "*";
    const alone = (next.space === "\n" && follows) || STEERING.test(next.text);
    return alone && MACRO_LIKE.test(token.text) ? start + 1 : start;
  }
  const close = closing(tokens, start + 1);
  const behind = tokens[close + 1];
  const args = tokens.slice(start + 2, close);
  if (!behind) return start;
  if (behind.text === "{" || (LOOP_NAME.test(token.text) && startsStatement(behind))) {
    append(output, loopHead(token, args));
    return close + 1;
  }
  if (behind.text === "}" || (startsStatement(behind) && behind.space === "\n")) {
    append(output, [...tokens.slice(start, close + 1), at(token, ";", "punctuator")]);
    return close + 1;
  }
  // `ATTR(x) int y;`
  if (TYPE_KEYWORDS.has(behind.text) || SPECIFIERS.has(behind.text)) return close + 1;
  return start;
}

function startsStatement(token: Token): boolean {
  return token.kind === "word" || token.text === "*" || token.text === "++" || token.text === "--";
}

/** `while (iterate$(a, b, c))`. Arguments that are no expressions are left out. */
function loopHead(token: Token, args: readonly Token[]): Token[] {
  const paren = (text: string): Token => ({ ...token, kind: "punctuator", text, space: "" });
  const kept = splitAtCommas(args).filter(
    (part) => !part.some((other) => /^(?:struct|union|;|\{)$/.test(other.text)),
  );
  const inner = kept.flatMap((part, index) => (index > 0 ? [paren(","), ...part] : part));
  return [at(token, "while"), paren("("), at(token, ITERATION), paren("("), ...inner, paren(")"), paren(")")];
}

/** A specifier, a type, or two words in a row. */
function startsDeclaration(tokens: readonly Token[], start: number, isType: IsType): boolean {
  const token = tokens[start];
  const next = tokens[start + 1];
  if (token?.kind !== "word" || /^(?:sizeof|return|goto|break|continue|__asm__|typedef)$/.test(token.text))
    return false;
  if (TYPE_KEYWORDS.has(token.text) || SPECIFIERS.has(token.text)) return true;
  if (isType(token.text)) return next?.kind === "word" || next?.text === "*";
  return next?.kind === "word" && !isKeyword(token.text);
}

/** Keeps the specifiers that are C, the declarators' names, array lengths and initializers. */
function repairDeclaration(tokens: readonly Token[], start: number, output: Token[], isType: IsType): number {
  let depth = 0;
  let end = start;
  for (; end < tokens.length; end++) {
    const text = tokens[end]?.text ?? "";
    if (/^[([{]$/.test(text)) depth++;
    else if (/^[)\]}]$/.test(text) && --depth < 0) break;
    else if (text === ";" && depth === 0) break;
  }
  const statement = tokens.slice(start, end);
  const parts = splitAtCommas(statement);
  const [first, ...others] = parts;
  if (!first || (statement.some((token) => token.text === "(") && isPrototype(statement))) {
    append(output, statement);
    return end;
  }
  append(output, repairFirst(first, isType));
  for (const part of others) {
    const anchor = part[0];
    if (anchor)
      append(output, [{ ...anchor, kind: "punctuator", text: ",", space: "" }, ...repairDeclarator(part)]);
  }
  return end;
}

/** Parentheses before any `=`: a function's or a pointer to one; nothing here to repair safely. */
function isPrototype(tokens: readonly Token[]): boolean {
  const equals = tokens.findIndex((token) => token.text === "=");
  const head = equals < 0 ? tokens : tokens.slice(0, equals);
  const open = head.findIndex((token) => token.text === "(");
  return (
    open >= 0 &&
    (head[open + 1]?.text === "*" ||
      head[open - 1]?.kind !== "word" ||
      !MACRO_LIKE.test(head[open - 1]?.text ?? ""))
  );
}

function repairFirst(tokens: readonly Token[], isType: IsType): Token[] {
  const suffix = tokens.findIndex((token) => token.text === "=" || token.text === "[" || token.text === ":");
  const head = suffix < 0 ? tokens : tokens.slice(0, suffix);
  const nameIndex = declaredName(head, isType);
  const name = head[nameIndex];
  if (!name) return [...tokens];
  const types: string[] = [];
  const specifiers = plainSpecifiers(head.slice(0, nameIndex), name, isType, types);
  return [...specifiers, name, ...(suffix < 0 ? [] : withoutTrailingMacros(tokens.slice(suffix)))];
}

/** Index of the name among words that may be attributes on either side of it; -1 when there is none (`struct s {…}`). */
function declaredName(tokens: readonly Token[], isType: IsType): number {
  let star = -1;
  const words: number[] = [];
  let typed = false;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (!token) break;
    if (token.text === "(" || token.text === "{") i = closing(tokens, i);
    else if (token.text === "*") star = i;
    else if (/^(?:struct|union|enum)$/.test(token.text)) {
      typed = true;
      if (tokens[i + 1]?.kind === "word") i++;
    } else if (TYPE_KEYWORDS.has(token.text)) typed = true;
    else if (token.kind === "word" && !SPECIFIERS.has(token.text)) {
      if (!typed && isType(token.text)) typed = true;
      else words.push(i);
    }
  }
  const behind = words.filter((index) => index > star);
  const free = typed || star >= 0 ? behind : behind.slice(1);
  return free.find((index) => !MACRO_LIKE.test(tokens[index]?.text ?? "")) ?? free.at(-1) ?? -1;
}

/** `[3] ATTR = {0}` loses `ATTR`. */
function withoutTrailingMacros(tokens: readonly Token[]): Token[] {
  const output: Token[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (!token) break;
    if (token.text === "=") return [...output, ...tokens.slice(i)];
    if (token.text === "[") {
      const close = closing(tokens, i);
      append(output, tokens.slice(i, close + 1));
      i = close;
    } else if (token.text === ":") return [...output, ...tokens.slice(i)];
  }
  return output;
}

/** `*p ATTR = q`: the stars, the first word and the initializer. */
function repairDeclarator(tokens: readonly Token[]): Token[] {
  const suffix = tokens.findIndex((token) => token.text === "=" || token.text === "[");
  const head = suffix < 0 ? tokens : tokens.slice(0, suffix);
  if (head.some((token) => token.text === "(")) return [...tokens];
  const stars = head.filter((token) => token.text === "*" || token.text === "const");
  const words = head.filter((token) => token.kind === "word" && !SPECIFIERS.has(token.text));
  const name = words.find((token) => !MACRO_LIKE.test(token.text)) ?? words[0];
  if (!name) return [...tokens];
  return [...stars, name, ...(suffix < 0 ? [] : withoutTrailingMacros(tokens.slice(suffix)))];
}
