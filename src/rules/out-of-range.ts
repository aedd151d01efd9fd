/** A mapping ends with its length, and what comes after its last page is nobody's, or somebody else's. */
import { SMALLEST_PAGE } from "../analyzer/alignment.js";
import { constantValue } from "../analyzer/amount.js";
import type { AccessEvent } from "../analyzer/events.js";
import { hasFlag } from "../analyzer/flags.js";
import type { Finding } from "./rule.js";
import type { Rule } from "./rule.js";
import { nameOf } from "./terms.js";

export const outOfRange: Rule = {
  id: "out-of-range",
  summary: "an access at or past the end of the mapping, or before its start",
  why: "The first byte after a mapping is `p[len]`. When the length is a multiple of the page size it lies in a page that is not mapped, SIGSEGV, or that belongs to another mapping, which is then read or overwritten. Otherwise it lies in the rest of the last page, and what is written there never reaches the file.",
  help: "stay below the length, or map one byte more",
  severity: "error",
  cwe: [125],
  since: "0.1.0",
  references: ["mmap(2)", "POSIX.1-2024 mmap"],
  silent: [
    "A pointer to the end that is only compared with.",
    "A length or an offset that is not known.",
    "Memory behind the end that MAP_FIXED has mapped there.",
    "Tests that provoke the fault, with sigsetjmp() around it.",
  ],
  on: {
    access: (event) => {
      const { mapping, expectsFault, viaHint, mode } = event;
      if (viaHint || expectsFault || mode === "execute") return undefined;
      if (mapping.phase === "failed" || mapping.phase === "unmapped") return undefined;
      return event.pastEnd ? behind(event) : before(event);
    },
  },
};

function behind({ mapping, mode, offset }: AccessEvent): Finding {
  const what = `${nameOf(mapping)} is ${mode === "read" ? "read" : "written"}`;
  const length = constantValue(mapping.length);
  const at = constantValue(offset);
  if (length === undefined || at === undefined)
    return {
      message: `${what} at or past its end: where ${mapping.lengthText || "the length"} is a multiple of the page size, that is SIGSEGV or another mapping`,
    };
  if (at < Math.ceil(length / SMALLEST_PAGE) * SMALLEST_PAGE)
    return {
      message: `${what} at byte ${at}, but was mapped with ${length} bytes: only the rest of its last page keeps that from a fault`,
      severity: "note",
    };
  return {
    message: `${what} at byte ${at}, but was mapped with ${length} bytes: SIGSEGV, or another mapping`,
  };
}

function before({ mapping, mode, offset }: AccessEvent): Finding | undefined {
  const at = constantValue(offset);
  if (at === undefined || at >= 0 || (mapping.source !== "mmap" && mapping.source !== "mremap"))
    return undefined;
  if (hasFlag(mapping.flags, "MAP_GROWSDOWN") !== "no" || hasFlag(mapping.flags, "MAP_FIXED") !== "no")
    return undefined;
  return {
    message: `${nameOf(mapping)} is ${mode === "read" ? "read" : "written"} ${-at} bytes before its start: SIGSEGV, or another mapping`,
  };
}
