/** Types, lint, format and unused code: `npm test` is everything, and each of these counts as a test. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What a tool of node_modules/.bin has to complain about; empty when it is content. */
function complaints(tool: string, ...args: string[]): Promise<string> {
  return new Promise((resolve) => {
    const options = { cwd: root, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, NO_COLOR: "1" } };
    execFile(`node_modules/.bin/${tool}`, args, options, (error, stdout, stderr) => {
      resolve(error === null ? "" : `${stdout}${stderr}` || error.message);
    });
  });
}

test.concurrent.each([
  ["types: tsc", "tsc", ["-p", "tsconfig.test.json"]],
  ["lint: oxlint", "oxlint", ["--deny-warnings"]],
  ["format: npm run format", "prettier", ["--check", "--log-level", "warn", "."]],
  ["unused code and dependencies: knip", "knip", ["--no-progress"]],
] as const)("%s", { timeout: 120_000 }, async (_, tool, args) => {
  expect(await complaints(tool, ...args)).toBe("");
});
