/**
 * Readings: assignments of truth to the atoms of a file's conditions. The same atom has the same truth throughout a
 * reading. The first reading is Linux as usually built; in the second everything that is open is the other way round,
 * and one of the foreign platforms seen, if any that has mmap(), is the one built for.
 */
import { atomsOf, type Condition, conditionOf } from "./conditions.js";
import {
  type Branch,
  type Group,
  branchAt,
  continuesConditional,
  indexAfter,
  opensConditional,
} from "./directives.js";
import type { Span } from "../diagnostic.js";
import { compares, type Defined, definedBy, type Given, givenValue } from "./given.js";
import type { Layout } from "./lexer.js";
import { countBefore, type MacroEvent, type MacroEvents } from "./macros.js";
import { couldMatter } from "./family.js";
import { holdsOnLinux, isAlways, isForeign, isUnknownPlatform, isWindows } from "./platforms.js";

/** What readings are made of: one file's directives and macros, and what it is compiled with. */
export interface Preprocessed {
  readonly text: string;
  readonly layout: Layout;
  readonly macros: MacroEvents;
  /** What it speaks of is open in no reading. */
  readonly given: Given;
}

export interface Reading {
  readonly isActive: (branch: Branch | undefined) => boolean;
}

interface Truths {
  readonly file: Preprocessed;
  readonly usual: boolean;
  foreign: string | undefined;
  readonly forced: Map<string, boolean>;
  readonly branches: Map<Branch, boolean>;
  /** The arm that each conditional selects. */
  readonly selected: Map<Group, Branch | undefined>;
  /** Atoms whose truth is being derived from definitions. */
  readonly pending: Set<string>;
}

export interface Readings {
  readonly usual: Reading;
  /** Candidates for the second reading: the first that gives another text than the usual one is it. */
  readonly others: readonly Reading[];
  /** In the others every open condition is the other way round, and none is as a branch wants it. */
  readonly opposite: boolean;
}

/**
 * The readings of the text in `span`. The conditionals that the text stands in hold in all of them. The other readings
 * select, as far as that is possible at once, the branches that name the mmap family and that the usual one leaves out.
 */
export function readingsOf(file: Preprocessed, span: Span): Readings {
  const usual = usualReading(file, span);
  const wanted = unreadBranches(file, span, usual);
  const foreign = [...seenAtoms(file, span)].find((key) => isForeign(key) && !isWindows(key));
  const platforms = foreign === undefined ? [undefined] : [foreign, undefined];
  return {
    usual,
    others: platforms.map((platform) => readingOf(file, span, { usual: false, foreign: platform, wanted })),
    opposite: wanted.length === 0,
  };
}

/**
 * A third reading, where a chain of `#elif` has more arms than two readings can select: one that selects, as far as
 * possible, the branches that name the family and that none of `read` has.
 */
export function furtherReading(
  file: Preprocessed,
  span: Span,
  read: readonly Reading[],
): Reading | undefined {
  const [usual, ...others] = read;
  if (usual === undefined) return undefined;
  const wanted = unreadBranches(file, span, usual).filter(
    (branch) => !others.some((other) => other.isActive(branch)),
  );
  return wanted.length === 0 ? undefined : readingOf(file, span, { usual: true, foreign: undefined, wanted });
}

/** The first reading alone. */
export function usualReading(file: Preprocessed, span: Span): Reading {
  return readingOf(file, span, { usual: true, foreign: undefined, wanted: [] });
}

interface Wish {
  readonly usual: boolean;
  readonly foreign: string | undefined;
  readonly wanted: readonly Branch[];
}

function readingOf(file: Preprocessed, span: Span, wish: Wish): Reading {
  const { usual, foreign } = wish;
  const truths: Truths = {
    file,
    usual,
    foreign,
    forced: new Map(),
    branches: new Map(),
    selected: new Map(),
    pending: new Set(),
  };
  const enclosing = chainOf(branchAt(file.layout.directives, span.start));
  for (const branch of enclosing) forceBranch(truths, branch);
  for (const wanted of wish.wanted) for (const branch of chainOf(wanted)) forceBranch(truths, branch);
  for (const [key, truth] of truths.forced) if (truth && isForeign(key)) truths.foreign = key;
  truths.branches.clear();
  for (const branch of enclosing)
    for (const arm of branch.group.arms) truths.branches.set(arm, arm === branch);
  return { isActive: (branch) => isActive(truths, branch) };
}

/** The branch and those around it, outermost first. */
function chainOf(branch: Branch | undefined): Branch[] {
  const chain: Branch[] = [];
  for (let outer = branch; outer; outer = outer.group.parent) chain.unshift(outer);
  return chain;
}

