/** What a text seems to do with struct members and variables of a name, where nothing of it has been analyzed. */
import type { FunctionOutline, Source, Unit } from "../syntax/unit.js";
import { fieldOf, type NotedFunction } from "./members.js";
import type { Naming } from "./naming.js";
import { lastName } from "./value.js";

/**
 * Does nothing in the program give the member a value? Certain only where functions in several files speak of the struct,
 * so that it is the program that is seen, and not a part of it.
 */
export function isNeverSet(
  member: string,
  speaking: readonly NotedFunction[],
  linted: readonly Unit[],
  naming: Naming,
): boolean {
  if (new Set(speaking.map(({ analysis }) => analysis.unit)).size < 2) return false;
  const field = fieldOf(member);
  const sets = ({ text }: Source): boolean => maySet(text, field);
  return (
    !linted.some((unit) => [unit, ...unit.headers()].some(({ source }) => sets(source))) &&
    naming(new Set([field]), { meets: sets, looks: true }).length === 0
  );
}

/** Does the file seem to give the address of such a member, or of a variable of that name, to others? */
export function mayPassAddress({ source }: Unit, holder: string): boolean {
  const before = holder.startsWith("::") ? "" : "(?:[\\w.\\[\\]]|->)*(?:->|\\.)\\s*";
  return new RegExp(`&\\s*${before}${lastName(holder)}\\b(?!\\s*[\\[.(]|->)`).test(source.text);
}

/** Does the text seem to give a value to a member of such a name, or is it not certain what it does with the word? */
function maySet(text: string, field: string): boolean {
  return [...text.matchAll(new RegExp(`\\b${field}\\b`, "g"))].some(({ index }) => {
    const before = text.slice(Math.max(0, index - LONGEST_OBJECT), index);
    const after = text.slice(index + field.length, index + field.length + LONGEST_OBJECT);
    if (!/(?:->|\.)\s*$/.test(before)) return !/[\w*]\s+\**$/.test(before) || !/^\s*[;,:]/.test(after);
    return (
      /^\s*(?:=(?!=)|(?:[-+*/%&|^]|<<|>>)=|\+\+|--)/.test(after) ||
      /(?:&|\+\+|--)\s*\(*[\w.[\]]*(?:->[\w.[\]]*)*$/.test(before.replace(/&&/g, ""))
    );
  });
}

/** Characters in which an object is written down, with the operator before or behind it. */
const LONGEST_OBJECT = 80;

/** Does the text seem to free what a member of such a name holds? */
export function mayFreeMember(text: string, fields: ReadonlySet<string>): boolean {
  return [...text.matchAll(FREEING)].some(([, field = ""]) => fields.has(field));
}

const FREEING = /\b\w*free\s*\(\s*(?:\([^()]*\)\s*)?\w(?:[\w.[\]]|->)*?(?:->|\.)(\w+)\s*\)/gi;

/** Does the function seem to put something else than NULL into such a member, or a variable of that name? */
export function mayRefill({ source }: Unit, { names, span }: FunctionOutline, holder: string): boolean {
  const name = lastName(holder);
  if (!names.has(name)) return false;
  const text = source.text.slice(span.start, span.end);
  const before = holder.startsWith("::") ? "\\b" : "(?:->|\\.)\\s*";
  return new RegExp(`${before}${name}\\s*=(?!=)(?!\\s*(?:NULL|0|MAP_FAILED)\\b)`).test(text);
}
