/** Protection, advice and synchronisation work on whole pages, so the address must begin one. */
import { constantValue } from "../analyzer/amount.js";
import { isMostlyUnaligned, pageAlignment, SMALLEST_PAGE } from "../analyzer/alignment.js";
import type { Call, Target } from "../analyzer/events.js";
import { hasFlag } from "../analyzer/flags.js";
import type { Finding } from "./rule.js";
import type { Rule } from "./rule.js";
import { failsWithMapFailed, memberInside, targetName } from "./terms.js";

export const unalignedAddress: Rule = {
  id: "unaligned-address",
  summary: "the address given to mprotect(), msync(), madvise(), munmap() or MAP_FIXED does not begin a page",
  why: "mprotect(), msync(), madvise(), mincore(), mremap(), munmap() and MAP_FIXED refuse an address that is not a multiple of the page size with EINVAL, and nothing is protected, written back or unmapped. Memory of malloc() and of the stack hardly ever begins a page.",
  help: "round the address down to the page, and add the difference to the length",
  severity: "error",
  cwe: [628],
  since: "0.1.0",
  references: ["mprotect(2)", "msync(2)", "madvise(2)", "munmap(2)", "mlock(2)"],
  silent: [
    "mlock() and munlock(): Linux rounds their address down.",
    "Memory of posix_memalign(), aligned_alloc() or valloc() with the page size, or an alignment that is not known.",
    "A mapping plus a multiple of the page size.",
  ],
  on: {
    protect: ({ call, target }, text) =>
      unaligned(call, target, text) ?? ofSegment(call, target) ?? ofHeapMember(call, target, text),
    advise: ({ call, target, byteOffset }, text) =>
      unaligned(call, target, text) ?? atBytes(call, target, byteOffset),
    sync: ({ call, target, byteOffset }, text) =>
      unaligned(call, target, text) ?? atBytes(call, target, byteOffset),
    map: ({ call, address, flags }, text) =>
      hasFlag(flags, "MAP_FIXED") === "yes" ? unaligned(call, address, text) : undefined,
    lock: ({ call, target }, text) => {
      const finding = unaligned(call, target, text) ?? ofHeapMember(call, target, text);
      return finding === undefined
        ? undefined
        : {
            message: `${targetName(target)} is not at the start of a page: ${call.function}() rounds it down, and POSIX lets it fail`,
            severity: "note",
          };
    },
    remap: ({ call, target }, text) => unaligned(call, target, text),
    // Another place in the mapping that may begin a page is unmap-length's affair.
    unmap: ({ call, target }, text) =>
      failsWithMapFailed(target.mapping) &&
      target.offset !== undefined &&
      pageAlignment(target.offset) === "unaligned"
        ? unaligned(call, target, text)
        : undefined,
  },
};

/** A segment of an ELF file begins anywhere in its first page: elf(5), p_vaddr and p_paddr. */
const SEGMENT_ADDRESS = /\.p_[vp]addr$/;

function ofSegment(call: Call, target: Target): Finding | undefined {
  const amount = target.value.kind === "amount" ? target.value.amount : target.offset;
  if (
    amount?.terms.some(
      ({ symbol: { origin } }) => origin.kind === "load" && SEGMENT_ADDRESS.test(origin.path),
    ) !== true
  )
    return undefined;
  return {
    message: `${targetName(target)} is where an ELF segment begins, not a page: ${call.function}() fails with EINVAL unless it is rounded down`,
    severity: "warning",
  };
}

/** A member that the file gives memory of malloc() or calloc(), and nothing else. */
function ofHeapMember(call: Call, target: Target, text: string): Finding | undefined {
  const { mapping, offset } = target;
  const [, field] = /(?:->|\.)(\w+)$/.exec(target.text) ?? [];
  if (field === undefined || (mapping !== undefined && mapping.source !== "given")) return undefined;
  if (offset !== undefined && constantValue(offset) !== 0) return undefined;
  const given = [...text.matchAll(new RegExp(`(?:->|\\.)\\s*${field}\\s*=(?!=)\\s*([^;]*)`, "g"))]
    .map(([, value = ""]) => value.replace(/^\([^()]*\)\s*/, ""))
    .filter((value) => !/^(?:NULL|0)$/.test(value));
  const isHeap = given.length > 0 && given.every((value) => /^(?:malloc|calloc)\s*\(/.test(value));
  if (!isHeap || new RegExp(`(?<!&)&\\s*[\\w.>-]*\\b${field}\\b`).test(text)) return undefined;
  return {
    message: `${targetName(target)} comes from malloc() or calloc(), which align to no page: ${call.function}() fails with EINVAL`,
  };
}

function atBytes(call: Call, target: Target, byteOffset: boolean): Finding | undefined {
  if (!byteOffset) return undefined;
  return {
    message: `${targetName(target)} is any byte, as the copy to it shows: ${call.function}() fails with EINVAL where it is not at the start of a page`,
    severity: "warning",
  };
}

/** Whose memory begins at a page, or where the caller says. */
const ALIGNED_ALLOCATION = /^(?:aligned_alloc|memalign|posix_memalign|valloc|pvalloc)$/;

/** An attribute that may put a member at the start of a page. */
const ALIGNS = /\baligned(?:__)?\s*\(|\b_?alignas\s*\(|__aligned/i;

function unaligned(call: Call, target: Target, text: string): Finding | undefined {
  const { mapping, offset, value } = target;
  if (value.kind === "address" && value.place.root.kind === "variable" && !value.place.key.startsWith("::")) {
    return {
      message: `${targetName(target)} is a local object, at no page's start: ${call.function}() fails with EINVAL`,
    };
  }
  const member = memberInside(target);
  if (member !== undefined) {
    if (ALIGNS.test(text)) return undefined;
    return {
      message: `${targetName(target)} is ${member}, behind the start of what it is in, which begins a page at best: ${call.function}() fails with EINVAL`,
    };
  }
  if (mapping === undefined || offset === undefined) return undefined;
  if (mapping.source === "heap") {
    const alignment = constantValue(mapping.alignment);
    if (alignment !== undefined && alignment < SMALLEST_PAGE)
      return {
        message: `${targetName(target)} comes from ${mapping.function}(), which aligns it to ${alignment} bytes, not to a page: ${call.function}() fails with EINVAL`,
      };
    if (ALIGNED_ALLOCATION.test(mapping.function)) return undefined;
    return {
      message: `${targetName(target)} comes from ${mapping.function}(), which aligns to no page: ${call.function}() fails with EINVAL`,
    };
  }
  if (mapping.source === "given" || (pageAlignment(offset) !== "unaligned" && !isMostlyUnaligned(offset)))
    return undefined;
  return {
    message: `${targetName(target)} is not at the start of a page: ${call.function}() fails with EINVAL`,
  };
}
