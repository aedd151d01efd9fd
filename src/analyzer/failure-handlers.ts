/** What a program calls when mmap() has failed: in another file, which may not name the family at all. */
import type { FunctionOutline, Source, Unit } from "../syntax/unit.js";

const FAILED = /[=!]=\s*(?:\([^()]*\)\s*)*MAP_FAILED\s*\)+/g;
/** The statement or the block behind a condition; a block within it is not looked into. */
const FOLLOWING = /^\s*(?:\{([^{}]*)\}|([^{};]*;))/;
const LEAVES = /\b(?:return|goto|break|continue|_?exit|abort|errx?|verrx?)\b/;
const CALL = /\b([A-Za-z_]\w*)\s*\(/g;

/** The functions that are called last where mapping has failed and the path seems to go on. */
export function failureHandlers({ source: { text } }: Unit, { span }: FunctionOutline): readonly string[] {
  const body = text.slice(span.start, span.end);
  return [...body.matchAll(FAILED)].flatMap(({ index, 0: test }) => {
    const following = FOLLOWING.exec(body.slice(index + test.length));
    const statements = following?.[1] ?? following?.[2] ?? "";
    if (LEAVES.test(statements)) return [];
    const called = [...statements.matchAll(CALL)].map(([, name = ""]) => name);
    return called.slice(-1);
  });
}

/** Does the file define one of the functions? */
export function definesOne({ text }: Source, names: ReadonlySet<string>): boolean {
  return new RegExp(`^[\\w \\t*]*\\b(?:${[...names].join("|")})\\s*\\([^;{}]*\\)\\s*\\{`, "m").test(text);
}
