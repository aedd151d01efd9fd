/** A failed mremap() leaves the old mapping in place, and a successful one may move it. */
import type { Rule } from "./rule.js";
import { nameOf } from "./terms.js";

export const mremapLost: Rule = {
  id: "mremap-lost",
  summary:
    "the only pointer to a mapping is overwritten by mremap(), or the old address is used after the move",
  why: "On failure mremap() returns MAP_FAILED and the old mapping stays; when the result is assigned to the only pointer to it, the mapping and its content are lost. With MREMAP_MAYMOVE success may mean a new place, and every pointer into the old one dangles.",
  help: "assign to a temporary, test it for MAP_FAILED, then replace the pointer and whatever was computed from it",
  severity: "error",
  cwe: [401, 416],
  since: "0.1.0",
  references: ["mremap(2)"],
  silent: [
    "The result goes to a temporary first.",
    "A copy of the old pointer is kept elsewhere.",
    "A failure that ends the process: nothing is lost then.",
    "No MREMAP_MAYMOVE: the mapping keeps its place or the call fails.",
  ],
  on: {
    exit: ({ mapping }) =>
      mapping.lostTo !== undefined && mapping.phase === "live"
        ? {
            message: `${nameOf(mapping)} is overwritten by the result of mremap(): when that fails, the old mapping has no name left`,
            site: mapping.lostTo.site,
          }
        : undefined,
    access: ({ viaHint, mapping, expectsFault }) =>
      !viaHint && mapping.phase === "unmapped" && mapping.moved && !expectsFault
        ? `${nameOf(mapping)} is used after mremap() may have moved it`
        : undefined,
  },
};
