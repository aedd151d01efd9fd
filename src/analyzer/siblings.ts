/**
 * Lengths in terms of the members that stand beside the one that holds a mapping: what one function has mapped, and what
 * another unmaps, can be compared when both are counted in the same struct's members.
 */
import { type Amount, symbolOf } from "./amount.js";
import { substitute } from "./substitution.js";

/** Where the members of a struct are, "*{+{param:0}}." of "*{+{param:0}}.base"; undefined for what is no member. */
export function structAt(place: string): string | undefined {
  const end = place.lastIndexOf(".");
  return end < 0 ? undefined : place.slice(0, end + 1);
}

/**
 * The amount with the members of the struct there by their names, whatever led to the struct: "n", or "attr.count" for a
 * member of a struct within it. `moment`: when they were read.
 */
export function inMembers(amount: Amount, struct: string, moment = ""): Amount {
  return substitute(amount, ({ origin }) => {
    if (origin.kind !== "load" || !origin.place.startsWith(struct) || !origin.place.endsWith(moment))
      return undefined;
    const member = origin.place.slice(struct.length, origin.place.length - moment.length);
    return /^\w+(?:\.\w+)*$/.test(member) ? memberSymbol(member) : undefined;
  });
}

/** The amount with the members as they are where `beside` says so. */
export function withMembers(amount: Amount, beside: (member: string) => Amount | undefined): Amount {
  return substitute(amount, ({ origin }) =>
    origin.kind === "constant" && origin.name.startsWith(PREFIX)
      ? beside(origin.name.slice(PREFIX.length))
      : undefined,
  );
}

/** Is it computed from members, sizes and constants alone? */
export function isOfMembers({ terms }: Amount): boolean {
  return terms.every(({ symbol: { origin } }) => {
    switch (origin.kind) {
      case "constant":
      case "sizeof":
      case "page":
        return true;
      case "operation":
        return origin.operands.every(isOfMembers);
      case "parameter":
      case "load":
      case "call":
      case "uninitialized":
      case "input":
      case "opaque":
        return false;
    }
  });
}

/** No name in C begins so. */
const PREFIX = ".";

function memberSymbol(member: string): Amount {
  return symbolOf({ kind: "constant", name: `${PREFIX}${member}` });
}
