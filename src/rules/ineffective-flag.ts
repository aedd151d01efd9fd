/** Flags that the kernel ignores, alone or in this company. */
import type { MapEvent } from "../analyzer/events.js";
import type { Flags } from "../analyzer/flags.js";
import { hasFlag } from "../analyzer/flags.js";
import { asNumber } from "../analyzer/value.js";
import type { Finding, Rule } from "./rule.js";

export const ineffectiveFlag: Rule = {
  id: "ineffective-flag",
  summary: "a flag of mmap() does not do what it says",
  why: "MAP_DENYWRITE and MAP_EXECUTABLE are ignored by Linux, and MAP_UNINITIALIZED by every kernel that isolates processes. MAP_NONBLOCK turns MAP_POPULATE off, and alone is nothing. MAP_GROWSDOWN grows only while nothing else is mapped below, and the kernel does not keep that range free. MAP_HUGETLB makes mmap() fail with EINVAL for a file that is not on hugetlbfs, and does nothing for one that is.",
  help: "leave the flag out, or use the call that does it, as madvise(MADV_POPULATE_READ) for MAP_POPULATE",
  severity: "note",
  cwe: [],
  since: "0.1.0",
  references: ["mmap(2)", "madvise(2)"],
  silent: [
    "MAP_POPULATE as an optimisation, and MAP_STACK, which other systems need.",
    "MAP_FILE in a file mapping, where it says what is so anyway.",
    "MAP_GROWSDOWN at an address that the program has chosen: it may have kept the room itself.",
    "Flags that are set on some paths only.",
    "MAP_HUGETLB with a file whose name says that its pages are huge, and with one of memfd_create().",
  ],
  on: {
    map: (event) => {
      const { flags, call } = event;
      const why = ineffective(event) ?? combined(flags) ?? hugePagesOfFile(event);
      return why === undefined || !call.direct ? undefined : why;
    },
  },
};

function has(flags: Flags, name: string): boolean {
  return hasFlag(flags, name) === "yes";
}

function ineffective({ flags, call, address }: MapEvent): string | undefined {
  const { function: name } = call;
  if (has(flags, "MAP_DENYWRITE"))
    return "MAP_DENYWRITE is ignored: the file can still be opened for writing";
  if (has(flags, "MAP_EXECUTABLE")) return `MAP_EXECUTABLE is ignored: ${name}() does nothing with it`;
  if (has(flags, "MAP_UNINITIALIZED"))
    return "MAP_UNINITIALIZED is ignored by every kernel that isolates processes: the pages are cleared all the same";
  if (has(flags, "MAP_GROWSDOWN") && asNumber(address.value) === 0)
    return "MAP_GROWSDOWN keeps no room below the mapping: it stops growing where something else is mapped, and a stack then runs into that";
  return undefined;
}

/** The kernel asks the file, not the flag, whether its pages are huge. */
function hugePagesOfFile({ flags, mapping, call }: MapEvent): Finding | undefined {
  const { descriptor, fd } = mapping;
  if (!has(flags, "MAP_HUGETLB") || hasFlag(flags, "MAP_ANONYMOUS") !== "no") return undefined;
  if (fd === undefined || asNumber(fd) !== undefined || descriptor?.origin === "memfd_create")
    return undefined;
  if (/huge/i.test(`${descriptor?.path} ${call.args[4]?.text}`)) return undefined;
  return descriptor?.origin === "shm_open"
    ? {
        message: `MAP_HUGETLB with an object of shm_open(): its pages are ordinary ones, so ${call.function}() fails with EINVAL`,
        severity: "warning",
      }
    : {
        message: `MAP_HUGETLB is for memory without a file: on hugetlbfs it changes nothing, and with any other file ${call.function}() fails with EINVAL`,
      };
}

function combined(flags: Flags): string | undefined {
  const populates = has(flags, "MAP_POPULATE");
  if (has(flags, "MAP_NONBLOCK") && populates)
    return "MAP_POPULATE with MAP_NONBLOCK does nothing: no page is read in";
  if (has(flags, "MAP_NONBLOCK") && hasFlag(flags, "MAP_POPULATE") === "no")
    return "MAP_NONBLOCK without MAP_POPULATE does nothing";
  if (has(flags, "MAP_FILE") && has(flags, "MAP_ANONYMOUS"))
    return "MAP_FILE is 0 and does not undo MAP_ANONYMOUS: the mapping has no file";
  if (has(flags, "MAP_32BIT") && has(flags, "MAP_FIXED"))
    return "MAP_32BIT is ignored with MAP_FIXED: the address says where the mapping is";
  return undefined;
}
