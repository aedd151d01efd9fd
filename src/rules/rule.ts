/** What a rule is. A rule is one value with its documentation in it; rules have no state and no order. */
import type { Event } from "../analyzer/events.js";
import type { Edit, Severity, Site } from "../diagnostic.js";

export interface RuleMeta {
  /** kebab-case, names the defect, stable for ever. */
  readonly id: string;
  /** One line, no full stop: what is wrong. */
  readonly summary: string;
  /** One to four sentences: why it matters, what happens at run time. Markdown. */
  readonly why: string;
  /** One line, imperative: what to do instead. */
  readonly help: string;
  readonly severity: Severity;
  /** Numbers of the Common Weakness Enumeration. */
  readonly cwe: readonly number[];
  /** The version that first had the rule. */
  readonly since: string;
  /** Man pages and standard sections, as "mmap(2)" or "POSIX.1-2024 msync". */
  readonly references: readonly string[];
  /** Markdown list items: what a naive check would flag and this rule does not. */
  readonly silent: readonly string[];
  /** Finds something missing: under another setting of a conditional it may be there. */
  readonly findsAbsence?: boolean;
  /** Right, but not for every project: off until asked for. */
  readonly optIn?: boolean;
  /** Has not yet proven itself on real code. */
  readonly preview?: boolean;
}

/** What a handler answers: a sentence, or more. */
export interface Finding {
  /** One line, understandable alone: what is wrong and what it does. */
  readonly message: string;
  /** Where it stands if not at the event. */
  readonly site?: Site;
  /** Where it is less, or more, certain than the rule as a whole. */
  readonly severity?: Severity;
  readonly edit?: Edit;
}

export type Verdict = string | Finding | undefined;

type EventOf<K extends Event["kind"]> = Event extends infer E
  ? E extends { readonly kind: infer T }
    ? K extends T
      ? E
      : never
    : never
  : never;

/** A pure function of one event; `text` is the text of the file that the event is in. */
export type Handler<K extends Event["kind"]> = (event: EventOf<K>, text: string) => Verdict;

export interface Rule extends RuleMeta {
  readonly on: { readonly [K in Event["kind"]]?: Handler<K> };
}
