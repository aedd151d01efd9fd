/**
 * Bundles the program for the extension, in the shape of the npm package, so that everything it looks for beside itself
 * is where it expects it; with the rules' pages, as the extension shows them.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import * as path from "node:path";
import { build, type Plugin } from "esbuild";
import { PROGRAM } from "./paths.js";

const require = createRequire(import.meta.url);

/** The parser's two files: its runtime, and the grammar of C. */
const WASM = [
  require.resolve("web-tree-sitter/web-tree-sitter.wasm"),
  require.resolve("tree-sitter-c/tree-sitter-c.wasm"),
] as const;

const OWN_REQUIRE = "const require = createRequire(import.meta.url);\n";

/** Bundles what a module asks a `require` of its own making for: the bundler only knows the usual one. */
export const plainRequire: Plugin = {
  name: "plain-require",
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]src[/\\].*\.ts$/ }, async ({ path: file }) => {
      const text = await readFile(file, "utf8");
      if (!text.includes(OWN_REQUIRE)) return undefined;
      return { loader: "ts", contents: text.replace(OWN_REQUIRE, "") };
    });
  },
};

/** What the program reads beside its code. */
function copyData(to: string): void {
  for (const file of WASM) cpSync(file, path.join(to, "dist", path.basename(file)));
  for (const folder of ["schema", "docs/rules"])
    cpSync(path.join(PROGRAM, folder), path.join(to, folder), { recursive: true });
  const fixtures = path.join(PROGRAM, "fixtures");
  for (const id of readdirSync(fixtures)) {
    const reproducer = path.join(fixtures, id, "reproducer.c");
    if (existsSync(reproducer)) cpSync(reproducer, path.join(to, `reproducers/${id}.c`));
  }
  const text = readFileSync(path.join(PROGRAM, "package.json"), "utf8");
  const { name, version, license }: Record<string, unknown> = JSON.parse(text);
  const manifest = { name, version, license, type: "module" };
  writeFileSync(path.join(to, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/** @returns the files that went into it */
export async function bundleServer(to: string): Promise<readonly string[]> {
  const { metafile } = await build({
    entryPoints: [path.join(PROGRAM, "src/cli.ts")],
    outdir: path.join(to, "dist"),
    absWorkingDir: PROGRAM,
    bundle: true,
    minify: true,
    metafile: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    // For packages that are CommonJS.
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
    },
    plugins: [plainRequire],
    legalComments: "none",
    logLevel: "warning",
  });
  mkdirSync(to, { recursive: true });
  copyData(to);
  return [...Object.keys(metafile.inputs).map((file) => path.join(PROGRAM, file)), ...WASM];
}
