/** Anonymous memory has no file: its descriptor is -1 and its offset 0. */
import { constantValue } from "../analyzer/amount.js";
import type { Argument, MapEvent } from "../analyzer/events.js";
import { hasFlag, isExact } from "../analyzer/flags.js";
import { asNumber } from "../analyzer/value.js";
import type { Edit } from "../diagnostic.js";
import type { Finding } from "./rule.js";
import type { Rule } from "./rule.js";

export const anonymousFd: Rule = {
  id: "anonymous-fd",
  summary:
    "the descriptor does not fit the mapping: a file mapping of -1, or an anonymous one with a descriptor",
  why: "A mapping without MAP_ANONYMOUS needs a file, and with descriptor -1 fails with EBADF. With MAP_ANONYMOUS Linux ignores the descriptor, so the memory is zeros and not the file that was meant, and the BSDs and macOS refuse any descriptor but -1 with EINVAL.",
  help: "give -1 and 0 with MAP_ANONYMOUS, and an open file without it",
  severity: "error",
  cwe: [628],
  since: "0.1.0",
  references: ["mmap(2)"],
  silent: [
    "A descriptor whose value is not known, and one that depends on the same condition as MAP_ANONYMOUS.",
    "A macro for the descriptor whose value is -1.",
  ],
  on: {
    map: (event) => (event.call.direct ? (anonymousWithFile(event) ?? fileWithoutFile(event)) : undefined),
  },
};

function anonymousWithFile({ flags, call, mapping, offset }: MapEvent): Finding | undefined {
  if (hasFlag(flags, "MAP_ANONYMOUS") !== "yes") return undefined;
  // fd and offset exchanged: said by another rule.
  if (constantValue(offset) === -1) return undefined;
  const argument = call.args[4];
  const fd = asNumber(mapping.fd);
  if (mapping.descriptor !== undefined) {
    return {
      message: `MAP_ANONYMOUS ignores the file '${argument?.text ?? "fd"}': the memory is zeros, not the file`,
      severity: "warning",
    };
  }
  if (fd !== undefined && fd !== -1) {
    return {
      message: `MAP_ANONYMOUS with fd ${argument?.text ?? fd}: systems other than Linux refuse any fd but -1`,
      severity: "note",
      ...replaced(argument, "-1"),
    };
  }
  const at = offset === undefined ? undefined : constantValue(offset);
  if (at !== undefined && at !== 0) {
    return {
      message: `MAP_ANONYMOUS with offset ${call.args[5]?.text ?? at}: there is no file, and some systems refuse it`,
      severity: "note",
      ...replaced(call.args[5], "0"),
    };
  }
  return undefined;
}

function fileWithoutFile({ flags, mapping, call }: MapEvent): string | undefined {
  if (!isExact(flags) || hasFlag(flags, "MAP_ANONYMOUS") !== "no" || flags.must.size === 0) return undefined;
  if (
    asNumber(mapping.fd) !== -1 ||
    [...flags.must].some(
      (name) => !/^MAP_(?:SHARED|PRIVATE|FIXED|FILE|NORESERVE|POPULATE|LOCKED|SHARED_VALIDATE)$/.test(name),
    )
  )
    return undefined;
  return `fd -1 without MAP_ANONYMOUS: ${call.function}() fails with EBADF`;
}

function replaced(argument: Argument | undefined, text: string): { readonly edit?: Edit } {
  if (argument === undefined || argument.inMacro || !/^(?:\([\w ]+\)\s*)?\d+$/.test(argument.text)) return {};
  return { edit: { title: `pass ${text}`, safety: "safe", changes: [{ span: argument.site, text }] } };
}
