/** What is kept from run to run never shows: a text that was typed is judged like the same text read at once. */
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import type { Diagnostic } from "../src/diagnostic.js";
import { lint, loadParser, nothingKept } from "../src/lint.js";
import { plainLayout, relaid } from "../src/lsp/layout.js";
import { rules } from "../src/rules/index.js";
import { cases, type Random } from "./support/random.js";

const FIXTURES = fileURLToPath(new URL("../fixtures/", import.meta.url));

beforeAll(loadParser);

const severities = new Map(rules.map(({ id, severity }) => [id, severity]));

/** Lines and columns, which blanks at the ends of lines do not change; offsets they do. */
function withoutOffsets(found: readonly Diagnostic[]): unknown {
  const kept = found.map(({ edit, ...rest }) => ({ ...rest, edit: edit?.changes.map(({ text }) => text) }));
  return JSON.parse(JSON.stringify(kept, (key, value: unknown) => (key === "offset" ? undefined : value)));
}

/** What people type: letters, lines, brackets, comments, conditionals, and words that matter. */
const TYPED = [
  "x",
  "\n",
  ";",
  "{",
  "}",
  "(",
  "/*",
  "*/",
  '"',
  "#if 0\n",
  "#endif\n",
  "return 0;\n",
  "p = NULL;\n",
  "munmap(p, n);\n",
  "#define MAP_FAILED NULL\n",
  "#define PROT_READ 4\n",
  "typedef int size_t;\n",
  "static int fd;\n",
  "void exit(int);\n",
  'shm_unlink("/x");\n',
  "\n}\n\nvoid added(void *q)\n{\n    munmap(q, 4096);\n}\n",
] as const;

function typed(random: Random, text: string): string {
  const at = random.next(text.length + 1);
  if (random.next(4) === 0) return text.slice(0, at) + text.slice(at + random.pick([1, 2, 30]));
  return text.slice(0, at) + random.pick(TYPED) + text.slice(at);
}

test("typing in one of two files, over and over", () => {
  const names = readdirSync(FIXTURES).filter((name) => name !== "engine" && name !== "programs");
  cases(40, (random, at) => {
    const name = names[random.next(names.length)] ?? "";
    const other = names[random.next(names.length)] ?? "";
    const text = readFileSync(path.join(FIXTURES, name, "cases.c"), "utf8");
    const second = { path: "b.c", text: readFileSync(path.join(FIXTURES, other, "good.c"), "utf8") };
    const header = { path: "h.h", text: "#define HEADER 1\n" };
    const include = (): typeof header => header;
    const kept = nothingKept({ include });
    let layout = relaid(plainLayout(text), `#include "h.h"\n${text}`);
    for (let i = 0; i < 6; i++) {
      kept.files.forget(new Set(["a.c"]));
      const typedText = lint([{ path: "a.c", text: layout.padded }, second], severities, {
        include,
        naming: () => [],
        kept,
      });
      const readAtOnce = lint([{ path: "a.c", text: layout.text }, second], severities, {
        include,
        naming: () => [],
      });
      expect(withoutOffsets(typedText.diagnostics), `${at}, ${name}, edit ${i}`).toEqual(
        withoutOffsets(readAtOnce.diagnostics),
      );
      expect(typedText.notices, at).toEqual(readAtOnce.notices);
      expect(typedText.statistics, at).toEqual(readAtOnce.statistics);
      // Half of what is typed is taken back, as people do.
      layout = relaid(layout, random.next(2) === 0 ? `#include "h.h"\n${text}` : typed(random, layout.text));
    }
  });
});

test("an edit of a header", () => {
  const text = `#include <sys/mman.h>
#include "h.h"
void f(void *p) { mmap(p, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }
`;
  let header = { path: "h.h", text: "#define SIZE 65536\n" };
  const include = (): typeof header => header;
  const kept = nothingKept({ include });
  const run = (): readonly string[] =>
    lint([{ path: "a.c", text }], severities, { include, naming: () => [], kept }).diagnostics.map(
      ({ rule }) => rule,
    );
  expect(run()).not.toContain("zero-length");
  header = { path: "h.h", text: "#define SIZE 0\n" };
  kept.files.forget(new Set(["h.h"]));
  expect(run()).toContain("zero-length");
});

const FAR: readonly (readonly [string, string, string, string])[] = [
  ["a macro of a macro", "#define SIZE CHUNK", "#define CHUNK 65536", "#define CHUNK 0"],
  ["an enumerator", "enum { FIRST, SIZE = FIRST };", "", "#define FIRST 65536"],
  [
    "a type of a type",
    "#define SIZE sizeof(outer)\ntypedef inner outer;",
    "typedef char inner[65536];",
    "typedef char inner[0];",
  ],
];

test.each(FAR)("an edit far away: %s", (_name, near, before, after) => {
  const text = (far: string): string =>
    `#include <sys/mman.h>\n${far}\nint between(void)\n{\n    return 0;\n}\n${near}\nvoid f(void *p)\n{\n    mmap(p, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);\n}\n`;
  const include = (): undefined => undefined;
  const kept = nothingKept({ include });
  let layout = plainLayout(text(before));
  for (const far of [before, after, before]) {
    layout = relaid(layout, text(far));
    kept.files.forget(new Set(["a.c"]));
    const around = { include, naming: () => [] };
    const typedText = lint([{ path: "a.c", text: layout.padded }], severities, { ...around, kept });
    const readAtOnce = lint([{ path: "a.c", text: layout.text }], severities, around);
    expect(withoutOffsets(typedText.diagnostics)).toEqual(withoutOffsets(readAtOnce.diagnostics));
  }
});
