/**
 * README.md shows what the commands in it print. `UPDATE=1 npx vitest run test/readme.test.ts` puts today's output in;
 * a block follows its marker, `<!-- name -->`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { mmaplint } from "./cli.js";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const README = new URL("../README.md", import.meta.url);

/** The part of the full report that is about one rule. */
function about(report: string, rule: string): string {
  return report.split("\n\n").find((part) => part.includes(`[${rule}]`)) ?? "";
}

const shown = new Map<string, string>();

beforeAll(async () => {
  const run = async (...args: string[]): Promise<string> =>
    (await mmaplint(ROOT, [...args, "examples/"])).stdout;
  shown.set("examples", await run());
  shown.set("full use-after-unmap", about(await run("--format", "full"), "use-after-unmap"));
  shown.set("fix", await run("--fix-dry-run"));
  shown.set("reproduce", (await mmaplint(ROOT, ["reproduce", "--format", "full", "null-check"])).stdout);
});

describe("README.md", () => {
  test.each(["examples", "full use-after-unmap", "fix", "reproduce"])(
    "shows what is printed: %s",
    (marker) => {
      // What a run takes, and by which compiler, is its own.
      const output = (shown.get(marker) ?? "").replace(/^\n+|\s+$/g, "").replace(/; \d+\.\d s, .*$/, "");
      const text = readFileSync(README, "utf8");
      const block = new RegExp(`(<!-- ${marker} -->\n\n\`\`\`\\w+\n)([^]*?)(\`\`\`\n)`);
      if (process.env["UPDATE"] === "1") {
        writeFileSync(
          README,
          text.replace(block, (_, before: string, __, after: string) => `${before}${output}\n${after}`),
        );
      }
      const found = block.exec(readFileSync(README, "utf8"))?.[2];
      expect(output).not.toBe("");
      expect(found).toBe(`${output}\n`);
    },
  );
});
