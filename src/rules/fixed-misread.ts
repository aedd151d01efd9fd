/**
 * MAP_FIXED taken for a request that the kernel may refuse: the code around the call tells that somebody expects it to fail,
 * or to map elsewhere, where the range is occupied. It does neither.
 */
import type { MapEvent } from "../analyzer/events.js";
import { hasFlag } from "../analyzer/flags.js";
import { escaped, functionAround, functionUpTo } from "./terms.js";

const REPLACES = "replaces it without a word";

/** What is wrong about what the code around the call expects; undefined where nothing tells. */
export function misread(event: MapEvent, text: string): string | undefined {
  const { call, address } = event;
  const written = withoutCast(address.text);
  // A reservation that the file makes is where it maps: nothing foreign is replaced there.
  if (!call.direct || written === "" || isInOwnMapping(event) || /\bPROT_NONE\b/.test(text)) return undefined;
  const after = functionAround(text, call.site.end).slice(functionUpTo(text, call.site.end).length);
  const isProbed = /\b(?:msync|mincore) ?\(/.test(functionUpTo(text, call.site.start));
  return (
    forced(event, written, text) ??
    (hasFlag(event.flags, "MAP_FIXED") === "yes"
      ? (undone(event, written, text, after) ?? (isProbed ? undefined : movedInstead(event, written, after)))
      : undefined)
  );
}

function isInOwnMapping({ address: { mapping } }: MapEvent): boolean {
  return mapping !== undefined && mapping.source !== "given";
}

/** `if (addr) flags |= MAP_FIXED;`: wherever an address is given, it is forced. */
function forced({ call, flags }: MapEvent, address: string, text: string): string | undefined {
  const variable = call.args[3]?.text ?? "";
  if (!/^[A-Za-z_]\w*$/.test(variable) || hasFlag(flags, "MAP_FIXED") === "no") return undefined;
  const added = new RegExp(
    `\\bif\\s*\\(([^;{}]*)\\)\\s*\\{?\\s*${variable}\\s*\\|=[^;{}]*\\bMAP_FIXED\\b`,
  ).exec(functionUpTo(text, call.site.start));
  const tested = (added?.[1] ?? "").split("&&").map((part) => part.trim());
  const place = escaped(address);
  const isThere = new RegExp(`^\\(?(?:${place}(?: ?!= ?(?:NULL|0))?|(?:NULL|0) ?!= ?${place})\\)?$`);
  return tested.some((part) => isThere.test(part))
    ? `MAP_FIXED wherever '${address}' is not NULL: the address alone would spare what is mapped there, this ${REPLACES}`
    : undefined;
}

/** `if (p != addr) munmap(p, n);`: another address than the one that was asked for, which never comes. */
function undone({ call }: MapEvent, address: string, text: string, after: string): string | undefined {
  const before = functionUpTo(text, call.nameSite.start);
  const [, name] = /([A-Za-z_][\w.>-]*)\s*=\s*(?:\([^()]*\)\s*)?$/.exec(before.slice(-NEAR)) ?? [];
  if (name === undefined) return undefined;
  const [result, place] = [escaped(name), escaped(address)];
  const isUndone = new RegExp(
    `\\b(?:${result} ?!= ?${place}|${place} ?!= ?${result})\\b[^;{}]*\\)\\s*\\{?[^;{}]*\\bmunmap ?\\( ?${result}\\b`,
  ).test(after);
  return isUndone
    ? `MAP_FIXED never maps elsewhere than at '${address}', whatever the test behind it expects: what is mapped there is replaced without a word`
    : undefined;
}

/** As far back as a name and a cast reach. */
const NEAR = 200;

/** Where it fails, what stands before the range is copied to other memory and unmapped: it was to grow in place. */
function movedInstead({ failure }: MapEvent, address: string, after: string): string | undefined {
  const [, base = ""] = /^(\w+) ?\+ ?[\w.>-]+$/.exec(address) ?? [];
  if (failure !== "tolerated" || base === "") return undefined;
  const copied = new RegExp(`\\bmem(?:cpy|move) ?\\([^;,]*, ?${base} ?,`).test(after);
  return copied && new RegExp(`\\bmunmap ?\\( ?${base} ?,`).test(after)
    ? `MAP_FIXED behind '${base}' does not fail where that is taken, for '${base}' to be moved then: it ${REPLACES}`
    : undefined;
}

function withoutCast(written: string): string {
  return written.replace(/^\(\s*(?:const )?\w+\s*\*+\s*\)\s*/, "");
}
