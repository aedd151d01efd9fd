/** What a finding is called from one run to the next, whatever happens to the lines around it. Pure. */
import { createHash } from "node:crypto";
import type { Diagnostic } from "./diagnostic.js";
import { type Lines, lineText } from "./text.js";

/** Hexadecimal digits of a fingerprint that people are given: 48 bits tell a million findings apart. */
const ID_DIGITS = 12;

/** Rule, function, mapping and the line's text, but no line number: survives edits elsewhere in the file. */
function hash(finding: Diagnostic, line: string): string {
  const parts = [finding.rule, finding.function, finding.mapping ?? "", line.replace(/\s+/g, " ").trim()];
  return createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 32);
}

/**
 * A fingerprint for each finding, in their order: 32 hexadecimal digits, a colon, and the how manieth of its file with
 * these digits it is.
 */
export function fingerprints(
  findings: readonly Diagnostic[],
  linesOf: (file: string) => Lines | undefined,
): string[] {
  const seen = new Map<string, number>();
  return findings.map((finding) => {
    const { file, start } = finding.location;
    const lines = linesOf(file);
    const print = hash(finding, lines === undefined ? "" : lineText(lines, start.line));
    const key = `${file}\0${print}`;
    const times = (seen.get(key) ?? 0) + 1;
    seen.set(key, times);
    return `${print}:${times}`;
  });
}

/** A fingerprint, whole or shortened already, as people are given it: `52c8b4a9f01e`, or `52c8b4a9f01e:2` for the second. */
export function shortId(fingerprint: string): string {
  const [digits = "", times = "1"] = fingerprint.split(":");
  return `${digits.slice(0, ID_DIGITS)}${times === "1" ? "" : `:${times}`}`;
}
