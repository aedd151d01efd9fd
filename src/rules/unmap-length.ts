/** munmap() takes the range it is told, not the mapping it belongs to. */
import type { Amount } from "../analyzer/amount.js";
import { compareLengths, inOtherPages, sameUpToRounding } from "../analyzer/lengths.js";
import { add, constantValue, sameAmount, soleSymbol, subtract } from "../analyzer/amount.js";
import { isPadding, pageAlignment } from "../analyzer/alignment.js";
import type { UnmapEvent } from "../analyzer/events.js";
import { hasFlag } from "../analyzer/flags.js";
import type { Mapping } from "../analyzer/mapping.js";
import type { Finding, Rule } from "./rule.js";
import { asAssigned, escaped, functionUpTo, isComputedByCall, memberInside, targetName } from "./terms.js";

export const unmapLength: Rule = {
  id: "unmap-length",
  summary: "another address or length is unmapped than was mapped",
  why: "Too short a length leaves the rest mapped for ever, too long a one removes the neighbour, and an address inside a page is EINVAL and unmaps nothing. All but the last return 0.",
  help: "keep the address and the length that were mapped, and unmap exactly these",
  severity: "warning",
  cwe: [131],
  since: "0.1.0",
  references: ["munmap(2)"],
  silent: [
    "Trimming: the parts before and behind an aligned block of an over-allocated mapping.",
    "The same length under another name, or rounded up to the page.",
    "What was forced over a reservation by MAP_FIXED: the reservation's length may be meant.",
    "`munmap(p - delta, len + delta)` where p was moved by delta.",
  ],
  on: {
    unmap: (event, text) =>
      wrongLength(event) ??
      otherPages(event) ??
      lent(event) ??
      wrongAddress(event) ??
      otherCount(event, text) ??
      bound(event, text) ??
      withoutDelta(event, text) ??
      again(event) ??
      nothing(event, text) ??
      wholeArray(event, text) ??
      roundedTooFar(event, text) ??
      counted(event, text) ??
      scaled(event, text),
    exit: ({ mapping }) =>
      mapping.partial === undefined || mapping.partial.intended
        ? undefined
        : { message: mapping.partial.message, site: mapping.partial.site },
  },
};

function isOwn(mapping: Mapping | undefined): mapping is Mapping {
  return (
    mapping !== undefined &&
    (mapping.source === "mmap" || mapping.source === "mremap") &&
    mapping.phase !== "failed" &&
    mapping.phase !== "unmapped"
  );
}

/** Over a reservation, which may be what is unmapped by its whole length. */
function isForcedInto({ address, flags }: Mapping): boolean {
  return address?.kind === "pointer" && hasFlag(flags, "MAP_FIXED") === "yes";
}

function wrongLength(event: UnmapEvent): Finding | string | undefined {
  const { target, length, lengthText, sizeofPointer, lengthReassigned, lengthOf } = event;
  const { mapping } = target;
  const what = targetName(target);
  if (event.shadows) return `${what} is MAP_FAILED here: the mapping that it held before stays`;
  if (length === undefined) return undefined;
  if (sizeofPointer && mapping?.source !== "heap")
    return `${lengthText} is the size of the pointer, not of ${what}`;
  if (length.terms.some(({ symbol }) => symbol.origin.kind === "uninitialized")) {
    if (!event.fromMember || mapping === undefined)
      return `${what} is unmapped with '${lengthText}', which has no value yet`;
    // It is the one who maps that could keep the length.
    return {
      message: `${what} is mapped here, but unmapped with '${lengthText}', which nothing ever sets`,
      site: mapping.site,
    };
  }
  if (soleSymbol(length)?.origin.kind === "call" && /^strn?len$/.test(callee(length)))
    return `${lengthText || "a string's length"} is the length of the text, not of ${what}`;
  if (
    constantValue(length) === 0 &&
    !isComputedByCall(lengthText) &&
    ((event.call.direct && mapping?.source === "given") || isOwn(mapping))
  )
    return `${what} is unmapped with a length of 0: the call fails and the mapping stays`;
  if (!isOwn(mapping) || mapping.length === undefined || constantValue(target.offset) !== 0) return undefined;
  if (sameUpToRounding(length, mapping.length) || isForcedInto(mapping)) return undefined;
  const was =
    mapping.lengthText === ""
      ? "another length"
      : mapping.lengthText === lengthText
        ? `'${lengthText}', which had another value then`
        : mapping.lengthText;
  if (lengthOf !== undefined) return `${what} is unmapped with the length of '${lengthOf}'`;
  if (lengthReassigned && lengthText === "")
    return `${what} is unmapped with the length of a variable that has been set anew since ${what} was mapped`;
  const comparison = compareLengths(mapping.length, length);
  if (lengthReassigned || comparison === "longer" || (event.fromMember && comparison !== "unknown")) {
    const message = `${what} was mapped with ${was}, but is unmapped with ${lengthText || "another length"}`;
    // Where the call is right for what others have mapped, this mapping is the odd one.
    return event.makersDiffer ? { message, site: mapping.site } : message;
  }
  return undefined;
}

