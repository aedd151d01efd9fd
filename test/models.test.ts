/** `models` of the configuration: what the user says that functions do which no source shows. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { modelsWith } from "../src/analyzer/model/declared.js";
import { describeSummary } from "../src/analyzer/describe.js";
import type { FunctionModel } from "../src/analyzer/model/declared.js";
import { lint, loadParser } from "../src/lint.js";
import { rules } from "../src/rules/index.js";
import { mmaplint, NULL_CHECK, project } from "./cli.js";

beforeAll(loadParser);

const severities = new Map(rules.map(({ id, severity }) => [id, severity]));

/** `rule:line` of what is found; line 1 is the first of `text`. */
function found(models: Readonly<Record<string, FunctionModel>>, text: string): string[] {
  const declared = new Map(Object.entries(models));
  const around = { include: () => undefined, naming: () => [], modelsOf: () => declared };
  const { diagnostics, notices } = lint([{ path: "a.c", text }], severities, around);
  expect(notices).toEqual([]);
  return diagnostics.map(({ rule, location }) => `${rule}:${location.start.line}`);
}

const POOL = {
  pool_alloc: { maps: { length: 1 }, fails: "NULL" },
  pool_free: { unmaps: { address: 1, length: 2 } },
} as const;

describe("a summary for each form", () => {
  test.each<readonly [string, FunctionModel, string]>([
    ["NULL", { maps: { length: 0 }, fails: "NULL" }, "fails NULL, else maps result"],
    ["never", { maps: {}, fails: "never" }, "maps result"],
    ["MAP_FAILED", { maps: {} }, "maps result unchecked"],
    ["unmaps", { unmaps: { address: 0 } }, "unmaps "],
    ["returns", { returns: "never" }, "never returns"],
  ])("%s", (_, model, words) => {
    const summary = modelsWith(new Map([["f", model]])).summaryOf("f");
    expect(describeSummary(summary)).toContain(words);
  });
});

describe("maps and unmaps", () => {
  test("what is mapped has to be unmapped, by whatever unmaps", () => {
    const text = (end: string): string => `int f(struct pool *pool, size_t n) {
  char *p = pool_alloc(pool, n);
  if (p == NULL)
    return -1;
  if (n == 7)
    ${end}
  p[0] = 1;
  pool_free(pool, p, n);
  return 0;
}
`;
    expect(found(POOL, text("return 0;"))).toEqual(["missing-munmap:6"]);
    expect(found(POOL, text("{ pool_free(pool, p, n); return 0; }"))).toEqual([]);
    expect(found(POOL, text("{ munmap(p, n); return 0; }"))).toEqual([]);
    expect(found({}, text("return 0;"))).toEqual([]);
  });

  test("after the end of it: used, unmapped again, with another length", () => {
    const text = (end: string): string => `int f(struct pool *pool) {
  char *p = pool_alloc(pool, 8192);
  if (!p)
    return -1;
  ${end}
}
`;
    expect(found(POOL, text("pool_free(pool, p, 8192); return p[0];"))).toEqual(["use-after-unmap:5"]);
    expect(found(POOL, text("pool_free(pool, p, 8192); pool_free(pool, p, 8192); return 0;"))).toEqual([
      "double-unmap:5",
    ]);
    expect(found(POOL, text("free(p); return 0;"))).toEqual(["mismatched-release:5"]);
    expect(found(POOL, text("pool_free(pool, p, 8192); return 0;"))).toEqual([]);
  });

  test("how it fails", () => {
    const text = (condition: string): string => `int f(size_t n) {
  char *p = get(n);
  if (${condition})
    return -1;
  p[0] = 1;
  put(p, n);
  return 0;
}
`;
    const models = (fails: FunctionModel["fails"]): Record<string, FunctionModel> => ({
      get: { maps: { length: 0 }, ...(fails === undefined ? {} : { fails }) },
      put: { unmaps: { address: 0, length: 1 } },
    });
    expect(found(models(undefined), text("p == NULL"))).toEqual(["null-check:3"]);
    expect(found(models("MAP_FAILED"), text("p == MAP_FAILED"))).toEqual([]);
    expect(found(models("MAP_FAILED"), text("n == 3"))).toContain("unchecked-map:5");
    expect(found(models("NULL"), text("p == NULL"))).toEqual([]);
    expect(found(models("never"), text("0"))).toEqual([]);
  });

  test("flags, protection and offset are what the call gives", () => {
    const models: Record<string, FunctionModel> = {
      map_file: { maps: { fd: 0, length: 1, protection: 2, flags: 3, offset: 4 }, fails: "never" },
    };
    const text = (protection: string, offset: string): string => `int f(int fd) {
  char *p = map_file(fd, 8192, ${protection}, MAP_PRIVATE, ${offset});
  p[0] = 1;
  munmap(p, 8192);
  return 0;
}
`;
    expect(found(models, text("PROT_READ", "0"))).toEqual(["protection-violation:3"]);
    expect(found(models, text("PROT_READ | PROT_WRITE", "100"))).toEqual(["unaligned-offset:2"]);
    expect(found(models, text("PROT_READ | PROT_WRITE", "0"))).toEqual([]);
  });
});

