/** The parser, with its runtime from the volume: a worker made from a Blob has no address to fetch it from. */
import * as original from "web-tree-sitter";
import { RUNTIME } from "./delivery.js";
import { readFileSync } from "./volume.js";

export const { Language } = original;
export const Parser = Object.assign(original.Parser, {
  init: original.Parser.init.bind(original.Parser, { wasmBinary: readFileSync(RUNTIME) }),
});
