/** The NULL that the program's own function gives back where it could not map. */
import { type Amount, constant } from "./amount.js";
import type { Call } from "./events.js";
import type { Mapping } from "./mapping.js";
import { newMapping } from "./mapping.js";
import { amountValue, type Value } from "./value.js";

const OF_WRAPPER = "n";

/** The failure of a wrapper that gives a mapping otherwise; `at`: the instruction that calls it. */
export function failureOf({ function: name, site }: Call, at: string): Mapping {
  return newMapping({
    id: `${OF_WRAPPER}${at}`,
    source: "null",
    function: name,
    site,
    phase: "failed",
    history: [{ site, message: `made by ${name}, called here, which can fail with NULL` }],
  });
}

/** What it returns then. */
export function nullOf({ site }: Call): Value {
  return amountValue(constant(0, [{ site, text: "", role: "failed" }]));
}

/** May the NULL be the one that stands for the failure? Of one that the function has put there itself, any may be. */
export function isNullOf({ traces }: Amount, { id, site }: Mapping): boolean {
  return (
    !id.startsWith(OF_WRAPPER) ||
    traces.some((trace) => trace.role === "failed" && trace.site.start === site.start)
  );
}