function forceBranch(truths: Truths, branch: Branch): void {
  const { text } = truths.file;
  for (const arm of branch.group.arms.slice(0, branch.index))
    force(truths, conditionOf(text, arm), false, arm);
  force(truths, conditionOf(text, branch), true, branch);
}

/** Branches that the second reading tries to select. */
const MAX_WANTED = 50;

/** Branches in the span that name the family and are not active in the reading. */
function unreadBranches(file: Preprocessed, span: Span, reading: Reading): Branch[] {
  const { directives } = file.layout;
  const branches = new Set<Branch>();
  for (let i = indexAfter(directives, span.start); i < directives.length; i++) {
    const directive = directives[i];
    if (!directive || directive.start >= span.end) break;
    const { branch } = directive;
    if (!branch || reading.isActive(branch) || chainOf(branch).some((outer) => outer.dead)) continue;
    const end = Math.min(span.end, directives[i + 1]?.start ?? span.end);
    if (couldMatter(file.text.slice(directive.end, end))) branches.add(branch);
  }
  return [...branches].slice(0, MAX_WANTED);
}

/** Atoms of the conditionals in `span`, and of those that the definitions of these atoms stand in. */
function seenAtoms(file: Preprocessed, span: Span): Set<string> {
  const seen = new Set<string>();
  const visit = (branch: Branch): void => {
    for (const key of atomsOf(conditionOf(file.text, branch))) {
      if (seen.has(key)) continue;
      seen.add(key);
      for (const event of file.macros.get(key) ?? []) {
        for (let outer = event.branch; outer; outer = outer.group.parent) visit(outer);
      }
    }
  };
  const { directives } = file.layout;
  for (let i = indexAfter(directives, span.start); i < directives.length; i++) {
    const directive = directives[i];
    if (!directive || directive.start >= span.end) break;
    const opens = opensConditional(directive.kind) || continuesConditional(directive.kind);
    if (opens && directive.branch) visit(directive.branch);
  }
  return seen;
}

/** Makes the condition come out as `wanted` by fixing atoms that are still open. */
function force(truths: Truths, condition: Condition, wanted: boolean, at: Branch): void {
  switch (condition.kind) {
    case "constant":
      return;
    case "atom":
    case "compare": {
      const { given } = truths.file;
      if (given.has(condition.kind === "atom" ? condition.key : condition.name)) return;
      if (!truths.forced.has(condition.key)) truths.forced.set(condition.key, wanted);
      return;
    }
    case "not":
      return force(truths, condition.of, !wanted, at);
    case "and":
    case "or":
      if ((condition.kind === "and") === wanted) {
        force(truths, condition.left, wanted, at);
        force(truths, condition.right, wanted, at);
      } else if (evaluate(truths, condition, at.argument) !== wanted)
        force(truths, condition.left, wanted, at);
  }
}

function isActive(truths: Truths, branch: Branch | undefined): boolean {
  if (!branch) return true;
  const known = truths.branches.get(branch);
  if (known !== undefined) return known;
  const active = isActive(truths, branch.group.parent) && selectedArm(truths, branch.group) === branch;
  truths.branches.set(branch, active);
  return active;
}

function selectedArm(truths: Truths, group: Group): Branch | undefined {
  if (truths.selected.has(group)) return truths.selected.get(group);
  // For the time of the evaluation: a definition inside a branch says nothing about the branch's own condition.
  truths.selected.set(group, undefined);
  const platforms = truths.usual && isListOfPlatforms(truths, group);
  const arm = group.arms.find(
    (candidate) =>
      holds(truths, candidate) &&
      // That it is none of the foreign ones is no platform.
      !(
        platforms &&
        isPlatform(truths, candidate, isUnknownPlatform) &&
        !isPlatform(truths, candidate, isForeign)
      ),
  );
  truths.selected.set(group, arm);
  return arm;
}

/** `#if defined(__DJGPP__) … #elif defined(__LIBPAYLOAD__) … #else`: what is left at the end is Linux. */
function isListOfPlatforms(truths: Truths, { arms }: Group): boolean {
  return arms.some(({ kind }) => kind === "else") && arms.some((arm) => isPlatform(truths, arm, isForeign));
}

function isPlatform({ file, forced }: Truths, arm: Branch, test: (key: string) => boolean): boolean {
  const atoms = [...atomsOf(conditionOf(file.text, arm))];
  return atoms.length > 0 && atoms.every((key) => test(key) && !forced.has(key));
}

