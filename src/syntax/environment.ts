/**
 * What the meaning of a function rests on besides its own text, as texts that are the same as long as that is: every
 * macro and declaration that its words can lead to, here and in the included files, each with its place and the
 * conditions that it stands under. Words are followed wherever they are, so this is rather too much than too little.
 */
import type { Definitions } from "./definitions.js";
import { type Branch, branchAt } from "./directives.js";
import type { FunctionOutline } from "./unit.js";

/** The parts of a function's environment; equal lists mean that the same text of it is read the same. */
export type Environment = readonly string[];

/** What one word stands for in a file, and the words of that. */
interface Meaning {
  readonly text: string;
  readonly words: readonly string[];
}

/** Reads the environments of a file's functions; `included` in the order in which names are looked up. */
export function environmentReader(
  own: Definitions,
  included: () => readonly Definitions[],
  functions: () => readonly FunctionOutline[],
): (outline: FunctionOutline) => Environment {
  const known = new Map<string, Meaning | undefined>();
  let defined: ReadonlySet<string> | undefined;
  const meaningOf = (word: string): Meaning | undefined => {
    const remembered = known.get(word);
    if (remembered !== undefined || known.has(word)) return remembered;
    defined ??= new Set(functions().map(({ name }) => name));
    const texts = [own, ...included()].flatMap((definitions) => textsOf(definitions, word));
    if (defined.has(word)) texts.push("function");
    if (texts.length > 0 && own.isType(word)) texts.push("type");
    if (texts.length > 0 && own.neverReturns(word)) texts.push("noreturn");
    const text = texts.join("\n");
    const meaning = texts.length === 0 ? undefined : { text: `${word} ${text}`, words: wordsOf(text) };
    known.set(word, meaning);
    return meaning;
  };
  const environmentOf = (outline: FunctionOutline): Environment => {
    const { span } = outline;
    const conditions = conditionsAt(own, span.start);
    const seen = new Set([...outline.names, ...wordsOf(conditions)]);
    const parts = [own.file.text.slice(span.start, span.end), `${span.start} ${outline.usual} ${conditions}`];
    for (const word of seen) {
      const meaning = meaningOf(word);
      if (meaning === undefined) continue;
      parts.push(meaning.text);
      for (const next of meaning.words) seen.add(next);
    }
    return parts;
  };
  const environments = new WeakMap<FunctionOutline, Environment>();
  return (outline) => {
    const environment = environments.get(outline) ?? environmentOf(outline);
    environments.set(outline, environment);
    return environment;
  };
}

function wordsOf(text: string): readonly string[] {
  return text.match(/[A-Za-z_]\w*/g) ?? [];
}

/** What one file says of a word at file scope. */
function textsOf(definitions: Definitions, word: string): readonly string[] {
  const { text, macros } = definitions.file;
  const texts: string[] = [];
  for (const { offset, macro } of macros.get(word) ?? []) {
    const { end = offset } = macro?.().span ?? {};
    texts.push(`${offset} ${text.slice(offset, end)} ${conditionsAt(definitions, end)}`);
  }
  for (const { start, end } of definitions.declarationsOf(word))
    texts.push(`${start} ${text.slice(start, end)} ${conditionsAt(definitions, start)}`);
  return texts;
}

/** The conditions that the text at an offset stands under, with those of the arms before. */
function conditionsAt({ file: { text, layout } }: Definitions, offset: number): string {
  let conditions = "";
  for (
    let branch: Branch | undefined = branchAt(layout.directives, offset);
    branch;
    branch = branch.group.parent
  )
    for (const { kind, argument, end } of branch.group.arms.slice(0, branch.index + 1))
      conditions += `${kind}${text.slice(argument, end)};`;
  return conditions;
}
