/**
 * What a C fixture says about the engine's knowledge, in line comments, and how the engine is held against it.
 *
 *     mmap_reveal(p);   // reveals live rw- private anonymous        on the one path state that gets here
 *     mmap_reveal(p);   // reveals NULL | live rw- shared file +16   on several; and bytes past the start
 *     mmap_reveal(p);   // todo reveals unknown: needs intervals     a known wrong answer: fails once it is another
 *     void *m(void) {   // summary fails NULL, else maps result      the function's summary, word by word
 *
 * An alternative gives phase, protection, sharing and backing in full; of the details (`length=n`, `owner lent`) it gives
 * those that matter to it. No path at all reveals "nothing".
 */
import type { Description } from "../../src/analyzer/describe.js";

export interface Claim {
  readonly kind: "reveals" | "summary";
  readonly text: string;
  /** The answer is known to be wrong. */
  readonly todo: boolean;
  /** 1-based. */
  readonly line: number;
}

const COMMENT = /\/\/\s*((?:todo\s+)?(?:reveals|summary)\b.*)$/;
const CLAIM = /^(reveals|summary) (\S.*)$/;
const TODO = /^todo (reveals|summary) (\S.*?): \S/;

/** The claims of a C source, in its order. Throws on a comment that starts like one and cannot be read. */
export function claims(source: string): readonly Claim[] {
  return source.split("\n").flatMap((text, index) => {
    const comment = COMMENT.exec(text)?.[1]?.trimEnd();
    return comment === undefined ? [] : [claim(comment, index + 1)];
  });
}

function claim(comment: string, line: number): Claim {
  const todo = comment.startsWith("todo");
  const [, kind, text] = (todo ? TODO : CLAIM).exec(comment) ?? [];
  if (text === undefined || (kind !== "reveals" && kind !== "summary")) {
    throw new Error(`line ${line}: cannot read the claim "// ${comment}"`);
  }
  return { kind, text, todo, line };
}

/** "live rw- private anonymous +16 length=n owner lent" as its words, `owner lent` being one. */
function wordsOf(text: string): readonly string[] {
  return text.match(/(?:owner|tested|offset) \S+|\S+/g) ?? [];
}

function fits(alternative: string, found: Description): boolean {
  const core = found.core.split(" ");
  const said = wordsOf(alternative);
  if (core.some((word, i) => said[i] !== word)) return false;
  return said.slice(core.length).every((word) => found.details.includes(word));
}

function written({ core, details }: Description): string {
  return [core, ...details].join(" ");
}

/** The states that reach one reveal, as text: sorted, each once. */
export function alternatives(found: readonly Description[]): string {
  return found.length === 0 ? "nothing" : [...new Set(found.map(written))].sort().join(" | ");
}

/** Does each state fit an alternative, and each alternative a state? */
export function agrees(text: string, found: readonly Description[]): boolean {
  if (text === "nothing" || found.length === 0) return text === "nothing" && found.length === 0;
  const said = text.split(" | ");
  return (
    found.every((description) => said.some((alternative) => fits(alternative, description))) &&
    said.every((alternative) => found.some((description) => fits(alternative, description)))
  );
}
