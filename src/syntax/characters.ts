/** How to step over the pieces of C text that hide braces: comments, literals, directives. Offsets are UTF-16 units. */

const TAB = 9;
const NEWLINE = 10;
const VERTICAL_TAB = 11;
const FORM_FEED = 12;
const CARRIAGE_RETURN = 13;
const SPACE = 32;
const DOUBLE_QUOTE = 34;
const SINGLE_QUOTE = 39;
const ASTERISK = 42;
const SLASH = 47;
const BACKSLASH = 92;

/** True where a letter, digit, `_`, `$` or a character beyond ASCII stands. */
export function isWordCode(code: number): boolean {
  return code > 127 || WORD[code] === 1;
}

export function isDigitCode(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isBlankCode(code: number): boolean {
  return (
    code === SPACE || code === TAB || code === CARRIAGE_RETURN || code === FORM_FEED || code === VERTICAL_TAB
  );
}

const WORD = new Uint8Array(128);
for (const character of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$") {
  WORD[character.charCodeAt(0)] = 1;
}

export function skipWord(text: string, offset: number): number {
  let i = offset;
  while (i < text.length && isWordCode(text.charCodeAt(i))) i++;
  return i;
}

/** Offset of the newline that ends the line (or the text's length); a backslash before it continues the line. */
function skipLine(text: string, offset: number): number {
  let from = offset;
  for (;;) {
    const newline = text.indexOf("\n", from);
    if (newline < 0) return text.length;
    const before = text.charCodeAt(newline - 1) === CARRIAGE_RETURN ? newline - 2 : newline - 1;
    if (before < from || text.charCodeAt(before) !== BACKSLASH) return newline;
    from = newline + 1;
  }
}

/** Offset behind a block comment that begins at `offset`; an unterminated one goes to the end. */
function skipBlockComment(text: string, offset: number): number {
  const end = text.indexOf("*/", offset + 2);
  return end < 0 ? text.length : end + 2;
}

/**
 * Offset behind the literal whose quote stands at `offset`. One that is not closed on its line ends at the newline, so
 * that an apostrophe in stray text costs one line only.
 */
export function skipLiteral(text: string, offset: number): number {
  const quote = text.charCodeAt(offset);
  let i = offset + 1;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    if (code === quote) return i + 1;
    if (code === NEWLINE) return i;
    if (code === BACKSLASH)
      i += text.charCodeAt(i + 1) === CARRIAGE_RETURN && text.charCodeAt(i + 2) === NEWLINE ? 3 : 2;
    else i++;
  }
  return text.length;
}

/**
 * Offset behind the comment that begins at `offset`, or `offset` itself when none does. A line comment's newline is not
 * part of it.
 */
export function skipComment(text: string, offset: number): number {
  if (text.charCodeAt(offset) !== SLASH) return offset;
  const next = text.charCodeAt(offset + 1);
  if (next === ASTERISK) return skipBlockComment(text, offset);
  return next === SLASH ? skipLine(text, offset) : offset;
}

/** Offset of the newline that ends a directive: over line splices, comments and literals. */
export function skipDirective(text: string, offset: number): number {
  let i = offset;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    if (code === NEWLINE) return i;
    if (code === BACKSLASH) {
      if (text.charCodeAt(i + 1) === NEWLINE) i += 2;
      else if (text.charCodeAt(i + 1) === CARRIAGE_RETURN && text.charCodeAt(i + 2) === NEWLINE) i += 3;
      else i++;
    } else if (code === DOUBLE_QUOTE || code === SINGLE_QUOTE) i = skipLiteral(text, i);
    else if (code === SLASH) {
      const end = skipComment(text, i);
      i = end === i ? i + 1 : end;
    } else i++;
  }
  return text.length;
}

/** Offset of the first character that is not blank: over spaces, line splices and block comments, not newlines. */
export function skipBlanks(text: string, offset: number): number {
  let i = offset;
  for (;;) {
    const code = text.charCodeAt(i);
    if (isBlankCode(code)) i++;
    else if (code === BACKSLASH && text.charCodeAt(i + 1) === NEWLINE) i += 2;
    else if (code === BACKSLASH && text.charCodeAt(i + 1) === CARRIAGE_RETURN) i += 3;
    else if (code === SLASH && text.charCodeAt(i + 1) === ASTERISK) i = skipBlockComment(text, i);
    else return i;
  }
}

/** True when only blanks stand between the line's beginning and `offset`. */
export function startsLine(text: string, offset: number): boolean {
  let i = offset - 1;
  while (i >= 0 && isBlankCode(text.charCodeAt(i))) i--;
  return i < 0 || text.charCodeAt(i) === NEWLINE;
}
