/** The edit that turns a test against NULL or a sign into one against MAP_FAILED. */
import type { Edit, Site } from "../diagnostic.js";

/** The test as the engine knows it. */
interface Test {
  readonly site: Site;
  /** What is tested is declared as a pointer. */
  readonly ofPointer?: boolean;
  /** Nothing but results of mapping calls reaches it: on no path does NULL mean something else. */
  readonly sole?: boolean;
}

/** A variable or member, or the assignment of one in parentheses: what may stand beside `== MAP_FAILED` as it is. */
const PLACE = String.raw`(?:\(\s*(?:unsigned )?\w+ \*+\s*\)\s*)?[\w.\->[\]]+`;
const SUBJECT = String.raw`${PLACE}|\([\w.\->[\]]+ = [\s\S]*\)`;
const AGAINST_NULL = new RegExp(
  String.raw`^(${SUBJECT})\s*(==|!=)\s*(?:NULL|\(\s*void\s*\*\s*\)\s*(?:0|NULL))$`,
);
const NULL_AGAINST = new RegExp(String.raw`^(NULL|0)\s*(==|!=)\s*(${SUBJECT})$`);
const AGAINST_ZERO = new RegExp(String.raw`^(${SUBJECT})\s*(==|!=|<=|<|>)\s*0$`);
/** Evaluating it has no effect. */
const PLAIN = new RegExp(String.raw`^${PLACE}$`);
const BARE = /^[\w.\->[\]]+$/;
/** What may stand around a whole operand of a condition: no macro's parentheses, no further operator. */
const OPENS = /(?:\b(?:if|while)\s*\([(\s]*|\bassert\s*\(|\b__builtin_expect\s*\(|!\s*\(|&&|\|\|)\s*$/;
const CLOSES = /^\s*(?:\)|&&|\|\||\?|,|\/\*)/;
const NEAR = 40;

/** The edit as a part of a finding; empty where the text is not one of the plain forms. */
export function comparisonEdit(text: string, { site, ofPointer, sole }: Test): { readonly edit?: Edit } {
  const change = rewrite(text, site);
  if (change === undefined) return {};
  const safe = sole === true && (ofPointer === true || change.sure);
  const { span } = change;
  const replacement = sole === true ? change.replacement : keepingNull(text, change);
  if (replacement === undefined) return {};
  const named = knowsMapFailed(text) ? replacement : replacement.replace("MAP_FAILED", "(void *)-1");
  return {
    edit: {
      title: "compare with MAP_FAILED",
      safety: safe ? "safe" : "suggested",
      changes: [{ span, text: named }],
    },
  };
}

/** shmat(2) needs no header that defines the name. */
function knowsMapFailed(text: string): boolean {
  return text.includes("sys/mman.h") || text.includes("MAP_FAILED");
}

interface Rewrite {
  readonly span: Site;
  readonly replacement: string;
  /** NULL is written there, so it is a pointer that is tested. */
  readonly sure: boolean;
  /** A sign was asked for, which NULL does not have. */
  readonly ofSign?: boolean;
}

/**
 * Where NULL may reach the test as well, that has to stay on the side where it is. Undefined for an operand that cannot be
 * written twice.
 */
function keepingNull(text: string, { span, replacement, ofSign }: Rewrite): string | undefined {
  if (ofSign === true) return replacement;
  const subject = replacement.replace(/\s*[!=]=\s*MAP_FAILED$|^MAP_FAILED\s*[!=]=\s*/, "");
  if (!PLAIN.test(subject)) return undefined;
  const [operator, joint] = replacement.includes("!=") ? ["!=", "&&"] : ["==", "||"];
  const both = `${subject} ${operator} NULL ${joint} ${replacement}`;
  const isWhole =
    /\b(?:if|while)\s*\(\s*$/.test(text.slice(Math.max(0, span.start - NEAR), span.start)) &&
    /^\s*\)/.test(text.slice(span.end, span.end + NEAR));
  return isWhole ? both : `(${both})`;
}

function rewrite(text: string, site: Site): Rewrite | undefined {
  const written = text.slice(site.start, site.end);
  if (/\/[/*]|\\|#/.test(written)) return undefined;
  const right = AGAINST_NULL.exec(written);
  if (right !== null) return { span: site, replacement: `${right[1]} ${right[2]} MAP_FAILED`, sure: true };
  const left = NULL_AGAINST.exec(written);
  if (left !== null)
    return { span: site, replacement: `MAP_FAILED ${left[2]} ${left[3]}`, sure: left[1] === "NULL" };
  const zero = AGAINST_ZERO.exec(written);
  if (zero !== null) {
    const operator = zero[2] === "!=" || zero[2] === ">" ? "!=" : "==";
    const ofSign = zero[2] === "<";
    return { span: site, replacement: `${zero[1]} ${operator} MAP_FAILED`, sure: false, ofSign };
  }
  return bare(text, site, written);
}

/** `!p`, `if (p)`: the operand alone. */
function bare(text: string, site: Site, written: string): Rewrite | undefined {
  if (!BARE.test(written) || !CLOSES.test(text.slice(site.end, site.end + NEAR))) return undefined;
  const before = text.slice(Math.max(0, site.start - NEAR), site.start);
  const not = /!\s*$/.exec(before);
  if (not === null)
    return OPENS.test(before)
      ? { span: site, replacement: `${written} != MAP_FAILED`, sure: false }
      : undefined;
  if (!OPENS.test(before.slice(0, not.index))) return undefined;
  return {
    span: { ...site, start: site.start - not[0].length },
    replacement: `${written} == MAP_FAILED`,
    sure: false,
  };
}
