/** Tests that start the program use dist/cli.js, which is built once before them. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/build.ts"],
    // Tests with processes of their own, beside the checks of the whole tree, on a machine with few cores.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
