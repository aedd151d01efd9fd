/** A worklist over basic blocks. Knows nothing of mappings: what a block does to a state is a parameter. */

/** A block is visited at most this often before the function is given up. */
const MAX_VISITS_PER_BLOCK = 60;
/** States kept apart at the beginning of a block; beyond, they are joined whatever they say. */
export const MAX_STATES = 16;

export class NoFixpoint extends Error {}

export interface Lattice<S> {
  /** States with different keys are kept apart. */
  key(state: S): string;
  equals(a: S, b: S): boolean;
  join(known: S, arriving: S, block: number): S;
  /** The state as the next turn of a loop finds it. */
  turn(state: S): S;
}

export interface Fixpoint<S> {
  /** The states at the beginning of each block that is reached. */
  readonly states: ReadonlyMap<number, readonly S[]>;
  /** How often states had to be joined because there were too many. */
  readonly forced: number;
}

/**
 * Runs `step` from block 0 until nothing new arrives anywhere. `step` gives the states at the successors of a block for
 * one state at its beginning, which it must leave alone. At the heads of loops states only ever get wider, so that it
 * ends; anywhere else a state is what its predecessors send now, and what they sent on an earlier turn is forgotten.
 * Throws NoFixpoint at the limit.
 */
export function solve<S>(
  entry: S,
  lattice: Lattice<S>,
  shape: Shape,
  step: (block: number, state: S) => readonly (readonly [number, S])[],
): Fixpoint<S> {
  const solver = new Solver(lattice, shape);
  solver.receive(0, [["", entry]]);
  const visits = new Map<number, number>();
  for (let next = solver.pending.take(); next !== undefined; next = solver.pending.take()) {
    const { block, key } = next;
    const from = `${block} ${key}`;
    if (!solver.settle(block, key)) continue;
    const state = solver.at(block, key);
    const count = (visits.get(block) ?? 0) + 1;
    visits.set(block, count);
    if (count > MAX_VISITS_PER_BLOCK * MAX_STATES) throw new NoFixpoint("too many states");
    const sent = new Map<number, [string, S][]>();
    for (const [to, arriving] of state === undefined ? [] : step(block, state)) {
      const list = sent.get(to) ?? [];
      list.push([from, arriving]);
      sent.set(to, list);
    }
    for (const to of solver.targetsOf(from, [...sent.keys()])) solver.receive(to, sent.get(to) ?? [], from);
  }
  return { states: solver.states(), forced: solver.forced };
}

/** The graph, as far as the order of visits needs it. */
export interface Shape {
  /** Blocks before those that they lead to, loops aside. */
  readonly order: readonly number[];
  /** Targets of back edges. */
  readonly heads: ReadonlySet<number>;
}

/** The states at the beginning of each block, and who sent what. */
class Solver<S> {
  readonly pending: Worklist;
  forced = 0;
  readonly #states = new Map<number, Map<string, S>>();
  /** By block and key of the receiving state: what each sender contributes. */
  readonly #contributions = new Map<number, Map<string, Map<string, S>>>();
  readonly #targets = new Map<string, readonly number[]>();

  constructor(
    readonly lattice: Lattice<S>,
    readonly shape: Shape,
  ) {
    this.pending = new Worklist(shape.order);
  }

  at(block: number, key: string): S | undefined {
    return this.#states.get(block)?.get(key);
  }

  states(): ReadonlyMap<number, readonly S[]> {
    return new Map([...this.#states].map(([block, byKey]) => [block, [...byKey.values()]]));
  }

  /** The blocks that `from` sends to now or has sent to before. */
  targetsOf(from: string, now: readonly number[]): readonly number[] {
    const before = this.#targets.get(from) ?? [];
    this.#targets.set(from, now);
    return [...new Set([...before, ...now])];
  }

  /** `from` sends these states, and no others any more. */
  receive(to: number, arriving: readonly (readonly [string, S])[], from = ""): void {
    if (this.shape.heads.has(to)) {
      for (const [, state] of arriving) this.#widen(to, this.lattice.turn(state));
      return;
    }
    const byKey = this.#contributions.get(to) ?? new Map<string, Map<string, S>>();
    this.#contributions.set(to, byKey);
    const touched = new Set<string>();
    for (const [key, senders] of byKey) if (senders.delete(from)) touched.add(key);
    for (const [, state] of arriving) {
      const key = this.#slot(byKey, this.lattice.key(state));
      const senders = byKey.get(key) ?? new Map<string, S>();
      byKey.set(key, senders);
      const other = senders.get(from);
      senders.set(from, other === undefined ? state : this.lattice.join(other, state, to));
      touched.add(key);
    }
    for (const key of touched) this.pending.add(to, key);
  }

  #widen(to: number, state: S): void {
    const there = this.#states.get(to) ?? new Map<string, S>();
    this.#states.set(to, there);
    const key = this.#slot(there, this.lattice.key(state));
    const known = there.get(key);
    const joined = known === undefined ? state : this.lattice.join(known, state, to);
    if (known !== undefined && this.lattice.equals(known, joined)) return;
    there.set(key, joined);
    this.pending.add(to, key);
  }

  /** Beyond the limit states are joined whatever they say. */
  #slot(there: ReadonlyMap<string, unknown>, key: string): string {
    if (there.has(key) || there.size < MAX_STATES) return key;
    this.forced++;
    return there.keys().next().value ?? key;
  }

  /**
   * Joins what the senders contribute, once all of them that come before have been heard. False when that is what the
   * block has already run with.
   */
  settle(block: number, key: string): boolean {
    if (this.shape.heads.has(block)) return true;
    const there = this.#states.get(block) ?? new Map<string, S>();
    this.#states.set(block, there);
    const byKey = this.#contributions.get(block);
    const [first, ...rest] = byKey?.get(key)?.values() ?? [];
    if (first === undefined) {
      // Nobody sends it any more: what it led to is withdrawn.
      byKey?.delete(key);
      return there.delete(key);
    }
    const joined = rest.reduce((known, state) => this.lattice.join(known, state, block), first);
    const known = there.get(key);
    if (known !== undefined && this.lattice.equals(known, joined)) return false;
    there.set(key, joined);
    return true;
  }
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
