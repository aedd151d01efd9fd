/** MAP_FIXED replaces whatever lives at the address, without a word. */
import { add, type Amount, constantValue, soleSymbol, subtract } from "../analyzer/amount.js";
import { sameUpToRounding } from "../analyzer/lengths.js";
import type { MapEvent } from "../analyzer/events.js";
import { hasFlag } from "../analyzer/flags.js";
import { asAmount } from "../analyzer/value.js";
import { misread } from "./fixed-misread.js";
import type { Rule } from "./rule.js";

export const fixedClobber: Rule = {
  id: "fixed-clobber",
  summary: "MAP_FIXED maps over memory that the program has not reserved",
  why: "mmap() with MAP_FIXED removes any mapping in the range first: the heap, a stack, a library's code. With address space randomisation what lives at a literal address differs from run to run, so the damage shows far from here and not every time.",
  help: "reserve the range with a PROT_NONE mapping first, or use MAP_FIXED_NOREPLACE and compare the result",
  severity: "warning",
  cwe: [123],
  since: "0.1.0",
  references: ["mmap(2)"],
  silent: [
    "An address inside the program's own reservation: an earlier mapping of at least that range.",
    "MAP_FIXED_NOREPLACE, which fails with EEXIST instead.",
    "An address whose origin is unknown.",
  ],
  on: {
    map: (event, text) => {
      if (EXCLUSIVE.some((name) => hasFlag(event.flags, name) !== "no")) return undefined;
      const isCertain = hasFlag(event.flags, "MAP_FIXED") === "yes";
      const where = isCertain ? (place(event, text) ?? behindEnd(event, text)) : undefined;
      if (where !== undefined)
        return `MAP_FIXED ${where}: whatever is mapped there is replaced without a word`;
      const message = misread(event, text);
      return message === undefined ? undefined : { message, severity: "note" };
    },
  },
};

/** With these an occupied range makes the call fail instead. */
const EXCLUSIVE = ["MAP_EXCL", "MAP_FIXED_NOREPLACE", "MAP_TRYFIXED"];
/** Numbers read from outside the program. */
const READ_FROM_OUTSIDE = /^(?:strtou?ll?|strtoumax|strtoimax|atoll?|atoi)$/;

/** Where the mapping is forced to, if that is certainly not the program's own reservation. */
function place({ address, length }: MapEvent, text: string): string | undefined {
  if (address.mapping !== undefined) {
    if (address.mapping.source === "heap") return `over memory of ${address.mapping.function}()`;
    if (address.mapping.source === "given" || address.offset === undefined || length === undefined)
      return undefined;
    return reachesPast(address.offset, length, address.mapping.length)
      ? `past the end of ${address.mapping.name ?? "the reservation"}`
      : undefined;
  }
  if (address.value.kind === "address") return undefined;
  const amount = asAmount(address.value);
  const literal = constantValue(amount);
  if (literal !== undefined)
    return literal === -1 || address.text === "" ? undefined : `at the fixed address ${address.text}`;
  const origin = amount === undefined ? undefined : soleSymbol(amount)?.origin;
  if (origin?.kind === "call" && origin.function !== undefined && READ_FROM_OUTSIDE.test(origin.function)) {
    return `at an address from ${origin.function}()`;
  }
  if (origin?.kind === "input") return `at an address read by ${origin.function}()`;
  if (amount !== undefined && isBreak(amount)) return "above the program break, where anything may be mapped";
  return amount === undefined ? undefined : fromVariable(amount, text);
}

/**
 * `mmap(base + size, n, …); … size += n;` without a reservation anywhere in the file: it lies behind the end of what is
 * mapped.
 */
function behindEnd({ call, address }: MapEvent, text: string): string | undefined {
  const [, base = "", size = ""] = /^(?:\([^()]*\)\s*)?(\w+) ?\+ ?(\w+)$/.exec(address.text) ?? [];
  const length = call.args[1]?.text ?? "";
  if (!call.direct || size === "" || !/^\w+$/.test(length) || /\bPROT_NONE\b/.test(text)) return undefined;
  const grows = new RegExp(`\\b${size}\\s*\\+=\\s*${length}\\b`).test(text);
  return grows ? `behind the ${size} bytes that are mapped at '${base}'` : undefined;
}

/** A variable at file scope or a static one: its initializer is an address, or nothing in the file gives it another value. */
function fromVariable({ terms, constant }: Amount, text: string): string | undefined {
  const [term, second] = terms;
  const origin = term?.symbol.origin;
  if (second !== undefined || term?.coefficient !== 1 || origin?.kind !== "load") return undefined;
  const [, name] = /^::(?:static:)?(?:\w+\.)?(\w+)$/.exec(origin.place) ?? [];
  if (name === undefined) return undefined;
  const literal = new RegExp(
    `\\*\\s*${name}\\s*=\\s*\\([^()]*\\)\\s*(0[xX][0-9a-fA-F]{5,}\\w*)\\s*[,;]`,
  ).exec(text)?.[1];
  if (literal !== undefined) return `at '${name}', which begins as the fixed address ${literal}`;
  const isInteger = new RegExp(`\\b(?:${INTEGER})\\s+${name}\\s*;`).test(text);
  const isGiven = new RegExp(`\\b${name}\\s*(?:[-+|&]?=(?!=)|\\+\\+)|&\\s*${name}\\b`).test(text);
  return isInteger && !isGiven && constant === 0
    ? `at the number in '${name}', where nothing here has reserved anything`
    : undefined;
}

/** Types of 64 bits and their like, in which addresses are kept that somebody chose. */
const INTEGER = "u64|uint64_t|__u64|unsigned long(?: long)?(?: int)?|uintptr_t|size_t|ulong|u_long";

type Length = MapEvent["length"];

function reachesPast(offset: NonNullable<Length>, length: NonNullable<Length>, reserved: Length): boolean {
  if (reserved === undefined) return false;
  const end = add(offset, length);
  const excess = subtract(end, reserved);
  if (sameUpToRounding(end, reserved) || excess.constant < 0) return false;
  return (
    excess.terms.every(({ coefficient }) => coefficient > 0) &&
    (excess.constant > 0 || excess.terms.length > 0)
  );
}

/** Computed from what sbrk(2) gives. */
function isBreak({ terms }: Amount): boolean {
  return terms.some(
    ({ symbol: { origin } }) =>
      (origin.kind === "call" && origin.function === "sbrk") ||
      (origin.kind === "operation" && origin.operands.some(isBreak)),
  );
}
