/** A C file of a size: the functions of the rules' fixtures, with functions that map nothing between them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { openUnit } from "../src/syntax/index.js";

const FIXTURES = path.join(import.meta.dirname, "../fixtures");

/** The fixture's text with everything that it defines at file scope under a name of its own. */
function renamed(text: string, suffix: string): string {
  const unit = openUnit({ path: "fixture.c", text });
  const tags = [...text.matchAll(/^(?:typedef )?(?:struct|union|enum) (\w+)\s*\{/gm)].map(
    ([, tag = ""]) => tag,
  );
  const names = new Set([...unit.functions.map(({ name }) => name), ...tags, ...unit.macros]);
  names.delete("main");
  for (const name of names) if (/^(?:_|MAP_|PROT_)/.test(name)) names.delete(name);
  return text
    .replace(/^#include .*\n/gm, "")
    .replace(/\bmain\b/g, `main_${suffix}`)
    .replace(/\b[A-Za-z_]\w*\b/g, (word) => (names.has(word) ? `${word}_${suffix}` : word));
}

/** Twenty-some lines of the kind that stands between mappings in real files. */
function filler(n: number): string {
  return `
struct entry_${n} {
    struct entry_${n} *next;
    char name[64];
    unsigned hash;
};

static unsigned hash_${n}(const char *name, size_t length)
{
    unsigned hash = 5381u + ${n}u;

    for (size_t i = 0; i < length; i++)
        hash = hash * 33u ^ (unsigned char)name[i];
    return hash;
}

static struct entry_${n} *find_${n}(struct entry_${n} **table, size_t buckets, const char *name)
{
    unsigned hash = hash_${n}(name, strlen(name));
    struct entry_${n} *entry = table[hash % buckets];

    /* collisions are rare enough for a list */
    while (entry != NULL && (entry->hash != hash || strcmp(entry->name, name) != 0))
        entry = entry->next;
    return entry;
}
`;
}

export interface BenchSource {
  readonly text: string;
  readonly functions: number;
  /** Functions that name the family. */
  readonly mapping: number;
}

/** A text of at least so many lines. */
export function benchSource(lines: number): BenchSource {
  const parts = [
    "#include <errno.h>\n#include <fcntl.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n" +
      "#include <sys/mman.h>\n#include <sys/stat.h>\n#include <unistd.h>\n",
  ];
  const fixtures = readdirSync(FIXTURES).filter((name) => existsSync(path.join(FIXTURES, name, "good.c")));
  for (const name of fixtures) {
    for (const kind of ["good", "bad"]) {
      const text = readFileSync(path.join(FIXTURES, name, `${kind}.c`), "utf8");
      parts.push(renamed(text, `${name.replaceAll("-", "_")}_${kind}`));
    }
  }
  const length = (): number => parts.reduce((sum, part) => sum + part.split("\n").length - 1, 0);
  for (let n = 0; length() < lines; n++) parts.splice(1 + ((n * 2) % parts.length), 0, filler(n));
  const text = parts.join("");
  const unit = openUnit({ path: "bench.c", text });
  const mapping = unit.functions.filter(({ names }) =>
    [...names].some((name) =>
      /^(?:mmap|munmap|mprotect|msync|mremap|madvise|mlock|shmat|MAP_FAILED)$/.test(name),
    ),
  );
  return { text, functions: unit.functions.length, mapping: mapping.length };
}
