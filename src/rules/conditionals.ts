/** What the conditionals of the preprocessor around a place say, as far as plain text tells. */

const DIRECTIVE = /^[ \t]*#[ \t]*(ifdef|ifndef|if|elif|else|endif)\b(.*(?:\\\r?\n.*)*)/gm;

/** The conditions that are open at an offset, each with the branches passed on the way: "ifdef __linux__". */
export function conditionsAround(text: string, offset: number): readonly string[] {
  const open: string[] = [];
  for (const match of text.slice(0, offset).matchAll(DIRECTIVE)) {
    const [, keyword = "", rest = ""] = match;
    if (keyword === "endif") open.pop();
    else if (keyword === "elif" || keyword === "else") open.push(`${open.pop() ?? ""} ${keyword} ${rest}`);
    else open.push(`${keyword} ${rest}`);
  }
  return open;
}

const CONDITION = /^[ \t]*#[ \t]*(?:ifn?def|if|elif)\b.*/gm;

/** Asked for at event after event of the same text, and finding them takes longer than all the rest of a rule. */
let last: { readonly text: string; readonly lines: readonly string[] } | undefined;

/** The lines of a text that hold conditions. */
export function conditionLines(text: string): readonly string[] {
  if (last?.text !== text) last = { text, lines: text.match(CONDITION) ?? [] };
  return last.lines;
}

/** Does any condition of the text ask for the name? */
export function asksFor(text: string, name: string): boolean {
  const named = new RegExp(`\\b${name}\\b`);
  return conditionLines(text).some((line) => named.test(line));
}
