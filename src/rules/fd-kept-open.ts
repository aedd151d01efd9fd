/** A mapping does not need the descriptor it was made from: that one can be closed right after mmap(), and has to be. */
import type { ExitEvent } from "../analyzer/events.js";
import type { Finding } from "./rule.js";
import type { Rule } from "./rule.js";

export const fdKeptOpen: Rule = {
  id: "fd-kept-open",
  summary: "the descriptor of a mapped file is never closed",
  why: "The mapping holds the file by itself, so the descriptor only takes one of the few that a process may have open. A function that leaks one on every call makes open() fail with EMFILE, a thousand calls later and somewhere else.",
  help: "close the descriptor right after mmap(), on the path on which mmap() fails too",
  severity: "note",
  cwe: [775],
  since: "0.1.0",
  optIn: true,
  findsAbsence: true,
  references: ["mmap(2)", "close(2)", "open(2)"],
  silent: [
    "A descriptor that is returned, stored, or given to a function that may keep or close it.",
    "A descriptor that is closed on some path to the same end.",
    "main(), and paths that end the process.",
  ],
  on: { exit: (event) => leaked(event) },
};

function leaked({ descriptor, mapping, inMain, excused }: ExitEvent): Finding | undefined {
  if (descriptor === undefined || inMain || excused || descriptor.closed || descriptor.handed)
    return undefined;
  if (descriptor.origin === "socket" || descriptor.origin === "other") return undefined;
  const path =
    mapping.phase === "failed" ? "where the mapping fails" : "although the mapping does not need it any more";
  return {
    message: `the descriptor that is mapped is not closed ${path}: each call leaks one`,
    site: descriptor.site,
  };
}
