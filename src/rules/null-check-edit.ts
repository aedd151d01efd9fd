/** The edit that turns a test against NULL or a sign into one against MAP_FAILED. */
import type { Edit, Site } from "../diagnostic.js";

/** `x == NULL`, `x != 0`, `x <= 0` and the like; the left side may hold anything. */
const WITH_RIGHT_SIDE = /^([\s\S]*?)\s*(==|!=|<=|<|>=|>)\s*(NULL|0|\(\s*void\s*\*\s*\)\s*(?:0|NULL))$/;
const WITH_LEFT_SIDE = /^(NULL|0)\s*(==|!=)\s*/;
/** What may stand under `!` without parentheses. */
const SIMPLE = /^[\w.\->[\]*]+$|^\([\s\S]*\)$/;

/** The edit as a part of a finding; empty where the text is not one of the plain forms. */
export function comparisonEdit(text: string, site: Site): { readonly edit?: Edit } {
  const change = rewrite(text, site);
  if (change === undefined) return {};
  return { edit: { title: "compare with MAP_FAILED", safety: "safe", changes: [change] } };
}

function rewrite(text: string, site: Site): { readonly span: Site; readonly text: string } | undefined {
  const written = text.slice(site.start, site.end);
  const right = WITH_RIGHT_SIDE.exec(written);
  if (right !== null) {
    const [, left = "", operator = ""] = right;
    const replaced = operator.startsWith("<") || operator === "==" ? "==" : "!=";
    return { span: site, text: `${left} ${replaced} MAP_FAILED` };
  }
  const left = WITH_LEFT_SIDE.exec(written);
  if (left !== null) return { span: site, text: `MAP_FAILED ${left[2]} ${written.slice(left[0].length)}` };
  return bare(text, site, written);
}

/** `!p`, `if (p)`: the operand alone. */
function bare(
  text: string,
  site: Site,
  written: string,
): { readonly span: Site; readonly text: string } | undefined {
  if (!SIMPLE.test(written)) return undefined;
  const before = /!\s*$/.exec(text.slice(Math.max(0, site.start - 8), site.start));
  if (before !== null) {
    const start = site.start - before[0].length;
    return { span: { ...site, start }, text: `${written} == MAP_FAILED` };
  }
  const whole =
    /\(\s*$/.test(text.slice(Math.max(0, site.start - 8), site.start)) &&
    /^\s*\)/.test(text.slice(site.end, site.end + 8));
  return whole ? { span: site, text: `${written} != MAP_FAILED` } : undefined;
}
