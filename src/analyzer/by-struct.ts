/** Which functions say something of a struct's members: a program has many structs, and most functions speak of few. */
import { type NotedFunction, structOf } from "./members.js";

/** The functions by each struct of whose members they say something. */
export function byStruct(functions: readonly NotedFunction[]): ReadonlyMap<string, readonly NotedFunction[]> {
  const groups = new Map<string, NotedFunction[]>();
  for (const one of functions) {
    const { kept, uses, unmapped, pointed, nulled, failed, refilled, tests } = one.notes;
    const members = [
      ...[...kept, ...unmapped].map(({ member }) => member),
      ...[...uses.values(), ...failed].map(({ holder }) => holder),
      ...[pointed, nulled, tests.againstNull].flatMap((noted) => [...noted.keys()]),
      ...refilled,
      ...tests.againstFailed,
      ...one.events.flatMap((event) =>
        event.kind === "escape" && event.member !== undefined ? [event.member] : [],
      ),
    ];
    for (const struct of new Set(members.map(structOf))) {
      const group = groups.get(struct);
      if (group === undefined) groups.set(struct, [one]);
      else group.push(one);
    }
  }
  return groups;
}
