/** The corpus: that its data is in order, what counts as found, and how a run is compared with the accepted one. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { parseOptions } from "../scripts/corpus.js";
import { compare, formatAccepted, isWorse, parseAccepted, readAccepted } from "../scripts/corpus/accepted.js";
import {
  type Entry,
  keyOf,
  parseCorpus,
  readCorpus,
  FURTHER_SETS,
  readFurther,
} from "../scripts/corpus/manifest.js";
import { ACCURACY_PAGE, figures, misses, withFigures } from "../scripts/corpus/report.js";
import { answers, findingsIn, type Outcome, questionsOf, score } from "../scripts/corpus/score.js";
import type { Diagnostic, Location } from "../src/diagnostic.js";
import { loadParser } from "../src/lint.js";
import { CLEAN, mmaplint, NULL_CHECK, project } from "./cli.js";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const BEFORE = "b".repeat(40);
const FIX = "f".repeat(40);

function bug(changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    repo: "owner/name",
    fix: FIX,
    before: BEFORE,
    path: "src/a.c",
    line: 40,
    alt_lines: [60],
    fixed_path: "src/b.c",
    fixed_line: 41,
    class: "null-check",
    needs: "local",
    note: "tested against NULL",
    ...changes,
  };
}

const GOOD = {
  repo: "owner/name",
  commit: FIX,
  path: "c.c",
  line: 7,
  class: "missing-munmap",
  note: "is kept",
};

function entriesOf(...objects: readonly object[]): readonly Entry[] {
  return parseCorpus(objects.map((object) => JSON.stringify(object)).join("\n"), "");
}

function goodEntries(): readonly Entry[] {
  return parseCorpus("", `${JSON.stringify(GOOD)}\n`);
}

function at(line: number, file = "src/a.c"): Location {
  return { file, start: { line, column: 1, offset: 0 }, end: { line, column: 2, offset: 1 } };
}

function finding(rule: string, location: Location, story: readonly Location[] = []): Diagnostic {
  return {
    rule,
    severity: "error",
    message: "wrong",
    location,
    function: "f",
    mapping: undefined,
    story: story.map((step) => ({ location: step, message: "step" })),
    help: "do it right",
    edit: undefined,
  };
}

describe("the manifest", () => {
  test("of the project is in order", () => {
    const entries = readCorpus();
    const page = readFileSync(path.join(ROOT, "corpus/README.md"), "utf8");
    for (const [kind, what] of [
      ["defect", "defects"],
      ["good", "correct places"],
    ] as const) {
      const some = entries.filter((entry) => entry.kind === kind);
      expect(page).toContain(
        `${some.length} ${what} of ${new Set(some.map(({ repo }) => repo)).size} projects`,
      );
    }
    const known = new Set(entries.filter(({ kind }) => kind === "defect").map(({ repo }) => repo));
    for (const set of FURTHER_SETS) {
      const further = readFurther(set);
      const projects = new Set(further.map(({ repo }) => repo));
      expect(page).toContain(`${further.length} defects of ${projects.size} other projects`);
      expect([...projects].filter((repo) => known.has(repo))).toEqual([]);
      for (const repo of projects) known.add(repo);
    }
  });

  test.each([
    ["a missing field", bug({ note: undefined }), '"note" has to be a text'],
    ["a commit that is none", bug({ before: "--output=x" }), '"before" has to be a commit of 40 digits'],
    ["a line before the first", bug({ line: 0 }), '"line" has to be a line number'],
    ["an unknown need", bug({ needs: "luck" }), '"needs" has to be one of local, cross-file, macro'],
    ["a repository outside of the mirrors", bug({ repo: "../../etc" }), '"repo" has to be owner/name'],
  ])("%s is told with its line", (_, entry, message) => {
    expect(() => entriesOf(bug(), entry)).toThrow(`bugs.jsonl:2: ${message}`);
  });

  test("no entry stands there twice", () => {
    expect(() => entriesOf(bug(), bug({ note: "again" }))).toThrow(
      "two entries for owner/name bbbbbbbbbb src/a.c:40 null-check",
    );
  });
});

describe("what is asked", () => {
  test("a defect is to be found before its fix, and to be gone after it", () => {
    expect(entriesOf(bug({ needs: "macro" })).map(questionsOf)).toEqual([
      [
        { commit: BEFORE, path: "src/a.c", whole: true, rule: "null-check", lines: [40, 60] },
        { commit: FIX, path: "src/b.c", whole: true, rule: "null-check", lines: [41] },
      ],
    ]);
  });

  test("after a fix that is wrong nothing is expected", () => {
    expect(entriesOf(bug({ fixed_line: null })).map((entry) => questionsOf(entry)[1]?.lines)).toEqual([[]]);
  });

  test("a good place is to be silent, and its file is enough", () => {
    expect(goodEntries().map(questionsOf)).toEqual([
      [{ commit: FIX, path: "c.c", whole: false, rule: "missing-munmap", lines: [7] }],
    ]);
  });
});

describe("what counts", () => {
  const question = { commit: BEFORE, path: "src/a.c", whole: false, rule: "null-check", lines: [40, 60] };

  test.each([
    [37, false],
    [38, true],
    [42, true],
    [43, false],
    [58, true],
    [62, true],
  ])("a finding on line %i: %s", (line, counts) => {
    expect(answers(finding("null-check", at(line)), question)).toBe(counts);
  });

  test("a step of the story, in the same file", () => {
    expect(answers(finding("null-check", at(5), [at(1), at(41)]), question)).toBe(true);
    expect(answers(finding("null-check", at(5), [at(41, "src/b.c")]), question)).toBe(false);
  });

  test("neither another rule nor another file", () => {
    expect(answers(finding("unchecked-map", at(40)), question)).toBe(false);
    expect(answers(finding("null-check", at(40, "src/b.c")), question)).toBe(false);
  });

  test("nothing where no line is asked about", () => {
    expect(answers(finding("null-check", at(40)), { ...question, lines: [] })).toBe(false);
  });
});

describe("the accepted result", () => {
  const [one, two] = entriesOf(bug(), bug({ line: 90 }));
  const [good] = goodEntries();
  const outcome = (entry: Entry | undefined, found: boolean, alarm: boolean): Outcome[] =>
    entry === undefined ? [] : [{ entry, found, alarm }];
  const accepted = parseAccepted(
    formatAccepted([
      ...outcome(two, false, false),
      ...outcome(one, true, true),
      ...outcome(good, false, false),
    ]),
  );

  test("is written sorted, an entry a line", () => {
    const outcomes = [
      ...outcome(two, false, false),
      ...outcome(one, true, true),
      ...outcome(good, false, true),
    ];
    expect(formatAccepted(outcomes)).toBe(
      [
        "{",
        '"owner/name bbbbbbbbbb src/a.c:40 null-check": {"found":true,"alarm":true},',
        '"owner/name bbbbbbbbbb src/a.c:90 null-check": {"found":false,"alarm":false},',
        '"owner/name ffffffffff c.c:7 missing-munmap": {"alarm":true}',
        "}",
        "",
      ].join("\n"),
    );
    expect(parseAccepted(formatAccepted(outcomes)).size).toBe(3);
  });

  test("a defect that is lost, and an alarm that is new, are worse", () => {
    const lost = compare(accepted, outcome(one, false, true));
    expect(lost).toMatchObject({ gained: [], lost: [{ entry: one }], newAlarms: [], goneAlarms: [] });
    const alarm = compare(accepted, outcome(good, false, true));
    expect(alarm).toMatchObject({ gained: [], lost: [], newAlarms: [{ entry: good }], goneAlarms: [] });
    expect([lost, alarm].map(isWorse)).toEqual([true, true]);
  });

  test("a defect that is gained, and an alarm that is gone, are not", () => {
    const changes = compare(accepted, [...outcome(one, true, false), ...outcome(two, true, false)]);
    expect(changes).toMatchObject({ gained: [{ entry: two }], lost: [], goneAlarms: [{ entry: one }] });
    expect(isWorse(changes)).toBe(false);
  });

  test("what was not run is not compared", () => {
    expect(isWorse(compare(accepted, []))).toBe(false);
  });

  test("of the project is that of its corpus, and the figures in docs/accuracy.md are its figures", () => {
    const entries = readCorpus();
    const current = readAccepted();
    expect([...(current?.keys() ?? [])].sort()).toEqual(entries.map(keyOf).sort());
    const outcomes = entries.flatMap((entry) => {
      const verdict = current?.get(keyOf(entry));
      return verdict === undefined ? [] : [{ entry, ...verdict }];
    });
    const page = readFileSync(ACCURACY_PAGE, "utf8");
    expect(page).toContain(figures(outcomes));
    expect(withFigures(page, outcomes)).toBe(page);
  });
});

test("every miss and every alarm has its place and its note", () => {
  const [defect] = entriesOf(bug({ needs: "cross-file" }));
  const [good] = goodEntries();
  if (defect === undefined || good === undefined) throw new Error("no entries");
  const outcomes = [
    { entry: defect, found: false, alarm: true },
    { entry: good, found: false, alarm: true },
  ];
  expect(misses(outcomes)).toEqual([
    "missed  null-check owner/name bbbbbbbbbb src/a.c:40 (cross-file): tested against NULL",
    "alarm   null-check owner/name ffffffffff src/b.c:41, after the fix of: tested against NULL",
    "alarm   missing-munmap owner/name ffffffffff c.c:7: is kept",
  ]);
});

describe("the command", () => {
  test.each([
    ["no --mirrors", [], "--mirrors DIR is missing"],
    [
      "no such directory",
      ["--mirrors", "/nonexistent"],
      "--mirrors /nonexistent: there is no such directory",
    ],
    ["an unknown option", ["--all"], "Unknown option '--all'"],
    ["an unknown class", ["--mirrors", ".", "--class", "nulls"], "--class nulls: the corpus has no entry"],
    ["an unknown repository", ["--mirrors", ".", "--repo", "a/b"], "--repo a/b: the corpus has no entry"],
    ["a part to be accepted", ["--mirrors", ".", "--accept", "--local"], "--accept takes the whole corpus"],
  ])("%s is a mistake", (_, args, message) => {
    expect(parseOptions(args, readCorpus())).toContain(message);
  });

  test("a mistake ends it with exit code 2", () => {
    const run = spawnSync("node_modules/.bin/tsx", ["scripts/corpus.ts", "--mirrors"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/^corpus: .*--mirrors[^]*npm run corpus -- --mirrors DIR/);
    expect(run.stdout).toBe("");
  });
});

/** A wrapper that hands MAP_FAILED on, and a caller in another file that takes it for NULL. */
const PROGRAM = {
  "lib/map.c": `#include "map.h"
#include <sys/mman.h>
void *map_file(int fd) { return mmap(0, 4096, PROT_READ, MAP_PRIVATE, fd, 0); }
`,
  "lib/map.h": "void *map_file(int fd);\n",
  "src/use.c": `#include "../lib/map.h"
#include <stddef.h>
#include <sys/mman.h>
int use(int fd) {
  char *p = map_file(fd);
  if (p == NULL)
    return -1;
  int first = p[0];
  munmap(p, 4096);
  return first;
}
`,
  "src/alone.c": NULL_CHECK,
  "src/README": "no C\n",
};

