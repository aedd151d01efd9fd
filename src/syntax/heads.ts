/** Which of the words before a body's brace is the function's name, and where its head begins. */

/** Tokens at a file's top level: parallel arrays of offsets; `kind` is WORD, LITERAL or a character's code. */
export interface ItemTokens {
  readonly kinds: number[];
  readonly starts: number[];
  readonly ends: number[];
}

export const WORD = 1;
export const LITERAL = 2;
/** A braced group that was stepped over (a struct's body, an initializer). */
export const BRACES = 3;
export const OPEN = 40;
export const CLOSE = 41;
const ASTERISK = 42;
const COMMA = 44;
const SEMICOLON = 59;
const EQUALS = 61;

export interface Head {
  /** Index of the first token of the head, and of the name. */
  readonly first: number;
  readonly name: number;
}

const STORAGE =
  /^(?:static|extern|inline|__inline|__inline__|register|const|volatile|_Noreturn|auto|_Thread_local|__thread|__extension__)$/;
const NOT_A_NAME =
  /^(?:__attribute__|__attribute|__declspec|_Alignas|alignas|__asm__|__asm|asm|typeof|__typeof__|__typeof|if|for|while|switch|return|sizeof|void|int|char|long|short|unsigned|signed|float|double|_Bool|bool|defined|noexcept|throw)$/;
const TYPE_WORD = /^(?:void|int|char|long|short|unsigned|signed|float|double|_Bool|bool)$/;
const AGGREGATE = /^(?:struct|union|enum)$/;
const ATTRIBUTE = /^(?:__attribute__|__attribute|__declspec|_Alignas)$/;
/** Names by convention of macros rather than functions. */
export const MACRO_LIKE = /^(?:__\w+|_*[A-Z][A-Z0-9_]+)$/;

function word(text: string, tokens: ItemTokens, index: number): string {
  return tokens.kinds[index] === WORD ? text.slice(tokens.starts[index], tokens.ends[index]) : "";
}

/** Index of the parenthesis that closes the one at `open`, or the number of tokens. */
function closingIndex(tokens: ItemTokens, open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.kinds.length; i++) {
    if (tokens.kinds[i] === OPEN) depth++;
    else if (tokens.kinds[i] === CLOSE && --depth === 0) return i;
  }
  return tokens.kinds.length;
}

interface Candidate {
  readonly index: number;
  readonly text: string;
  readonly afterType: boolean;
}

function candidates(text: string, tokens: ItemTokens): Candidate[] {
  const found: Candidate[] = [];
  for (let i = 0; i < tokens.kinds.length; i++) {
    if (tokens.kinds[i] === OPEN) {
      i = closingIndex(tokens, i);
      continue;
    }
    if (tokens.kinds[i] !== WORD || tokens.kinds[i + 1] !== OPEN) continue;
    const name = word(text, tokens, i);
    if (NOT_A_NAME.test(name)) continue;
    const before = tokens.kinds[i - 1];
    const previous = word(text, tokens, i - 1);
    const afterType =
      before === ASTERISK || before === BRACES || (before === WORD && !STORAGE.test(previous));
    found.push({ index: i, text: name, afterType });
  }
  return found;
}

/** `int (*f(int a))(int) {` and `int (f)(int a) {`: the name stands inside the first parentheses. */
function nameInParentheses(text: string, tokens: ItemTokens): number | undefined {
  const open = tokens.kinds.indexOf(OPEN);
  for (let i = open + 1; i < tokens.kinds.length; i++) {
    const kind = tokens.kinds[i];
    if (kind === WORD && (tokens.kinds[i + 1] === OPEN || tokens.kinds[i + 1] === CLOSE)) {
      const name = word(text, tokens, i);
      if (!NOT_A_NAME.test(name) && !STORAGE.test(name)) return i;
    }
    if (kind !== ASTERISK && kind !== OPEN && kind !== WORD) return undefined;
  }
  return undefined;
}

/** `gint (f)(int a) {`, `int API(f)(int a) {`: the one word in parentheses that stands before the parameters. */
function wrappedName(tokens: ItemTokens, index: number): number | undefined {
  const single = tokens.kinds[index + 2] === WORD && tokens.kinds[index + 3] === CLOSE;
  return single && tokens.kinds[index + 4] === OPEN ? index + 2 : undefined;
}

