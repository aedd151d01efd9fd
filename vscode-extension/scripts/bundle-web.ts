/** Bundles the extension and the server for browsers, with what stands in there for the modules of Node.js. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { plainRequire } from "./bundle-server.js";
import { EXTENSION, PROGRAM } from "./paths.js";

const WEB = path.join(EXTENSION, "src/web");

const COMMON = {
  absWorkingDir: EXTENSION,
  bundle: true,
  minify: true,
  metafile: true,
  platform: "browser",
  target: "es2023",
  legalComments: "none",
  logLevel: "warning",
} as const satisfies BuildOptions;

/** The parser by way of tree-sitter.ts, which itself takes it from its package. */
const parserOfVolume: Plugin = {
  name: "parser-of-volume",
  setup({ onResolve }) {
    const stands = path.join(WEB, "tree-sitter.ts");
    onResolve({ filter: /^web-tree-sitter$/ }, ({ importer }) =>
      importer === stands ? undefined : { path: stands },
    );
  },
};

/** @returns the files that went into it */
export async function bundleWeb(to: string): Promise<readonly string[]> {
  const { version }: { readonly version: string } = JSON.parse(
    readFileSync(path.join(PROGRAM, "package.json"), "utf8"),
  );
  const bundles = await Promise.all([
    build({
      ...COMMON,
      entryPoints: [path.join(WEB, "extension.ts")],
      outfile: path.join(to, "extension.js"),
      format: "cjs",
      external: ["vscode"],
    }),
    build({
      ...COMMON,
      entryPoints: [path.join(WEB, "server.ts")],
      outfile: path.join(to, "server.js"),
      format: "iife",
      inject: [path.join(WEB, "globals.ts")],
      define: { "import.meta.url": '"file:///mmaplint/dist/server.js"', VERSION: JSON.stringify(version) },
      alias: {
        "node:fs": path.join(WEB, "volume.ts"),
        "node:fs/promises": path.join(WEB, "volume.ts"),
        "node:module": path.join(WEB, "node-module.ts"),
        "node:path": "path-browserify",
        "node:url": path.join(WEB, "node-url.ts"),
        "vscode-languageserver/node": "vscode-languageserver/browser",
      },
      plugins: [plainRequire, parserOfVolume],
    }),
  ]);
  return bundles.flatMap(({ metafile }) =>
    Object.keys(metafile.inputs).map((file) => path.join(EXTENSION, file)),
  );
}
