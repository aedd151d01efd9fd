/** Pages past the end of a file are mapped, but there is nothing behind them. */
import { constantValue, subtract } from "../analyzer/amount.js";
import type { AccessEvent } from "../analyzer/events.js";
import type { Rule } from "./rule.js";
import { isAnonymous, nameOf } from "./terms.js";

export const shrinkingFile: Rule = {
  id: "shrinking-file",
  summary: "a mapping is used where its file has been cut off",
  why: "ftruncate() takes the pages past the new end out of every mapping of the file, in all processes. The next access to them is SIGBUS, and what had been written there is gone.",
  help: "unmap or mremap() before ftruncate(), or keep away from what is past the new end",
  severity: "note",
  cwe: [119],
  since: "0.1.0",
  optIn: true,
  references: ["ftruncate(2)", "mmap(2)"],
  silent: [
    "The file grows again before the mapping is used.",
    "An access that may lie before the new end, or in the page that it is in.",
    "A new length of which it is not known whether it is shorter.",
  ],
  on: { access: (event) => cutOff(event) },
};

/** What is less than this past the new end may be in the page of it. */
const LARGEST_PAGE = 65_536;

function cutOff({ mapping, offset, viaHint, expectsFault }: AccessEvent): string | undefined {
  const { shrunk } = mapping;
  if (shrunk === undefined || viaHint || expectsFault || mapping.phase !== "live") return undefined;
  if (isAnonymous(mapping) === "yes") return undefined;
  const empty = constantValue(shrunk.length) === 0;
  const past =
    mapping.offset === undefined ? undefined : subtract(offset, subtract(shrunk.length, mapping.offset));
  if (!empty && (past === undefined || (constantValue(past) ?? 0) < LARGEST_PAGE)) return undefined;
  return `${nameOf(mapping)} is used after ftruncate() has cut the file off: SIGBUS`;
}
