/** The MAP_FAILED that the program's own function gives back where it could not map. */
import { ZERO } from "./amount.js";
import { begin } from "./call.js";
import type { Call } from "./events.js";
import type { Machine } from "./machine.js";
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