/**
 * `p = map_pages(dom, n); … n--; … munmap(p, n * page)`: a function that nobody knows has mapped as many as the variable
 * said, and it says something else by now; or one page is unmapped, however many that were.
 */
function otherCount({ call, target }: UnmapEvent, text: string): string | undefined {
  const [address, length] = call.args;
  const isUnknown = target.mapping === undefined || target.mapping.source === "given";
  if (!call.direct || !isUnknown || address === undefined || length === undefined) return undefined;
  const [, pointer] = /^(?:\([^()]*\)\s*)?(\w+)$/.exec(address.text) ?? [];
  if (pointer === undefined) return undefined;
  const before = functionUpTo(text, call.site.start);
  const made = [
    ...before.matchAll(new RegExp(`(?<![\\w.>])${pointer}\\s*=(?!=)\\s*(\\w+)\\s*\\(([^;]*)\\)\\s*;`, "g")),
  ].at(-1);
  const [whole, maker, given] = made ?? [];
  if (made === undefined || whole === undefined || given === undefined) return undefined;
  const since = before.slice(made.index + whole.length);
  if (new RegExp(`(?<![\\w.>])${pointer}\\s*(?:[-+]?=(?!=)|\\+\\+)|&\\s*${pointer}\\b`).test(since))
    return undefined;
  if (
    /map\w*(?:pages|batch|bulk)/i.test(maker ?? "") &&
    /^\w*PAGE_?SIZE$|^getpagesize ?\( ?\)$/i.test(length.text)
  ) {
    const count = /(?:^|,)\s*([a-z_]\w*)\s*$/.exec(given)?.[1];
    if (count !== undefined)
      return `'${pointer}' is unmapped by a single page, but ${maker}() was given '${count}' as the number of pages`;
  }
  const counter = (length.text.match(/(?<![\w.>])[a-z_]\w*(?![\w(.]|->)/g) ?? []).find(
    (name) =>
      new RegExp(`(?:^|,)\\s*${name}\\s*(?:,|$)`).test(given) &&
      new RegExp(`(?<![\\w.>])(?:--\\s*${name}\\b|${name}\\s*(?:--|-=))`).test(since),
  );
  return counter === undefined
    ? undefined
    : `'${pointer}' is unmapped by '${counter}', which has been counted down since ${maker}() was given it`;
}

/** `if (wanted > size) wanted = size; p = mmap(0, wanted, …); … munmap(p, size)`: one is at most the other. */
function bound({ target, length, lengthText, call }: UnmapEvent, text: string): string | undefined {
  const { mapping } = target;
  if (!call.direct || !isOwn(mapping) || length === undefined || mapping.length === undefined)
    return undefined;
  const { lengthText: mapped, site } = mapping;
  const isVariable = /^[A-Za-z_]\w*$/;
  if (mapped === lengthText || !isVariable.test(mapped) || !isVariable.test(lengthText)) return undefined;
  if (constantValue(target.offset) !== 0 || compareLengths(mapping.length, length) !== "unknown")
    return undefined;
  const before = functionUpTo(text, call.site.start);
  const made = before.length - (call.site.start - site.start);
  if (site.file !== call.site.file || made < 0) return undefined;
  const clamp = new RegExp(
    `\\bif\\s*\\([^;{}]{0,200}\\b${mapped}\\s*>=?\\s*${lengthText}\\s*\\)\\s*\\{?\\s*${mapped}\\s*=[^=;]*\\b${lengthText}\\b`,
  ).exec(before.slice(0, made));
  // Whatever gives either another value behind that may make them one.
  const anew = new RegExp(
    `(?<![\\w.>])(?:${mapped}|${lengthText})\\s*[-+*/&|]?=(?!=)|&\\s*(?:${mapped}|${lengthText})\\b`,
  );
  if (clamp === null || anew.test(before.slice(clamp.index + clamp[0].length))) return undefined;
  return `${targetName(target)} was mapped with '${mapped}', which is at most '${lengthText}', but is unmapped with '${lengthText}'`;
}

/**
 * `p = mmap(0, n + delta, …); p += delta; … munmap(p - delta, n)`: the start was found again, the end was not. Whatever
 * way leads there, and whatever had its hands on `p` before.
 */
function withoutDelta({ call, target }: UnmapEvent, text: string): string | undefined {
  const [address, length] = call.args;
  if (!call.direct || address === undefined || length === undefined) return undefined;
  const [, pointer, delta] =
    /^(?:\([^()]*\)\s*)?\(?\s*(?:\([^()]*\)\s*)?(\w+(?:(?:->|\.)\w+)*)\s*-\s*([A-Za-z_]\w*)\s*\)?$/.exec(
      address.text,
    ) ?? [];
  if (pointer === undefined || delta === undefined || !/^[A-Za-z_]\w*$/.test(length.text)) return undefined;
  const before = functionUpTo(text, call.site.start);
  const assigned = new RegExp(
    `(?<![\\w.>])${escaped(pointer)}\\s*=(?!=)\\s*(?:\\([^()]*\\)\\s*)?(\\w{0,40}?mmap\\w{0,40})\\s*\\(([^,;]{0,200}),([^,;]{0,200}),`,
    "g",
  );
  const [made, another] = [...before.matchAll(assigned)];
  if (made === undefined || another !== undefined) return undefined;
  const [whole, maker, , mapped = ""] = made;
  if (!isSum(mapped, length.text, delta)) return undefined;
  const name = `(?:${length.text}|${delta})`;
  const anew = new RegExp(
    `(?<![\\w.>])${name}\\s*(?:[-+*/&|]?=(?!=)|\\+\\+|--)|(?:&|\\+\\+|--)\\s*${name}\\b`,
  );
  const since = before.slice(made.index + whole.length);
  // What is behind may have been unmapped on its own.
  if (anew.test(since) || new RegExp(`munmap\\s*\\([^;]{0,200}${escaped(pointer)}`).test(since))
    return undefined;
  return `${targetName(target)} is unmapped with '${length.text}', but ${maker ?? "mmap"}() was given ${mapped.trim()}: the last '${delta}' bytes stay`;
}

function isSum(text: string, a: string, b: string): boolean {
  const terms = text.split("+").map((term) => term.trim());
  return terms.length === 2 && terms.includes(a) && terms.includes(b) && a !== b;
}

/** `mmap(0, n * 4096, …)`, `munmap(p, n * getpagesize())` */
function otherPages({ target, length, lengthText }: UnmapEvent): Finding | undefined {
  const { mapping } = target;
  if (!isOwn(mapping) || mapping.length === undefined || length === undefined) return undefined;
  if (constantValue(target.offset) !== 0 || !inOtherPages(mapping.length, length)) return undefined;
  const was = mapping.lengthText || "another length";
  return {
    message: `${targetName(target)} was mapped with ${was}, but is unmapped with ${lengthText || "another length"}: they differ where pages are larger than 4 KiB`,
    severity: "note",
  };
}

/** `fstat(fd, &st); p = mmap(0, st.st_size, …); edit(p, &st); munmap(p, st.st_size)` */
function lent({ target, lengthText, lengthLent }: UnmapEvent): Finding | undefined {
  if (!lengthLent || !isOwn(target.mapping)) return undefined;
  const object = lengthText.replace(/(?:\.|->)\w+$/, "");
  return {
    message: `'${lengthText}' need not be what ${targetName(target)} was mapped with: other code has been given '${object}' since`,
    severity: "note",
  };
}

function callee(length: Amount): string {
  const origin = soleSymbol(length)?.origin;
  return origin?.kind === "call" ? (origin.function ?? "") : "";
}

function wrongAddress({ target, length, meant, fromMember }: UnmapEvent): string | undefined {
  if (meant !== undefined)
    return `${targetName(target)} has not been set on any way here: it gets '${meant}' only later, and that stays mapped`;
  if (target.holds !== undefined)
    return target.value.kind === "amount"
      ? `${target.text} is the struct that points into the mapping, not the mapping`
      : `${target.text} is the address of the pointer, not of the mapping`;
  if (target.wantedBy !== undefined)
    return `${targetName(target)} is the address asked for, not the one that ${target.wantedBy.function}() returned`;
  const member = memberInside(target);
  if (member !== undefined)
    return `${targetName(target)} is ${member}, behind the start of what it is in: munmap() wants the address that was mapped`;
  const { mapping, offset, varied, text } = target;
  if (!isOwn(mapping) || offset === undefined || constantValue(offset) === 0 || isForcedInto(mapping))
    return undefined;
  if (saysWhereItBegins(mapping, offset)) return undefined;
  if (mapping.length !== undefined && isPadding(subtract(offset, mapping.length)))
    return `what is unmapped here begins behind the end: only ${mapping.lengthText || "the length asked for"} was mapped, with no room to align in`;
  const what = targetName(target);
  if (varied) return `${what} has been moved since it was mapped, so this is not the start of the mapping`;
  // Trimming names the place with an expression; a plain variable was meant to be the start.
  const plain = /^[\w.\->[\]]+$/.test(text.replace(/^\([^()]*\)\s*/, ""));
  const alignment = pageAlignment(offset);
  if (alignment === "unaligned") return undefined;
  // Pages in front may be meant to stay: how many there are behind, only the other function knows.
  if (fromMember && length === undefined && alignment === "aligned") return undefined;
  // Where paths have met, it may be the start on one of them.
  if (offset.constant === 0 && offset.terms.every(({ symbol }) => symbol.origin.kind === "opaque"))
    return undefined;
  // From there to the end: the tail is cut off.
  if (length !== undefined && mapping.length !== undefined && sameAmount(add(offset, length), mapping.length))
    return undefined;
  const whole =
    length !== undefined && mapping.length !== undefined && sameUpToRounding(length, mapping.length);
  return plain || whole ? `${what} is not the address that ${mapping.function}() returned` : undefined;
}

/** Allocators write in front of a block how far behind the start of its mapping it is. */
function saysWhereItBegins({ id }: Mapping, { terms }: Amount): boolean {
  return terms.some(
    ({ symbol: { origin } }) => origin.kind === "load" && origin.place.startsWith(`@{${id}+`),
  );
}

/** The index of another loop: the first turn unmaps it, and what the others were to unmap stays. */
function again({ sameEachTurn, call }: UnmapEvent): string | undefined {
  const [address] = call.args;
  return sameEachTurn && address !== undefined
    ? `each turn of the loop unmaps the same: nothing that '${address.text}' is computed from changes in it`
    : undefined;
}

/** The address is the constant NULL: whatever was meant stays. */
function nothing({ call }: UnmapEvent, text: string): string | undefined {
  const address = call.args[0]?.text ?? "";
  // Code that makes system calls itself clears the low end of its address space so.
  return text.startsWith("munmap", call.site.start) && NULL_CONSTANT.test(address)
    ? `${address} is no mapping: whatever was meant to be unmapped stays`
    : undefined;
}

const NULL_CONSTANT = /^(?:\([\w\s*]+\)\s*)?(?:NULL|nullptr)$/;

/** `if (ring->pages[i]) munmap(ring->pages, size)`: the array that holds the pointers. */
function wholeArray({ call, target }: UnmapEvent, text: string): string | undefined {
  const array = call.args[0]?.text.replace(/^\([^()]*\)\s*/, "") ?? "";
  if (!call.direct || isOwn(target.mapping) || target.value.kind === "address" || !/^\w[\w.>-]*$/.test(array))
    return undefined;
  const [, element] =
    new RegExp(
      `\\bif\\s*\\(\\s*(${escaped(array)}\\s*\\[[^\\][]*\\])(?:\\s*!=\\s*(?:NULL|MAP_FAILED|0))?\\s*\\)\\s*\\{?\\s*$`,
    ).exec(functionUpTo(text, call.site.start)) ?? [];
  return element === undefined
    ? undefined
    : `'${array}' is the array that holds the addresses; the condition asks for ${element}`;
}

/** `(n + page) & ~(page - 1)` is a page too much for every multiple of the page. */
function roundedTooFar({ call }: UnmapEvent, text: string): string | undefined {
  if (!call.direct) return undefined;
  const given = asAssigned(call.args[1]?.text ?? "", text, call.site.start);
  const [, unit, mask] = /\+\s*(\w+)\s*\)\s*&\s*~\s*\(\s*(\w+)\s*-\s*1\s*\)\s*$/.exec(given) ?? [];
  return unit !== undefined && unit === mask
    ? `the length is rounded up by a whole '${unit}': where it is a multiple already, the pages behind the mapping go with it`
    : undefined;
}

