/** A mapped file ends where the file ends, and no NUL follows when its size is a multiple of the page. */
import { type Amount, constantValue } from "../analyzer/amount.js";
import { FOUND } from "../analyzer/assume.js";
import type { Rule } from "./rule.js";
import { isAnonymous, nameOf } from "./terms.js";

/** A text that begins further inside is one of many, and what ends it is the format's business. */
const SKIPPED = 4;

export const unterminatedString: Rule = {
  id: "unterminated-string",
  summary: "a mapped file is treated as a NUL-terminated string",
  why: "The kernel fills the rest of the last page with zeros, so the string function finds an end in almost every test. A file of exactly one page, or two, has none: the function reads on into the next mapping or dies by SIGSEGV.",
  help: 'use functions that take the length: memchr(), memmem(), strnlen(), printf("%.*s")',
  severity: "warning",
  cwe: [170],
  since: "0.1.0",
  references: ["mmap(2)"],
  silent: [
    "Functions that take a length.",
    "A mapping that is at least a byte longer than the file over anonymous memory, or one the program has terminated itself.",
    "Anonymous memory, which is zeros.",
    "Formats of the program's own that store the terminator.",
  ],
  on: {
    access: ({ viaHint, mapping, as, by, offset }) => {
      if (viaHint) return undefined;
      if (as !== "string" || mapping.source !== "mmap" || mapping.terminated || isAnonymous(mapping) !== "no")
        return undefined;
      if (mapping.phase === "failed" || mapping.phase === "unmapped" || mapping.pageTested) return undefined;
      const at = constantValue(offset);
      if ((at === undefined || at >= SKIPPED) && !isFound(offset)) return undefined;
      const origin = mapping.descriptor?.origin;
      // What the program has written itself may be the terminator.
      if ((origin !== undefined && origin !== "open") || mapping.descriptor?.written === true)
        return undefined;
      return `${by ?? "a string function"}() reads ${nameOf(mapping)} up to a NUL, and a file mapping need not hold one`;
    },
  },
};

/** Where memchr() and its kin have found something: what follows it has no end for a string function. */
function isFound(offset: Amount): boolean {
  return offset.terms.length === 1 && offset.terms[0]?.symbol.id.endsWith(FOUND) === true;
}
