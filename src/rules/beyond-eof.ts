/** Pages of a mapping that lie behind the end of its file cannot be accessed. */
import { SMALLEST_PAGE } from "../analyzer/alignment.js";
import type { Amount } from "../analyzer/amount.js";
import { constantValue, subtract } from "../analyzer/amount.js";
import type { AccessEvent, MapEvent } from "../analyzer/events.js";
import { hasFlag } from "../analyzer/flags.js";
import type { Finding, Rule } from "./rule.js";
import { escaped, functionAround, functionUpTo, isAnonymous, isFileSize, nameOf } from "./terms.js";

export const beyondEof: Rule = {
  id: "beyond-eof",
  summary: "the mapping reaches behind the end of its file",
  why: "mmap() does not look at the file's size, and a mapping does not make the file longer. The first access to a page that lies wholly behind the end is SIGBUS. Objects of shm_open() and memfd_create(), and files that O_CREAT has made, begin with 0 bytes.",
  help: "give the object its size with ftruncate() or posix_fallocate() before it is mapped, or map no more than the file has",
  severity: "error",
  cwe: [119],
  since: "0.1.0",
  references: ["mmap(2)", "ftruncate(2)", "shm_open(3)", "memfd_create(2)"],
  silent: [
    "Objects that were given a size, or whose descriptor went to code that is not known.",
    "Files that may be there already, where their size is looked at.",
    "Mappings that no access is meant for (PROT_NONE).",
    "What is read after the path has compared the length with anything.",
    "A length that a caller or the file's size gives as a whole; names that a device may have.",
  ],
  on: {
    map: (event, text) =>
      neverSized(event, text) ?? sizedShorter(event) ?? unaskedLength(event, text) ?? onlySealed(event, text),
    access: headerUnasked,
  },
};

function isMeantForAccess({ protection, flags }: MapEvent): boolean {
  if (hasFlag(flags, "MAP_ANONYMOUS") !== "no") return false;
  return hasFlag(protection, "PROT_READ") === "yes" || hasFlag(protection, "PROT_WRITE") === "yes";
}

