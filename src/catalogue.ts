/** The rules as text for people: --list-rules and --explain. */
import { didYouMean } from "./nearest.js";
import { rulePage } from "./rules/page.js";
import { rules as rulesAboutC } from "./rules/index.js";
import type { RuleMeta } from "./rules/rule.js";
import { unusedSuppression } from "./suppress.js";

const rules: readonly RuleMeta[] = [...rulesAboutC, unusedSuppression];

function standing({ optIn, preview }: RuleMeta): string {
  if (preview === true) return " (preview)";
  return optIn === true ? " (opt-in)" : "";
}

/** One line a rule: id, severity, summary. */
export function listRules(): string {
  const width = Math.max(0, ...rules.map(({ id }) => id.length));
  return rules
    .map((rule) => `${rule.id.padEnd(width)}  ${rule.severity.padEnd(7)}  ${rule.summary}${standing(rule)}\n`)
    .join("");
}

/** A rule's page, or a sentence that says there is no such rule. */
export function explain(id: string): { readonly found: boolean; readonly text: string } {
  const rule = rules.find((candidate) => candidate.id === id);
  if (rule !== undefined) return { found: true, text: rulePage(rule) };
  const guess = didYouMean(
    id,
    rules.map((candidate) => candidate.id),
  );
  return {
    found: false,
    text: `--explain ${id}: there is no such rule${guess || "; see mmaplint --list-rules"}`,
  };
}
