/** Where the reproducers of the package are. */
import { existsSync } from "node:fs";

/** Made by scripts/build.ts of fixtures/<rule>/reproducer.c. */
const REPRODUCERS = new URL("../reproducers/", import.meta.url);

/** The file of a rule's reproducer, by the rule's id; undefined when the package has none. */
export function reproducerFile(id: string): URL | undefined {
  if (!/^[a-z-]+$/.test(id)) return undefined;
  const file = new URL(`${id}.c`, REPRODUCERS);
  return existsSync(file) ? file : undefined;
}
