/** A run as text: the command, what it printed, how it ended. Pure. */
import type { Execution } from "./execute.js";
import { type Side, sides } from "./header.js";
import type { Target } from "./toolchain.js";
import { describeEnding } from "./verdict.js";

/** `$ ./reproducer bad`, the output, and in brackets how it ended; ends with a newline. */
export function transcript(target: Target, runs: Readonly<Record<Side, Execution>>): string {
  const where = target === "native" ? "" : ` on ${target}`;
  return sides
    .map((side) => {
      const { ending, stdout, stderr } = runs[side];
      const printed = `${stdout}${stderr}`.trimEnd();
      return `$ ./reproducer ${side}${where}\n${printed === "" ? "" : `${printed}\n`}[${describeEnding(ending)}]\n`;
    })
    .join("");
}

/**
 * An execution whose output does not depend on the run: the kernel gives other addresses (ASLR) and process ids each
 * time. What is an address by the look of it becomes `0x...`; small numbers and the last address of all, MAP_FAILED, stay.
 */
export function normalized(execution: Execution): Execution {
  const tidy = (text: string): string =>
    text
      .replace(/\b0x(?!f+\b)[0-9a-f]{7,16}\b/g, "0x...")
      .replaceAll(new RegExp(`\\b${execution.pid}\\b`, "g"), "PID");
  return { ...execution, stdout: tidy(execution.stdout), stderr: tidy(execution.stderr) };
}
