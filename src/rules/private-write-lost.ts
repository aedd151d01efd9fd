/** What is written through a private mapping never reaches the file, nor another mapping of it. */
import type { ExitEvent, FileEvent, MapEvent } from "../analyzer/events.js";
import { hasFlag } from "../analyzer/flags.js";
import type { Finding } from "./rule.js";
import type { Rule } from "./rule.js";
import { isAnonymous, isPrivateFileWritten, nameOf, targetName } from "./terms.js";

export const privateWriteLost: Rule = {
  id: "private-write-lost",
  summary: "what is written through a private mapping is taken for saved or shared",
  why: "The first write to a page of a MAP_PRIVATE mapping makes a copy for this process alone. msync() and fsync() return 0 and write nothing of it, sendfile() sends what the file held before, and two private mappings side by side are two pieces of memory, whatever their addresses.",
  help: "map with MAP_SHARED, or write the changed content with write()",
  severity: "warning",
  cwe: [],
  since: "0.1.0",
  references: ["mmap(2)", "msync(2)", "fsync(2)", "POSIX.1-2024 mmap"],
  silent: [
    "A private copy that is changed for the program's own use: parsing in place, relocation, byte order.",
    "A file that is also written with write() or pwrite(), or whose descriptor somebody else has.",
    "/dev/zero and other files that keep nothing.",
  ],
  on: {
    sync: ({ target }) =>
      target.mapping !== undefined && target.mapping.phase === "live" && isPrivateFileWritten(target.mapping)
        ? `${targetName(target)} is a private mapping: what was written into it never reaches the file, and msync() returns 0`
        : undefined,
    file: (event) => notInFile(event),
    map: (event) => notWrittenBack(event) ?? notFilled(event) ?? notMirrored(event),
    exit: (event) => notSaved(event),
  },
};

function notInFile({ mapping, use, descriptor, call }: FileEvent): string | undefined {
  if (!isPrivateFileWritten(mapping) || descriptor === undefined || descriptor.written || descriptor.handed)
    return undefined;
  return use === "sync"
    ? `${nameOf(mapping)} is a private mapping: what was written into it is not in the file that ${call.function}() saves`
    : `${nameOf(mapping)} is a private mapping: what was written into it is not in the file that ${call.function}() sends`;
}

/** Only of a shared mapping are pages written back, so only there is something to put off. */
function notWrittenBack({ mapping, flags, protection }: MapEvent): string | undefined {
  const isPrivate = hasFlag(flags, "MAP_PRIVATE") === "yes" && hasFlag(flags, "MAP_SHARED") === "no";
  if (!isPrivate || isAnonymous(mapping) !== "no" || hasFlag(protection, "PROT_WRITE") !== "yes")
    return undefined;
  const flag = ["MAP_NOSYNC", "MAP_SYNC"].find((name) => hasFlag(flags, name) === "yes");
  return flag === undefined
    ? undefined
    : `${flag} says when written pages go to the file, but those of a private mapping never do: the file keeps its old content`;
}

/** The function has just given the file its size, to write it through a mapping that nothing may read. */
function notFilled({ mapping, flags, protection, call }: MapEvent): string | undefined {
  const isOutput =
    mapping.descriptor?.truncated !== undefined &&
    hasFlag(protection, "PROT_WRITE") === "yes" &&
    hasFlag(protection, "PROT_READ") === "no";
  return call.direct &&
    isOutput &&
    hasFlag(flags, "MAP_PRIVATE") === "yes" &&
    hasFlag(flags, "MAP_SHARED") === "no" &&
    isAnonymous(mapping) === "no"
    ? "the file has just been given its size, but what is written into this private mapping never reaches it"
    : undefined;
}

/** One buffer at two addresses, so that reading and writing may run over its end. */
function notMirrored({ twin, flags, protection }: MapEvent): Finding | undefined {
  if (twin === undefined) return undefined;
  const isCopy = [flags, twin.flags].every(
    (f) => hasFlag(f, "MAP_ANONYMOUS") === "yes" && hasFlag(f, "MAP_PRIVATE") === "yes",
  );
  const isWritten = [protection, twin.protection].every((p) => hasFlag(p, "PROT_WRITE") === "yes");
  return isCopy && isWritten
    ? {
        message:
          "the two halves are private anonymous memory of their own: what is written into one is not seen in the other",
        site: twin.site,
      }
    : undefined;
}

/** Functions that say themselves that the file is what they are for. */
const PRODUCT = /(?:^|_)(?:save|commit|store|flush|dump|persist|checkpoint|patch|update)(?:_|$)/i;

/** The file was opened to be written, nothing else writes it, and nobody else can. */
function notSaved({ mapping, descriptor, function: name, returns }: ExitEvent): Finding | undefined {
  if (mapping.phase !== "unmapped" || !isPrivateFileWritten(mapping) || returns === "failure")
    return undefined;
  if (descriptor === undefined || !descriptor.closed || descriptor.written || descriptor.handed)
    return undefined;
  const { mode } = descriptor;
  if (hasFlag(mode, "O_RDWR") !== "yes") return undefined;
  if (hasFlag(mode, "O_CREAT") !== "yes" && hasFlag(mode, "O_TRUNC") !== "yes" && !PRODUCT.test(name))
    return undefined;
  return {
    message: `${nameOf(mapping)} is a private mapping: the file was opened to be written, but nothing that is written here reaches it`,
    site: mapping.site,
  };
}
