/** The protection is enforced by the processor: a forbidden access is a signal. */
import { describeFlags, type Flags, hasFlag, isExact } from "../analyzer/flags.js";
import type { AccessEvent } from "../analyzer/events.js";
import type { Finding, Rule } from "./rule.js";
import { escaped, functionAround, functionUpTo, nameOf } from "./terms.js";

export const protectionViolation: Rule = {
  id: "protection-violation",
  summary: "a mapping is accessed in a way its protection forbids",
  why: "A write through a mapping without PROT_WRITE, any access with PROT_NONE, and a jump into memory without PROT_EXEC end the process with SIGSEGV, on some systems SIGBUS.",
  help: "ask for the protection that the access needs, in mmap() or with mprotect() before it",
  severity: "error",
  cwe: [119],
  since: "0.1.0",
  references: ["mmap(2)", "mprotect(2)"],
  silent: [
    "A protection that is not known, or changed by mprotect() on the way.",
    "Tests that provoke the fault, with sigsetjmp() around it.",
    "A part of a PROT_NONE reservation that was opened by mprotect() or MAP_FIXED.",
  ],
  on: {
    map: ({ call, protection }, text) => {
      const unused =
        call.direct && isExact(protection) ? unusedRights(functionAround(text, call.site.start)) : undefined;
      return unused === undefined
        ? undefined
        : {
            message: `the protection that '${unused}' is built up to is never used: ${call.function}() is asked for ${describeFlags(protection)} whatever it says`,
            severity: "warning",
          };
    },
    access: (event, text) => {
      const { viaHint, mapping, mode, expectsFault, site, function: by, by: callee } = event;
      if (viaHint) return undefined;
      if (event.inOpenedPage && !expectsFault) return intoNextPage(event, text);
      if (
        expectsFault ||
        mapping.source === "heap" ||
        mapping.source === "given" ||
        mapping.phase === "failed" ||
        mapping.phase === "unmapped"
      )
        return undefined;
      if (!isExact(mapping.protection) || !isOfRights(mapping.protection)) return undefined;
      const nothing =
        mapping.protection.must.size === 0 || hasFlag(mapping.protection, "PROT_NONE") === "yes";
      const allowed =
        describeFlags(mapping.protection) === "0" ? "PROT_NONE" : describeFlags(mapping.protection);
      if (mode === "write" && hasFlag(mapping.protection, "PROT_WRITE") === "no")
        // In another file one protection stands against many writes: they are steps of the story.
        return site.file === mapping.site.file
          ? `${nameOf(mapping)} is written, but its protection is ${allowed}: SIGSEGV`
          : {
              message: `${nameOf(mapping)} is mapped with ${allowed} here, but ${by}() writes to it: SIGSEGV`,
              site: mapping.site,
            };
      // A system call that is given a path there fails with EFAULT; who does so wants to see that.
      if (mode === "read" && nothing && !TAKES_PATH.test(callee ?? ""))
        return `${nameOf(mapping)} is read, but its protection is PROT_NONE: SIGSEGV`;
      if (mode === "execute" && hasFlag(mapping.protection, "PROT_EXEC") === "no")
        return `${nameOf(mapping)} is called, but its protection is ${allowed}: SIGSEGV`;
      return undefined;
    },
  },
};

/** What is copied there, and how much of it, nothing has compared with the rest of the page. */
function intoNextPage({ by, mapping, site }: AccessEvent, text: string): Finding | undefined {
  if (by === undefined || !COPIES.test(by)) return undefined;
  const [, size = ""] = /,\s*([^,]*)\)$/.exec(text.slice(site.start, site.end)) ?? [];
  // A pointer or a number in its place does not reach over the end of a page.
  if (size === "" || /^(?:[0-8]|sizeof\b.*)$/.test(size.trim())) return undefined;
  if (new RegExp(`#\\s*define\\s+${escaped(size.trim())}\\s+\\(?[0-8]\\)?\\s`).test(text)) return undefined;
  if (isCompared(size.trim(), bodyUpTo(text, site.start))) return undefined;
  return {
    message: `only the page that ${nameOf(mapping)} points into was made writable: ${by}() of ${size.trim()} bytes may run into the next one, SIGSEGV`,
    severity: "warning",
  };
}

function bodyUpTo(text: string, end: number): string {
  const before = functionUpTo(text, end);
  return before.slice(before.indexOf("{") + 1);
}

/** `(at & (page - 1)) + n > page` */
function isCompared(size: string, before: string): boolean {
  const name = `(?<![\\w.>])${escaped(size)}(?!\\w)`;
  return new RegExp(`(?<!-)[<>](?![<>])=?[^;{}]{0,200}${name}|${name}[^;{}]{0,200}?(?<!-)[<>](?![<>])`).test(
    before,
  );
}

const COPIES = /^(?:__builtin_)?mem(?:cpy|move|pcpy|set)$/;

/** Names of another kind, given there by mistake, are rights or none as their numbers have it. */
function isOfRights({ must }: Flags): boolean {
  return [...must].every((name) => name.startsWith("PROT_"));
}

/** A variable that rights are added to, and that nothing reads. */
function unusedRights(text: string): string | undefined {
  for (const [, name = ""] of text.matchAll(/(?<![\w.>])(\w+)\s*\|=\s*PROT_/g)) {
    const rest = text.replace(new RegExp(`\\b(?!return\\b)\\w+\\s+${name}\\s*[;=]`, "g"), "");
    if (!new RegExp(`\\b${name}\\b(?!\\s*\\|?=(?!=))`).test(rest)) return name;
  }
  return undefined;
}

const TAKES_PATH = /^(?:unlink|shm_unlink|remove|rename|access|chmod|chown|mkdir|rmdir)$/;
