/** What the compiler's command line says of macros, -D and -U: it holds before the first line of the file. */
import { type Condition, conditionOf, integerOf } from "./conditions.js";
import { type Branch, branchAt } from "./directives.js";
import { scanFile } from "./lexer.js";
import { collectMacros, type MacroDefinition, type MacroEvent, type MacroEvents } from "./macros.js";
import type { Preprocessed } from "./readings.js";

/** By name; the last event of a name counts. */
export type Given = MacroEvents;

export const NOTHING_GIVEN: Given = new Map();

/**
 * What is known of a macro: its numeric value, "other" for a body that is no number, "undefined" when it is not
 * defined, undefined when that is open.
 */
export type Defined = number | "other" | "undefined" | undefined;

/** `lines`: `#define` and `#undef` lines. */
export function givenOf(lines: string): Given {
  return lines === "" ? NOTHING_GIVEN : collectMacros(lines, scanFile(lines).directives);
}

/** What a `#define`, or `#undef`, makes of its name. */
export function definedBy({ macro }: MacroEvent): Defined {
  if (macro === undefined) return "undefined";
  const { body } = macro();
  const only = body.length === 1 ? body[0] : undefined;
  return only?.kind === "number" ? integerOf(only.text) : "other";
}

/** Undefined for a name that the command line does not speak of. */
export function givenValue(given: Given, name: string): Defined {
  const last = given.get(name)?.at(-1);
  return last === undefined ? undefined : definedBy(last);
}

/** The macro that the command line defines. */
export function givenMacro(given: Given, name: string): MacroDefinition | undefined {
  const macro = given.get(name)?.at(-1)?.macro?.();
  return macro === undefined ? undefined : { ...macro, span: undefined };
}

/** Does the command line leave the text at an offset out, whatever else is defined? */
export function isRuledOut(file: Preprocessed, offset: number): boolean {
  if (file.given.size === 0) return false;
  for (
    let branch = branchAt(file.layout.directives, offset);
    branch !== undefined;
    branch = branch.group.parent
  ) {
    const earlier = branch.group.arms.slice(0, branch.index);
    if (decided(file, branch) === false || earlier.some((arm) => decided(file, arm) === true)) return true;
  }
  return false;
}

function decided(file: Preprocessed, arm: Branch): boolean | undefined {
  return truthOf(conditionOf(file.text, arm), (name) =>
    file.macros.has(name) ? undefined : givenValue(file.given, name),
  );
}

function truthOf(condition: Condition, valueOf: (name: string) => Defined): boolean | undefined {
  switch (condition.kind) {
    case "constant":
      return condition.value;
    case "atom": {
      const value = valueOf(condition.key);
      if (value === undefined) return undefined;
      return value !== "undefined" && (condition.asked === "defined" || value !== 0);
    }
    case "compare": {
      const value = valueOf(condition.name);
      return value === undefined || value === "other" ? undefined : compares(value, condition);
    }
    case "not": {
      const truth = truthOf(condition.of, valueOf);
      return truth === undefined ? undefined : !truth;
    }
    case "and":
    case "or": {
      const either = condition.kind === "or";
      const left = truthOf(condition.left, valueOf);
      const right = truthOf(condition.right, valueOf);
      if (left === either || right === either) return either;
      return left === undefined || right === undefined ? undefined : !either;
    }
  }
}

/** A name that is not defined is 0. */
export function compares(
  value: number | "undefined",
  { op, with: other }: Condition & { readonly kind: "compare" },
): boolean {
  const number = value === "undefined" ? 0 : value;
  return op === "==" ? number === other : op === ">" ? number > other : number >= other;
}