/** The head that the tokens before a `{` at top level make, or undefined when it opens no function's body. */
export function findHead(text: string, tokens: ItemTokens): Head | undefined {
  const all = candidates(text, tokens);
  const plain = all.filter((candidate) => !MACRO_LIKE.test(candidate.text));
  const chosen =
    plain.find((candidate) => candidate.afterType) ??
    all.find((candidate) => candidate.afterType && plain.length === 0) ??
    plain[0] ??
    all[0];
  const wrapped = chosen && wrappedName(tokens, chosen.index);
  const name = wrapped ?? chosen?.index ?? nameInParentheses(text, tokens);
  if (name === undefined) return undefined;
  if (hasEquals(tokens)) return undefined;
  return { first: firstOfHead(text, tokens, name), name };
}

function hasEquals(tokens: ItemTokens): boolean {
  let depth = 0;
  for (const kind of tokens.kinds) {
    if (kind === OPEN) depth++;
    else if (kind === CLOSE) depth--;
    else if (kind === EQUALS && depth === 0) return true;
  }
  return false;
}

/** Steps over macro calls on lines of their own, such as `MODULE_LICENSE("GPL")`, that stand before the head. */
function firstOfHead(text: string, tokens: ItemTokens, name: number): number {
  let first = 0;
  while (first < name && tokens.kinds[first] === WORD && tokens.kinds[first + 1] === OPEN) {
    if (!MACRO_LIKE.test(word(text, tokens, first)) || NOT_A_NAME.test(word(text, tokens, first))) break;
    const close = closingIndex(tokens, first + 1);
    const next = close + 1;
    if (next > name || !text.slice(tokens.ends[close], tokens.starts[next]).includes("\n")) break;
    first = next;
  }
  return first;
}

/** True when the last tokens are `struct tag`, `enum`, `union ATTR(x) tag`: a type's body follows. */
export function endsWithAggregate(text: string, tokens: ItemTokens): boolean {
  let i = tokens.kinds.length - 1;
  for (let words = 0; i >= 0 && words < 6; words++) {
    if (tokens.kinds[i] === CLOSE) {
      let depth = 0;
      for (; i >= 0; i--) {
        if (tokens.kinds[i] === CLOSE) depth++;
        else if (tokens.kinds[i] === OPEN && --depth === 0) break;
      }
      i--;
      const name = word(text, tokens, i);
      const last = words === 0 && !ATTRIBUTE.test(name);
      if (!MACRO_LIKE.test(name) || (last && !AGGREGATE.test(word(text, tokens, i - 1)))) return false;
    } else if (tokens.kinds[i] !== WORD && tokens.kinds[i] !== 58) return false;
    const current = word(text, tokens, i);
    if (AGGREGATE.test(current)) return true;
    if (TYPE_WORD.test(current) && tokens.kinds[i - 1] !== 58) return false;
    i--;
  }
  return false;
}

/**
 * True for `int f(a, b) int a` just before its semicolon: what may be the beginning of a definition in the style of K&R.
 */
export function looksLikeOldStyle(tokens: ItemTokens): boolean {
  const open = tokens.kinds.indexOf(OPEN);
  if (open < 1 || tokens.kinds[open - 1] !== WORD) return false;
  const close = closingIndex(tokens, open);
  if (close >= tokens.kinds.length - 2 || close === open + 1) return false;
  for (let i = open + 1; i < close; i++) {
    const kind = tokens.kinds[i];
    if (kind !== ((i - open) % 2 === 1 ? WORD : COMMA)) return false;
  }
  return tokens.kinds[close + 1] === WORD && tokens.kinds.at(-1) !== SEMICOLON;
}

export function isStaticHead(text: string, tokens: ItemTokens, head: Head): boolean {
  for (let i = head.first; i < head.name; i++) if (word(text, tokens, i) === "static") return true;
  return false;
}

/** True when the tokens are `extern "C"` or a C++ namespace: a brace that does not count as depth. */
export function opensLinkage(text: string, tokens: ItemTokens): boolean {
  const last = tokens.kinds.length - 1;
  if (tokens.kinds[last] === LITERAL && word(text, tokens, last - 1) === "extern") return true;
  return word(text, tokens, 0) === "namespace";
}
