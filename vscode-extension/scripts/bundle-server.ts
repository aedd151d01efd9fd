/**
 * Bundles the program for the extension, in the shape of the npm package, so that everything it looks for beside itself
 * is where it expects it; with the rules' pages, as `mmaplint.explainRule` shows them.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import * as path from "node:path";
import { build, type Plugin } from "esbuild";
import { PROGRAM } from "./paths.js";

const require = createRequire(import.meta.url);

/** `require` of a module's own making is none that the bundler looks into; with the usual one it is. */
const OWN_REQUIRE = "const require = createRequire(import.meta.url);\n";

export const plainRequire: Plugin = {
  name: "plain-require",
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]src[/\\].*\.ts$/ }, async ({ path: file }) => {
      const text = await readFile(file, "utf8");
      return text.includes(OWN_REQUIRE)
        ? { loader: "ts", contents: text.replace(OWN_REQUIRE, "") }
        : undefined;
    });
  },
};

/** The parser's two files: its runtime, and the grammar of C. */
export const WASM = [
  require.resolve("web-tree-sitter/web-tree-sitter.wasm"),
  require.resolve("tree-sitter-c/tree-sitter-c.wasm"),
] as const;

export async function bundleServer(to: string): Promise<void> {
  await build({
    entryPoints: [path.join(PROGRAM, "src/cli.ts")],
    outdir: path.join(to, "dist"),
    bundle: true,
    minify: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
    },
    plugins: [plainRequire],
    legalComments: "none",
    logLevel: "warning",
  });
  for (const file of WASM) cpSync(file, path.join(to, "dist", path.basename(file)));
  for (const folder of ["schema", "docs/rules"])
    cpSync(path.join(PROGRAM, folder), path.join(to, folder), { recursive: true });
  const fixtures = path.join(PROGRAM, "fixtures");
  for (const id of readdirSync(fixtures)) {
    const reproducer = path.join(fixtures, id, "reproducer.c");
    if (existsSync(reproducer)) cpSync(reproducer, path.join(to, `reproducers/${id}.c`));
  }
  const { name, version, license }: Record<string, unknown> = JSON.parse(
    readFileSync(path.join(PROGRAM, "package.json"), "utf8"),
  );
  mkdirSync(to, { recursive: true });
  writeFileSync(
    path.join(to, "package.json"),
    `${JSON.stringify({ name, version, license, type: "module" }, undefined, 2)}\n`,
  );
}
