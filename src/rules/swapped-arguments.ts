/** Protection, flags, advice and lengths are all integers, so the compiler does not notice an exchange. */
import type { Amount } from "../analyzer/amount.js";
import { constantValue } from "../analyzer/amount.js";
import type { Argument, Call } from "../analyzer/events.js";
import { asFlags, asNumber } from "../analyzer/value.js";
import type { Edit } from "../diagnostic.js";
import type { Finding } from "./rule.js";
import type { Rule } from "./rule.js";

export const swappedArguments: Rule = {
  id: "swapped-arguments",
  summary: "arguments of the mmap family stand in each other's place",
  why: "PROT_READ is 1 and so is MAP_SHARED; PROT_WRITE is 2 and so is MAP_PRIVATE. An exchange therefore often succeeds, with another protection or another sharing than was written: `MAP_PRIVATE, PROT_READ | PROT_WRITE` is a shared mapping that modifies the file. Other exchanges fail with EINVAL or EBADF.",
  help: "put the arguments in the order of the man page: addr, length, prot, flags, fd, offset",
  severity: "error",
  cwe: [683],
  since: "0.1.0",
  references: ["mmap(2)", "mprotect(2)", "msync(2)", "madvise(2)"],
  silent: [
    "Numbers and variables: only names that belong to another argument are judged.",
    "A project's own function with another order of arguments.",
  ],
  on: {
    map: ({ call }, text) => (call.direct ? (wrongKinds(call, text) ?? exchangedFd(call, text)) : undefined),
    protect: ({ call }, text) =>
      lengthAndFlags(call, "PROT", text) ?? foreignFlag(call.args[2], "MAP", "mprotect() takes PROT_ values"),
    sync: ({ call, length }, text) =>
      sizeAsFlags(call, length, text) ??
      lengthAndFlags(call, "MS", text) ??
      foreignFlag(call.args[2], "(?:PROT|MAP|MADV)", "msync() takes MS_ values"),
    advise: ({ call }, text) =>
      lengthAndFlags(call, "(?:POSIX_)?MADV", text) ??
      foreignFlag(call.args[2], "(?:PROT|MAP|MS)", "madvise() takes MADV_ values"),
  },
};

/** Does the argument certainly hold a name of that kind? Gives the name. */
function named(argument: Argument | undefined, kind: string): string | undefined {
  if (argument === undefined) return undefined;
  return [...asFlags(argument.value).must].find((name) => new RegExp(`^${kind}_`).test(name));
}

function wrongKinds(call: Call, text: string): Finding | undefined {
  const [protection, flags] = [2, 3];
  const inProtection = named(call.args[protection], "MAP");
  const inFlags = named(call.args[flags], "PROT");
  if (inProtection !== undefined && inFlags !== undefined) {
    return {
      message: `protection and flags are exchanged: ${inProtection} stands where PROT_ values belong`,
      ...exchanged(call.args[protection], call.args[flags], text),
    };
  }
  if (inProtection !== undefined)
    return { message: `${inProtection} is a flag, but stands in the protection argument` };
  if (inFlags !== undefined)
    return { message: `${inFlags} is a protection, but stands in the flags argument` };
  const advice = named(call.args[flags], "(?:MADV|MS)");
  return advice === undefined
    ? undefined
    : { message: `${advice} does not belong here: mmap() takes MAP_ values` };
}

/** `…, 0, -1)` for `…, -1, 0)`. */
function exchangedFd(call: Call, text: string): Finding | undefined {
  const fd = call.args[4];
  const offset = call.args[5];
  if (fd === undefined || offset === undefined || asNumber(fd.value) !== 0 || asNumber(offset.value) !== -1)
    return undefined;
  return { message: "fd and offset are exchanged: the offset is -1", ...exchanged(fd, offset, text) };
}

/** `msync(p, 0, n)`. */
function sizeAsFlags(call: Call, length: Amount | undefined, text: string): Finding | undefined {
  const flags = call.args[2];
  if (length === undefined || constantValue(length) !== 0 || flags?.value.kind !== "amount") return undefined;
  const n = constantValue(flags.value.amount);
  if (n !== undefined && n >= 0 && n < 8) return undefined;
  return {
    message: `length and flags are exchanged: the length is 0, and ${flags.text} stands where MS_ values belong`,
    ...exchanged(call.args[1], flags, text),
  };
}

/** `msync(p, MS_SYNC, n)`. */
function lengthAndFlags(call: Call, kind: string, text: string): Finding | undefined {
  const name = named(call.args[1], kind);
  if (name === undefined) return undefined;
  return {
    message: `length and flags are exchanged: ${name} stands where the length belongs`,
    ...exchanged(call.args[1], call.args[2], text),
  };
}

function foreignFlag(argument: Argument | undefined, kind: string, takes: string): Finding | undefined {
  const name = named(argument, kind);
  return name === undefined ? undefined : { message: `${name} does not belong here: ${takes}` };
}

function exchanged(a: Argument | undefined, b: Argument | undefined, text: string): { readonly edit?: Edit } {
  if (
    a === undefined ||
    b === undefined ||
    a.inMacro ||
    b.inMacro ||
    /#/.test(text.slice(Math.min(a.site.start, b.site.start), Math.max(a.site.end, b.site.end)))
  )
    return {};
  if (isMixed(a) || isMixed(b)) return {};
  return {
    edit: {
      title: "exchange the two arguments",
      safety: "safe",
      changes: [
        { span: a.site, text: b.text },
        { span: b.site, text: a.text },
      ],
    },
  };
}

/** Holds values of both kinds: exchanging them would put nothing right. */
function isMixed({ value }: Argument): boolean {
  const kinds = new Set([...asFlags(value).may].map((name) => name.slice(0, name.indexOf("_"))));
  return kinds.size > 1;
}
