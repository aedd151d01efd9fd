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
    exit: ({ mapping }) => unverified(mapping),
    unmap: ({ target }) => unverified(target.mapping),
  },
};

function unverified(mapping: Mapping | undefined): Finding | undefined {
  if (mapping === undefined || mapping.compared || mapping.source !== "mmap") return undefined;
  if (mapping.phase !== "live" || mapping.weakTest !== undefined) return undefined;
  if (
    hasFlag(mapping.flags, "MAP_FIXED_NOREPLACE") !== "yes" ||
    hasFlag(mapping.flags, "MAP_FIXED") === "yes"
  )
    return undefined;
  return {
    message: `${nameOf(mapping)} is never compared with the address asked for: kernels before 4.17 take MAP_FIXED_NOREPLACE as a hint`,
    site: mapping.site,
  };
}