/** `hdr->size = bytes / sizeof(int)` wherever the file sets it: that is a number of elements, and munmap() wants bytes. */
function counted({ call }: UnmapEvent, text: string): string | undefined {
  const length = (call.args[1]?.text ?? "").replace(/^\([^()]*\)\s*/, "");
  // The member and what it is a member of: many structs have a `size`, and many variables that name.
  const member = /^(?:\w+\s*(?:->|\.)\s*)*?(\w+\s*(?:->|\.)\s*\w+)$/.exec(length)?.[1];
  if (!call.direct || member === undefined) return undefined;
  const name = escaped(member).replace(/\s+/g, "\\s*");
  const declared = typeOf(member, text, call.site.start);
  const all = [...text.matchAll(new RegExp(`\\b${name}\\s*([-+*/%&|^<>]*)=(?!=)\\s*([^;]{0,200});`, "g"))];
  // In another function the same name may be that of something else, and what nobody here sets is set elsewhere.
  if (all.length > MAX_SETTINGS || all.some(({ index }) => typeOf(member, text, index) !== declared))
    return undefined;
  const settings = all;
  const units = settings.map(([, operator, value = ""]) =>
    operator === "" ? /\/\s*(sizeof\s*(?:\([^()]*\)|\w+))\s*\)*$/.exec(value.trim())?.[1] : undefined,
  );
  const [unit] = units;
  if (unit === undefined || units.includes(undefined) || /\b(?:char|u?int8_t|bool)\s*\)$/.test(unit))
    return undefined;
  return `'${length}' is a number of elements, bytes divided by ${unit}, where munmap() wants bytes`;
}

