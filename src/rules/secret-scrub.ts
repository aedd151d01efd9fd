/** Locked memory is for secrets: they have to be wiped before the lock or the mapping goes, not after. */
import type { RangeEvent, UnmapEvent } from "../analyzer/events.js";
import { hasFlag } from "../analyzer/flags.js";
import type { Mapping } from "../analyzer/mapping.js";
import type { Finding } from "./rule.js";
import type { Rule } from "./rule.js";
import { isAnonymous, nameOf, targetName } from "./terms.js";

export const secretScrub: Rule = {
  id: "secret-scrub",
  summary: "memory with a secret is unlocked or unmapped before it is wiped",
  why: "After munlock() the page may be written to the swap device, with the key still in it, and stays there when the memory is wiped later. What is unmapped without being wiped stays in physical memory until the page is used again, and in the mapping of every other process that shares it.",
  help: "wipe with explicit_bzero() first, then munlock() and munmap()",
  severity: "warning",
  cwe: [14, 226],
  since: "0.1.0",
  findsAbsence: true,
  references: ["munlock(2)", "explicit_bzero(3)", "munmap(2)"],
  silent: [
    "memset(), explicit_bzero(), a loop that stores zeros, or an unknown function that was given the memory, before.",
    "Memory that is locked for its speed: nothing says that it holds a secret.",
    "A static function that unlocks what it is given: its callers may have wiped it.",
    "Memory that cannot be written, and memory that was never written.",
  ],
  on: {
    lock: (event) => (event.unlocks ? unlockedWithSecret(event) : undefined),
    unmap: (event) => unmappedWithSecret(event),
    access: ({ mapping, mode, fills, by }) =>
      mode === "write" && fills && mapping.unlockedAt !== undefined && mapping.phase !== "unmapped"
        ? `${nameOf(mapping)} is wiped by ${by ?? "a loop"}() only after munlock(): by then it may have been written to the swap device`
        : undefined,
  },
};

/** What programs call memory that nobody else may see. */
const SECRET =
  /secret|passw|passphrase|passwd|private_?key|priv_?key|secure_?(?:mem|buf|pool|heap)|master_?key|session_?key|crypt(?:o|_)?_?key|key_?material|keybuf|key_?data|seed_?key|credential/i;
/** Of memory that is locked, less is enough. */
const KEY = /(?:^|[^a-z])(?:key|keys|pin|seed|sk|secret\w*)(?:$|[^a-z])/i;

function isSecret(text: string, mapping: Mapping | undefined, locked: boolean): boolean {
  const names = [text, mapping?.name ?? ""];
  return names.some((name) => SECRET.test(name) || (locked && KEY.test(name)));
}

function unlockedWithSecret({
  target,
  besideWiping,
  inStatic,
  function: name,
}: RangeEvent): Finding | undefined {
  const { mapping } = target;
  if (mapping === undefined || mapping.wiped || mapping.phase === "unmapped" || mapping.phase === "failed")
    return undefined;
  if (hasFlag(mapping.protection, "PROT_WRITE") === "no") return undefined;
  const given = mapping.source === "given";
  if (given ? inStatic : mapping.written === undefined) return undefined;
  // The way back from a lock that did not work out: nothing has been put there yet.
  if (given && mapping.locked !== undefined && mapping.written === undefined) return undefined;
  if (!isSecret(`${target.text} ${name}`, mapping, true) && !(given && besideWiping)) return undefined;
  return {
    message: `${targetName(target)} is unlocked before it is wiped: the secret in it may be written to the swap device`,
  };
}

function unmappedWithSecret({ target }: UnmapEvent): Finding | undefined {
  const { mapping } = target;
  if (mapping?.source !== "mmap" || mapping.phase !== "live") return undefined;
  if (mapping.written === undefined || mapping.wiped || isAnonymous(mapping) !== "yes") return undefined;
  const locked = mapping.locked !== undefined;
  if (!isSecret(target.text, mapping, locked)) return undefined;
  return {
    message: `${targetName(target)} is unmapped before it is wiped: its secret stays in memory`,
    severity: locked ? "warning" : "note",
  };
}
