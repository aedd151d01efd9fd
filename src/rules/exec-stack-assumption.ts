/** One right implies another on some machines only. */
import { describeFlags, hasFlag, isExact } from "../analyzer/flags.js";
import type { Rule } from "./rule.js";
import { nameOf } from "./terms.js";

export const execStackAssumption: Rule = {
  id: "exec-stack-assumption",
  summary: "memory is read that is mapped only for writing or only for execution",
  why: "x86 has no pages that can be written but not read, and only newer ones have pages that can only be executed, so the read works there. Other processors, and x86 with protection keys, take PROT_WRITE and PROT_EXEC at their word: the read is SIGSEGV. POSIX promises neither.",
  help: "add PROT_READ to whatever is read, `|=` and `++` included",
  severity: "note",
  cwe: [758],
  since: "0.1.0",
  optIn: true,
  references: ["mmap(2)", "mprotect(2)", "POSIX.1-2024 mmap"],
  silent: [
    "Memory that is only written, as the registers of a device that takes commands.",
    "A protection that is not known, or changed by mprotect() on the way.",
    "PROT_NONE, and a call without PROT_EXEC: those fault everywhere.",
    "Tests that provoke the fault, with sigsetjmp() around it.",
  ],
  on: {
    access: ({ mapping, mode, viaHint, expectsFault }) => {
      const { protection, phase, source } = mapping;
      if (mode !== "read" || viaHint || expectsFault || phase === "failed" || phase === "unmapped")
        return undefined;
      if (source === "heap" || source === "given" || !isExact(protection)) return undefined;
      if (hasFlag(protection, "PROT_READ") === "yes") return undefined;
      if (hasFlag(protection, "PROT_WRITE") === "no" && hasFlag(protection, "PROT_EXEC") === "no")
        return undefined;
      return `${nameOf(mapping)} is read, but its protection is ${describeFlags(protection)}: that it can be read holds on some processors only`;
    },
  },
};
