/** Words and questions that several rules share. */
import { isPart, SMALLEST_PAGE } from "../analyzer/alignment.js";
import { add, type Amount, constantValue, isLiteral, soleSymbol, type Term } from "../analyzer/amount.js";
import type { Target } from "../analyzer/events.js";
import { hasFlag } from "../analyzer/flags.js";
import { type FileDescriptor, isOfMappingCall, type Mapping } from "../analyzer/mapping.js";
import { asNumber } from "../analyzer/value.js";

type Answer = "yes" | "no" | "unknown";

/** As messages name it: `'ctx->base'`, or "the mapping". */
export function nameOf(mapping: Mapping | undefined): string {
  return mapping?.name === undefined ? "the mapping" : `'${mapping.name.replace(/\s+/g, " ")}'`;
}

/** As messages name what a call was given. */
export function targetName({ text, mapping }: Target): string {
  const short = text.replace(/\s+/g, " ");
  return short === "" || short.length > 40 ? nameOf(mapping) : `'${short}'`;
}

/** A member of a struct, or an element of one, behind the start and at no multiple of the page, whose address a call was given. */
export function memberInside({ value }: Target): string | undefined {
  if (value.kind !== "address") return undefined;
  const { place } = value;
  const { root } = place;
  const [, field] = /\.(\w+)$/.exec(withoutIndexes(place.path)) ?? [];
  // Whoever computes where the struct is may have put the member where a page begins.
  if (field === undefined || root.kind !== "memory" || soleSymbol(root.pointer) === undefined)
    return undefined;
  const { constant, terms } = add(place.offset, value.offset);
  const elements = terms.filter((term) => !isBehindStart(term));
  const isBehind =
    elements.length === terms.length
      ? constant > 0 && constant % SMALLEST_PAGE !== 0
      : // How far behind, is not known: pages may begin there as well.
        constant === 0 &&
        elements.length === terms.length - 1 &&
        elements.every(({ coefficient }) => coefficient % SMALLEST_PAGE !== 0);
  if (!isBehind || !elements.every(isNumberOfElements)) return undefined;
  return place.path.endsWith("]") || constantValue(value.offset) !== 0
    ? `an element of '${field}'`
    : `the member '${field}'`;
}

/** `.ring[i].slots[0]` as `.ring.slots`; an index may hold brackets of its own. */
function withoutIndexes(path: string): string {
  const shorter = path.replace(/\[[^[\]]*\]/g, "");
  return shorter === path ? path : withoutIndexes(shorter);
}

/** A number of bytes would be any, and may have been rounded. */
function isNumberOfElements(term: Term): boolean {
  return Math.abs(term.coefficient) > 1 || isPart(term);
}

function isBehindStart({ symbol: { origin }, coefficient }: Term): boolean {
  return coefficient === 1 && origin.kind === "sizeof" && origin.behindStart === true;
}

export function isAnonymous(mapping: Mapping): Answer {
  if (mapping.source !== "mmap") return "unknown";
  const flag = hasFlag(mapping.flags, "MAP_ANONYMOUS");
  if (flag !== "no") return flag;
  return asNumber(mapping.fd) === -1 ? "unknown" : "no";
}

/** Memory with no disk behind it: shm_open, memfd_create, devices, tmpfs by its usual paths. */
const NO_DISK = /^\/(?:dev|proc|sys|run|var\/run|tmp)\//;

/** Certainly a mapping of a file that lives on a disk, as far as the source tells. */
export function isDiskFile(mapping: Mapping): boolean {
  return (
    isAnonymous(mapping) === "no" && mapping.descriptor?.origin === "open" && mayHaveDisk(mapping.descriptor)
  );
}

/** Nothing says that there is no disk behind it. */
export function mayHaveDisk(descriptor: FileDescriptor | undefined): boolean {
  if (descriptor === undefined) return true;
  const { origin, path } = descriptor;
  return (origin === "open" || origin === "other") && (path === undefined || !NO_DISK.test(path));
}

