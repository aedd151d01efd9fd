/** --fix on real C: what comes out compiles, has the defect no more, and differs in nothing but the edit. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { mmaplint } from "./cli.js";

const FIXTURES = fileURLToPath(new URL("../fixtures/", import.meta.url));
const hasCompiler = spawnSync("cc", ["--version"]).error === undefined;

interface Fixed {
  readonly bytes: Buffer;
  /** Rules that still find something. */
  readonly rules: readonly string[];
  /** What the compiler says. */
  readonly complaints: string;
}

/** Writes each text to a file of its own, and edits them all in one run. */
async function fix(texts: readonly (string | Buffer)[]): Promise<readonly Fixed[]> {
  const directory = mkdtempSync(path.join(tmpdir(), "mmaplint-fix-"));
  try {
    const names = texts.map((_, index) => `${String(index).padStart(3, "0")}.c`);
    for (const [index, text] of texts.entries())
      writeFileSync(path.join(directory, names[index] ?? ""), text);
    const run = await mmaplint(directory, ["--fix", "--preset", "strict", "--format", "json"]);
    expect(run.stderr).toMatch(/^(?:mmaplint: made \d+ edits?\n)?$/);
    const report: { findings: { rule: string; location: { file: string } }[] } = JSON.parse(run.stdout);
    const said = hasCompiler ? compile(directory, names) : [];
    return names.map((name) => ({
      bytes: readFileSync(path.join(directory, name)),
      rules: report.findings.filter(({ location }) => location.file === name).map(({ rule }) => rule),
      complaints: said.filter((line) => line.startsWith(`${name}:`)).join("\n"),
    }));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function compile(cwd: string, names: readonly string[]): readonly string[] {
  const flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"];
  return spawnSync("cc", [...flags, ...names], { cwd, encoding: "utf8" }).stderr.split("\n");
}

/** Each `bad.c` that carries a safe edit: what the edit replaces, and by what. */
const EDITS: Readonly<Record<string, readonly [string, string]>> = {
  "anonymous-fd": ["MAP_ANONYMOUS, 0, 0)", "MAP_ANONYMOUS, -1, 0)"],
  "null-check": ["!ring->base", "ring->base == MAP_FAILED"],
  "swapped-arguments": ["MAP_PRIVATE, PROT_READ | PROT_WRITE", "PROT_READ | PROT_WRITE, MAP_PRIVATE"],
};

/** The same C in other bytes. */
const SPELLINGS: Readonly<Record<string, (text: string) => Buffer>> = {
  "as it is": (text) => Buffer.from(text),
  "with CR LF": (text) => Buffer.from(text.replaceAll("\n", "\r\n")),
  "with tabs": (text) => Buffer.from(text.replaceAll("    ", "\t").replaceAll(" = ", "\t= ")),
  "after a byte order mark": (text) => Buffer.from(`\ufeff${text}`),
  "with all three": (text) => Buffer.from(`\ufeff${text.replaceAll("    ", "\t").replaceAll("\n", "\r\n")}`),
  "behind bytes that are no UTF-8": (text) => Buffer.from(`/* \xe9\xff\xc3 */ ${text}`, "latin1"),
  "behind characters of two and four bytes": (text) => Buffer.from(`/* é😀 */ ${text}`),
  "without a newline at the end": (text) => Buffer.from(text.trimEnd()),
};

describe("the fixtures that carry an edit", () => {
  test.each(Object.keys(SPELLINGS))("%s", async (spelling) => {
    const spelled = SPELLINGS[spelling] ?? Buffer.from;
    const ids = readdirSync(FIXTURES).filter((name) => name !== "engine" && name !== "programs");
    const before = ids.map((id) => readFileSync(path.join(FIXTURES, id, "bad.c"), "utf8"));
    const fixed = await fix(before.map((text) => spelled(text)));
    for (const [index, id] of ids.entries()) {
      const { bytes, rules, complaints } = fixed[index] ?? {
        bytes: Buffer.alloc(0),
        rules: [],
        complaints: "",
      };
      const [old, edited] = EDITS[id] ?? ["", ""];
      const text = before[index] ?? "";
      expect(text, id).toContain(old);
      expect(bytes.toString("latin1"), id).toBe(spelled(text.replace(old, edited)).toString("latin1"));
      expect(complaints, id).toBe("");
      if (EDITS[id] === undefined) expect(rules, id).toContain(id);
      else expect(rules, id).not.toContain(id);
    }
  });
});

const MAP = "mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0)";

/** A program around a test: `if (…)` takes the failure, or the success. */
function program(condition: string, { on = "failure", type = "char *", first = "" } = {}): string {
  const declared = condition.includes("p = ") ? `${type}p` : `${type}p = (${type.trim()})${MAP}`;
  const body =
    on === "failure"
      ? `    if (${condition})\n        return -1;\n    int rc = use((void *)p, n);\n    munmap((void *)p, n);\n`
      : `    int rc = -1;\n    if (${condition}) {\n        rc = use((void *)p, n);\n        munmap((void *)p, n);\n    }\n`;
  return `#define _GNU_SOURCE
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
${first}int use(const void *data, size_t size);
int fails(void);
int f(int fd, size_t n);
int f(int fd, size_t n)
{
    (void)fd;
    ${declared};
${body}    return rc;
}
`;
}

describe("null-check", () => {
  /** Conditions that a failure makes true, and what becomes of them. */
  const failures: readonly (readonly [string, string])[] = [
    ["!p", "p == MAP_FAILED"],
    ["! p", "p == MAP_FAILED"],
    ["p == NULL", "p == MAP_FAILED"],
    ["p==NULL", "p == MAP_FAILED"],
    ["NULL == p", "MAP_FAILED == p"],
    ["NULL==p", "MAP_FAILED == p"],
    ["p == 0", "p == MAP_FAILED"],
    ["0 == p", "MAP_FAILED == p"],
    ["p == (void *)0", "p == MAP_FAILED"],
    ["p == ( void * ) NULL", "p == MAP_FAILED"],
    ["(char *)p == NULL", "(char *)p == MAP_FAILED"],
    ["p <= 0", "p == MAP_FAILED"],
    ["p < 0", "p == MAP_FAILED"],
    ["(!p)", "(p == MAP_FAILED)"],
    ["!(p != NULL)", "!(p != MAP_FAILED)"],
    ["!p /* é */ || n == 3", "p == MAP_FAILED /* é */ || n == 3"],
    ["fails() || !p", "fails() || p == MAP_FAILED"],
    ["p == NULL || fails()", "p == MAP_FAILED || fails()"],
    ["fails() || NULL == p", "fails() || MAP_FAILED == p"],
    ["!(p != NULL && n > 0)", "!(p != MAP_FAILED && n > 0)"],
    ["p == NULL ? 1 : 0", "p == MAP_FAILED ? 1 : 0"],
    ["!p ? 1 : 0", "p == MAP_FAILED ? 1 : 0"],
    ["fails() ? 1 : p == NULL", "fails() ? 1 : p == MAP_FAILED"],
    ["(p == NULL) != 0", "(p == MAP_FAILED) != 0"],
    ["__builtin_expect(!p, 0)", "__builtin_expect(p == MAP_FAILED, 0)"],
    ["__builtin_expect(!!(p == NULL), 0)", "__builtin_expect(!!(p == MAP_FAILED), 0)"],
    [`(p = ${MAP}) == NULL`, `(p = ${MAP}) == MAP_FAILED`],
    [`NULL == (p = ${MAP})`, `MAP_FAILED == (p = ${MAP})`],
    [`fails() || (p = ${MAP}) == NULL`, `fails() || (p = ${MAP}) == MAP_FAILED`],
    [`p = ${MAP}, p == NULL`, `p = ${MAP}, p == MAP_FAILED`],
    [`(p = ${MAP}, p) == (void *)0`, `(p = ${MAP}, p) == MAP_FAILED`],
  ];
  /** Conditions that a success makes true. */
  const successes: readonly (readonly [string, string])[] = [
    ["p", "p != MAP_FAILED"],
    ["(p)", "(p != MAP_FAILED)"],
    ["p != NULL", "p != MAP_FAILED"],
    ["NULL != p", "MAP_FAILED != p"],
    ["p != 0", "p != MAP_FAILED"],
    ["p > 0", "p != MAP_FAILED"],
    ["p != (void *)0", "p != MAP_FAILED"],
    ["!(!p)", "!(p == MAP_FAILED)"],
    ["!(p == NULL)", "!(p == MAP_FAILED)"],
    ["(p) && n > 0", "(p != MAP_FAILED) && n > 0"],
    ["p != NULL && n > 0", "p != MAP_FAILED && n > 0"],
    ["n > 0 && p != NULL", "n > 0 && p != MAP_FAILED"],
    ["p != NULL ? n > 0 : 0", "p != MAP_FAILED ? n > 0 : 0"],
    [`(p = ${MAP}) != NULL`, `(p = ${MAP}) != MAP_FAILED`],
    [`n > 0 && (p = ${MAP}) != NULL`, `n > 0 && (p = ${MAP}) != MAP_FAILED`],
  ];
  const conditions = [
    ...failures.map(([old, edited]) => [program(old), program(edited)] as const),
    ...successes.map(
      ([old, edited]) => [program(old, { on: "success" }), program(edited, { on: "success" })] as const,
    ),
    ...["while (!p)", "while (NULL == p)"].map((loop) => {
      const text = program("fails()").replace("    if", `    ${loop}\n        p = ${MAP};\n    if`);
      return [text, text.replace("!p", "p == MAP_FAILED").replace("NULL == p", "MAP_FAILED == p")] as const;
    }),
    ...["assert(p)", "assert(p != NULL)"].map((statement) => {
      const text = program("fails()").replace("    if", `    ${statement};\n    if`);
      return [text, text.replace(statement, "assert(p != MAP_FAILED)")] as const;
    }),
  ];

  test("every form of a test that it edits", async () => {
    const fixed = await fix(conditions.map(([before]) => before));
    expect(fixed.map(({ bytes }) => bytes.toString())).toEqual(conditions.map(([, after]) => after));
    expect(fixed.map(({ complaints }) => complaints).filter((text) => text !== "")).toEqual([]);
    expect(fixed.filter(({ rules }) => rules.includes("null-check"))).toEqual([]);
  });
});

describe("null-check: no edit where none is certain", () => {
  const left = [
    program("! /* mapped? */ p"),
    program("p /* mapped? */ == NULL"),
    program("n++, !p"),
    program("(void *)0 == p"),
    program("IS_NULL(p)", { first: "#define IS_NULL(x) ((x) == NULL)\n" }),
    program("p == NOTHING", { first: "#define NOTHING ((void *)0)\n" }),
  ];

  test("the file stays as it is", async () => {
    const fixed = await fix(left);
    expect(fixed.map(({ bytes }) => bytes.toString())).toEqual(left);
    expect(fixed.every(({ rules }) => rules.includes("null-check"))).toBe(true);
  });
});

/** A function that maps, with other arguments. */
function mapping(args: string, first = ""): string {
  const parameters = "int fd, size_t n, int other";
  return `#define _GNU_SOURCE
#include <stddef.h>
#include <sys/mman.h>
${first}void *f(${parameters});
void *f(${parameters})
{
    (void)fd, (void)other;
    return mmap(${args});
}
`;
}

describe("arguments", () => {
  const exchanged: readonly (readonly [string, string])[] = [
    ["NULL, n, MAP_PRIVATE, PROT_READ, fd, 0", "NULL, n, PROT_READ, MAP_PRIVATE, fd, 0"],
    ["NULL, n, (MAP_PRIVATE), (PROT_READ), fd, 0", "NULL, n, (PROT_READ), (MAP_PRIVATE), fd, 0"],
    [
      "NULL, n, MAP_PRIVATE, // the flags\n        PROT_READ | /* and */\n        PROT_WRITE, fd, 0",
      "NULL, n, PROT_READ | /* and */\n        PROT_WRITE, // the flags\n        MAP_PRIVATE, fd, 0",
    ],
    [
      "NULL, n, MAP_SHARED, other ? PROT_WRITE : PROT_WRITE | PROT_READ, fd, 0",
      "NULL, n, other ? PROT_WRITE : PROT_WRITE | PROT_READ, MAP_SHARED, fd, 0",
    ],
    [
      "NULL, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, 0, -1",
      "NULL, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0",
    ],
    // Both edits to one call.
    [
      "NULL, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, 0, 4096",
      "NULL, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0",
    ],
    [
      "NULL, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, (int)0, 0",
      "NULL, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0",
    ],
  ];
  const others: readonly (readonly [string, string])[] = [
    ["msync(p, MS_SYNC, n)", "msync(p, n, MS_SYNC)"],
    ["mprotect(p, PROT_READ, n)", "mprotect(p, n, PROT_READ)"],
    ["madvise(p, MADV_DONTNEED, n)", "madvise(p, n, MADV_DONTNEED)"],
  ];
  const call = (text: string): string =>
    `#define _GNU_SOURCE\n#include <sys/mman.h>\nint f(void *p, size_t n);\nint f(void *p, size_t n)\n{\n    return ${text};\n}\n`;
  const pairs = [
    ...exchanged.map(([old, edited]) => [mapping(old), mapping(edited)] as const),
    ...others.map(([old, edited]) => [call(old), call(edited)] as const),
  ];

  test("exchanged, and replaced", async () => {
    const fixed = await fix(pairs.map(([before]) => before));
    expect(fixed.map(({ bytes }) => bytes.toString())).toEqual(pairs.map(([, after]) => after));
    expect(fixed.map(({ complaints }) => complaints).filter((text) => text !== "")).toEqual([]);
    expect(fixed.filter(({ rules }) => rules.some((id) => EDITS[id] !== undefined))).toEqual([]);
  });

  test("from macros: left alone", async () => {
    const before = [
      mapping("NULL, n, A, B, fd, 0", "#define A MAP_PRIVATE\n#define B PROT_READ\n"),
      mapping("NULL, n, AB, fd, 0", "#define AB MAP_PRIVATE, PROT_READ\n"),
      mapping("NULL, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, NO_FD, 0", "#define NO_FD 0\n"),
    ];
    const fixed = await fix(before);
    expect(fixed.map(({ bytes }) => bytes.toString())).toEqual(before);
  });
});

/** Wrong edits that are known: each with its reason, and what the file may become. Fails once the edit is right. */
describe("what an edit must not do", () => {
  type Options = Parameters<typeof program>[1];
  /** A condition that has to stay as it is, or to become another. */
  const condition = (old: string, edited: string, options?: Options): readonly string[] => [
    program(old, options),
    program(edited, options),
  ];
  const kept = (old: string, options?: Options): readonly string[] => [program(old, options)];
  const body = (first: string, statements: string): readonly string[] => [
    program("fails()", { first }).replace(/^ {4}if[^]*?n\);\n {4}munmap.*\n/m, statements),
  ];
  const entries: readonly (readonly [string, readonly string[]])[] = [
    ["!!p: one ! is left", condition("!!p", "p != MAP_FAILED", { on: "success" })],
    ["!p != 0: == does not bind like !", condition("!p != 0", "(p == MAP_FAILED) != 0")],
    ["an integer is compared with a pointer: (uintptr_t)p", kept("(uintptr_t)p == 0")],
    ["an integer is compared with a pointer: (long)p", kept("(long)p < 0")],
    ["an integer is compared with a pointer: uintptr_t p", kept("!p", { type: "uintptr_t " })],
    [
      "an integer is compared with a pointer: _Bool ok = p",
      body(
        "",
        "    _Bool ok = p;\n    if (!ok)\n        return -1;\n    int rc = use(p, n);\n    munmap(p, n);\n",
      ),
    ],
    ["(p) == (NULL) is taken for parentheses around p", condition("(p) == (NULL)", "(p) == (MAP_FAILED)")],
    [
      "a comment swallows the comparison",
      condition("p // c\n        == NULL", "p // c\n        == MAP_FAILED"),
    ],
    ["a continued line loses its end", condition("p \\\n        == NULL", "p \\\n        == MAP_FAILED")],
    [
      "the macro uses its argument twice",
      body(
        "#define CHECKED(x) ((x) ? (x) : (abort(), NULL))\n",
        "    char *q = CHECKED(p);\n    int rc = use(q, n);\n    munmap(q, n);\n",
      ),
    ],
    ["the macro has no parentheses around its argument", kept("NOT(p)", { first: "#define NOT(x) !x\n" })],
    [
      "on another path p is NULL: nothing was mapped yet",
      [
        program("fails()").replace(
          /^ {4}char \*p = [^]*?munmap.*\n/m,
          `    char *p = NULL;\n    int rc = -1;\n    if (fails())\n        goto out;\n    p = ${MAP};\n    if (p == MAP_FAILED)\n        goto out;\n    rc = use(p, n);\nout:\n    if (p)\n        munmap(p, n);\n`,
        ),
      ],
    ],
    [
      "on another path p is malloc's",
      [
        program("fails()").replace(
          /^ {4}char \*p = [^]*?munmap.*\n/m,
          `    char *p;\n    if (n > 10)\n        p = ${MAP};\n    else\n        p = malloc(n);\n    if (!p)\n        return -1;\n    int rc = use(p, n);\n`,
        ),
      ],
    ],
    [
      "MAP_FAILED is in sys/mman.h, which a user of shmat() does not include",
      ["!p", "p == (void *)-1"].map(
        (comparison) =>
          `#include <stddef.h>\n#include <sys/shm.h>\nint use(char *p);\nint f(int id);\nint f(int id)\n{\n    char *p = shmat(id, NULL, 0);\n    if (${comparison})\n        return -1;\n    int rc = use(p);\n    shmdt(p);\n    return rc;\n}\n`,
      ),
    ],
    [
      "an exchange puts nothing right where flags and protections are mixed",
      [mapping("NULL, n, PROT_READ | MAP_PRIVATE, PROT_WRITE, fd, 0")],
    ],
    [
      "the other branch of #if stays exchanged",
      [
        mapping(
          "NULL, n, MAP_PRIVATE,\n#ifdef X\n        PROT_READ,\n#else\n        PROT_WRITE,\n#endif\n        fd, 0",
        ),
      ],
    ],
    [
      "#if and #endif change places",
      [
        mapping(
          "NULL, n, MAP_PRIVATE\n#ifdef X\n        | MAP_NORESERVE\n#endif\n        , PROT_READ, fd, 0",
        ),
      ],
    ],
    [
      "a side effect is lost",
      [
        mapping("NULL, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, zero++, 0").replace(
          "(void)fd,",
          "int zero = 0;\n    (void)fd,",
        ),
      ],
    ],
  ];

  test.each(entries)("%s", async (_, right) => {
    const [fixed] = await fix(right.slice(0, 1));
    expect(right).toContain(fixed?.bytes.toString());
  });
});
