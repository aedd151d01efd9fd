/** Long work that can be put aside between its steps, to be gone on with later, or given up. */

export type Steps<Result> = Generator<undefined, Result, undefined>;

/** Does what is left of the work at once. */
export function finish<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
