/** Splits a command line into words as a POSIX shell does (XCU 2.2), without any of its expansions. */

/** The words of a command; a quote that does not end takes all the rest. */
export function shellWords(command: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: "'" | '"' | undefined;
  for (let at = 0; at < command.length; at++) {
    const character = command[at] ?? "";
    if (quote === "'") {
      if (character === "'") quote = undefined;
      else word += character;
    } else if (character === "\\" && at + 1 < command.length) {
      const next = command[++at] ?? "";
      // Between double quotes a backslash is one, except before what it can protect there.
      const kept = quote === '"' && !/["\\$`\n]/.test(next) ? "\\" : "";
      word = (word ?? "") + kept + (next === "\n" ? "" : next);
    } else if (character === quote) {
      quote = undefined;
    } else if (quote === undefined && (character === "'" || character === '"')) {
      quote = character;
      word ??= "";
    } else if (quote === undefined && /[ \t\r\n]/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + character;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}
