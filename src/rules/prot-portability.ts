/** Flags that one system has, in a file that is compiled for others too. */
import type { Flags } from "../analyzer/flags.js";
import type { Site } from "../diagnostic.js";
import { asksFor, conditionLines, conditionsAround } from "./conditionals.js";
import type { Rule } from "./rule.js";

export const protPortability: Rule = {
  id: "prot-portability",
  summary: "a flag that only Linux has, in a file that is meant for other systems as well",
  why: "MAP_POPULATE, MAP_HUGETLB, MREMAP_MAYMOVE and others are Linux's own. Where the file asks for FreeBSD or macOS and uses such a flag without asking for it, it does not compile there.",
  help: "put the flag between #ifdef and #endif, or define it as 0 where it is missing",
  severity: "note",
  cwe: [],
  since: "0.1.0",
  optIn: true,
  references: ["mmap(2)", "mremap(2)", "madvise(2)", "POSIX.1-2024 mmap"],
  silent: [
    "A file that does not ask for another system anywhere.",
    "A flag that some conditional of the file asks for, or that is used inside a conditional.",
    "Flags that several systems have: MAP_ANONYMOUS, MAP_NORESERVE, MAP_STACK, MADV_FREE.",
  ],
  on: {
    map: ({ call, flags }, text) => (call.direct ? unguarded(flags, call.site, text) : undefined),
    remap: ({ call, flags }, text) => (call.direct ? unguarded(flags, call.site, text) : undefined),
    advise: ({ call, flags }, text) => (call.direct ? unguarded(flags, call.site, text) : undefined),
  },
};

const LINUX_ONLY =
  /^(?:MAP_(?:POPULATE|LOCKED|NONBLOCK|HUGETLB|HUGE_\w+|GROWSDOWN|DENYWRITE|EXECUTABLE|FIXED_NOREPLACE|SHARED_VALIDATE|SYNC|UNINITIALIZED)|MREMAP_(?:MAYMOVE|FIXED|DONTUNMAP)|MADV_(?:DONTFORK|DOFORK|REMOVE|MERGEABLE|UNMERGEABLE|HUGEPAGE|NOHUGEPAGE|DONTDUMP|DODUMP|WIPEONFORK|KEEPONFORK|COLD|PAGEOUT|POPULATE_READ|POPULATE_WRITE|COLLAPSE))$/;

/** How a file asks for another system. */
const OTHER_SYSTEM =
  /\b(?:__FreeBSD__|__FreeBSD_kernel__|__OpenBSD__|__NetBSD__|__DragonFly__|__APPLE__|__MACH__|__sun|__sun__|__svr4__|__HAIKU__|_AIX)\b/;

/** The whole of a header stands in one of these. */
const INCLUDE_GUARD = /^ifndef \s*\w+_H(?:_\w*)?\s*$/;

function unguarded(flags: Flags, site: Site, text: string): string | undefined {
  const name = [...flags.must].find((candidate) => LINUX_ONLY.test(candidate));
  if (name === undefined || asksFor(text, name)) return undefined;
  const systems = conditionLines(text).flatMap((line) => OTHER_SYSTEM.exec(line)?.[0] ?? []);
  const [system] = systems;
  if (system === undefined) return undefined;
  // Whatever condition it stands under may be the one that asks for it.
  if (conditionsAround(text, site.start).some((condition) => !INCLUDE_GUARD.test(condition)))
    return undefined;
  return `only Linux has ${name}, and the file asks for ${system}: without an #ifdef it does not compile there`;
}
