/** Every process maps shared memory where it likes: an address of one means nothing to another. */
import { constantValue } from "../analyzer/amount.js";
import type { AccessEvent } from "../analyzer/events.js";
import { hasFlag } from "../analyzer/flags.js";
import type { Mapping } from "../analyzer/mapping.js";
import { asAmount } from "../analyzer/value.js";
import type { Rule } from "./rule.js";
import { isDiskFile, nameOf } from "./terms.js";

export const pointerInShared: Rule = {
  id: "pointer-in-shared",
  summary: "a pointer is stored in memory that other programs map",
  why: "Another process, or the same program after its next start, maps the memory at another address, and what the pointer pointed to is not there: following it is SIGSEGV, or silently the wrong data.",
  help: "store an offset from the start of the mapping",
  severity: "note",
  cwe: [822],
  since: "0.1.0",
  optIn: true,
  references: ["mmap(2)", "shm_open(3)"],
  silent: [
    "Offsets, NULL, and values that are not certainly pointers.",
    "Memory mapped at an address that all have agreed on.",
    "Anonymous shared memory: children of fork() have it at the same address.",
    "Devices, and descriptors of which nothing is known.",
  ],
  on: {
    access: (event) =>
      event.storesPointer && isForOthers(event.mapping)
        ? `a pointer is stored in ${nameOf(event.mapping)}, which ${readers(event)} at other addresses`
        : undefined,
  },
};

function isForOthers(mapping: Mapping): boolean {
  if (hasFlag(mapping.flags, "MAP_SHARED") !== "yes" || mapping.phase === "unmapped") return false;
  // An agreed address is any that is not left to the kernel.
  if (constantValue(asAmount(mapping.address)) !== 0) return false;
  return isDiskFile(mapping) || mapping.descriptor?.origin === "shm_open" || mapping.source === "shmat";
}

function readers({ mapping }: AccessEvent): string {
  return isDiskFile(mapping) ? "the next process maps from its file" : "other processes map";
}
