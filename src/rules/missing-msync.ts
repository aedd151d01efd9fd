/** Neither munmap() nor close() promises that what was written through a mapping is on disk. */
import { hasFlag } from "../analyzer/flags.js";
import type { Mapping } from "../analyzer/mapping.js";
import type { Finding } from "./rule.js";
import type { Rule } from "./rule.js";
import { escaped, functionAround, isDiskFile, nameOf } from "./terms.js";

export const missingMsync: Rule = {
  id: "missing-msync",
  summary: "a shared file mapping is written and given up without msync()",
  why: "The pages are dirty in memory and reach the disk when the kernel finds time, up to half a minute later. The end of the process loses nothing, but after a power cut or a crash of the system the file holds the old content, or half of it; and a write-back error (EIO, ENOSPC) is reported to nobody.",
  help: "call msync(p, len, MS_SYNC), or fsync(fd), before giving the mapping up, and test the result",
  severity: "warning",
  cwe: [],
  since: "0.1.0",
  findsAbsence: true,
  references: ["msync(2)", "munmap(2)", "POSIX.1-2024 msync"],
  silent: [
    "shm_open(), memfd_create(), /dev, /dev/shm and /run: there is no disk.",
    "fsync(), fdatasync() or sync() after the last write.",
    "A file whose name the function removes.",
    "Private and anonymous mappings, and mappings that are only read.",
    "A function that is handed the mapping or hands it on: the durability is decided elsewhere.",
  ],
  on: {
    unmap: ({ target: { mapping }, function: name, fromMember }, text) =>
      fromMember && mapping !== undefined && !SYNCS.test(text) && !isUnlinked(mapping, text)
        ? closedUnsynced(mapping, name)
        : undefined,
    exit: ({ mapping, function: name, returns }, text) =>
      (mapping.phase === "unmapped" || mapping.owner === "local") &&
      returns !== "failure" &&
      !isUnlinked(mapping, text)
        ? unsynced(mapping, name)
        : undefined,
  },
};

/** The function that opens the file removes its name: nobody will look for what was written. */
function isUnlinked({ descriptor }: Mapping, text: string): boolean {
  if (descriptor === undefined) return false;
  const { start, end } = descriptor.site;
  const [, path = ""] = /^\w+\s*\(\s*([\w.>-]+)\s*,/.exec(text.slice(start, end)) ?? [];
  return (
    path !== "" && new RegExp(`unlink\\s*\\(\\s*${escaped(path)}\\s*\\)`).test(functionAround(text, start))
  );
}

/** Functions that say themselves that the file is what they are for. */
const PRODUCT = /(?:^|_)(?:save|commit|store|write|flush|dump|persist|checkpoint|finali[sz]e|close)/i;

/** A descriptor that a caller gave counts when the function has just set the file's size and says what it is for. */
function isSavedFile(mapping: Mapping, name: string): boolean {
  return (
    isDiskFile(mapping) ||
    (mapping.descriptor?.origin === "other" && mapping.descriptor.sized && PRODUCT.test(name))
  );
}

function unsynced(mapping: Mapping, name: string): Finding | undefined {
  if (mapping.written === undefined || mapping.asyncAt !== undefined || mapping.moved) return undefined;
  if (
    hasFlag(mapping.flags, "MAP_SHARED") !== "yes" ||
    hasFlag(mapping.flags, "MAP_SYNC") !== "no" ||
    !isSavedFile(mapping, name)
  )
    return undefined;
  const mode = mapping.descriptor?.mode;
  const made =
    mode !== undefined && (hasFlag(mode, "O_CREAT") === "yes" || hasFlag(mode, "O_TRUNC") === "yes");
  if (
    mode !== undefined &&
    (hasFlag(mode, "O_SYNC") !== "no" || hasFlag(mode, "O_DSYNC") !== "no") &&
    !mode.open
  )
    return undefined;
  return {
    message: `${nameOf(mapping)} is written, but no msync() or fsync() follows: munmap() does not put the file on disk`,
    ...(mapping.unmappedAt === undefined ? {} : { site: mapping.unmappedAt }),
    severity: made || (mapping.descriptor?.sized === true && PRODUCT.test(name)) ? "warning" : "note",
  };
}

/** Any call that puts what was written on the disk. */
const SYNCS = /\b(?:msync|fsync|fdatasync|syncfs|sync)\s*\(/;

/** Files that nobody wants back after a crash. */
const PASSING = /cache|lock|shm|te?mp|sem(?:aphore)?s?_|ipc|ring/i;

/** Another function has made the file, given it its size and mapped it to be written; nothing here ever syncs it. */
function closedUnsynced(mapping: Mapping, name: string): Finding | undefined {
  const { descriptor, flags, protection } = mapping;
  const isMade =
    descriptor !== undefined && descriptor.sized && hasFlag(descriptor.mode, "O_CREAT") === "yes";
  return isMade &&
    isDiskFile(mapping) &&
    PRODUCT.test(name) &&
    !PASSING.test(`${name} ${mapping.name ?? ""} ${descriptor.path ?? ""}`) &&
    hasFlag(flags, "MAP_SHARED") === "yes" &&
    hasFlag(flags, "MAP_SYNC") === "no" &&
    hasFlag(protection, "PROT_WRITE") === "yes"
    ? {
        message: `${nameOf(mapping)} is given up here, and nothing here calls msync() or fsync(): munmap() does not put it on disk`,
        severity: "note",
      }
    : undefined;
}
