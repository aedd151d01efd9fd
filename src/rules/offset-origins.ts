/** Offsets of which the code around shows that they count bytes: numbers out of a record, or where the rest of a part begins. */
import { PAGE_LIKE } from "../analyzer/alignment.js";
import type { Amount, Term } from "../analyzer/amount.js";
import type { MapEvent } from "../analyzer/events.js";
import { functionAround } from "./terms.js";

/** Takes a number out of what a file or a peer has in another byte order. */
const SWAPS = /\b((?:__)?(?:le|be)(?:16|32|64)_?to_?(?:cpu|h|host)\w*|ntoh(?:l|ll|s))\s*\(/;

const ROUNDS = /align|round|page|& ?~|%/i;

/** Longer initializers are not looked at. */
const LONGEST = 400;

/** From a member over what is put into it to the record, at most. */
const MOST_STEPS = 3;

/** The function through which the number comes out of a record, where a member is the offset. */
export function outOfRecord({ call }: MapEvent, text: string): string | undefined {
  const [, member] = /(?:->|\.)(\w+)$/.exec(call.args[5]?.text ?? "") ?? [];
  if (!call.direct || member === undefined || !SWAPS.test(text)) return undefined;
  return throughMember(member, text, new Set());
}

interface Given {
  readonly value: string;
  readonly at: number;
}

function throughMember(member: string, text: string, seen: Set<string>): string | undefined {
  if (seen.has(member) || seen.size >= MOST_STEPS) return undefined;
  seen.add(member);
  const all = givenTo(`(?:->|\\.)\\s*${member}`, text);
  return all.some(({ value }) => ROUNDS.test(value)) ? undefined : through(all, text, seen);
}

function through(all: readonly Given[], text: string, seen: Set<string>): string | undefined {
  for (const { value } of all) {
    const [, swap] = SWAPS.exec(value) ?? [];
    if (swap !== undefined) return swap;
  }
  for (const { value, at } of all) {
    const [, variable] = /^([A-Za-z_]\w*)$/.exec(value) ?? [];
    if (variable === undefined) continue;
    // A local variable: what the function gives it, and adds to it.
    const given = givenTo(`(?<![\\w.>])${variable}`, functionAround(text, at));
    if (given.some((one) => ROUNDS.test(one.value))) continue;
    for (const one of given) {
      const [, member] = /^[\w.>-]*(?:->|\.)(\w+)$/.exec(one.value) ?? [];
      const found = SWAPS.exec(one.value)?.[1];
      const swap = found ?? (member === undefined ? undefined : throughMember(member, text, seen));
      if (swap !== undefined) return swap;
    }
  }
  return undefined;
}

function givenTo(place: string, text: string): readonly Given[] {
  return [...text.matchAll(new RegExp(`${place}\\s*\\+?=(?!=)\\s*([^;]{0,${LONGEST}});`, "g"))].map(
    (match) => ({
      value: (match[1] ?? "").trim(),
      at: match.index,
    }),
  );
}

/** `mmap(…, length - done, …, start + done)`: from where something has got to, up to its end. */
export function isRestOfPart({ call, offset, length }: MapEvent): boolean {
  if (!call.direct || offset === undefined || length === undefined) return false;
  const [first, second, third] = offset.terms;
  if (first === undefined || second === undefined || third !== undefined || offset.constant !== 0)
    return false;
  return (
    [first, second].every((term) => term.coefficient === 1 && isMember(term)) &&
    (isTakenFrom(length, first) || isTakenFrom(length, second))
  );
}

function isTakenFrom(length: Amount, { symbol }: Term): boolean {
  const [one, other, more] = length.terms;
  if (one === undefined || other === undefined || more !== undefined || length.constant !== 0) return false;
  const [taken, whole] = one.coefficient < 0 ? [one, other] : [other, one];
  return (
    taken.coefficient === -1 && taken.symbol.id === symbol.id && whole.coefficient === 1 && isMember(whole)
  );
}

function isMember({ symbol: { origin } }: Term): boolean {
  return (
    origin.kind === "load" &&
    /\.\w+/.test(origin.place) &&
    !PAGE_LIKE.test(/[^.]*$/.exec(origin.path)?.[0] ?? "")
  );
}