describe("like", () => {
  const use = (tested: string): string => `int f(int fd, size_t n) {
  char *p = xmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  ${tested}
  p[0] = 1;
  xunmap(p, n);
  return 0;
}
`;
  const models = (fails?: FunctionModel["fails"]): Record<string, FunctionModel> => ({
    xmap: { like: "mmap", ...(fails === undefined ? {} : { fails }) },
    xunmap: { like: "munmap" },
  });

  test("is judged as the function that it is like", () => {
    expect(found(models(), use("if (p == NULL) return -1;"))).toEqual(["null-check:3"]);
    expect(found(models(), use("if (p == MAP_FAILED) return -1;"))).toEqual([]);
    expect(found(models(), use("if (p == MAP_FAILED) return -1; if (n == 3) return 0;"))).toEqual([
      "missing-munmap:3",
    ]);
  });

  test("fails otherwise", () => {
    expect(found(models("NULL"), use("if (p == NULL) return -1;"))).toEqual([]);
    expect(found(models("never"), use(""))).toEqual([]);
    expect(found(models("never"), use("if (n == 3) return 0;"))).toEqual(["missing-munmap:3"]);
  });
});

describe("what becomes of arguments", () => {
  const text = `int f(int fd, size_t n) {
  char *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
  if (p == MAP_FAILED)
    return -1;
  look(p);
  return 0;
}
`;
  test("kept, only looked at, or taken", () => {
    expect(found({}, text)).toEqual([]);
    expect(found({ look: { reads: [1] } }, text)).toEqual([]);
    expect(found({ look: { reads: [0] } }, text)).toEqual(["missing-munmap:6"]);
    expect(found({ look: { writes: [0] } }, text)).toContain("protection-violation:5");
    expect(found({ look: { takes: [0] } }, text)).toEqual([]);
  });
});

test("never returns", () => {
  const text = `void give_up(void) { fatal("no"); }
int f(int fd, size_t n) {
  char *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
  if (p == MAP_FAILED)
    fatal("mmap");
  if (p[0] == 2) {
    give_up();
    return 1;
  }
  munmap(p, n);
  return 0;
}
`;
  expect(found({}, text)).toEqual(["missing-munmap:8"]);
  expect(found({ fatal: { returns: "never" } }, text)).toEqual([]);
});

test("the model wins over the body", () => {
  const text = `void *get(size_t n) { return mmap(0, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }
int f(size_t n) {
  char *p = get(n);
  if (p == NULL)
    return -1;
  munmap(p, n);
  return 0;
}
`;
  expect(found({}, text)).toEqual(["null-check:4"]);
  expect(found({ get: { maps: { length: 0 }, fails: "NULL" } }, text)).toEqual([]);
});

test("macros that name it", () => {
  const text = `#define GET(n) pool_alloc(0, n)
int f(size_t n) {
  char *p = GET(n);
  if (p == NULL)
    return -1;
  return p[0];
}
`;
  expect(found(POOL, text)).toEqual(["missing-munmap:6"]);
});

/** A leak where pool_alloc() maps. */
const LEAK = `#include <stddef.h>
int f(struct pool *pool, size_t n) {
  char *p = pool_alloc(pool, n);
  return p == NULL ? -1 : p[0];
}
`;

