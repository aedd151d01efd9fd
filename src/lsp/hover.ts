/** What the engine knows of a mapping, and what a rule is about, in Markdown. */
import type { Alignment, Insight } from "../analyzer/inspect.js";
import type { Site } from "../diagnostic.js";
import { rules } from "../rules/index.js";
import { rulePage, ruleUrl } from "../rules/page.js";
import type { RuleMeta } from "../rules/rule.js";
import { unusedSuppression } from "../suppress.js";

const PHASES: Readonly<Record<string, string>> = {
  unchecked: "mapped, or MAP_FAILED: not tested yet",
  failed: "MAP_FAILED: the call has failed",
  live: "mapped",
  unmapped: "no longer mapped",
};

const SHARING: Readonly<Record<string, string>> = {
  private: "private: writes stay with the process",
  shared: "shared: writes reach the file and other processes",
  "sharing?": "not known whether shared or private",
};

const BACKING: Readonly<Record<string, string>> = {
  anonymous: "no file: memory that begins as zeros",
  file: "a file",
  segment: "a System V shared memory segment",
  "backing?": "not known whether a file is behind it",
};

const ALIGNMENTS: Readonly<Record<Alignment, string>> = {
  aligned: "begins a page, whatever the page size",
  only4k: "begins a page of 4 KiB, not of every size",
  unaligned: "does not begin a page",
  unknown: "not known whether it begins a page",
};

const RIGHTS = ["read", "write", "execute"];

/** "rw?" as "read, write, perhaps execute". */
function rights(word: string): string {
  const allowed = RIGHTS.flatMap((right, i) => {
    const letter = word[i];
    return letter === "-" ? [] : [letter === "?" ? `perhaps ${right}` : right];
  });
  return allowed.length === 0 ? "no access (PROT_NONE)" : allowed.join(", ");
}

/** The value of the detail that begins so: `length=` of `length=2*n`. */
function detail(details: readonly string[], begin: string): string | undefined {
  const found = details.find((one) => one.startsWith(begin))?.slice(begin.length);
  return found === "?" ? undefined : found;
}

function code(text: string): string {
  return `\`${text.replaceAll("`", "'")}\``;
}

function backing(word: string, details: readonly string[]): string {
  const offset = detail(details, "offset=");
  const opened = /^(\w+)\((\w*)\)(sized)?$/.exec(detail(details, "fd=") ?? "");
  const how = opened === null ? "" : `, opened by ${code(`${opened[1]}(${opened[2] ?? ""})`)}`;
  const from = offset === undefined || word === "anonymous" ? "" : `, from byte ${code(offset)} on`;
  return `${BACKING[word] ?? word}${how}${from}`;
}

function rowsOf({ description, alignment }: Insight): readonly (readonly [string, string])[] {
  const [phase = "", protection = "", sharing = "", source = ""] = description.core.split(" ");
  const { details } = description;
  const length = detail(details, "length=");
  const moved = details.find((one) => /^[+-]/.test(one));
  const tested = detail(details, "tested ");
  const address =
    moved === undefined
      ? "its start"
      : moved === "+?"
        ? "somewhere in it"
        : `${code(moved)} bytes from its start`;
  return [
    [
      "phase",
      `${PHASES[phase] ?? phase}${tested === undefined ? "" : `, tested as if it failed with ${tested}`}`,
    ],
    ["length", length === undefined ? "not known" : `${code(length)} bytes`],
    ["protection", rights(protection)],
    ["flags", SHARING[sharing] ?? sharing],
    ["backing", backing(source, details)],
    ["address", address],
    ["alignment", ALIGNMENTS[alignment]],
  ];
}

/** What is known of a mapping on each of the paths that get there. `lineOf`: undefined for another file's. */
export function mappingPage(
  insights: readonly Insight[],
  lineOf: (site: Site) => number | undefined,
): string {
  const parts = insights.map((insight, i) => {
    const heading =
      insights.length === 1 ? "**Mapping**" : `**Mapping**, on path ${i + 1} of ${insights.length}`;
    const rows = rowsOf(insight).map(([name, words]) => `- ${name}: ${words}`);
    const story = insight.history.map(({ site, message }) => {
      const line = lineOf(site);
      return `${message} (${line === undefined ? site.file : `line ${line}`})`;
    });
    return [heading, "", ...rows, ...(story.length > 0 ? ["", `So far: ${story.join("; ")}.`] : [])].join(
      "\n",
    );
  });
  return parts.join("\n\n---\n\n");
}

const allRules: readonly RuleMeta[] = [...rules, unusedSuppression];

/** A rule's page; undefined where there is no such rule. */
export function pageOfRule(id: string): string | undefined {
  const rule = allRules.find((one) => one.id === id);
  return rule === undefined ? undefined : rulePage(rule);
}

/** Why a finding of the rule matters, and where its page is; undefined where there is no such rule. */
export function aboutRule(id: string): string | undefined {
  const rule = allRules.find((one) => one.id === id);
  if (rule === undefined) return undefined;
  const help = `${rule.help.charAt(0).toUpperCase()}${rule.help.slice(1)}.`;
  return `**[${id}](${ruleUrl(id)})**: ${rule.why}\n\n${help}`;
}
