/** Every mapping is either shared or private, and the caller has to say which. */
import type { Flags } from "../analyzer/flags.js";
import { hasFlag } from "../analyzer/flags.js";
import type { Rule } from "./rule.js";

export const sharingFlag: Rule = {
  id: "sharing-flag",
  summary: "the flags do not say exactly one of MAP_SHARED and MAP_PRIVATE",
  why: "With neither of them mmap() fails with EINVAL. Both together are the value of MAP_SHARED_VALIDATE: on a file the call succeeds and what was meant to be private modifies the file; with MAP_ANONYMOUS it fails with EINVAL.",
  help: "give exactly one of MAP_SHARED, MAP_SHARED_VALIDATE and MAP_PRIVATE",
  severity: "error",
  cwe: [628],
  since: "0.1.0",
  references: ["mmap(2)", "POSIX.1-2024 mmap"],
  silent: [
    "Flags that come from a parameter, a variable or an unknown macro.",
    "MAP_SHARED_VALIDATE by its name.",
    "MAP_ANON alone in code for FreeBSD.",
  ],
  on: {
    map: ({ flags, call }, text) => {
      if (!call.direct) return undefined;
      if (hasFlag(flags, "MAP_SHARED") === "yes" && hasFlag(flags, "MAP_PRIVATE") === "yes") {
        return "MAP_SHARED with MAP_PRIVATE is MAP_SHARED_VALIDATE: writes go to the file";
      }
      return lacksSharing(flags) && !(hasFlag(flags, "MAP_ANONYMOUS") === "yes" && IS_FOR_BSD.test(text))
        ? `neither MAP_SHARED nor MAP_PRIVATE: ${call.function}() fails with EINVAL`
        : undefined;
    },
  },
};

/** Names that the man page lists; a project's own name may stand for anything. */
const WITHOUT_SHARING =
  /^MAP_(?:ANONYMOUS|FILE|FIXED|FIXED_NOREPLACE|NORESERVE|POPULATE|NONBLOCK|LOCKED|GROWSDOWN|STACK|HUGETLB|HUGE_\w+|DENYWRITE|EXECUTABLE|HASSEMAPHORE|NOSYNC|NOCORE|INHERIT|32BIT|UNINITIALIZED|SYNC)$/;

/** Headers that Linux does not have. FreeBSD's mmap(2) takes MAP_ANON alone for MAP_PRIVATE. */
const IS_FOR_BSD =
  /^[ \t]*#[ \t]*include[ \t]*<(?:net\/bpf|sys\/event|sys\/cpuset|sys\/linker|machine\/\w+|vm\/\w+|libutil)\.h>/m;

function lacksSharing(flags: Flags): boolean {
  return !flags.open && [...flags.may].every((name) => WITHOUT_SHARING.test(name));
}
