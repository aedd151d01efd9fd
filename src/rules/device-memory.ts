/** Registers and other device memory: every access counts, with the width and the order that the program wrote. */
import type { AccessEvent } from "../analyzer/events.js";
import { hasFlag } from "../analyzer/flags.js";
import type { Mapping } from "../analyzer/mapping.js";
import type { Rule } from "./rule.js";
import { nameOf } from "./terms.js";

export const deviceMemory: Rule = {
  id: "device-memory",
  summary: "device memory is accessed as if it were ordinary memory",
  why: "memcpy(), memset() and the string functions choose the width and the order of their accesses, and may use unaligned ones: on device memory these fault on many machines, or reach registers twice or not at all. Writes through a pointer that is not volatile may be merged, moved or dropped by the compiler. And in a private mapping they never reach the device.",
  help: "access it through volatile pointers of the device's own width, one access at a time, in a MAP_SHARED mapping",
  severity: "warning",
  cwe: [1298],
  since: "0.1.0",
  references: ["mem(4)", "mmap(2)"],
  silent: [
    "Framebuffers, and devices whose path is not literal in the same file.",
    "Accesses through volatile pointers, accessor functions, and reads of single values.",
  ],
  on: {
    access: (event, text) =>
      isDevice(event.mapping) && !isFirmware(event, text) ? (copied(event) ?? merged(event)) : undefined,
    map: ({ mapping, flags, protection, call }) =>
      call.direct &&
      isDevice(mapping) &&
      hasFlag(flags, "MAP_PRIVATE") === "yes" &&
      hasFlag(protection, "PROT_WRITE") === "yes"
        ? `writes to this private mapping of ${mapping.descriptor?.path} never reach the device`
        : undefined,
  },
};

/** Memory and registers by their physical address. */
const DEVICE = /^\/dev\/(?:k?mem|gpiomem\d*|uio\d+|vc-mem)$|^\/sys\/.*\/resource\d+(?:_wc)?$/;

function isDevice({ descriptor, phase }: Mapping): boolean {
  return (
    phase !== "failed" &&
    phase !== "unmapped" &&
    descriptor?.path !== undefined &&
    DEVICE.test(descriptor.path)
  );
}

/** Tables that a PC's firmware has left in ordinary memory; who reads them looks below 1 MiB for where they are. */
function isFirmware({ mode }: AccessEvent, text: string): boolean {
  return mode === "read" && /_(?:SM3?|DMI)_|\bsmbios|\bdmi_/i.test(text);
}

/** Functions that choose how they access memory. */
const COPIES = /^(?:(?:__builtin_)?mem(?:cpy|move|pcpy|set|cmp)|bcopy|bzero|bcmp|strn?(?:cpy|cat|cmp|len))$/;

function copied({ mapping, by, viaHint }: AccessEvent): string | undefined {
  if (by === undefined || viaHint || !COPIES.test(by)) return undefined;
  return `${by}() on ${nameOf(mapping)}, which is memory of ${mapping.descriptor?.path}: its accesses may be unaligned or of the wrong width, and fault`;
}

function merged({ mapping, by, mode, plain, viaHint }: AccessEvent): string | undefined {
  if (by !== undefined || viaHint || mode !== "write" || !plain) return undefined;
  return `${nameOf(mapping)} is memory of ${mapping.descriptor?.path} and written through a pointer that is not volatile: the compiler may merge, move or drop the write`;
}
