/** The page size is a property of the machine the program runs on, not of the one it was written on. */
import { type Amount, isLiteral, type Trace } from "../analyzer/amount.js";
import type { Finding } from "./rule.js";
import type { Rule } from "./rule.js";
import { isAnonymous, isFixedPlace } from "./terms.js";

export const hardcodedPageSize: Rule = {
  id: "hardcoded-page-size",
  summary: "a page size of 4096 is written into the program",
  why: "Pages are 4 KiB on x86, but 16 KiB on Apple silicon, the Raspberry Pi 5 and new Android devices, and 64 KiB on many arm64 and POWER servers. There an offset, address or range that was rounded to 4096 is not aligned, and mmap(), mprotect(), munmap() or msync() fails with EINVAL; what was meant to be a guard page is writable memory.",
  help: "use sysconf(_SC_PAGESIZE)",
  severity: "warning",
  cwe: [1105],
  since: "0.1.0",
  references: ["sysconf(3)", "getpagesize(2)", "mmap(2)"],
  silent: [
    "A name for the page size that the file compares with the real one.",
    "4096 as an I/O buffer, block, sector or record size.",
    "The 12 of `mmap2` and of `syscall(SYS_mmap2, …, off >> 12)`: that is the call's own unit.",
    "A comparison of a file's size with 4096.",
  ],
  on: {
    map: ({ length, offset, address, mapping }, text) =>
      (isFixedPlace(offset) ? undefined : anyUse(offset, "the file offset", text)) ??
      anyUse(address.offset, "the address", text) ??
      rounding(length, text) ??
      bareLength(length, isAnonymous(mapping) === "no", text),
    protect: ({ target, length }, text) =>
      anyUse(target.offset, "the address", text) ?? anyUse(length, "the length", text),
    advise: ({ target, length }, text) =>
      anyUse(target.offset, "the address", text) ?? rounding(length, text),
    sync: ({ target, length }, text) => anyUse(target.offset, "the address", text) ?? rounding(length, text),
    unmap: ({ target, length }, text) => anyUse(target.offset, "the address", text) ?? rounding(length, text),
    remap: ({ oldLength, newLength }, text) => rounding(oldLength, text) ?? rounding(newLength, text),
  },
};

/** The numbers and names that an amount was computed from, without those that the file compares with the real page size. */
function literalsOf(amount: Amount, text: string): readonly Trace[] {
  return amount.traces.filter((trace) => {
    const { text: name } = trace;
    if (!isLiteral(trace)) return false;
    if (!/^[A-Za-z_]\w*$/.test(name)) return true;
    // `page_size()`, a macro: what it is on other machines their headers say.
    if (/^\w*page_?size$/.test(name) && /^\w*\s*\(/.test(text.slice(trace.site.start, trace.site.end + 2)))
      return false;
    const real = String.raw`(?:_SC_PAGE_?SIZE\s*\)|getpagesize\s*\(\s*\))`;
    return !new RegExp(`${real}[\\s)]*[!=]=\\s*${name}\\b|\\b${name}\\s*[!=]=[^;{}|&]*${real}`).test(text);
  });
}

function anyUse(amount: Amount | undefined, what: string, text: string): Finding | undefined {
  const use = amount === undefined ? undefined : literalsOf(amount, text)[0];
  return use === undefined ? undefined : finding(use, what);
}

/** A length needs no whole pages: only rounding it to 4096 shows that the number is meant as the page size. */
function rounding(length: Amount | undefined, text: string): Finding | undefined {
  if (length === undefined) return undefined;
  const use = literalsOf(length, text).find(({ role }) => role === "rounding" || role === "shift");
  return use === undefined ? undefined : { ...finding(use, "the length"), severity: "note" };
}

/** `ofFile`: a multiple counts too, for a driver's pages are what is mapped. */
function bareLength(length: Amount | undefined, ofFile: boolean, text: string): Finding | undefined {
  if (length === undefined || length.constant % PAGE !== 0) return undefined;
  if (length.terms.some(({ symbol }) => symbol.origin.kind !== "page")) return undefined;
  const use = literalsOf(length, text).find(
    ({ role }) =>
      (role === "plain" && (length.constant === PAGE || length.terms.length > 0)) ||
      (role === "factor" && ofFile),
  );
  if (use === undefined) return undefined;
  return {
    message: `${use.text} bytes are less than one page on many machines`,
    site: use.site,
    severity: "note",
  };
}

const PAGE = 4096;

function finding(use: Trace, what: string): Finding {
  return {
    message: `${use.text} stands for the page size in ${what}; pages of 16 or 64 KiB break it`,
    site: use.site,
  };
}
