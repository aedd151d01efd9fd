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
 * one state at its beginning, which it must leave alone. `order` ranks the blocks: those before a join come before it,
 * so that it is left once. Throws NoFixpoint at the limit.
 */
export function solve<S>(
  entry: S, lattice: Lattice<S>, order: readonly number[], step: (block: number, state: S) => readonly (readonly [number, S])[],
): Fixpoint<S> {
  const states = new Map<number, Map<string, S>>([[0, new Map([[lattice.key(entry), entry]])]]);
  const pending = new Worklist(order);
  pending.add(0, lattice.key(entry));
  const visits = new Map<number, number>();
  let forced = 0;
  for (let next = pending.take(); next !== undefined; next = pending.take()) {
    const { block, key } = next;
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
      pending.add(to, toKey);
    }
  }
  return { states: new Map([...states].map(([block, byKey]) => [block, [...byKey.values()]])), forced };
}

/** Takes the state of the lowest rank first. */
class Worklist {
  readonly #rank = new Map<number, number>();
  readonly #keys: Set<string>[];
  readonly #order: readonly number[];
  #lowest = 0;

  constructor(order: readonly number[]) {
    this.#order = order;
    order.forEach((block, rank) => this.#rank.set(block, rank));
    this.#keys = order.map(() => new Set());
  }

  add(block: number, key: string): void {
    const rank = this.#rank.get(block);
    if (rank === undefined) return;
    this.#keys[rank]?.add(key);
    if (rank < this.#lowest) this.#lowest = rank;
  }

  take(): { readonly block: number; readonly key: string } | undefined {
    for (; this.#lowest < this.#keys.length; this.#lowest++) {
      const keys = this.#keys[this.#lowest];
      const block = this.#order[this.#lowest];
      const key = keys?.values().next().value;
      if (keys === undefined || block === undefined || key === undefined) continue;
      keys.delete(key);
      return { block, key };
    }
    return undefined;
  }
}
