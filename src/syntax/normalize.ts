/**
 * Rewrites tokens so that the grammar cannot misread them: attributes go, type names are marked as types, and GNU forms
 * that the grammar lacks become calls of reserved names, which the conversion knows.
 */
import { append, closing, splitAtCommas, type Token } from "./tokens.js";
import { isKeyword, type IsType, SPECIFIERS, TYPE_KEYWORDS } from "./typenames.js";

/** `struct typedef$NAME` stands for the type name NAME: the grammar takes it for a type everywhere. */
export const TYPE_MARK = "typedef$";
/** A type, or an operator, where a call's argument stands: the call cannot be understood. */
export const OPAQUE_ARGUMENT = "opaque$argument";
/** `case range$(1, 5):` for GNU's `case 1 ... 5:`. */
export const RANGE = "range$";
/** `goto$(p);` for GNU's `goto *p;`. */
export const COMPUTED_GOTO = "goto$";
/** `label$name` for GNU's `&&name`. */
export const LABEL_ADDRESS = "label$";
/** `while (iterate$(…))` for a macro that heads a block. */
export const ITERATION = "iterate$";
/** The type of `typeof(expression)`. */
const UNKNOWN_TYPE = "__typeof__";

export const NORETURN = /^(?:_Noreturn|noreturn|__noreturn(?:__)?|__dead2?|\w*NO_?RET(?:URN)?(?:_\w*)?)$/;

const DROPPED =
  /^(?:__extension__|restrict|__restrict|__restrict__|_Noreturn|noreturn|__label__|__cdecl|__stdcall)$/;
const ATTRIBUTES = /^(?:__attribute__|__attribute|__declspec|_Alignas|alignas)$/;
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ["__inline", "inline"],
  ["__inline__", "inline"],
  ["__const", "const"],
  ["__const__", "const"],
  ["__volatile", "volatile"],
  ["__volatile__", "volatile"],
  ["__signed", "signed"],
  ["__signed__", "signed"],
  ["__asm", "__asm__"],
  ["asm", "__asm__"],
  ["__thread", "static"],
  ["_Thread_local", "static"],
]);

/** A token of another text at the same place. */
export function at(token: Token, text: string, kind: Token["kind"] = "word"): Token {
  return { ...token, kind, text };
}

function punctuator(token: Token, text: string): Token {
  return { ...token, kind: "punctuator", text, space: "" };
}

/** Takes attributes and qualifiers of no interest away, and makes spellings uniform. */
export function stripAttributes(tokens: readonly Token[]): Token[] {
  const output: Token[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (!token) break;
    if (token.kind === "word") {
      if (ATTRIBUTES.test(token.text) && tokens[i + 1]?.text === "(") {
        i = closing(tokens, i + 1);
        continue;
      }
      if (token.text === "__label__") {
        while (i < tokens.length && tokens[i]?.text !== ";") i++;
        continue;
      }
      if (DROPPED.test(token.text)) continue;
      const spelling = SPELLINGS.get(token.text);
      output.push(spelling === undefined ? token : at(token, spelling));
    } else if (token.text === "[" && tokens[i + 1]?.text === "[" && isStandardAttribute(tokens, i))
      i = closing(tokens, i);
    else output.push(token);
  }
  return output;
}

/** `[[noreturn]]`, not `a[[…` which C has not. */
function isStandardAttribute(tokens: readonly Token[], index: number): boolean {
  const close = closing(tokens, index + 1);
  return tokens[close + 1]?.text === "]";
}

