/** The language server in a worker of the browser. */
import { BrowserMessageReader, BrowserMessageWriter, createConnection } from "vscode-languageserver/browser";
import { serveOn } from "../../../src/lsp/server.js";
import type { Delivery } from "./delivery.js";
import { deliver } from "./volume.js";

declare const VERSION: string;

addEventListener("message", ({ data }: MessageEvent<Delivery>) => {
  for (const [path, bytes] of data.files) deliver(path, bytes);
  if (data.port !== undefined) {
    const input = new BrowserMessageReader(data.port);
    const output = new BrowserMessageWriter(data.port);
    serveOn(createConnection(input, output), VERSION);
  }
  postMessage(true);
});