function holds(truths: Truths, arm: Branch): boolean {
  return evaluate(truths, conditionOf(truths.file.text, arm), arm.argument);
}

function evaluate(truths: Truths, condition: Condition, offset: number): boolean {
  switch (condition.kind) {
    case "constant":
      return condition.value;
    case "not":
      return !evaluate(truths, condition.of, offset);
    case "and":
      return evaluate(truths, condition.left, offset) && evaluate(truths, condition.right, offset);
    case "or":
      return evaluate(truths, condition.left, offset) || evaluate(truths, condition.right, offset);
    case "atom": {
      const defined = definedValue(truths, condition.key, offset);
      if (defined === undefined) return atomTruth(truths, condition.key);
      return condition.asked === "defined"
        ? defined !== "undefined"
        : defined !== "undefined" && defined !== 0;
    }
    case "compare": {
      const value = definedValue(truths, condition.name, offset);
      if (typeof value === "number") return compares(value, condition);
      return value === "undefined" && truths.file.given.has(condition.name)
        ? compares(value, condition)
        : atomTruth(truths, condition.key);
    }
  }
}

function atomTruth(truths: Truths, key: string): boolean {
  const forced = truths.forced.get(key);
  if (forced !== undefined) return forced;
  if (isForeign(key)) return key === truths.foreign;
  if (isAlways(key)) return true;
  return holdsOnLinux(key) === truths.usual;
}

/**
 * What the file itself says about a macro, and else the command line; "undefined" also when it is defined on other
 * conditions only.
 */
function definedValue(truths: Truths, name: string, offset: number): Defined {
  if (truths.forced.has(name)) return undefined;
  const given = givenValue(truths.file.given, name);
  const events = truths.file.macros.get(name);
  if (!events || truths.pending.has(name)) return given;
  truths.pending.add(name);
  const value = lastDefinition(truths, events, name, offset);
  truths.pending.delete(name);
  return value;
}

function lastDefinition(
  truths: Truths,
  events: readonly MacroEvent[],
  name: string,
  offset: number,
): Defined {
  const given = givenValue(truths.file.given, name);
  let result: Defined;
  for (let i = countBefore(events, offset) - 1; i >= 0; i--) {
    const event = events[i];
    if (!event || (given === undefined && isDefault(truths.file.text, event.branch, name))) continue;
    if (isActive(truths, event.branch)) return definedBy(event);
    if (event.macro) result = "undefined";
  }
  return given ?? result;
}

/** True inside `#ifndef NAME`: the definition there is a fallback for one that is not known. */
function isDefault(text: string, branch: Branch | undefined, name: string): boolean {
  for (let outer = branch; outer; outer = outer.group.parent) {
    // The test, if any, is in the first arms; chains of thousands of arms exist.
    const earlier = outer.group.arms.slice(0, Math.min(outer.index, 8));
    if (requires(conditionOf(text, outer), name, false)) return true;
    if (earlier.some((arm) => requires(conditionOf(text, arm), name, true))) return true;
  }
  return false;
}

/** True when the condition can only come out as it does with the atom `name` having the given truth. */
function requires(condition: Condition, name: string, truth: boolean): boolean {
  switch (condition.kind) {
    case "constant":
    case "compare":
      return false;
    case "atom":
      return truth && condition.key === name;
    case "not":
      return !truth && condition.of.kind === "atom" && condition.of.key === name;
    case "and":
      return requires(condition.left, name, truth) || requires(condition.right, name, truth);
    case "or":
      return requires(condition.left, name, truth) && requires(condition.right, name, truth);
  }
}

/** The parts of `span` that are C text in a reading: outside directives and in active branches. */
export function activeText(file: Preprocessed, span: Span, reading: Reading): Span[] {
  const { directives } = file.layout;
  const parts: Span[] = [];
  let from = span.start;
  let active = true;
  for (let i = indexAfter(directives, span.start); i < directives.length; i++) {
    const directive = directives[i];
    if (!directive || directive.start >= span.end) break;
    if (active && directive.start > from) parts.push({ start: from, end: directive.start });
    from = directive.end;
    active = reading.isActive(directive.branch);
  }
  if (active && from < span.end) parts.push({ start: from, end: span.end });
  return parts;
}

/** The same with every branch kept: for the members of a struct. */
export function allText(file: Preprocessed, span: Span): Span[] {
  const isLive = (branch: Branch | undefined): boolean =>
    !branch || (!branch.dead && isLive(branch.group.parent));
  return activeText(file, span, { isActive: isLive });
}
