/** Which files name a function, remembered: for those who ask again and again over the same files. */

/** Asks each file once for each name, and again when it has changed. */
export class NamingIndex {
  /** The files that name each name that was asked for. */
  readonly #naming = new Map<string, Set<string>>();
  readonly #stale = new Set<string>();

  /** `read`: a file's bytes as text, one character each; undefined where it cannot be read. */
  constructor(
    readonly files: () => readonly string[],
    readonly read: (file: string) => string | undefined,
  ) {}

  /** The text of the file is another one now. */
  changed(file: string): void {
    this.#stale.add(file);
  }

  /** The files that name one of the functions. */
  filesNaming(functions: ReadonlySet<string>): ReadonlySet<string> {
    const news = [...functions].filter((name) => !this.#naming.has(name));
    this.#ask(this.#stale, [...this.#naming.keys()]);
    this.#stale.clear();
    for (const name of news) this.#naming.set(name, new Set());
    if (news.length > 0) this.#ask(this.files(), news);
    return new Set([...functions].flatMap((name) => [...(this.#naming.get(name) ?? [])]));
  }

  #ask(files: Iterable<string>, names: readonly string[]): void {
    if (names.length === 0) return;
    const named = new RegExp(`\\b(?:${names.join("|")})\\b`, "g");
    for (const file of files) {
      const found = new Set(this.read(file)?.match(named) ?? []);
      for (const name of names) {
        if (found.has(name)) this.#naming.get(name)?.add(file);
        else this.#naming.get(name)?.delete(file);
      }
    }
  }
}