function git(cwd: string, ...args: string[]): string {
  const settings = ["user.name=test", "user.email=test@example.org", "commit.gpgsign=false"];
  return execFileSync("git", [...settings.flatMap((setting) => ["-c", setting]), ...args], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}

/** A mirror of a small project with one defect that its second commit fixes. */
function mirror() {
  const directory = project();
  const tree = path.join(directory, "tree");
  const write = (name: string, text: string): void => {
    mkdirSync(path.dirname(path.join(tree, name)), { recursive: true });
    writeFileSync(path.join(tree, name), text);
  };
  for (const [name, text] of Object.entries(PROGRAM)) write(name, text);
  git(directory, "init", "--quiet", tree);
  git(tree, "add", ".");
  git(tree, "commit", "--quiet", "-m", "before");
  const before = git(tree, "rev-parse", "HEAD");
  write("src/alone.c", CLEAN);
  git(tree, "commit", "--quiet", "-a", "-m", "fix");
  const fix = git(tree, "rev-parse", "HEAD");
  git(tree, "checkout", "--quiet", before);
  const mirrors = path.join(directory, "mirrors");
  git(directory, "clone", "--quiet", "--bare", tree, path.join(mirrors, "owner+name/repo"));
  return { tree, mirrors, before, fix };
}

describe("a repository", () => {
  beforeAll(loadParser);

  test("is judged as its files are, alone and together", () => {
    const { mirrors, before, fix } = mirror();
    const common = { before, fix, path: "src/alone.c", line: 4, fixed_path: "src/alone.c", fixed_line: 4 };
    const entries = entriesOf(
      bug({ ...common, alt_lines: [] }),
      bug({ ...common, line: 5, fixed_line: null, needs: "cross-file" }),
      bug({ ...common, line: 20, alt_lines: [], fix: before, needs: "macro" }),
      bug({ ...common, path: "src/gone.c" }),
      bug({ ...common, line: 6, fix: FIX, needs: "cross-file" }),
      bug({ ...common, repo: "owner/elsewhere" }),
    );
    const { outcomes, skipped, unreadable } = score(entries, mirrors, () => {});
    expect(outcomes.map(({ found, alarm }) => ({ found, alarm }))).toEqual([
      { found: true, alarm: false },
      { found: true, alarm: false },
      { found: false, alarm: true },
    ]);
    expect(unreadable.map((entry) => entry.path)).toEqual(["src/gone.c", "src/alone.c"]);
    expect(skipped.map(({ repo }) => repo)).toEqual(["owner/elsewhere"]);
  });

  test("has the findings that the command line prints", async () => {
    const { tree } = mirror();
    const shown = (findings: readonly Diagnostic[]) =>
      findings.map(
        ({ rule, location, severity }) => `${rule} ${location.file}:${location.start.line} ${severity}`,
      );
    const files = Object.keys(PROGRAM)
      .filter((name) => /\.[ch]$/.test(name))
      .map((name) => ({ path: name, bytes: readFileSync(path.join(tree, name)) }));
    const run = await mmaplint(tree, ["--format", "json", "."]);
    const { findings }: { findings: readonly Diagnostic[] } = JSON.parse(run.stdout);
    expect(findings.length).toBeGreaterThan(1);
    expect(shown(findingsIn(files))).toEqual(shown(findings));
  });
});