const MAX_SETTINGS = 20;

/** The word before the variable's name in its last declaration before a place. */
function typeOf(member: string, text: string, before: number): string | undefined {
  const variable = /^\w+/.exec(member)?.[0] ?? "";
  const declarations = text
    .slice(0, before)
    .matchAll(
      new RegExp(
        `\\b(?!return\\b|else\\b|goto\\b)(\\w+)\\s*(?:\\*\\s*|\\s)(?:const\\s+)?${variable}\\s*[,;=)\\[]`,
        "g",
      ),
    );
  return [...declarations].at(-1)?.[1];
}

/** `p = (char *)(header + header->size)`: to a pointer to a struct, structs are added, not bytes. */
function scaled({ call }: UnmapEvent, text: string): string | undefined {
  const [, pointer] = /^(?:\([^()]*\)\s*)?(\w+)$/.exec(call.args[0]?.text ?? "") ?? [];
  if (!call.direct || pointer === undefined) return undefined;
  const body = functionUpTo(text, call.site.start);
  const given = asAssigned(pointer, text, call.site.start);
  const [, struct, added] =
    /^\(\s*(?:(?:un)?signed\s+)?(?:char|u?int8_t|void)\s*\*\s*\)\s*\(\s*(\w+)\s*\+\s*([^()]*(?:sizeof\s*\([^()]*\))?[^()]*)\)$/.exec(
      given.trim(),
    ) ?? [];
  if (struct === undefined || added === undefined || !/size|len(?:gth)?\b/i.test(added)) return undefined;
  return new RegExp(`\\bstruct\\s+\\w+\\s*\\*\\s*(?:const\\s+)?${struct}\\b`).test(body)
    ? `'${pointer}' is '${struct}' moved on by ${added.trim()} structs, not bytes: that is far behind the mapping`
    : undefined;
}
