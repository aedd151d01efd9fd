/** A worklist over basic blocks. Knows nothing of mappings: what a block does to a state is a parameter. */

/** A block is visited at most this often before the function is given up. */
const MAX_VISITS_PER_BLOCK = 60;
/** States kept apart at the beginning of a block; beyond, they are joined whatever they say. */
const MAX_STATES = 16;

export class NoFixpoint extends Error {}

export interface Lattice<S> {
  /** States with different keys are kept apart. */
  key(state: S): string;
  equals(a: S, b: S): boolean;
  join(known: S, arriving: S, block: number): S;
}

export interface Fixpoint<S> {
  /** The states at the beginning of each block that is reached. */
  readonly states: ReadonlyMap<number, readonly S[]>;
  /** How often states had to be joined because there were too many. */
  readonly forced: number;
}

/**
 * Runs `step` from block 0 until nothing new arrives anywhere. `step` gives the states at the successors of a block for
 * one state at its beginning, which it must leave alone. Throws NoFixpoint at the limit.
 */
export function solve<S>(entry: S, lattice: Lattice<S>, step: (block: number, state: S) => readonly (readonly [number, S])[]): Fixpoint<S> {
  const states = new Map<number, Map<string, S>>([[0, new Map([[lattice.key(entry), entry]])]]);
  const pending: (readonly [number, string])[] = [[0, lattice.key(entry)]];
  const queued = new Set<string>([`0 ${lattice.key(entry)}`]);
  const visits = new Map<number, number>();
  let forced = 0;
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const [block, key] = next;
    queued.delete(`${block} ${key}`);
    const state = states.get(block)?.get(key);
    if (state === undefined) continue;
    const count = (visits.get(block) ?? 0) + 1;
    visits.set(block, count);
    if (count > MAX_VISITS_PER_BLOCK * MAX_STATES) throw new NoFixpoint("too many states");
    for (const [to, arriving] of step(block, state)) {
      const there = states.get(to) ?? new Map<string, S>();
      states.set(to, there);
      let toKey = lattice.key(arriving);
      if (!there.has(toKey) && there.size >= MAX_STATES) {
        forced++;
        toKey = there.keys().next().value ?? toKey;
      }
      const known = there.get(toKey);
      const joined = known === undefined ? arriving : lattice.join(known, arriving, to);
      if (known !== undefined && lattice.equals(known, joined)) continue;
      there.set(toKey, joined);
      if (!queued.has(`${to} ${toKey}`)) {
        queued.add(`${to} ${toKey}`);
        pending.push([to, toKey]);
      }
    }
  }
  return { states: new Map([...states].map(([block, byKey]) => [block, [...byKey.values()]])), forced };
}
