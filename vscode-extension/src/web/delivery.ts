/** What the extension and the worker of the server tell each other besides the protocol: the content of files. */

/** A file's path in the server's volume, and what is in it; undefined when it is there no more. */
export type DeliveredFile = readonly [path: string, bytes: Uint8Array | undefined];

/** Answered with `true` when the files are there. */
export interface Delivery {
  readonly files: readonly DeliveredFile[];
  /** With the first delivery: where the protocol is spoken. */
  readonly port?: MessagePort;
}

/** Where the program believes to be installed. */
export const PROGRAM = "/mmaplint";
export const RUNTIME = `${PROGRAM}/dist/web-tree-sitter.wasm`;

/** What the program reads beside its code, of the extension's dist/server. */
export const PROGRAM_FILES = [
  "dist/web-tree-sitter.wasm",
  "dist/tree-sitter-c.wasm",
  "schema/mmaplint.config.schema.json",
] as const;
