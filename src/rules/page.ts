/** A rule's page in Markdown, from its metadata: `--explain`, docs/rules/<id>.md and the help in SARIF are one text. */
import type { RuleMeta } from "./rule.js";

/** Where the rules' pages are published; the id and `.md` follow. */
export const RULE_PAGES = "https://github.com/mmaplint/mmaplint/blob/main/docs/rules/";

/** The address of a rule's page. */
export function ruleUrl(id: string): string {
  return `${RULE_PAGES}${id}.md`;
}

/** C programs that show the defect, and the same done right. */
export interface RuleExamples {
  readonly bad: string;
  readonly good: string;
}

/** What came of running the rule's reproducer, fixtures/<id>/reproducer.c. */
export interface RuleEvidence {
  /** One sentence: how far this is the real damage. */
  readonly remark: string;
  /** The commands and what they printed. */
  readonly output: string;
}

/** `error`, and what else decides whether the rule is on. */
function standing(rule: RuleMeta): string {
  if (rule.preview === true) return "preview, off by default (`--preset strict`, or `--rule`)";
  if (rule.optIn === true) return "opt-in, off by default (`--preset strict`, or `--rule`)";
  return "on by default";
}

/** `mmap(2)` as a link to the page on man7.org; other references as they are. */
function reference(name: string): string {
  const page = /^([\w.]+)\((\d)\w*\)$/.exec(name);
  if (page === null) return name;
  return `[${name}](https://man7.org/linux/man-pages/man${page[2]}/${page[1]}.${page[2]}.html)`;
}

function weakness(number: number): string {
  return `[CWE-${number}](https://cwe.mitre.org/data/definitions/${number}.html)`;
}

/** A C example, from its first line to its last. */
function code(text: string): string {
  return `\`\`\`c\n${text.replace(/\s+$/, "")}\n\`\`\``;
}

/** The page, ending with a newline. Examples and evidence are left out where there are none at hand. */
export function rulePage(rule: RuleMeta, examples?: RuleExamples, evidence?: RuleEvidence): string {
  const facts = [
    `**Severity:** ${rule.severity}`,
    standing(rule),
    ...(rule.cwe.length > 0 ? [rule.cwe.map(weakness).join(", ")] : []),
    `since ${rule.since}`,
  ];
  const sections = [
    `# ${rule.id}`,
    `${rule.summary.charAt(0).toUpperCase()}${rule.summary.slice(1)}.`,
    facts.join(" · "),
    "## Why it matters",
    rule.why,
    "## What to do",
    `${rule.help.charAt(0).toUpperCase()}${rule.help.slice(1)}.`,
  ];
  if (examples !== undefined) {
    sections.push("## Example", "Flagged:", code(examples.bad), "Right:", code(examples.good));
  }
  if (evidence !== undefined) {
    sections.push(
      "## What happens",
      `[reproducer.c](../../fixtures/${rule.id}/reproducer.c) makes this mistake and, beside it, does it right. ${evidence.remark} \`mmaplint reproduce ${rule.id}\` repeats it.`,
      `\`\`\`text\n${evidence.output.trimEnd()}\n\`\`\``,
    );
  }
  if (rule.silent.length > 0) {
    sections.push("## What it does not flag", rule.silent.map((item) => `- ${item}`).join("\n"));
  }
  sections.push(
    "## How to silence it",
    `For one line, with the reason: \`// mmaplint-disable-next-line ${rule.id} -- why\`. For a project: \`"rules": { "${rule.id}": "off" }\` in mmaplint.config.json.`,
  );
  if (rule.references.length > 0) {
    sections.push("## References", rule.references.map((name) => `- ${reference(name)}`).join("\n"));
  }
  return `${sections.join("\n\n")}\n`;
}