function neverSized(event: MapEvent, text: string): ReturnType<NonNullable<Rule["on"]["map"]>> {
  const { mapping, call, sizeCompared } = event;
  const { descriptor } = mapping;
  if (descriptor === undefined || descriptor.sized || descriptor.passed || !call.direct) return undefined;
  if (!isMeantForAccess(event) || event.severalFiles) return undefined;
  const created = hasFlag(descriptor.mode, "O_CREAT") === "yes";
  const isNew =
    descriptor.origin === "memfd_create" ||
    (created &&
      (hasFlag(descriptor.mode, "O_EXCL") === "yes" || hasFlag(descriptor.mode, "O_TRUNC") === "yes"));
  if (isNew)
    return "the object was just made and has no size yet: the first access is SIGBUS; it needs ftruncate() before mmap()";
  if (!created || sizeCompared || descriptor.origin !== "open" || isDevice(descriptor.path)) return undefined;
  // By its path, which is not followed.
  if (/\btruncate(?:64)?\s*\(/.test(text)) return undefined;
  return {
    message:
      "the file may just have been made by O_CREAT, and nothing gives it a size: then the first access is SIGBUS",
    severity: "warning",
  };
}

function isDevice(path: string | undefined): boolean {
  return path?.startsWith("/dev/") === true && !path.startsWith("/dev/shm/");
}

function sizedShorter(event: MapEvent): ReturnType<NonNullable<Rule["on"]["map"]>> {
  const { mapping, length } = event;
  const size = mapping.descriptor?.truncated?.size;
  if (size === undefined || length === undefined || !isMeantForAccess(event)) return undefined;
  const has = constantValue(size);
  const missing = constantValue(subtract(length, size));
  if (has !== undefined && constantValue(length) === undefined && event.call.direct && isOneValue(length))
    return {
      message: `the file was given ${has} bytes, but '${mapping.lengthText}' bytes of it are mapped: what lies behind the file's last page is SIGBUS`,
      severity: "warning",
    };
  return missing !== undefined && missing >= SMALLEST_PAGE && constantValue(mapping.offset) === 0
    ? `${missing} bytes more are mapped than the file was given: behind its last page every access is SIGBUS`
    : undefined;
}

/** A length of its own, not one that is rounded up or computed from the page size. */
function isOneValue({ terms }: NonNullable<MapEvent["length"]>): boolean {
  return terms.every(({ symbol }) => symbol.origin.kind !== "page" && symbol.origin.kind !== "operation");
}

/** A file of any length was mapped, and what stands at a fixed place in it is read. */
function headerUnasked(event: AccessEvent, text: string): Finding | undefined {
  const { mapping, mode, as, viaHint, offset, lengthCompared, site } = event;
  const at = constantValue(offset);
  if (viaHint || mode !== "read" || as !== "bytes" || lengthCompared || mapping.source !== "mmap")
    return undefined;
  if (at === undefined || !isFileSize(mapping.length) || isAnonymous(mapping) !== "no") return undefined;
  if (mapping.phase !== "live" || mapping.written !== undefined) return undefined;
  const [member] = MEMBER.exec(text.slice(site.start, site.end)) ?? [];
  if (at < FIELD && (at !== 0 || member === undefined)) return undefined;
  const what = at < FIELD ? `'${member}' is read` : `${nameOf(mapping)} is read at byte ${at}`;
  return {
    message: `${what}, and nothing has asked whether the file is that long: a shorter one is read as zeros there, and behind its last page with SIGBUS`,
    severity: "note",
    site: mapping.site,
  };
}

/** What stands at the very beginning tells what kind of file it is. */
const FIELD = 4;

/** A member of a struct at the beginning of the file. */
const MEMBER = /^\w+\s*->\s*\w+/;

/** A file that somebody has named, opened to be read, and a length that is computed from other things than its size. */
function unaskedLength(event: MapEvent, text: string): Finding | undefined {
  const { mapping, call, length, sizeCompared, severalFiles } = event;
  const { descriptor } = mapping;
  if (!call.direct || descriptor?.origin !== "open" || descriptor.path !== undefined || severalFiles)
    return undefined;
  if (descriptor.sized || descriptor.passed || sizeCompared || length === undefined) return undefined;
  const isOnlyRead =
    hasFlag(descriptor.mode, "O_RDWR") === "no" &&
    hasFlag(descriptor.mode, "O_CREAT") === "no" &&
    hasFlag(event.protection, "PROT_READ") === "yes" &&
    hasFlag(event.protection, "PROT_WRITE") === "no";
  if (!isOnlyRead || !isMeantForAccess(event) || !isComputed(length)) return undefined;
  const around = functionAround(text, call.site.start);
  if (ASKS_FOR_SIZE.test(around)) return undefined;
  const message = `nothing has asked whether the file has '${mapping.lengthText}' bytes: what lies behind its last page is SIGBUS`;
  if (isReadOtherwise(event, around))
    return { message: `${message}, where reading the same bytes just ends`, severity: "note" };
  return MAY_BE_DEVICE.test(text.slice(descriptor.site.start, descriptor.site.end))
    ? undefined
    : { message, severity: "warning" };
}

/** Whoever only goes to a place in the file has not asked for its size. */
const ASKS_FOR_SIZE =
  /\b(?:f|l)?statx?(?:64)?\s*\(|\blseek\w*\s*\((?![^;]{0,200},\s*SEEK_(?:SET|CUR)\s*\))|\bioctl\s*\(/;

/** On another path the function goes to the same place of the same file and reads it. */
function isReadOtherwise({ call }: MapEvent, around: string): boolean {
  const fd = call.args[4]?.text ?? "";
  const words: readonly string[] = call.args[5]?.text.match(/\w+/g) ?? [];
  return [...around.matchAll(/\blseek\w*\s*\(\s*(\w+)\s*,\s*([A-Za-z_]\w*)\s*,\s*SEEK_SET\s*\)/g)].some(
    ([, descriptor, place = ""]) => descriptor === fd && words.includes(place),
  );
}

const MAY_BE_DEVICE = /dev|mem|uio|node|fb|video|drm|pci|bar|res|sys/i;

/** From several things: whoever gives a length as a whole may have looked at the file. */
function isComputed({ terms }: Amount): boolean {
  const known = terms.filter(({ symbol: { origin } }) => origin.kind !== "page" && origin.kind !== "sizeof");
  return (
    known.length > 1 ||
    known.some(({ symbol: { origin } }) => origin.kind === "operation" && origin.operator === "mul")
  );
}

/** `fcntl(fd, F_GET_SEALS) & F_SEAL_SHRINK` says that the file stays as long as it is, and not how long that is. */
function onlySealed(event: MapEvent, text: string): Finding | undefined {
  const { call, length, sizeCompared } = event;
  const fd = escaped(call.args[4]?.text ?? "");
  const around = functionAround(text, call.site.start);
  if (!call.direct || fd === "" || sizeCompared || ASKS_FOR_SIZE.test(around)) return undefined;
  if (!isGiven(length) || !isMeantForAccess(event) || !/\bF_SEAL_SHRINK\b/.test(around)) return undefined;
  const asked = new RegExp(`\\bfcntl\\s*\\(\\s*${fd}\\s*,\\s*F_GET_SEALS\\b`);
  return asked.test(functionUpTo(text, call.site.start))
    ? {
        message: `F_SEAL_SHRINK only says that the file gets no shorter, and nothing has asked whether it has '${event.mapping.lengthText}' bytes: what lies behind its last page is SIGBUS`,
        severity: "warning",
      }
    : undefined;
}

/** What callers give, and nothing else. */
function isGiven(amount: Amount | undefined): boolean {
  return (
    amount !== undefined &&
    amount.terms.length > 0 &&
    amount.terms.every(({ symbol: { origin } }) => origin.kind === "parameter")
  );
}
