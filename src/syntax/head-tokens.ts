/** Brings a function's head into plain C: macros that stand for attributes, storage or nothing go. */
import { MACRO_LIKE } from "./heads.js";
import { at } from "./normalize.js";
import { append, closing, splitAtCommas, type Token } from "./tokens.js";
import { isKeyword, type IsType, SPECIFIERS, TYPE_KEYWORDS } from "./typenames.js";

export interface HeadTokens {
  readonly tokens: Token[];
  /** Type names that the head alone shows as such. */
  readonly types: readonly string[];
}

/** `tokens` up to, without, the body's brace; `nameIndex`: the function's name among them. */
export function plainHead(tokens: readonly Token[], nameIndex: number, isType: IsType): HeadTokens {
  const name = tokens[nameIndex];
  const open = tokens[nameIndex + 1];
  const types: string[] = [];
  // A name within parentheses (`int (*f(int))(int)`) is left to the grammar.
  if (
    !name ||
    open?.text !== "(" ||
    (/^[*(]$/.test(tokens[nameIndex - 1]?.text ?? "") &&
      tokens
        .slice(0, nameIndex)
        .some((token) => token.text === "(" && closing(tokens, tokens.indexOf(token)) > nameIndex))
  ) {
    return { tokens: [...tokens], types };
  }
  const close = closing(tokens, nameIndex + 1);
  const behind = tokens.slice(close + 1);
  const specifiers = plainSpecifiers(tokens.slice(0, nameIndex), name, isType, types);
  const inside = tokens.slice(nameIndex + 2, close);
  const oldStyle = behind.some((token) => token.text === ";");
  const parameters = plainParameters(oldStyle ? declaredParameters(inside, behind) : inside, isType, types);
  const end = tokens[close] ?? at(open, ")", "punctuator");
  return { tokens: [...specifiers, name, open, ...parameters, end], types };
}

/** The parameters of a definition in the style of K&R, as a prototype has them: `a, b` and `int a; char *b;`. */
function declaredParameters(names: readonly Token[], declarations: readonly Token[]): Token[] {
  const order = splitAtCommas(names).flatMap((part) => part.slice(0, 1));
  const wanted = new Set(order.map((token) => token.text));
  const found = new Map<string, Token[]>();
  for (let rest = declarations; rest.length > 0;) {
    const semicolon = rest.findIndex((token) => token.text === ";");
    const declaration = rest.slice(0, semicolon < 0 ? rest.length : semicolon);
    rest = semicolon < 0 ? [] : rest.slice(semicolon + 1);
    const first = declaration.findIndex((token) => /^[*(]$/.test(token.text) || wanted.has(token.text));
    const specifiers = declaration.slice(0, Math.max(first, 0));
    for (const declarator of splitAtCommas(declaration.slice(Math.max(first, 0)))) {
      const name = declarator.find((token) => wanted.has(token.text));
      if (name) found.set(name.text, [...specifiers, ...declarator]);
    }
  }
  return order.flatMap((name, index) => {
    const parameter = found.get(name.text) ?? [at(name, "int"), name];
    return index === 0 ? parameter : [at(name, ",", "punctuator"), ...parameter];
  });
}

/** Keeps keywords, stars, tags and one type name. `anchor` places an `int` where no type stands. */
export function plainSpecifiers(
  tokens: readonly Token[],
  anchor: Token,
  isType: IsType,
  types: string[],
): Token[] {
  const kept: (Token | undefined)[] = [];
  const unknown: { readonly index: number; readonly text: string }[] = [];
  let definite = false;
  let stars = false;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (!token) break;
    if (/^(?:struct|union|enum)$/.test(token.text)) {
      definite = true;
      kept.push(token);
      const tag = tokens[i + 1];
      if (tag?.kind === "word") {
        kept.push(tag);
        i++;
      }
      if (tokens[i + 1]?.text === "{") {
        const end = closing(tokens, i + 1);
        append(kept, tokens.slice(i + 1, end + 1));
        i = end;
      }
    } else if (TYPE_KEYWORDS.has(token.text)) {
      definite = true;
      kept.push(token);
    } else if (SPECIFIERS.has(token.text)) kept.push(token);
    else if (token.text === "*") {
      stars = true;
      kept.push(token);
    } else if (token.kind === "word") {
      const known = isType(token.text) && !stars && !definite;
      if (known) definite = true;
      if (!known && !stars) unknown.push({ index: kept.length, text: token.text });
      kept.push(stars && !known ? undefined : token);
      if (tokens[i + 1]?.text === "(") i = closing(tokens, i + 1);
    }
  }
  const chosen = definite
    ? undefined
    : (unknown.findLast((word) => !MACRO_LIKE.test(word.text)) ?? unknown.at(-1));
  if (chosen) types.push(chosen.text);
  for (const word of unknown) if (word !== chosen) kept[word.index] = undefined;
  const output = kept.filter((token) => token !== undefined);
  return definite || chosen ? output : [at(anchor, "int"), ...output];
}

function plainParameters(tokens: readonly Token[], isType: IsType, types: string[]): Token[] {
  const output: Token[] = [];
  for (const part of splitAtCommas(tokens)) {
    const plain = plainParameter(part, isType, types);
    const first = plain[0];
    if (!first) continue;
    if (output.length > 0) output.push({ ...first, kind: "punctuator", text: ",", space: "" });
    append(output, plain);
  }
  return output;
}

function plainParameter(tokens: readonly Token[], isType: IsType, types: string[]): Token[] {
  if (tokens[0]?.text === "...") return [...tokens];
  const open = tokens.findIndex((token) => token.text === "(");
  if (open >= 0 && /^[*^]$/.test(tokens[open + 1]?.text ?? "")) return [...tokens];
  const suffix = tokens.findIndex((token) => token.text === "[");
  const words = tokens.slice(0, suffix < 0 ? tokens.length : suffix);
  const arrays = suffix < 0 ? [] : tokens.slice(suffix, closingOfArrays(tokens, suffix));
  const flat = withoutMacroCalls(words);
  if (flat.some((token) => token.kind !== "word" && token.text !== "*")) return [];
  const { type, name } = splitParameter(flat, isType);
  const anchor = flat[0];
  if (!anchor) return [];
  const specifiers = plainSpecifiers(type, anchor, isType, types);
  return name ? [...specifiers, name, ...arrays] : [...specifiers, ...arrays];
}

function closingOfArrays(tokens: readonly Token[], start: number): number {
  let end = start;
  while (tokens[end]?.text === "[") end = closing(tokens, end) + 1;
  return end;
}

/** `*UNUSED(x)` becomes `*x`; `x ATTR(1, 2)` becomes `x`. */
function withoutMacroCalls(tokens: readonly Token[]): Token[] {
  const output: Token[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (!token) break;
    if (token.text !== "(") {
      output.push(token);
      continue;
    }
    const close = closing(tokens, i);
    const macro = output.at(-1);
    if (macro?.kind === "word") {
      output.pop();
      const inner = tokens[i + 1];
      const named = output.some((other) => other.kind === "word" && !SPECIFIERS.has(other.text));
      if (close === i + 2 && inner?.kind === "word" && named && !hasName(output)) output.push(inner);
    } else append(output, tokens.slice(i + 1, close));
    i = close;
  }
  return output;
}

/** Two words that are no keywords, or one behind a keyword type or star: the parameter has its name already. */
function hasName(tokens: readonly Token[]): boolean {
  const last = tokens.at(-1);
  if (last?.kind !== "word" || isKeyword(last.text) || MACRO_LIKE.test(last.text)) return false;
  const before = tokens.at(-2);
  return before !== undefined && !/^(?:struct|union|enum)$/.test(before.text) && !SPECIFIERS.has(before.text);
}

function splitParameter(
  tokens: readonly Token[],
  isType: IsType,
): { type: readonly Token[]; name: Token | undefined } {
  const star = tokens.findLastIndex((token) => token.text === "*");
  const tagged = (index: number): boolean => /^(?:struct|union|enum)$/.test(tokens[index - 1]?.text ?? "");
  const words = tokens
    .map((token, index) => ({ token, index }))
    .filter(
      ({ token, index }) => index > star && token.kind === "word" && !isKeyword(token.text) && !tagged(index),
    );
  const before = tokens.slice(0, Math.max(star, 0));
  const typed = star >= 0 || tokens.some((token) => TYPE_KEYWORDS.has(token.text)) || before.length > 0;
  // Without a keyword or star the first word that can be a type is the type.
  const first = typed
    ? undefined
    : (words.find(({ token }) => isType(token.text)) ??
      words.find(({ token }) => !MACRO_LIKE.test(token.text) && words.length > 2) ??
      words[0]);
  const candidates = words.filter(
    (word) => word !== first && (first === undefined || word.index > first.index),
  );
  const name = candidates.find(({ token }) => !MACRO_LIKE.test(token.text)) ?? candidates.at(-1);
  if (!name) return { type: tokens, name: undefined };
  const dropped = new Set(candidates.map(({ index }) => index));
  return { type: tokens.filter((_, index) => !dropped.has(index)), name: name.token };
}