test("the configuration nearest to the file holds; files that name no function of the family are read", async () => {
  const directory = project({
    "mmaplint.config.json": JSON.stringify({ models: POOL }),
    "a.c": LEAK,
    "b/mmaplint.config.json": "{}",
    "b/b.c": LEAK,
  });
  const run = await mmaplint(directory, ["a.c", "b/b.c"]);
  expect(run.stderr).toBe("");
  expect(run.stdout).toContain("a.c:4:");
  expect(run.stdout).not.toContain("b.c");
  expect(run.stdout).toContain("missing-munmap");
  const input = await mmaplint(directory, ["--stdin"], { input: LEAK });
  expect(input.stdout).toContain("missing-munmap");
});

describe("what is wrong is named, and nothing is linted", () => {
  test.each<readonly [string, unknown, string]>([
    [
      "an unknown function",
      { f: { like: "mmpa" } },
      'models.f.like: there is no model of a function "mmpa"; did you mean "mmap"?',
    ],
    [
      "another unknown one",
      { f: { like: "pool_zzz" } },
      "say by maps, unmaps, takes, reads and writes what it does",
    ],
    [
      "a position before the first",
      { f: { unmaps: { address: -1 } } },
      "models.f.unmaps.address: must be >= 0: the position of an argument, counted from 0",
    ],
    [
      "one that no call has",
      { f: { reads: [99] } },
      "models.f.reads[0]: must be <= 31: the position of an argument",
    ],
    [
      "a name for a position",
      { f: { maps: { length: "n" } } },
      "models.f.maps.length: must be of type integer: the position",
    ],
    ["no address", { f: { unmaps: { length: 1 } } }, 'models.f.unmaps: the key "address" is missing'],
    ["an unknown key", { f: { map: {} } }, 'models.f: there is no key "map"; did you mean "maps"?'],
    ["an empty model", { f: {} }, "models.f: must NOT have fewer than 1 properties"],
    ["no name of C", { "f-g": { returns: "never" } }, 'models: "f-g" is no name of a function in C'],
    [
      "another failure",
      { f: { maps: {}, fails: "null" } },
      'models.f.fails: must be one of MAP_FAILED, NULL, never, not "null"',
    ],
    [
      "like and more",
      { f: { like: "mmap", reads: [0] } },
      'models.f: "like" says all that the function does',
    ],
    [
      "fails without maps",
      { f: { unmaps: { address: 0 }, fails: "NULL" } },
      'models.f.fails: says how a call that maps fails; add "maps"',
    ],
    [
      "fails with another like",
      { f: { like: "munmap", fails: "NULL" } },
      "models.f.fails: says how a call that maps fails",
    ],
    [
      "never and more",
      { f: { returns: "never", reads: [0] } },
      "models.f: a function that never returns needs no other key",
    ],
    [
      "one argument twice",
      { f: { unmaps: { address: 1, length: 1 } } },
      "models.f.unmaps: argument 1 is named twice",
    ],
    ["once more", { f: { maps: { length: 1, fd: 1 } } }, "models.f.maps: argument 1 is named twice"],
    [
      "unmapped and read",
      { f: { unmaps: { address: 0 }, reads: [0] } },
      "models.f: argument 0 is unmapped, so it cannot be taken, read or written",
    ],
  ])("%s", async (_, models, sentence) => {
    const directory = project({ "mmaplint.config.json": JSON.stringify({ models }), "a.c": NULL_CHECK });
    const run = await mmaplint(directory, []);
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toContain(
      `mmaplint.config.json: ${sentence.startsWith("say") ? "models.f.like" : sentence}`,
    );
    expect(run.stderr).toContain(sentence);
  });
});

test("docs/models.md: the example is a configuration, and finds what it says", () => {
  const page = readFileSync(new URL("../docs/models.md", import.meta.url), "utf8");
  const [json = "", c = ""] = [...page.matchAll(/```(?:json|c)\n([^]*?)```/g)].map(([, text]) => text);
  expect(found(JSON.parse(json).models, c)).toEqual(["missing-munmap:6"]);
});
