/** Values of C literals. */

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ["r", "\r"],
  ["0", "\0"],
  ["a", "\x07"],
  ["b", "\b"],
  ["f", "\f"],
  ["v", "\v"],
  ["e", "\x1b"],
  ["E", "\x1b"],
]);

/**
 * The value of an integer literal as a signed 64-bit number; undefined when it is a floating one, malformed, or beyond
 * 2^53.
 */
export function integerValue(text: string): number | undefined {
  const digits = text.replaceAll("'", "").replace(/(?:[uUlLzZ]|i64|I64)+$/, "");
  const radix = /^0[xX]/.test(digits)
    ? "0x"
    : /^0[bB]/.test(digits)
      ? "0b"
      : /^0[0-7]/.test(digits)
        ? "0o"
        : "";
  const body = radix === "0o" ? digits.slice(1) : radix === "" ? digits : digits.slice(2);
  const allowed =
    radix === "0x" ? /^[0-9a-fA-F]+$/ : radix === "0b" ? /^[01]+$/ : radix === "0o" ? /^[0-7]+$/ : /^\d+$/;
  if (!allowed.test(body)) return undefined;
  const value = Number(radix + body);
  if (Number.isSafeInteger(value)) return value;
  const wrapped = Number(BigInt.asIntN(64, BigInt(radix + body)));
  return Number.isSafeInteger(wrapped) ? wrapped : undefined;
}

/** The characters of a string or character literal, prefix and quotes taken off and escapes resolved. */
export function literalText(text: string): string {
  const open = text.search(/["']/);
  const quote = text[open] ?? "";
  const closed = text.length > open + 1 && text.endsWith(quote);
  return text
    .slice(open + 1, closed ? -1 : undefined)
    .replaceAll(
      /\\(?:\r?\n|x([0-9a-fA-F]+)|([0-7]{1,3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]))/g,
      unescape,
    );
}

function unescape(
  _whole: string,
  hexadecimal: string | undefined,
  octal: string | undefined,
  short: string | undefined,
  long: string | undefined,
  character: string | undefined,
): string {
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
  const code = hexadecimal ?? short ?? long;
  if (code !== undefined) {
    const point = Number.parseInt(code, 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : "\ufffd";
  }
  if (character === undefined) return "";
  return ESCAPES.get(character) ?? character;
}

/** The value of a character constant: of one byte as a signed char, several bytes as GCC packs them. */
export function characterValue(text: string): number {
  const characters = literalText(text);
  if (characters.length <= 1 || !text.startsWith("'")) {
    const code = characters.codePointAt(0) ?? 0;
    return text.startsWith("'") && code > 127 && code < 256 ? code - 256 : code;
  }
  let value = 0;
  for (let i = 0; i < characters.length; i++) value = (value << 8) | (characters.charCodeAt(i) & 0xff);
  return value;
}
