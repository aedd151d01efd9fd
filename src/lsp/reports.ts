/** What the client was told of each document last, so that it is told again only what has changed. */

export class Reports {
  /** By the document's address: what was said, as text, and the number under which. */
  readonly #last = new Map<string, { readonly said: string; readonly id: string }>();
  #next = 1;

  /** The number of a report: that of the last one, where nothing has changed since. */
  idOf(uri: string, items: readonly unknown[]): string {
    const said = JSON.stringify(items);
    const last = this.#last.get(uri);
    if (last?.said === said) return last.id;
    const id = String(this.#next++);
    this.#last.set(uri, { said, id });
    return id;
  }

  /** The number of the last report; undefined where there was none. */
  lastOf(uri: string): string | undefined {
    return this.#last.get(uri)?.id;
  }

  get uris(): readonly string[] {
    return [...this.#last.keys()];
  }

  forget(uri: string): void {
    this.#last.delete(uri);
  }
}
