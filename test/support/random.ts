/** Pseudo-random cases that are the same on every run. */

export interface Random {
  /** An integer from 0 up to, not including, `below`. */
  next(below: number): number;
  pick<T>(choices: readonly [T, ...T[]]): T;
  /** A subset, each element taken or not. */
  some<T>(all: readonly T[]): readonly T[];
}

/** Mulberry32: small, and good enough to find what a person does not think of. */
function random(seed: number): Random {
  let state = seed >>> 0;
  const next = (below: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
  return {
    next,
    pick: (choices) => choices[next(choices.length)] ?? choices[0],
    some: (all) => all.filter(() => next(2) === 1),
  };
}

/** Runs `check` for so many cases; its argument is all that a case depends on. */
export function cases(count: number, check: (random: Random, at: string) => void): void {
  for (let seed = 1; seed <= count; seed++) check(random(seed), `case ${seed}`);
}
