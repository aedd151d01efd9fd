/** Long work in slices, between which messages from the client are read. */
import type { Steps } from "../steps.js";

/** Milliseconds: short enough that nobody waits for an answer because of it. */
const SLICE = 20;

/** Goes on until the work is done, or given up by whoever has started it. */
export async function inSlices(steps: Steps<unknown>): Promise<void> {
  for (let pause = performance.now() + SLICE; steps.next().done !== true;) {
    if (performance.now() < pause) continue;
    await new Promise((resolve) => setImmediate(resolve));
    pause = performance.now() + SLICE;
  }
}
