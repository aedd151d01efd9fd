/** mmap(), mremap() and shmat() report failure as (void *)-1; address 0 is an address like any other. */
import type { Mapping } from "../analyzer/mapping.js";
import { isBareCall } from "../analyzer/model/library.js";
import { comparisonEdit } from "./null-check-edit.js";
import type { Finding } from "./rule.js";
import type { Rule } from "./rule.js";
import { failsWithMapFailed, nameOf } from "./terms.js";

export const nullCheck: Rule = {
  id: "null-check",
  summary: "the result of a call that fails with MAP_FAILED is tested as if it failed with NULL",
  why: "mmap(), mremap() and shmat() return MAP_FAILED, `(void *)-1`, on failure, which is neither NULL nor, compared as a pointer, less than 0. So the failure passes the test, and the first access faults near the top of the address space; a large index added to it can even land in valid memory. Address 0 in turn is a valid mapping that the test rejects.",
  help: "compare the result with MAP_FAILED",
  severity: "error",
  cwe: [253],
  since: "0.1.0",
  findsAbsence: true,
  references: ["mmap(2)", "mremap(2)", "shmat(2)", "POSIX.1-2024 mmap"],
  silent: [
    "A wrapper that turns MAP_FAILED into NULL, or never returns on failure: its callers are right to test NULL.",
    'A pointer that starts as NULL and is tested later for "was it ever mapped", with MAP_FAILED excluded or turned into NULL in between.',
    "A project's own function, function pointer or struct member that is named mmap.",
  ],
  on: {
    check: ({ mapping, against, exact, site, ofPointer, sole }, text) =>
      exact && against === "MAP_FAILED" && mapping.phase === "unchecked" && isBareCall(mapping.function)
        ? `${mapping.function}() is the bare system call: it fails with a negative errno such as -ENOMEM, never with MAP_FAILED`
        : against === "NULL" &&
            mapping.phase === "failed" &&
            failsWithMapFailed(mapping) &&
            !isTestedNext(mapping.name, text, site.end)
          ? {
              message: `${nameOf(mapping)} may be MAP_FAILED here, and MAP_FAILED is not NULL`,
              site,
              ...comparisonEdit(text, { site, ofPointer, sole }),
            }
          : undefined,
    access: ({ viaHint, mapping }, text) => (viaHint ? undefined : wrongTest(mapping, text)),
    protect: ({ target }, text) => wrongTest(target.mapping, text),
    advise: ({ target }, text) => wrongTest(target.mapping, text),
    lock: ({ target }, text) => wrongTest(target.mapping, text),
    sync: ({ target }, text) => wrongTest(target.mapping, text),
    unmap: ({ target }, text) => wrongTest(target.mapping, text),
    remap: ({ target }, text) => wrongTest(target.mapping, text),
    exit: ({ mapping }, text) => wrongTest(mapping, text),
    lose: ({ mapping }, text) => wrongTest(mapping, text),
  },
};

/** A test is wrong only once nothing better has followed it: so it is judged where the mapping is used or left. */
function wrongTest(mapping: Mapping | undefined, text: string): Finding | undefined {
  if (mapping === undefined || mapping.phase !== "unchecked" || !failsWithMapFailed(mapping))
    return undefined;
  const { weakTest } = mapping;
  if (weakTest === undefined || weakTest.against === "maybe") return undefined;
  const how = weakTest.against === "NULL" ? "NULL" : "a sign";
  return {
    message: `${mapping.function}() fails with MAP_FAILED, but ${nameOf(mapping)} is tested against ${how}`,
    site: weakTest.site,
    ...comparisonEdit(text, weakTest),
  };
}

/** `if (p && p != MAP_FAILED)`, and a test in the block that the condition leads to. */
function isTestedNext(name: string | undefined, text: string, from: number): boolean {
  const [, last] = /(\w+)$/.exec(name ?? "") ?? [];
  if (last === undefined) return false;
  const next = text.slice(from, from + NEXT_TEST);
  return new RegExp(`\\b${last}\\s*[!=]=\\s*(?:MAP_FAILED|\\(\\s*\\w+\\s*\\*\\s*\\)\\s*-\\s*1)`).test(
    next.split("}", 1)[0] ?? "",
  );
}

/** Characters in which the right test is looked for behind a wrong one. */
const NEXT_TEST = 200;
