/** What was seen of each rule's reproducer, for its page, and docs/evidence.md as a whole: from headers and records. */
import { existsSync, readFileSync } from "node:fs";
import type { Shown } from "../../src/reproduce/header.js";
import type { Reproducer } from "../../src/reproduce/trial.js";
import type { RuleEvidence } from "../../src/rules/page.js";
import { recordOf, reproducers } from "../evidence.js";

/** How the damage is shown, as a sentence. */
function sentence(shown: Shown): string {
  switch (shown.by) {
    case "native":
      return "Its damage is the real one, seen on Linux x86-64.";
    case "emulator":
      return `x86-64 hides the damage; on ${shown.machine}, emulated, it shows.`;
    case "stand-in":
      return `Something stands in for what cannot be had: ${shown.what}.`;
    case "nothing":
      return `The damage cannot be shown: ${shown.why}.`;
  }
}

function recordedOutput(id: string): string {
  const file = recordOf(id);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** What the pages of the rules show, by rule. */
export function evidence(): ReadonlyMap<string, RuleEvidence> {
  return new Map(
    reproducers().map(({ header }) => [
      header.rule,
      { remark: sentence(header.shown), output: recordedOutput(header.rule) },
    ]),
  );
}

/** One run out of a record: what was printed, and in brackets how it ended. */
interface RecordedRun {
  readonly command: string;
  readonly lastLine: string;
  readonly ending: string;
}

function runsIn(text: string): readonly RecordedRun[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const lines = part.trimEnd().split("\n");
      const ending = lines.at(-1)?.slice(1, -1) ?? "";
      return { command: lines[0] ?? "", lastLine: lines.slice(1, -1).at(-1) ?? "", ending };
    });
}

/** The run that shows the damage, or would. */
function decisiveRun({ header }: Reproducer): RecordedRun | undefined {
  const { shown, rule } = header;
  const runs = runsIn(recordedOutput(rule)).filter(({ command }) => command.endsWith(" bad"));
  const emulated = shown.by === "emulator";
  return runs.find(({ command }) => command.startsWith("qemu-") === emulated) ?? runs[0];
}

function how(shown: Shown): string {
  switch (shown.by) {
    case "native":
      return "natively";
    case "emulator":
      return `on ${shown.machine}, emulated`;
    case "stand-in":
      return `by a stand-in: ${shown.what}`;
    case "nothing":
      return `not: ${shown.why}`;
  }
}

function row(reproducer: Reproducer): string {
  const { rule, shown } = reproducer.header;
  const run = decisiveRun(reproducer);
  const seen = run === undefined ? "" : `\`${run.lastLine}\` ${run.ending}`;
  const cells = [`[${rule}](rules/${rule}.md)`, how(shown), seen];
  return `| ${cells.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** docs/evidence.md. */
export function evidencePage(): string {
  const all = reproducers();
  const number = (by: Shown["by"]): number => all.filter(({ header }) => header.shown.by === by).length;
  const lines = [
    "# Evidence",
    "",
    "For each rule there is a small C program, `fixtures/<rule>/reproducer.c`, with a bad side that does what the rule",
    "warns of and a good side that does it right under the same conditions. The linter flags the bad side and nothing",
    "else; running both shows what comes of it. `mmaplint reproduce` repeats this on your machine.",
    "",
    `Of ${all.length} rules: natively ${number("native")}, on an emulated machine ${number("emulator")}, by a stand-in ${number("stand-in")}, not at all ${number("nothing")}.`,
    "",
    "The last column is the last line that the bad side prints, and how it ends; each rule's page has all of it. This",
    "page is made by `npm run docs` of what `npm run evidence` has recorded, and the tests hold the records against new",
    "runs. What takes a virtual machine, a power cut and kernels with larger pages, is in [nightly.md](nightly.md).",
    "",
    "| Rule | Shown | What was seen |",
    "| --- | --- | --- |",
    ...all.map(row),
  ];
  return `${lines.join("\n")}\n`;
}