/** Rewrites what the grammar lacks. Attributes must be gone. */
export function rewriteForms(tokens: readonly Token[], isType: IsType): Token[] {
  const output: Token[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (!token) break;
    const next = tokens[i + 1];
    const previous = output.at(-1);
    if (
      token.kind === "word" &&
      /^(?:typeof|__typeof__|__typeof|typeof_unqual)$/.test(token.text) &&
      next?.text === "("
    ) {
      const close = closing(tokens, i + 1);
      append(output, typeofTokens(tokens.slice(i + 2, close), token, isType));
      i = close;
    } else if (token.text === "__auto_type" || token.text === "__builtin_va_list")
      output.push(at(token, "struct"), at(token, TYPE_MARK + UNKNOWN_TYPE));
    else if (token.text === "goto" && next?.text === "*") {
      const end = tokens.findIndex((other, index) => index > i && other.text === ";");
      if (end < 0) continue;
      output.push(at(token, COMPUTED_GOTO), punctuator(token, "("));
      append(output, rewriteForms(tokens.slice(i + 2, end), isType));
      output.push(punctuator(token, ")"));
      i = end - 1;
    } else if (token.text === "&&" && next?.kind === "word" && startsOperand(previous)) {
      output.push(at(token, LABEL_ADDRESS + next.text));
      i++;
    } else if (token.text === "case") i = rewriteCase(tokens, i, output, isType);
    else if (token.text === "_Static_assert" || token.text === "static_assert") {
      const close = closing(tokens, i + 1);
      i = tokens[close + 1]?.text === ";" ? close + 1 : close;
    } else if (token.text === ":" && next?.text === "}") output.push(token, punctuator(token, ";"));
    else if (token.kind === "word" && next?.text === "(" && isCall(tokens, i, isType)) {
      const close = closing(tokens, i + 1);
      const inside = tokens.slice(i + 2, close);
      const cast = castMacro(token, inside, isType);
      append(output, cast ?? [token, next, ...rewriteArguments(inside, isType)]);
      i = cast ? close : close - 1;
    } else if (token.kind === "string" && next?.kind === "word" && tokens[i + 2]?.text === "(") {
      // A macro that makes a string out of its arguments, between literals.
      output.push(token);
      i = closing(tokens, i + 2);
    } else output.push(token);
  }
  return output;
}

/** `CAST(char *, p)`: the macro's name says what it does. */
function castMacro(name: Token, inside: readonly Token[], isType: IsType): Token[] | undefined {
  const [type, value, ...others] = splitAtCommas(inside);
  const isCast =
    /cast/i.test(name.text) && type && value && others.length === 0 && isTypeTokens(type, isType);
  if (!isCast) return undefined;
  const open = punctuator(name, "(");
  const close = punctuator(name, ")");
  return [open, open, ...type, close, open, ...rewriteForms(value, isType), close, close];
}

