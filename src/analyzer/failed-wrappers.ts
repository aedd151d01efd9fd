/** What the program's own function gives back where it could not map. */
import { ZERO } from "./amount.js";
import { begin } from "./call.js";
import type { Call } from "./events.js";
import type { Machine } from "./machine.js";
import type { Mapping } from "./mapping.js";
import { newMapping } from "./mapping.js";
import type { Value } from "./value.js";

/** The MAP_FAILED of a wrapper that gives a mapping otherwise. */
export function failedBy(m: Machine, call: Call): Value {
  const { id } = begin(
    m,
    newMapping({
      id: `f${m.at}`,
      source: "mmap",
      function: call.function,
      site: call.site,
      phase: "failed",
      history: [{ site: call.site, message: `made by ${call.function}, called here, which has failed` }],
    }),
  );
  return { kind: "pointer", mapping: id, offset: ZERO, varied: false };
}

/** The NULL of a wrapper that gives a mapping otherwise. */
export function failureOf(m: Machine, call: Call): Mapping {
  const message = `made by ${call.function}, called here, which can fail with NULL`;
  return newMapping({
    id: `n${m.at}`,
    source: "null",
    function: call.function,
    site: call.site,
    phase: "failed",
    history: [{ site: call.site, message }],
  });
}
