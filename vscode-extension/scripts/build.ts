/** Makes dist/: the client, and the program with all that it brings along. `npm run build`. */
import { cpSync, rmSync } from "node:fs";
import * as path from "node:path";
import { build } from "esbuild";
import { bundleServer } from "./bundle-server.js";
import { EXTENSION, PROGRAM } from "./paths.js";

const DIST = path.join(EXTENSION, "dist");

rmSync(DIST, { recursive: true, force: true });
await Promise.all([
  build({
    entryPoints: [path.join(EXTENSION, "src/extension.ts")],
    outfile: path.join(DIST, "extension.cjs"),
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    external: ["vscode"],
    legalComments: "none",
    logLevel: "warning",
  }),
  bundleServer(path.join(DIST, "server")),
]);
cpSync(path.join(PROGRAM, "LICENSE"), path.join(EXTENSION, "LICENSE"));