function startsOperand(previous: Token | undefined): boolean {
  return !previous || /^(?:[=({[,:?]|return|&&|\|\|)$/.test(previous.text);
}

/** The type of `typeof(T)` where it is plain to see, else an unknown one. */
function typeofTokens(inner: readonly Token[], anchor: Token, isType: IsType): Token[] {
  if (isTypeTokens(inner, isType) && !inner.some((token) => token.text === "*")) return [...inner];
  return [at(anchor, "struct"), at(anchor, TYPE_MARK + UNKNOWN_TYPE)];
}

/** True for `unsigned long`, `struct s *`, `u32`, `const Foo **`: a type and nothing else. */
export function isTypeTokens(tokens: readonly Token[], isType: IsType): boolean {
  let seen = false;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (!token) break;
    if (/^(?:struct|union|enum)$/.test(token.text)) {
      if (tokens[++i]?.kind !== "word") return false;
      seen = true;
    } else if (TYPE_KEYWORDS.has(token.text) || (token.kind === "word" && !seen && isType(token.text)))
      seen = true;
    else if (token.text === "*" ? !seen : !SPECIFIERS.has(token.text)) return false;
  }
  return seen;
}

function rewriteCase(tokens: readonly Token[], start: number, output: Token[], isType: IsType): number {
  const anchor = tokens[start];
  let end = start + 1;
  let conditional = 0;
  for (; end < tokens.length; end++) {
    const text = tokens[end]?.text ?? "";
    if (text === "?") conditional++;
    if (text === ";" || text === "{" || text === "}") break;
    if (text === ":" && conditional-- === 0) break;
  }
  const label = tokens.slice(start + 1, end);
  const dots = label.findIndex((token) => token.text === "...");
  if (!anchor || dots < 0) {
    if (anchor) output.push(anchor);
    return start;
  }
  const comma = at(anchor, ",", "punctuator");
  output.push(anchor, at(anchor, RANGE), punctuator(anchor, "("));
  append(output, rewriteForms(label.slice(0, dots), isType));
  output.push(comma);
  append(output, rewriteForms(label.slice(dots + 1), isType));
  output.push(punctuator(anchor, ")"));
  return end - 1;
}

/** A word before a parenthesis that is called, not declared, and no keyword. */
function isCall(tokens: readonly Token[], index: number, isType: IsType): boolean {
  const word = tokens[index]?.text ?? "";
  if (isKeyword(word)) return false;
  // `min_t(int, a, b)`: C has no cast in this form, so what looks like a type's name is a macro's.
  if (isType(word) && /^[*^]$/.test(tokens[index + 2]?.text ?? "")) return false;
  const previous = tokens[index - 1];
  if (!previous) return true;
  if (previous.kind === "word") return /^(?:return|case|else|do|goto)$/.test(previous.text);
  if (previous.text !== "*") return true;
  // `Foo *f(int);` declares.
  const type = tokens[index - 2];
  return type?.kind !== "word" || (!isType(type.text) && !TYPE_KEYWORDS.has(type.text));
}

function rewriteArguments(tokens: readonly Token[], isType: IsType): Token[] {
  const output: Token[] = [];
  let from = 0;
  for (const part of splitAtCommas(tokens)) {
    const comma = tokens[from - 1];
    if (comma) output.push(comma);
    const first = part[0];
    if (first && (isTypeTokens(part, isType) || isOperator(part))) output.push(at(first, OPAQUE_ARGUMENT));
    else if (first) append(output, rewriteForms(part, isType));
    else if (comma ?? tokens[from]) append(output, emptyArgument(comma ?? tokens[from]));
    from += part.length + 1;
  }
  return output;
}

/** `==` or `<` handed to a macro. */
function isOperator(tokens: readonly Token[]): boolean {
  return tokens.length === 1 && tokens[0]?.kind === "punctuator";
}

/** Puts `struct` before each type name. The last step: the marked tokens are no C any more. */
export function markTypes(tokens: readonly Token[], isType: IsType): Token[] {
  const output: Token[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (!token) break;
    if (token.kind !== "word" || isKeyword(token.text) || !isType(token.text) || !standsAsType(tokens, i))
      output.push(token);
    else output.push(at(token, "struct"), { ...token, text: TYPE_MARK + token.text, space: " " });
  }
  return output;
}

function standsAsType(tokens: readonly Token[], index: number): boolean {
  const previous = tokens[index - 1];
  const next = tokens[index + 1];
  const before = previous?.text ?? "";
  if (/^(?:struct|union|enum|goto|\.|->)$/.test(before)) return false;
  if (next?.text === ":" && /^[;{}]$/.test(before)) return false;
  // Behind another type it is what is declared: `typedef unsigned char u8;`.
  if (previous?.kind === "word" && TYPE_KEYWORDS.has(before)) return false;
  if (/^[;,[=]$/.test(next?.text ?? "") && before !== "(" && before !== ",") return false;
  // `foo_t(x)` calls, `foo_t (*f)(int)` declares.
  return next?.text !== "(" || /^[*^]$/.test(tokens[index + 2]?.text ?? "");
}

function emptyArgument(anchor: Token | undefined): Token[] {
  return anchor ? [at(anchor, OPAQUE_ARGUMENT)] : [];
}
