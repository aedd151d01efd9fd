/** Builds dist/ once, before any test. Type errors do not stop it: test/checks.test.ts tells them. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

export default function setup(): void {
  spawnSync("node_modules/.bin/tsc", { cwd: root, stdio: "ignore" });
  const { status } = spawnSync("node_modules/.bin/tsx", ["scripts/build.ts"], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) throw new Error("scripts/build.ts failed");
}
