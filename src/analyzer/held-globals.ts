/** Variables at file scope in which some function leaves a mapping, and who by its text seems to use them. */
import type { FunctionOutline, Unit } from "../syntax/unit.js";
import type { KeptMember } from "./machine.js";

export interface HeldGlobals {
  /** Those of the whole program, by name. */
  readonly shared: ReadonlySet<string>;
  /** Those with internal linkage, by file. */
  readonly own: ReadonlyMap<Unit, ReadonlySet<string>>;
}

export function heldGlobals(kept: Iterable<readonly [Unit, readonly KeptMember[]]>): HeldGlobals {
  const shared = new Set<string>();
  const own = new Map<Unit, Set<string>>();
  for (const [unit, members] of kept)
    for (const { member } of members) {
      const [, linkage, name] = /^::(static:)?(\w+)$/.exec(member) ?? [];
      if (name === undefined) continue;
      if (linkage === undefined) shared.add(name);
      else own.set(unit, (own.get(unit) ?? new Set()).add(name));
    }
  return { shared, own };
}

/** Does the function seem to access memory through one of these variables, or hand it to the library? */
export function mayAccess(unit: Unit, { names, span }: FunctionOutline, held: HeldGlobals): boolean {
  const wanted = [
    ...[...(held.own.get(unit) ?? [])].filter((name) => names.has(name)),
    ...[...held.shared].filter((name) => names.has(name) && unit.global(name) !== undefined),
  ];
  if (wanted.length === 0) return false;
  const text = unit.source.text.slice(span.start, span.end);
  return wanted.some((name) => accessOf(name).test(text));
}

/** What the library does with memory that it is given. */
const LIBRARY =
  "mem\\w+|str\\w+|p?read(?:v|64)?|p?write(?:v|64)?|fread|fwrite|fputs|puts|\\w*printf|qsort|bsearch";

/** `p[`, `p->`, `*p`, `*(T *)p`, or somewhere among the arguments of a call of the library. */
function accessOf(name: string): RegExp {
  return new RegExp(
    `(?<![\\w.>])${name}\\s*(?:\\[|->)|\\*\\s*(?:\\([^()]*\\*\\s*\\)\\s*)?\\(?\\s*${name}\\b|\\b(?:${LIBRARY})\\s*\\([^;{}]{0,400}(?<![\\w.>])${name}\\b`,
  );
}
