/**
 * How much of real history mmaplint gets right: lints every version that the corpus names, and says what is found, what
 * is missed, which alarms are false, and what of it is new. `npm run corpus -- --mirrors DIR`, see corpus/README.md.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadParser } from "../src/lint.js";
import { replaceFile } from "../src/project/files.js";
import { ACCEPTED_FILE, compare, formatAccepted, isWorse, readAccepted } from "./corpus/accepted.js";
import {
  type Entry,
  FURTHER_SETS,
  type FurtherSet,
  isFurtherSet,
  keyOf,
  readCorpus,
  readFurther,
} from "./corpus/manifest.js";
import { ACCURACY_PAGE, changeLines, misses, rates, table, withFigures } from "./corpus/report.js";
import { type Outcome, score, type Scores } from "./corpus/score.js";

const USAGE =
  "npm run corpus -- --mirrors DIR [--local] [--class CLASS] [--repo OWNER/NAME] [--misses] [--accept | --set others|unseen]";

interface Options {
  readonly mirrors: string;
  /** Only entries that need nothing but their own file. */
  readonly local: boolean;
  readonly class: string | undefined;
  readonly repo: string | undefined;
  readonly misses: boolean;
  readonly accept: boolean;
  /** One of the sets that no figure is accepted for, instead of the corpus. */
  readonly set: FurtherSet | undefined;
}

/** The options; a sentence when they are wrong. */
export function parseOptions(args: readonly string[], entries: readonly Entry[]): Options | string {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        mirrors: { type: "string", default: "" },
        local: { type: "boolean", default: false },
        class: { type: "string" },
        repo: { type: "string" },
        misses: { type: "boolean", default: false },
        accept: { type: "boolean", default: false },
        set: { type: "string" },
      },
    }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { mirrors, local, class: wanted, repo, misses: listed, accept, set } = values;
  if (mirrors === "") return "--mirrors DIR is missing: the folder that holds OWNER+NAME/repo";
  if (!existsSync(mirrors) || !statSync(mirrors).isDirectory())
    return `--mirrors ${mirrors}: there is no such directory`;
  if (wanted !== undefined && !entries.some((entry) => entry.class === wanted))
    return `--class ${wanted}: the corpus has no entry of this class`;
  if (repo !== undefined && !entries.some((entry) => entry.repo === repo))
    return `--repo ${repo}: the corpus has no entry of this repository`;
  if (set !== undefined && !isFurtherSet(set)) return `--set ${set}: there are ${FURTHER_SETS.join(" and ")}`;
  if (accept && (local || set !== undefined || wanted !== undefined || repo !== undefined))
    return "--accept takes the whole corpus: leave out --local, --set, --class and --repo";
  return { mirrors, local, class: wanted, repo, misses: listed, accept, set };
}

function isWanted(entry: Entry, options: Options): boolean {
  return (
    (!options.local || entry.needs === "local") &&
    (options.class === undefined || entry.class === options.class) &&
    (options.repo === undefined || entry.repo === options.repo)
  );
}

function leftOut({ skipped, unreadable }: Scores): readonly string[] {
  const repositories = [...new Set(skipped.map(({ repo }) => repo))];
  const lines = unreadable.map((entry) => `left out: the mirror lacks a file of ${keyOf(entry)}`);
  if (skipped.length > 0)
    lines.push(`left out: ${skipped.length} entries of repositories not there: ${repositories.join(", ")}`);
  return lines;
}

/** Prints how the outcomes differ from the accepted ones; whether they are worse. */
function tellChanges(outcomes: readonly Outcome[]): boolean {
  const accepted = readAccepted();
  if (accepted === undefined) {
    console.log("nothing has been accepted yet, so there is nothing to compare with: --accept");
    return false;
  }
  const changes = compare(accepted, outcomes);
  const lines = changeLines(changes);
  console.log(lines.length === 0 ? "as accepted: nothing appeared, nothing vanished" : lines.join("\n"));
  return isWorse(changes);
}

/** Writes what is accepted, and the page that shows it. Both texts are made before either is written. */
function writeAccepted(outcomes: readonly Outcome[]): void {
  const accepted = formatAccepted(outcomes);
  const page = withFigures(readFileSync(ACCURACY_PAGE, "utf8"), outcomes);
  replaceFile(fileURLToPath(ACCEPTED_FILE), Buffer.from(accepted));
  replaceFile(fileURLToPath(ACCURACY_PAGE), Buffer.from(page));
}

/** Runs the command; returns its exit code. */
async function main(args: readonly string[]): Promise<number> {
  const { set } = parseArgs({ args: [...args], options: { set: { type: "string" } }, strict: false }).values;
  const corpus = typeof set === "string" && isFurtherSet(set) ? readFurther(set) : readCorpus();
  const options = parseOptions(args, corpus);
  if (typeof options === "string") {
    console.error(`corpus: ${options}\n${USAGE}`);
    return 2;
  }
  const entries = corpus.filter((entry) => isWanted(entry, options));
  await loadParser();
  const start = performance.now();
  const scores = score(entries, options.mirrors, (done) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${entries.length}\r`);
  });
  const seconds = (performance.now() - start) / 1000;
  const { outcomes } = scores;
  if (outcomes.length === 0) {
    console.error([...leftOut(scores), `corpus: --mirrors ${options.mirrors} holds none of it`].join("\n"));
    return 2;
  }
  console.log(`${table(outcomes)}\n\n${rates(outcomes)}\n${seconds.toFixed(1)} seconds\n`);
  if (options.misses) console.log(`${misses(outcomes).join("\n")}\n`);
  const missing = leftOut(scores);
  if (missing.length > 0) console.log(`${missing.join("\n")}\n`);
  if (options.set !== undefined) return 0;
  const worse = tellChanges(outcomes);
  if (!options.accept) return worse ? 1 : 0;
  if (outcomes.length < corpus.length) {
    console.error("corpus: nothing is accepted: only a run over the whole corpus can be");
    return 2;
  }
  writeAccepted(outcomes);
  console.log("accepted");
  return 0;
}

if (process.argv[1] === import.meta.filename) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    // The data is written by hand: a line that is not right is told as such, without a stack.
    console.error(`corpus: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 2;
  }
}
