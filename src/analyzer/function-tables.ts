/**
 * Functions behind members of structs: `device->ops->map(…)` means the one function that the program puts into a member
 * of that name, where it puts no other there.
 */
import { isOfForeignPlatform } from "../syntax/platforms.js";
import type { Source, Unit } from "../syntax/unit.js";
import type { PlaceExpr } from "./ir.js";
import { fieldOf, structOf } from "./members.js";
import { structName } from "./types.js";

/** A place in a text that puts a function into a member. */
interface Entry {
  readonly source: Source;
  /** The variable that is initialized; undefined for an assignment. */
  readonly variable: string | undefined;
  /** From the variable to the member, "u.shared.map"; of an assignment the member alone. */
  readonly path: string;
  /** The last name of the path. */
  readonly member: string;
  /** The word that is put there, which need not be a function. */
  readonly value: string;
}

/** A member as a call names it. */
export interface CalledMember {
  /** Of the outermost member, "struct operations"; undefined where that is not known. */
  readonly struct: string | undefined;
  readonly path: string;
}

/** The member that a call goes through, from the last pointer or variable on. */
export function calledMember(place: PlaceExpr): CalledMember | undefined {
  const names: string[] = [];
  let struct: string | undefined;
  for (let inner = place; inner.kind === "field"; inner = inner.object) {
    names.unshift(inner.field);
    struct = inner.member === undefined ? undefined : structOf(inner.member);
  }
  return names.length === 0 ? undefined : { struct, path: names.join(".") };
}

/** A name for a called member that no function can have; `memberNamed` is the way back. */
export function nameOfMember({ struct, path }: CalledMember): string {
  return `${struct ?? ""}:${path}`;
}

export function memberNamed(name: string): CalledMember | undefined {
  const [, struct = "", path] = /^([^:]*):(.+)$/.exec(name) ?? [];
  return path === undefined ? undefined : { struct: struct === "" ? undefined : struct, path };
}

const ENTRY = /(->|\.)\s*(\w+)\s*=(?!=)\s*(?:\([^()]*\)\s*)?&?\s*([A-Za-z_]\w*)\s*[,;}\n#/]/g;

/** The members that the text puts words into, which may be functions. */
export function* fillings({ text }: Source): Iterable<{ readonly member: string; readonly value: string }> {
  for (const { 2: member = "", 3: value = "" } of text.matchAll(ENTRY)) yield { member, value };
}

/** Names of members that a program has in many structs: to ask all of its files for them would lead nowhere. */
export const EVERYWHERE =
  /^(?:open|close|read|write|init|exit|probe|remove|free|alloc|make|new|create|destroy|release|start|stop|run|get|set|name|data|handler|callback|func|fn)$/;

/** What the text puts into one of the members. */
export function entriesOf(source: Source, members: ReadonlySet<string>): readonly Entry[] {
  const { text } = source;
  const entries: Entry[] = [];
  for (const { index, 1: access, 2: member = "", 3: value = "" } of text.matchAll(ENTRY)) {
    if (!members.has(member)) continue;
    const before = text.slice(Math.max(0, index - LONGEST_TABLE), index);
    // A designator stands behind a brace or a comma.
    const isDesignator =
      access === "." && /[{,]\s*(?:\/\*[^]*?\*\/\s*)?$/.test(before.slice(-LONGEST_COMMENT));
    const table = isDesignator ? tableAround(before) : undefined;
    const path = [...(table?.path ?? []), member].join(".");
    entries.push({ source, variable: table?.variable, path, member, value });
  }
  return entries;
}

/** Characters of an initializer that are looked through. */
const LONGEST_TABLE = 4000;
const LONGEST_COMMENT = 300;

/** The designators and the variable around a place in an initializer. */
function tableAround(before: string): {
  readonly variable: string | undefined;
  readonly path: readonly string[];
} {
  const path: string[] = [];
  let depth = 0;
  for (let i = before.length - 1; i >= 0; i--) {
    const c = before[i];
    if (c === "}") depth++;
    else if (c === ";" && depth === 0) break;
    else if (c === "{" && depth > 0) depth--;
    else if (c === "{") {
      const [, dot, name = ""] =
        /(\.?)\s*(\w+)\s*(?:\[[^\][]*\]\s*)*=\s*(?:\([^()]*\)\s*)?$/.exec(
          before.slice(Math.max(0, i - LONGEST_COMMENT), i),
        ) ?? [];
      if (dot === "") return { variable: name === "" ? undefined : name, path };
      if (dot === ".") path.unshift(name);
    }
  }
  return { variable: undefined, path };
}

/** May the text put something into one of the members? */
export function mayFill({ text }: Source, members: ReadonlySet<string>): boolean {
  return new RegExp(`(?:->|\\.)\\s*(?:${[...members].join("|")})\\s*=(?!=)`).test(text);
}

/** Does the text call something through one of the members? */
export function mayCallThrough({ text }: Source, members: ReadonlySet<string>): boolean {
  return new RegExp(`(?:->|\\.)\\s*(?:${[...members].join("|")})\\s*\\)?\\s*\\(`).test(text);
}

/** The members that functions of the program are put into. */
export class FunctionTables {
  readonly #entries = new Map<string, Entry[]>();

  constructor(readonly open: (source: Source) => Unit) {}

  add(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const others = this.#entries.get(entry.member);
      if (others === undefined) this.#entries.set(entry.member, [entry]);
      else others.push(entry);
    }
  }

  /** Is the function put into some member? */
  hold(name: string): boolean {
    return [...this.#entries.values()].some((entries) => entries.some(({ value }) => value === name));
  }

  get members(): ReadonlySet<string> {
    return new Set(this.#entries.keys());
  }

  /** The function that the member holds wherever the program says what it holds, and the file that says so. */
  find({ struct, path }: CalledMember): { readonly name: string; readonly unit: Unit } | undefined {
    const meant = (this.#entries.get(fieldOf(path)) ?? []).filter(
      ({ source, value, path: own }) =>
        !isOfForeignPlatform(source.path) && !NOTHING.test(value) && isSuffix(own, path),
    );
    // The types of variables are asked for only where they can tell.
    const own = areOne(meant) ? meant : meant.filter((entry) => this.#isOf(entry, struct));
    const [first] = areOne(own) ? own : [];
    return first === undefined ? undefined : { name: first.value, unit: this.open(first.source) };
  }

  /** Is the entry for that struct, as far as both say which it is? */
  #isOf({ source, variable, path }: Entry, struct: string | undefined): boolean {
    if (struct === undefined || variable === undefined) return true;
    const unit = this.open(source);
    const own = structName(unit.global(variable)?.type, unit);
    // What is called may begin at a member of the variable's struct.
    return own === undefined || own === struct || path.includes(".");
  }
}

function areOne(entries: readonly Entry[]): boolean {
  return entries.every(({ value }) => value === entries[0]?.value);
}

const NOTHING = /^(?:NULL|nullptr)$/;

/** Of two ways to a member, one may begin further inside. */
function isSuffix(a: string, b: string): boolean {
  return `.${a}`.endsWith(`.${b}`) || `.${b}`.endsWith(`.${a}`);
}
