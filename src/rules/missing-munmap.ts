/** A mapping lives until munmap(), exec or the end of the process; losing its last name does not end it. */
import type { AbandonEvent, ExitEvent } from "../analyzer/events.js";
import { structOf } from "../analyzer/members.js";
import { type Mapping, takesReservationOver } from "../analyzer/mapping.js";
import { asNumber } from "../analyzer/value.js";
import type { Finding } from "./rule.js";
import type { Rule } from "./rule.js";
import { failsWithMapFailed, isFixed, nameOf } from "./terms.js";

export const missingMunmap: Rule = {
  id: "missing-munmap",
  summary: "the last name of a mapping is lost while it is still mapped",
  why: "Nothing can unmap it any more. Its address space, the memory behind it and one of the 65530 mappings that Linux grants a process by default stay taken, until mmap() fails with ENOMEM in a process that runs long enough.",
  help: "call munmap() on this path too",
  severity: "warning",
  cwe: [401],
  since: "0.1.0",
  findsAbsence: true,
  references: ["munmap(2)"],
  silent: [
    "The mapping leaves the function: returned, stored in a field, global or out parameter, given to a function that keeps it.",
    "main(), and paths that end the process.",
    "Functions that never unmap what they map on any path and hand it to unknown code: it may be meant to stay.",
  ],
  on: {
    exit: (event) => leak(event),
    abandon: (event) => abandoned(event),
    lose: ({ mapping, how, releasedElsewhere }) => {
      // An unknown function has seen it; what other paths do tells whose it is.
      if (mapping.owner === "lent" && !releasedElsewhere) return undefined;
      // Only some paths have used it, and others have unmapped it.
      if (mapping.uncertain && releasedElsewhere) return undefined;
      // Memory that a place of others held, and that a new mapping takes the place of.
      const isMapped = failsWithMapFailed(mapping) || mapping.source === "given";
      if (!isMapped || isOfOthers(mapping) || mapping.phase === "failed") return undefined;
      if (how === "out of scope")
        return `${nameOf(mapping)} is still mapped when its name ends here, and nobody else can unmap it`;
      if (how === "holder freed")
        return `${nameOf(mapping)} is still mapped when the memory that holds its name is freed`;
      if (how === "overwritten")
        return `${nameOf(mapping)} gets another value while it is the only name of a live mapping`;
      const hinted = mapping.address !== undefined && asNumber(mapping.address) !== 0;
      return hinted ? undefined : `the result of ${mapping.function}() is dropped: nobody can unmap it`;
    },
  },
};

/** Whoever has chosen the address knows how to release what is there. */
function isOfOthers(mapping: Mapping): boolean {
  return isFixed(mapping) && !takesReservationOver(mapping);
}

function leak({
  mapping,
  inMain,
  excused,
  releasedElsewhere,
  releasedByOthers,
  mayBeReleased,
  releasedInLoop,
  handedOverElsewhere,
  returns,
}: ExitEvent): Finding | undefined {
  if (!failsWithMapFailed(mapping) || isOfOthers(mapping) || inMain || excused || releasedInLoop)
    return undefined;
  if (mapping.phase !== "live" && mapping.phase !== "unchecked") return undefined;
  if (mapping.lostTo !== undefined || mapping.declined) return undefined;
  // Released where it fails, and kept by others where it does not: this success has kept it too, in a way not seen.
  if (releasedElsewhere && handedOverElsewhere && returns === "success") return undefined;
  const message = `${nameOf(mapping)} is still mapped when this path leaves the function, and nobody else can unmap it`;
  if (mapping.owner === "local") return { message };
  // An unknown function has seen it; what other paths do tells whose it is.
  if (mapping.owner !== "lent" || mayBeReleased) return undefined;
  const isReleased = releasedElsewhere || (releasedByOthers && !handedOverElsewhere);
  return isReleased || (handedOverElsewhere && returns === "failure") ? { message } : undefined;
}

function abandoned({ mapping, member, because, function: name }: AbandonEvent): Finding {
  const what = nameOf(mapping);
  const struct = structOf(member);
  switch (because?.kind) {
    case undefined:
      return { message: `${what} is never unmapped: this ends the ${struct} that holds it` };
    case "counterpart":
      return {
        message: `${because.maker}() hands out ${what}, which ${name}() never unmaps: it only knows ${because.by}()`,
      };
    case "unless":
      return {
        message: `${what} stays mapped where '${because.field}' is ${because.value}, as ${because.maker}() leaves it: only this call in ${name}() unmaps it`,
      };
  }
}
