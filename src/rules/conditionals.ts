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

/** Does any condition of the text ask for the name? */
export function asksFor(text: string, name: string): boolean {
  return new RegExp(`^[ \\t]*#[ \\t]*(?:ifn?def|if|elif)\\b.*\\b${name}\\b`, "m").test(text);
}
