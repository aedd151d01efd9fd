/** The kernel maps whole pages of a file, so the offset must be a multiple of the page size. */
import type { Amount } from "../analyzer/amount.js";
import { alternatives, constantValue, soleSymbol } from "../analyzer/amount.js";
import { isMostlyUnaligned, pageAlignment } from "../analyzer/alignment.js";
import type { MapEvent } from "../analyzer/events.js";
import { isRestOfPart, outOfRecord } from "./offset-origins.js";
import type { Finding } from "./rule.js";
import type { Rule } from "./rule.js";
import { functionUpTo, isFixedPlace } from "./terms.js";

export const unalignedOffset: Rule = {
  id: "unaligned-offset",
  summary: "the file offset of a mapping is not a multiple of the page size",
  why: "mmap() fails with EINVAL when the offset is not a multiple of the page size. An offset that comes from a file's header or from a caller works in the tests as long as it happens to be aligned.",
  help: "map from `off & ~(pagesize - 1)`, add the difference to the length and to the returned pointer",
  severity: "error",
  cwe: [628],
  since: "0.1.0",
  references: ["mmap(2)", "POSIX.1-2024 mmap"],
  silent: [
    "An offset that is masked, rounded, or a multiple of the page by construction.",
    "Offsets that are cookies of a driver: IORING_OFF_*, `m.offset` of V4L2, DRM, RDMA, perf.",
    "mmap2(), which counts in units of 4096 bytes.",
  ],
  on: {
    map: (event, text) => {
      const { offset, call } = event;
      if (offset === undefined || constantValue(offset) === -1) return undefined;
      if (pageAlignment(offset) === "unaligned") {
        return `the offset${written(call)} is not a multiple of the page size: ${call.function}() fails with EINVAL`;
      }
      if (isFixedPlace(offset))
        return {
          message: `the offset${written(call)} is 4096: with pages of 16 or 64 KiB it is inside a page, and ${call.function}() fails with EINVAL`,
          severity: "warning",
        };
      if (event.offsetTested) return undefined;
      if (isMostlyUnaligned(offset))
        return {
          message: `the offset${written(call)} is not a multiple of the page size for most values: ${call.function}() fails with EINVAL`,
          severity: "warning",
        };
      return (
        wrongMask(event, text) ??
        lastByte(event) ??
        fromOutside(event) ??
        passedOn(event, text) ??
        countsBytes(event, text)
      );
    },
  },
};

/** Numbers read from outside the program. */
const READ_NUMBER = /^(?:strtou?ll?|strtoumax|strtoimax|atoll?|atoi)$/;

/** `offset & ~mask`, where the mask is the page size itself, or one less than a page's mask. */
function wrongMask({ call }: MapEvent, text: string): Finding | undefined {
  const [, mask] = /& ?~ ?\(?(\w+)\)?$/.exec(call.args[5]?.text ?? "") ?? [];
  if (!call.direct || mask === undefined) return undefined;
  const before = functionUpTo(text, call.site.start);
  const given = new RegExp(
    `\\b${mask}\\s*=\\s*(?:\\([^()]*\\)\\s*)?(?:getpagesize ?\\( ?\\)|sysconf ?\\( ?_SC_PAGE_?SIZE ?\\))\\s*(-\\s*1)?\\s*[;,]`,
  ).exec(before);
  if (given === null) return undefined;
  const lessened = new RegExp(`\\b${mask}\\s*(?:--|-=\\s*1\\b)|--\\s*${mask}\\b`).test(before);
  if ((given[1] !== undefined) !== lessened) return undefined;
  const start = call.site.start - before.length + given.index;
  return {
    message: `'${mask}' is ${lessened ? "a page less 2" : "the page size itself"}, so the offset that it masks is at no page's start: the mask is the page size less 1`,
    site: { ...call.site, start, end: start + given[0].length - 1 },
  };
}

/** `off = MIN(off, size - 1)`: what may be the last byte's offset counts bytes. */
function lastByte({ offset, call }: MapEvent): Finding | undefined {
  const all = offset === undefined ? [] : alternatives(offset);
  if (all.length < 2 || !all.some(isLastOf)) return undefined;
  return {
    message: `the offset${written(call)} may be that of the last byte, and is not rounded down to a page: ${call.function}() fails with EINVAL for most values`,
    severity: "warning",
  };
}

function isLastOf({ constant, terms }: Amount): boolean {
  return constant === -1 && terms.length === 1 && terms[0]?.coefficient === 1;
}

/** Out of a file's header, or typed by a user. */
function fromOutside({ offset, call }: MapEvent): Finding | undefined {
  const origin = offset === undefined ? undefined : soleSymbol(offset)?.origin;
  const by =
    origin?.kind === "input" || (origin?.kind === "call" && READ_NUMBER.test(origin.function ?? ""))
      ? origin.function
      : undefined;
  if (by === undefined) return undefined;
  return {
    message: `the offset comes from ${by}() and is not rounded down to a page: ${call.function}() fails with EINVAL for most values`,
    severity: "warning",
  };
}

/** An offset that comes from the caller as it is, in a function that chooses everything else itself. */
function passedOn({ offset, call, inStatic, function: name }: MapEvent, text: string): Finding | undefined {
  if (!call.direct) return undefined;
  const symbol = offset === undefined ? undefined : soleSymbol(offset);
  if (symbol?.origin.kind !== "parameter") return undefined;
  const forwarded = call.args.filter(
    ({ value }) => value.kind === "amount" && soleSymbol(value.amount)?.origin.kind === "parameter",
  ).length;
  if (forwarded > MOST_FORWARDED) return undefined;
  if (inStatic && !areTyped(argumentsGiven(text, name, symbol.origin.index))) return undefined;
  return {
    message: `the offset '${symbol.origin.name}' comes from the caller and is not rounded down to a page: ${call.function}() fails with EINVAL for most values`,
    severity: "note",
  };
}

function countsBytes(event: MapEvent, text: string): Finding | undefined {
  const { call } = event;
  const swap = outOfRecord(event, text);
  const what =
    swap !== undefined
      ? `goes back to what ${swap}() takes out of a record`
      : isRestOfPart(event)
        ? "is where the rest of a part begins, a number of bytes"
        : undefined;
  if (what === undefined) return undefined;
  return {
    message: `the offset${written(call)} ${what}, and is not rounded down to a page: ${call.function}() fails with EINVAL where it begins none`,
    severity: "note",
  };
}

/** What the calls in the file give a function there, as written. */
function argumentsGiven(text: string, name: string, index: number): readonly string[] {
  return [...text.matchAll(new RegExp(`\\b${name}\\s*\\(([^;{}]*)\\)\\s*;`, "g"))].flatMap(
    ([, list = ""]) => {
      const given = list.split(",")[index];
      // A comma inside parentheses: which argument it is would be a guess.
      return /[()]/.test(list) || given === undefined ? [""] : [given.trim()];
    },
  );
}

/** Is it an argument of a command, each time, as somebody has typed it? */
function areTyped(given: readonly string[]): boolean {
  return given.length > 0 && given.every((one) => /^[\w.>-]*\barg[sv]?\[\w+\][\w.>-]*$/.test(one));
}

/** A function that takes more of mmap's arguments than these from its caller is a wrapper, with mmap's own contract. */
const MOST_FORWARDED = 3;

/** The offset as written, where the call is mmap's own. */
function written({ direct, args }: MapEvent["call"]): string {
  return direct && args[5] !== undefined ? ` ${args[5].text}` : "";
}
