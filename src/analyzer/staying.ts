/** What stays in a place that other functions compare with NULL: MAP_FAILED, or the address of what has been unmapped. */
import type { Event, StayEvent } from "./events.js";
import type { FailedHeld } from "./machine.js";
import type { Mapping } from "./mapping.js";
import { type NotedFunction, structOf } from "./members.js";

interface Staying {
  readonly definition: NotedFunction;
  readonly event: StayEvent;
}

/**
 * The failures that stay in a place which the functions compare with NULL, and never with MAP_FAILED; and what a function
 * leaves there that has failed, where another one unmaps what it finds.
 */
export function stayingFailures(functions: readonly NotedFunction[]): readonly Staying[] {
  const tests = new Map<string, StayEvent["test"]>();
  const excluded = new Set<string>();
  for (const { outline, notes } of functions) {
    for (const [holder, site] of notes.tests.againstNull)
      if (!tests.has(holder)) tests.set(holder, { site, function: outline.name });
    for (const holder of notes.tests.againstFailed) excluded.add(holder);
  }
  return functions.flatMap((definition) =>
    definition.notes.failed.flatMap((held) => {
      const { holder, mapping } = held;
      if (mapping.phase === "unmapped") {
        const test = releasing(functions, definition, held);
        return test === undefined ? [] : [staying(definition, held, test)];
      }
      const test = tests.get(holder);
      if (test === undefined || excluded.has(holder) || isInstalledAfter(definition, test.function))
        return [];
      return [staying(definition, held, test)];
    }),
  );
}

function staying(
  definition: NotedFunction,
  { name, mapping, stays }: FailedHeld,
  test: StayEvent["test"],
): Staying {
  const site = mapping.unmappedAt ?? mapping.history.at(-1)?.site ?? mapping.site;
  const { name: by } = definition.outline;
  return {
    definition,
    event: {
      kind: "stay",
      site,
      function: by,
      mapping,
      holder: name,
      test,
      afterSuccess: stays === "success",
    },
  };
}

/**
 * Where another function unmaps what it finds there, and is certain to look. Where the function succeeds, the place holds
 * the mapping; and nobody who calls it frees the struct instead.
 */
function releasing(
  functions: readonly NotedFunction[],
  { outline, notes, events }: NotedFunction,
  { holder, stays, mapping }: FailedHeld,
): StayEvent["test"] | undefined {
  // A path that leaves the mapping there is the success; where there is none, the one that unmaps it is.
  if (notes.kept.some(({ member }) => member === holder) === (stays === "success")) return undefined;
  if (stays === "success" && events.some((event) => isLeftMapped(event, mapping))) return undefined;
  const freesStruct = functions.some(
    (one) =>
      (one.outline === outline ? stays !== "linked" : one.outline.names.has(outline.name)) &&
      one.notes.freed.some(({ struct, closes }) => closes === undefined && struct === structOf(holder)),
  );
  if (freesStruct) return undefined;
  // Setting it to NULL where mmap() has failed shows that somebody looks there after a failure.
  const isLookedAt = stays !== undefined || notes.cleared.has(holder);
  for (const one of functions) {
    if (one.outline.name === outline.name || (stays === "success" && outline.names.has(one.outline.name)))
      continue;
    const unmapped = one.notes.unmapped.find(({ member, guarded }) => member === holder && !guarded);
    const site = one.notes.tests.againstNull.get(holder) ?? (isLookedAt ? unmapped?.call.site : undefined);
    if (unmapped !== undefined && site !== undefined) return { site, function: one.outline.name };
  }
  return undefined;
}

function isLeftMapped(event: Event, { id }: Mapping): boolean {
  if (event.kind !== "exit" || event.mapping.phase !== "live") return false;
  // On an earlier turn of a loop it has another name.
  return event.mapping.id.replace(/'+$/, "") === id.replace(/'+$/, "");
}

/** `if (map_ring(h)) h->cleanup = unmap_ring;`: nothing calls it by its name, and who stores it has asked before. */
function isInstalledAfter({ analysis, outline }: NotedFunction, tester: string): boolean {
  const { unit } = analysis;
  if (!unit.functions.some(({ name }) => name === tester)) return false;
  const installing = unit.functions.filter(({ name, names }) => name !== tester && names.has(tester));
  return (
    installing.length > 0 &&
    installing.every(
      ({ names, span }) =>
        names.has(outline.name) &&
        new RegExp(`=\\s*&?${tester}\\s*;`).test(unit.source.text.slice(span.start, span.end)),
    ) &&
    !new RegExp(`[,{=]\\s*&?${tester}\\s*[,}]`).test(unit.source.text)
  );
}