/** A private copy of a file has been changed: the file itself has not. */
export function isPrivateFileWritten(mapping: Mapping): boolean {
  const { descriptor } = mapping;
  return (
    mapping.written !== undefined &&
    isAnonymous(mapping) === "no" &&
    hasFlag(mapping.flags, "MAP_PRIVATE") === "yes" &&
    hasFlag(mapping.flags, "MAP_SHARED") === "no" &&
    (descriptor?.path === undefined || !NO_DISK.test(descriptor.path))
  );
}

/** Placed where the caller says: it replaces what is there, or fails. */
export function isFixed(mapping: Mapping): boolean {
  return (
    hasFlag(mapping.flags, "MAP_FIXED") !== "no" || hasFlag(mapping.flags, "MAP_FIXED_NOREPLACE") !== "no"
  );
}

/** Nothing but MAP_FAILED on this path: what a call has returned, or what the program has put there instead of a mapping. */
export function isMapFailed({ mapping, value }: Target): boolean {
  if (mapping === undefined) return asNumber(value) === -1;
  return mapping.phase === "failed" && !mapping.told && failsWithMapFailed(mapping);
}

/** Mapped by a call that fails with (void *)-1. */
export function failsWithMapFailed(mapping: Mapping | undefined): boolean {
  return mapping !== undefined && isOfMappingCall(mapping);
}

/** An offset that a header or a document fixes: no page size, whatever its value. See unaligned-offset. */
export function isFixedPlace(offset: Amount | undefined): boolean {
  const use = offset?.traces.find(isLiteral);
  return (
    constantValue(offset) === SMALLEST_PAGE &&
    use?.role === "plain" &&
    /^[A-Za-z_]/.test(use.text) &&
    !/page/i.test(use.text)
  );
}

/** The text of the function that an offset is in, up to there. */
export function functionUpTo(text: string, end: number): string {
  return text.slice(functionStart(text, end), end);
}

/** Where the text of the function that an offset is in begins. */
export function functionStart(text: string, offset: number): number {
  return text.lastIndexOf("\n}", offset) + 1;
}

/** The text of the function that an offset is in. */
export function functionAround(text: string, offset: number): string {
  const end = text.indexOf("\n}", offset);
  return functionUpTo(text, offset) + text.slice(offset, end < 0 ? undefined : end);
}

/** Text of the source as part of a pattern that is looked for in the source. */
export function escaped(text: string): string {
  return text.replace(/[^\w]/g, "\\$&");
}

/** What a variable was last given in the text before an offset; anything else as it is. */
export function asAssigned(written: string, text: string, before: number): string {
  if (!/^[A-Za-z_]\w*$/.test(written)) return written;
  const given = new RegExp(`(?<![\\w.>])${written}\\s*=(?!=)\\s*([^;]*);`, "g");
  return [...functionUpTo(text, before).matchAll(given)].at(-1)?.[1] ?? written;
}

/** `size_of(map)` as an argument: a constant is what the function returns in one of its cases, perhaps one that cannot be here. */
export function isComputedByCall(argument: string | undefined): boolean {
  return argument !== undefined && /\w ?\(/.test(argument.replace(/\bsizeof ?\(/g, ""));
}

/** The size that stat() or lseek() gave, if the length is just that. */
export function isFileSize(length: Amount | undefined): boolean {
  const origin = length === undefined ? undefined : soleSymbol(length)?.origin;
  if (origin?.kind === "call") return /^(?:lseek(?:64)?|ftello?(?:64)?)$/.test(origin.function ?? "");
  // As a wrapper's caller has it, it is a symbol of the caller's that is named after what it stands for.
  if (origin?.kind === "opaque") return /\.stx?_size(?:@\w*)?$/.test(origin.what);
  return origin?.kind === "load" && /\.stx?_size(?:@|$)/.test(origin.place);
}
