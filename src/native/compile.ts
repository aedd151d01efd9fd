/** Compiles a C file of the package. */
import { describeEnding, execute, type Surroundings } from "./execute.js";
import type { Toolchain } from "./toolchain.js";

/** It takes a tenth of a second; a busy machine may need longer. */
const SECONDS = 60;

/** Runs the compiler; undefined when it succeeds, else what it says, or how it ended where it says nothing. */
export async function compile(
  { compiler }: Toolchain,
  args: readonly string[],
  surroundings: Omit<Surroundings, "seconds">,
): Promise<string | undefined> {
  const command = [...compiler, ...args];
  const { ending, stdout, stderr } = await execute(command, { ...surroundings, seconds: SECONDS });
  if (ending.kind === "exit" && ending.code === 0) return undefined;
  const messages = `${stderr}${stdout}`.trim();
  if (messages !== "") return messages;
  return ending.kind === "unstarted" ? ending.reason : describeEnding(ending);
}
