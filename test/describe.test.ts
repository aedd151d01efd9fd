/** A mapping in words. What the words say of real programs is in fixtures/engine/. */
import { expect, test } from "vitest";
import { constant, PAGE, roundDown, symbolOf, ZERO } from "../src/analyzer/amount.js";
import { describeMapping, describeSummary } from "../src/analyzer/describe.js";
import { flag, joinFlags, NO_FLAGS, orFlags } from "../src/analyzer/flags.js";
import { type Mapping, newMapping } from "../src/analyzer/mapping.js";
import { NEVER_RETURNS } from "../src/analyzer/summary.js";

const site = { file: "a.c", start: 0, end: 1 };
const n = symbolOf({ kind: "parameter", index: 0, name: "n" });

function mapping(change: Partial<Mapping> = {}): Mapping {
  return newMapping({ id: "m", source: "mmap", function: "mmap", site, ...change });
}

test("what is not known is said to be so", () => {
  expect(describeMapping(mapping(), ZERO)).toEqual({
    core: "live ??? sharing? backing?",
    details: ["length=?"],
  });
});

test("protection, sharing and backing", () => {
  const readable = flag("PROT_READ");
  const protection = joinFlags(readable, orFlags(readable, flag("PROT_WRITE")));
  const flags = orFlags(flag("MAP_PRIVATE"), flag("MAP_ANONYMOUS"));
  expect(describeMapping(mapping({ protection, flags, phase: "unchecked" }), ZERO).core).toBe(
    "unchecked r?- private anonymous",
  );
  expect(
    describeMapping(mapping({ protection: flag("PROT_NONE"), flags: flag("MAP_SHARED") }), ZERO).core,
  ).toBe("live --- shared file");
  expect(describeMapping(mapping({ source: "shmat", flags: NO_FLAGS }), ZERO).core).toBe(
    "live ??? sharing? segment",
  );
});

test("where a pointer points to, and everything else that is known", () => {
  const known = mapping({ name: "p", length: n, offset: roundDown(n, PAGE), owner: "lent", written: site });
  expect(describeMapping(known, constant(16)).details).toEqual([
    "+16",
    "length=n",
    "offset=roundDown(n,page)",
    "offset aligned",
    "name=p",
    "owner lent",
    "written",
  ]);
  expect(describeMapping(mapping(), undefined).details).toContain("+?");
});

test("summaries of nothing", () => {
  expect(describeSummary(undefined)).toBe("unknown");
  expect(describeSummary("unknown")).toBe("unknown");
  expect(describeSummary(NEVER_RETURNS)).toBe("never returns");
});
