/** A mapping may not allow more than the file descriptor does, and always needs to read. */
import type { Flags } from "../analyzer/flags.js";
import { hasFlag } from "../analyzer/flags.js";
import type { Mapping } from "../analyzer/mapping.js";
import type { Rule } from "./rule.js";

export const openMode: Rule = {
  id: "open-mode",
  summary: "the mapping asks for an access that the file was not opened for",
  why: "mmap() fails with EACCES for MAP_SHARED with PROT_WRITE on a file that was opened O_RDONLY, and for every mapping of a file that was opened O_WRONLY, since the kernel has to read the page first. A later mprotect() to PROT_WRITE of a shared read-only mapping fails alike.",
  help: "open the file O_RDWR, or map it MAP_PRIVATE",
  severity: "error",
  cwe: [628],
  since: "0.1.0",
  references: ["mmap(2)", "mprotect(2)", "open(2)", "shm_open(3)"],
  silent: [
    "MAP_PRIVATE with PROT_WRITE on an O_RDONLY file: the writes stay private.",
    "A mode or protection that depends on a parameter or a condition and may fit.",
  ],
  on: {
    map: ({ mapping, protection, severalFiles }) =>
      severalFiles ? undefined : refused(mapping, protection, "mmap()"),
    protect: ({ target, flags, call }) =>
      target.mapping === undefined ? undefined : refused(target.mapping, flags, `${call.function}()`),
  },
};

function refused(mapping: Mapping, protection: Flags, call: string): string | undefined {
  const mode = mapping.descriptor?.mode;
  if (
    mode === undefined ||
    hasFlag(mapping.flags, "MAP_ANONYMOUS") !== "no" ||
    hasFlag(mode, "O_RDWR") !== "no"
  )
    return undefined;
  if (hasFlag(mode, "O_WRONLY") === "yes")
    return `the file is open with O_WRONLY, and every mapping needs to read it: ${call} fails with EACCES`;
  const shared =
    hasFlag(mapping.flags, "MAP_SHARED") === "yes" || hasFlag(mapping.flags, "MAP_SHARED_VALIDATE") === "yes";
  if (
    hasFlag(mode, "O_RDONLY") !== "yes" ||
    hasFlag(mode, "O_WRONLY") !== "no" ||
    !shared ||
    hasFlag(protection, "PROT_WRITE") !== "yes"
  )
    return undefined;
  return `the file is open with O_RDONLY, but the shared mapping asks for PROT_WRITE: ${call} fails with EACCES`;
}
