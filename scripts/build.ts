/**
 * What the compiler does not do: puts the C grammar beside the code that loads it, so that users need neither
 * tree-sitter-c nor a compiler, and the C sources that `mmaplint reproduce` and `mmaplint confirm` compile where they find
 * them. `npm run build`.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";

const root = new URL("../", import.meta.url);
const from = new URL("node_modules/tree-sitter-c/", root);
const to = new URL("dist/syntax/", root);

mkdirSync(to, { recursive: true });
copyFileSync(new URL("tree-sitter-c.wasm", from), new URL("tree-sitter-c.wasm", to));
const manifest: { version: string; repository: string } = JSON.parse(
  readFileSync(new URL("package.json", from), "utf8"),
);
const licence = readFileSync(new URL("LICENSE", from), "utf8");
writeFileSync(
  new URL("tree-sitter-c.wasm.txt", to),
  `tree-sitter-c.wasm is part of tree-sitter-c ${manifest.version}, ${manifest.repository}\n\n${licence}`,
);

const fixtures = new URL("fixtures/", root);
const reproducers = new URL("dist/reproducers/", root);
rmSync(reproducers, { recursive: true, force: true });
mkdirSync(reproducers);
for (const id of readdirSync(fixtures)) {
  const source = new URL(`${id}/reproducer.c`, fixtures);
  if (existsSync(source)) copyFileSync(source, new URL(`${id}.c`, reproducers));
}

copyFileSync(new URL("src/confirm/inject.c", root), new URL("dist/confirm/inject.c", root));

chmodSync(new URL("dist/cli.js", root), 0o755);
