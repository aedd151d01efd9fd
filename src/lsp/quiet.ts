/** Waits until nothing has come for a while: what is typed is looked at when the fingers rest. */

export class Quiet {
  #timer: NodeJS.Timeout | undefined;
  #last = 0;
  readonly #waiting: (() => void)[] = [];

  /** How long nothing must have come. */
  milliseconds = 0;

  /** Something has come: the waiting begins anew. */
  disturb(): void {
    this.#last++;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#pause(), this.milliseconds);
  }

  /** Resolves when it is quiet: at once, if it is. */
  wait(): Promise<void> {
    if (this.#timer === undefined) return Promise.resolve();
    return new Promise((done) => this.#waiting.push(done));
  }

  /** What lies in the pipe already counts as well, and is read before this goes on. */
  #pause(): void {
    const before = this.#last;
    setImmediate(() => {
      if (this.#last !== before) return;
      this.#timer = undefined;
      for (const done of this.#waiting.splice(0)) done();
    });
  }
}
