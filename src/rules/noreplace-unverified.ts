/** A kernel that does not know MAP_FIXED_NOREPLACE takes the address for a hint. */
import { hasFlag } from "../analyzer/flags.js";
import type { Mapping } from "../analyzer/mapping.js";
import type { Finding } from "./rule.js";
import type { Rule } from "./rule.js";
import { nameOf } from "./terms.js";

export const noreplaceUnverified: Rule = {
  id: "noreplace-unverified",
  summary: "the result of MAP_FIXED_NOREPLACE is not compared with the wanted address",
  why: "Kernels before 4.17, and some emulators and tools, ignore MAP_FIXED_NOREPLACE: when the range is occupied they place the mapping elsewhere and report success. The program then goes on with an address that belongs to somebody else.",
  help: "treat a result other than the wanted address as a failure, and unmap it",
  severity: "warning",
  cwe: [252],
  since: "0.1.0",
  references: ["mmap(2)"],
  silent: [
    "The result compared with the wanted address by `==` or `!=`.",
    "The raw result handed to the caller: the caller is judged.",
  ],
  on: {
    exit: ({ mapping, comparedElsewhere }) =>
      unverified(mapping) ?? (comparedElsewhere ? undefined : inOneCase(mapping)),
    unmap: ({ target }) => unverified(target.mapping),
  },
};

function unverified(mapping: Mapping | undefined): Finding | undefined {
  return mapping !== undefined &&
    isUnverified(mapping) &&
    hasFlag(mapping.flags, "MAP_FIXED_NOREPLACE") === "yes" &&
    hasFlag(mapping.flags, "MAP_FIXED") !== "yes"
    ? finding(mapping)
    : undefined;
}

/** `busy ? MAP_FIXED_NOREPLACE : MAP_FIXED`: in the other case the address needs no test, in this one it does. */
function inOneCase(mapping: Mapping): Finding | undefined {
  const { flags } = mapping;
  return isUnverified(mapping) &&
    flags.may.has("MAP_FIXED_NOREPLACE") &&
    flags.may.has("MAP_FIXED") &&
    !flags.must.has("MAP_FIXED")
    ? finding(mapping)
    : undefined;
}

function isUnverified({ compared, source, phase, weakTest }: Mapping): boolean {
  return !compared && source === "mmap" && phase === "live" && weakTest === undefined;
}

function finding(mapping: Mapping): Finding {
  return {
    message: `${nameOf(mapping)} is never compared with the address asked for: kernels before 4.17 take MAP_FIXED_NOREPLACE as a hint`,
    site: mapping.site,
  };
}
