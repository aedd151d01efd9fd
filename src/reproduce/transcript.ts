/** A run as text: the command, what it printed, how it ended. Pure. */
import * as path from "node:path";
import { describeEnding, type Execution } from "../native/execute.js";
import type { Toolchain } from "../native/toolchain.js";
import { type Side, sides } from "./header.js";

/** `$ ./reproducer bad`, the output, and in brackets how it ended; the same for good. Ends with a newline. */
export function transcript({ emulator }: Toolchain, runs: Readonly<Record<Side, Execution>>): string {
  const command = [...emulator.map((program) => path.basename(program)), "./reproducer"].join(" ");
  return sides
    .map((side) => {
      const { ending, stdout, stderr } = runs[side];
      const printed = `${stdout}${stderr}`.trimEnd();
      return `$ ${command} ${side}\n${printed === "" ? "" : `${printed}\n`}[${describeEnding(ending)}]\n`;
    })
    .join("");
}

/** What is an address by the look of it: long, and not the last one of all, which is MAP_FAILED. */
const ADDRESS = /\b0x(?!f+\b)[0-9a-f]{7,16}\b/g;

/**
 * An execution whose output does not depend on the run. The kernel gives other addresses (ASLR) and process ids each
 * time: addresses become `<address A>`, `<address B>` in their order, so that the same one can be seen to come again.
 */
export function normalized(execution: Execution): Execution {
  const letters = new Map<string, string>();
  const nameOf = (address: string): string => {
    const letter = letters.get(address) ?? String.fromCodePoint("A".charCodeAt(0) + letters.size);
    letters.set(address, letter);
    return `<address ${letter}>`;
  };
  const own = new RegExp(`\\b${execution.pid}\\b`, "g");
  const tidy = (text: string): string => text.replace(ADDRESS, nameOf).replace(own, "<pid>");
  return { ...execution, stdout: tidy(execution.stdout), stderr: tidy(execution.stderr) };
}
