/** Instructions are fetched through a cache of their own, which on most machines does not see what was just written. */
import type { AccessEvent, RangeEvent } from "../analyzer/events.js";
import { hasFlag } from "../analyzer/flags.js";
import type { Site } from "../diagnostic.js";
import type { Finding, Rule } from "./rule.js";
import { escaped, functionAround, functionUpTo, nameOf, targetName } from "./terms.js";

export const staleIcache: Rule = {
  id: "stale-icache",
  summary: "code is written and run with no flush of the instruction cache in between",
  why: "On x86 the processor keeps instruction and data caches coherent. Arm, RISC-V, POWER and MIPS do not: what was written sits in the data cache, and the old bytes, or none, are executed. It fails rarely, and elsewhere than on the machine of its author.",
  help: "call __builtin___clear_cache(begin, end) after the last write and before the code runs",
  severity: "warning",
  cwe: [],
  since: "0.1.0",
  references: ["mprotect(2)"],
  findsAbsence: true,
  silent: [
    "Code for x86 alone, as the file's conditionals say.",
    "Memory that the caller has filled, where no name says that it is generated code.",
    "Memory that others write: a file that is mapped, a loader that runs before.",
  ],
  on: {
    access: (event, text) => executed(event, text) ?? copied(event, text),
    map: ({ call, protection }, text) =>
      hasFlag(protection, "PROT_EXEC") === "yes" ? flushedOnOne(call.site, text) : undefined,
    protect: (event, text) =>
      madeExecutable(event, text) ??
      (hasFlag(event.flags, "PROT_EXEC") === "yes" ? flushedOnOne(event.call.site, text) : undefined),
    flush: (event) => otherRange(event),
  },
};

/** Calls of it, and the instructions themselves. */
const FLUSHES =
  /(?:clear_?cache|cache_?flush|icache|FlushInstructionCache|flush_cache|sync_caches)\w*\s*\(|\bicbi\b|\bfence\.i\b|\bic\s+ivau\b/i;
const X86 = /__x86_64__|__i386__|\bX86_64\b|_M_X64|_M_IX86/;
const OTHERS = /__a?arm(?:64)?__|__aarch64__|__riscv|__powerpc|__ppc|__mips|__sparc|_ARM\b|_ARM64\b|_RISCV/;

/** The conditionals of the file name x86, and no other machine. */
function isForX86(text: string): boolean {
  return X86.test(text) && !OTHERS.test(text);
}

function executed({ mapping, mode }: AccessEvent, text: string): string | undefined {
  if (mode !== "execute" || mapping.unflushed === undefined || mapping.phase !== "live" || isForX86(text))
    return undefined;
  return `${nameOf(mapping)} is run after code was written into it, with no flush of the instruction cache: on Arm, RISC-V and POWER stale instructions run`;
}

/** The instructions of a function are copied by one that speaks of running them, in a file that flushes nothing. */
function copied({ mapping, copiesCode, site }: AccessEvent, text: string): string | undefined {
  if (!copiesCode || mapping.source === "heap" || FLUSHES.test(text) || isForX86(text)) return undefined;
  if (!/\bPROT_EXEC\b/.test(functionAround(text, site.start))) return undefined;
  return `the code of a function is copied to ${nameOf(mapping)}, and nothing here flushes the instruction cache: on Arm, RISC-V and POWER stale instructions run`;
}

/** Nothing in the file flushes, and the file is made for other machines than x86 too. */
function madeExecutable(
  { target, flags, site, function: name }: RangeEvent,
  text: string,
): string | undefined {
  if (hasFlag(flags, "PROT_EXEC") !== "yes" || FLUSHES.test(text)) return undefined;
  const { mapping, value } = target;
  const written = mapping?.unflushed !== undefined && mapping.phase === "live" && !isForX86(text);
  // Memory that the caller has filled: only a file for several machines has to care.
  const filled =
    value.kind === "amount" &&
    (mapping === undefined || mapping.source === "given") &&
    !isOpenedBefore(target.text, functionUpTo(text, site.start));
  if (!written && !(filled && OTHERS.test(text) && mayBeCode(`${target.text} ${name}`))) return undefined;
  return `${targetName(target)} becomes executable, and nothing here flushes the instruction cache: on Arm, RISC-V and POWER stale instructions run`;
}

/** What the function itself has made writable, to change something in it, may be a table beside the code. */
function isOpenedBefore(address: string, before: string): boolean {
  return new RegExp(`\\bmprotect\\s*\\(\\s*${escaped(address)}\\s*,[^;]*\\bPROT_WRITE\\b`).test(before);
}

/** Who calls it generated code does not mean a stack, a segment that is loaded, or a page that gets its protection back. */
function mayBeCode(text: string): boolean {
  return (
    /code|jit|thunk|trampoline|stub|insn|instr|exec/i.test(text) && !/stack|guard|got\b|relro/i.test(text)
  );
}

/** `clear_cache(code, other + size)`; an address that has a name of its own may be the end. */
function otherRange({ length, target }: RangeEvent): string | undefined {
  if (length === undefined) return undefined;
  const begin = length.terms.find(({ coefficient }) => coefficient < 0)?.symbol.origin.kind;
  const end = length.terms
    .filter(({ coefficient }) => coefficient > 0)
    .map(({ symbol }) => symbol.origin.kind);
  // The members of one struct can be trusted to belong together.
  const areMembers = begin === "load" && end.every((kind) => kind === "load");
  const isForeign = (begin === "parameter" || begin === "load") && end.length > 1 && !areMembers;
  return isForeign
    ? `the range that is flushed begins at ${targetName(target)} but its end is computed from another pointer`
    : undefined;
}

/** The instructions of POWER that flush, in a conditional without another branch. */
const ONLY_POWER =
  /^[ \t]*#[ \t]*if[^\n]*(?:powerpc|PPC)[^\n]*\n(?:(?![ \t]*#)[^\n]*\n)*?((?![ \t]*#)[^\n]*\bicbi\b)[^\n]*\n(?:(?![ \t]*#)[^\n]*\n)*[ \t]*#[ \t]*endif/m;

/** Who knows of one such machine has forgotten the others. */
function flushedOnOne(site: Site, text: string): Finding | undefined {
  const found = ONLY_POWER.exec(text);
  const instruction = found?.[1];
  if (found === null || instruction === undefined || /clear_cache|icache_invalidate|NR_cacheflush/.test(text))
    return undefined;
  const start = found.index + found[0].indexOf(instruction);
  return {
    message: "the instruction cache is flushed on POWER alone: Arm, RISC-V and MIPS run stale instructions",
    site: { ...site, start, end: start + instruction.length },
  };
}
