/** What a text seems to do with struct members and variables of a name, where nothing of it has been analyzed. */
import type { FunctionOutline, Source, Unit } from "../syntax/unit.js";
import { fieldOf, type NotedFunction, structOf } from "./members.js";
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
  const sets = ({ text }: Source): boolean => maySet(text, field) || mayFill(text, structOf(member));
  const inSight = new Set(linted.flatMap((unit) => [unit, ...unit.headers()]));
  return (
    ![...inSight].some(({ source }) => sets(source)) &&
    naming(new Set([field, lastName(structOf(member))]), { meets: sets, looks: true }).length === 0
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
    if (/^\s*(?:=(?!=)|(?:[-+*/%&|^]|<<|>>)=|\+\+|--)/.test(after)) return true;
    const [object = ""] = /[^;{}]*$/.exec(before.replace(/&&/g, "")) ?? [];
    if (/&|\+\+|--/.test(object)) return true;
    // As an argument it is read by a function, and may be set by a macro.
    const [, callee] = /(\w+)\s*\([^()]*$/.exec(object) ?? [];
    return callee !== undefined && !READS.test(callee);
  });
}

const READS =
  /^(?:if|while|for|switch|return|sizeof|mmap|munmap|mremap|msync|madvise|mprotect|mlock|munlock|\w*printf)$/;

/** Does the text fill structs of that name as a whole: by position, or with bytes from elsewhere? */
function mayFill(text: string, struct: string): boolean {
  const name = lastName(struct);
  return new RegExp(
    `\\b${name}\\b[\\s\\w*[\\]]{0,80}=\\s*\\{\\s*[^\\s.0}]|\\(\\s*(?:struct\\s+)?${name}\\s*\\)\\s*\\{\\s*[^\\s.0}]|` +
      `\\b(?:p?read|recv\\w*|fread|mem(?:cpy|move))\\s*\\([^;]{0,200}sizeof\\s*\\(?\\s*(?:(?:struct\\s+)?${name}\\b|\\*)`,
  ).test(text);
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

/** Does the function set such a member to that number? */
export function setsTo(
  { source }: Unit,
  { names, span }: FunctionOutline,
  field: string,
  value: number,
): boolean {
  if (!names.has(field)) return false;
  const written = value === 0 ? "(?:0|false|FALSE)" : value === 1 ? "(?:1|true|TRUE)" : String(value);
  const text = source.text.slice(span.start, span.end);
  return new RegExp(`(?:->|\\.)\\s*${field}\\s*=\\s*${written}\\s*;`).test(text);
}
