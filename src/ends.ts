/** What is found of one mapping at several ends of a function is one defect, and one finding. */
import { type Diagnostic, LEAVES, type Step } from "./diagnostic.js";

/**
 * Findings of one file, those at several ends of a function as one, at the first of them in the text; its story ends with
 * the others. To be called when comments have silenced what they silence: that is said of each end.
 */
export function mergeEnds(findings: readonly Diagnostic[]): readonly Diagnostic[] {
  const groups = new Map<string, Diagnostic[]>();
  for (const [i, finding] of findings.entries()) {
    const key = endKey(finding) ?? String(i);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  return [...groups.values()].flatMap(merged);
}

/** What the findings at the ends of a function have in common: the rule, and how the mapping came about. */
function endKey({ rule, function: name, mapping, story }: Diagnostic): string | undefined {
  const [first] = story;
  if (first === undefined || story.at(-1)?.message !== LEAVES) return undefined;
  const { file, start } = first.location;
  return [rule, name, mapping, file, start.offset].join("\n");
}

function merged(group: readonly Diagnostic[]): readonly Diagnostic[] {
  const [first, ...others] = group.toSorted((a, b) => a.location.start.offset - b.location.start.offset);
  if (first === undefined) return [];
  const also = others.map(({ location }): Step => ({ location, message: "and here, on another path" }));
  return [also.length === 0 ? first : { ...first, story: [...first.story, ...also] }];
}
