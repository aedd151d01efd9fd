/** A size that was never given, or given without blocks behind it, shows as SIGBUS at an access. */
import type { MapEvent } from "../analyzer/events.js";
import { hasFlag } from "../analyzer/flags.js";
import type { Finding } from "./rule.js";
import type { Rule } from "./rule.js";
import { isDiskFile } from "./terms.js";

export const sparseBacking: Rule = {
  id: "sparse-backing",
  summary: "a file is mapped whose size may not be there, or has no blocks behind it",
  why: "ftruncate() makes holes: the blocks are allocated when a page is first written, and on a full file system that write through the mapping is SIGBUS, where write() would have returned ENOSPC. When ftruncate() itself failed and nobody looked, every access is SIGBUS; when fstat() failed, the size is whatever was in the buffer.",
  help: "test fstat() and ftruncate(), and allocate with posix_fallocate() what is going to be written through the mapping",
  severity: "note",
  cwe: [252],
  since: "0.1.0",
  optIn: true,
  references: ["ftruncate(2)", "posix_fallocate(3)", "fstat(2)", "mmap(2)"],
  silent: [
    "A result that is dropped by a cast to void.",
    "posix_fallocate() or fallocate() between ftruncate() and mmap().",
    "For holes: memory without a disk (shm_open, memfd_create, tmpfs by its path), files that are only read, and files that the function has not created.",
  ],
  on: {
    map: (event) => untested(event) ?? sparse(event),
  },
};

function untested({ mapping, sizeUntested, call }: MapEvent): Finding | undefined {
  if (!call.direct || hasFlag(mapping.flags, "MAP_ANONYMOUS") === "yes") return undefined;
  const truncated = mapping.descriptor?.truncated;
  if (truncated?.ignored === true)
    return {
      message: `the result of ftruncate() is dropped: when it fails, the file is too short and every access to the mapping is SIGBUS`,
      severity: "warning",
      site: truncated.site,
    };
  if (sizeUntested === undefined) return undefined;
  return {
    message: `the result of the call that gives ${call.args[1]?.text ?? "the size"} is dropped: when it fails, the length of the mapping is whatever was in the buffer`,
    severity: "warning",
    site: sizeUntested,
  };
}

function sparse({ mapping, protection, flags, call }: MapEvent): string | undefined {
  const mode = mapping.descriptor?.mode;
  if (mapping.descriptor?.truncated === undefined || mode === undefined || !isDiskFile(mapping))
    return undefined;
  if (hasFlag(mode, "O_CREAT") !== "yes" || hasFlag(protection, "PROT_WRITE") !== "yes") return undefined;
  const shared = hasFlag(flags, "MAP_SHARED") === "yes" || hasFlag(flags, "MAP_SHARED_VALIDATE") === "yes";
  return shared && call.direct
    ? "the file consists of holes that ftruncate() made: on a full disk, the first write of a page through the mapping is SIGBUS"
    : undefined;
}
