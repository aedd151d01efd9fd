/** Makes dist/: the client, and the program with all that it brings along. `npm run build`. */
import { cpSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { build } from "esbuild";
import { bundleServer } from "./bundle-server.js";
import { bundleWeb } from "./bundle-web.js";
import { licencesOf } from "./licences.js";
import { EXTENSION, PROGRAM } from "./paths.js";

const DIST = path.join(EXTENSION, "dist");

/** @returns the files that went into it */
async function bundleClient(): Promise<readonly string[]> {
  const { metafile } = await build({
    entryPoints: [path.join(EXTENSION, "src/extension.ts")],
    outfile: path.join(DIST, "extension.js"),
    absWorkingDir: EXTENSION,
    bundle: true,
    minify: true,
    metafile: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    external: ["vscode"],
    legalComments: "none",
    logLevel: "warning",
  });
  return Object.keys(metafile.inputs).map((file) => path.join(EXTENSION, file));
}

rmSync(DIST, { recursive: true, force: true });
const inputs = await Promise.all([
  bundleClient(),
  bundleServer(path.join(DIST, "server")),
  bundleWeb(path.join(DIST, "web")),
]);
writeFileSync(path.join(DIST, "LICENSES.txt"), licencesOf(inputs.flat()));
cpSync(path.join(PROGRAM, "LICENSE"), path.join(EXTENSION, "LICENSE"));
