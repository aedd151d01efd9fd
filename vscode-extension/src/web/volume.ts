/**
 * `node:fs` for the server in a browser, as far as the server uses it: a volume in memory that holds what the extension has
 * delivered, and that nothing is written to. Paths are absolute and normal; there are no symbolic links.
 */
import { Buffer } from "buffer";

const files = new Map<string, Uint8Array>();
/** Names of the entries, by directory. */
const directories = new Map<string, Set<string>>([["/", new Set()]]);
const opened = new Map<number, string>();

/** Puts a file there, or takes it away when there are no bytes. */
export function deliver(path: string, bytes: Uint8Array | undefined): void {
  if (bytes === undefined) {
    files.delete(path);
    directories.get(parentOf(path))?.delete(nameOf(path));
    return;
  }
  files.set(path, bytes);
  for (let child = path; child !== "/"; child = parentOf(child)) {
    const directory = parentOf(child);
    const entries = directories.get(directory) ?? new Set();
    directories.set(directory, entries.add(nameOf(child)));
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function normal(path: string | URL): string {
  const text = typeof path === "string" ? path : decodeURIComponent(path.pathname);
  return text.length > 1 ? text.replace(/\/+$/, "") : text;
}

class Entry {
  constructor(
    readonly name: string,
    readonly path: string,
  ) {}
  readonly mode = 0o444;
  get size(): number {
    return files.get(this.path)?.length ?? 0;
  }
  isFile(): boolean {
    return files.has(this.path);
  }
  isDirectory(): boolean {
    return directories.has(this.path);
  }
  isSymbolicLink(): boolean {
    return false;
  }
}

function missing(path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file or directory, '${path}'`), { code: "ENOENT" });
}

export const constants = { O_RDONLY: 0, O_NONBLOCK: 0 } as const;

export function existsSync(path: string | URL): boolean {
  const name = normal(path);
  return files.has(name) || directories.has(name);
}

export function statSync(path: string, options?: { readonly throwIfNoEntry?: boolean }): Entry | undefined {
  const name = normal(path);
  if (existsSync(name)) return new Entry(nameOf(name), name);
  if (options?.throwIfNoEntry === false) return undefined;
  throw missing(name);
}

export { statSync as lstatSync };

export function realpathSync(path: string): string {
  const name = normal(path);
  if (!existsSync(name)) throw missing(name);
  return name;
}

export function readdirSync(path: string, options?: { readonly withFileTypes?: boolean }): unknown[] {
  const directory = normal(path);
  const entries = directories.get(directory);
  if (entries === undefined) throw missing(directory);
  const names = [...entries].sort();
  if (options?.withFileTypes !== true) return names;
  return names.map((name) => new Entry(name, directory === "/" ? `/${name}` : `${directory}/${name}`));
}

export function openSync(path: string): number {
  const descriptor = Math.max(2, ...opened.keys()) + 1;
  opened.set(descriptor, realpathSync(path));
  return descriptor;
}

export function closeSync(descriptor: number): void {
  opened.delete(descriptor);
}

export function fstatSync(descriptor: number): Entry | undefined {
  return statSync(opened.get(descriptor) ?? "");
}

export function readFileSync(file: string | URL | number, encoding?: "utf8"): Buffer | string {
  const name = typeof file === "number" ? (opened.get(file) ?? "") : normal(file);
  const bytes = files.get(name);
  if (bytes === undefined) throw missing(name);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return encoding === undefined ? buffer : buffer.toString(encoding);
}

/** `node:fs/promises` has the same name for it. */
export async function readFile(file: string | URL): Promise<Buffer | string> {
  return readFileSync(file);
}

function refuse(): never {
  throw Object.assign(new Error("EROFS: the server in a browser writes nothing"), { code: "EROFS" });
}
export {
  refuse as fchmodSync,
  refuse as fchownSync,
  refuse as renameSync,
  refuse as rmSync,
  refuse as writeFileSync,
};
