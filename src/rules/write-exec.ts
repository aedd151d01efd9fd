/** Memory that is writable and executable at once turns every stray write into code. */
import type { Flags } from "../analyzer/flags.js";
import { hasFlag } from "../analyzer/flags.js";
import type { Rule } from "./rule.js";

export const writeExec: Rule = {
  id: "write-exec",
  summary: "memory is writable and executable at the same time",
  why: "Whoever can write into such memory, by an overflow for instance, chooses what the program runs. Hardened systems refuse it: SELinux's execmem, systemd's MemoryDenyWriteExecute= and prctl(PR_SET_MDWE) make the call fail with EACCES or EPERM.",
  help: "map the memory read and write, fill it, then mprotect() it to PROT_READ | PROT_EXEC",
  severity: "warning",
  cwe: [732],
  since: "0.1.0",
  references: ["mmap(2)", "mprotect(2)", "prctl(2)"],
  silent: [
    "Writable first, executable after: never both.",
    "PROT_WRITE or PROT_EXEC that is only possible, because the protection is a parameter or built up under conditions.",
    "MAP_JIT on macOS, where pthread_jit_write_protect_np() switches between the two.",
  ],
  on: {
    map: ({ protection, call }) =>
      isWriteExec(protection)
        ? `${call.function}() makes memory that is writable and executable at once`
        : undefined,
    // Whatever makes the memory, and for whom: it is asked to be both.
    request: ({ protection, call }) =>
      isWriteExec(protection)
        ? `${call.function}() is asked for memory that is writable and executable at once`
        : undefined,
    protect: ({ flags, call }) =>
      isWriteExec(flags) ? `${call.function}() makes memory writable and executable at once` : undefined,
  },
};

function isWriteExec(protection: Flags): boolean {
  return hasFlag(protection, "PROT_WRITE") === "yes" && hasFlag(protection, "PROT_EXEC") === "yes";
}
