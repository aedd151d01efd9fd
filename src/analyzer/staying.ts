/** MAP_FAILED that stays in a place which other functions compare with NULL. */
import type { StayEvent } from "./events.js";
import type { NotedFunction } from "./members.js";

/** The failures that stay in a place which the functions compare with NULL, and never with MAP_FAILED. */
export function stayingFailures(
  functions: readonly NotedFunction[],
): readonly { readonly definition: NotedFunction; readonly event: StayEvent }[] {
  const tests = new Map<string, StayEvent["test"]>();
  const excluded = new Set<string>();
  for (const { outline, notes } of functions) {
    for (const [holder, site] of notes.tests.againstNull)
      if (!tests.has(holder)) tests.set(holder, { site, function: outline.name });
    for (const holder of notes.tests.againstFailed) excluded.add(holder);
  }
  return functions.flatMap((definition) =>
    definition.notes.failed.flatMap(({ holder, name, mapping }) => {
      const test = tests.get(holder);
      if (test === undefined || excluded.has(holder) || isInstalledAfter(definition, test.function))
        return [];
      const event: StayEvent = {
        kind: "stay",
        site: mapping.history.at(-1)?.site ?? mapping.site,
        function: definition.outline.name,
        mapping,
        holder: name,
        test,
      };
      return [{ definition, event }];
    }),
  );
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
