/** One reproducer, tried: compiled, and both its sides run, each in a fresh directory. */
import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { compile } from "../native/compile.js";
import { execute, type Execution, limited } from "../native/execute.js";
import type { Toolchain } from "../native/toolchain.js";
import { type Header, parseHeader, type Side } from "./header.js";

/** A reproducer as it is shipped. */
export interface Reproducer {
  readonly header: Header;
  readonly source: string;
}

/** @throws HeaderError */
export function toReproducer(source: string): Reproducer {
  return { header: parseHeader(source), source };
}

export type Trial =
  | { readonly kind: "uncompiled"; readonly messages: string }
  | { readonly kind: "ran"; readonly runs: Readonly<Record<Side, Execution>> };

export interface Workplace {
  /** A directory that is there for this trial alone. */
  readonly directory: string;
  /** Where programs and the parts of a compiler are looked for. */
  readonly path: string;
  /** Compiler flags that go before those of the reproducer. */
  readonly flags: readonly string[];
  readonly interrupted?: AbortSignal | undefined;
}

/** As the reproducers are written: C11 with what POSIX and Linux add. */
const LANGUAGE = ["-std=c11", "-pthread"];

/** glibc before 2.34 has shm_open() in a library of its own. */
const LIBRARIES = ["-lrt"];

/** A reproducer ends itself by alarm(5). */
const RUN_SECONDS = 10;

/** Compiles a reproducer and runs it. A failure of either is an answer, no exception. */
export async function tryReproducer(
  { header, source }: Reproducer,
  toolchain: Toolchain,
  { directory, path: searched, flags, interrupted }: Workplace,
): Promise<Trial> {
  const file = path.join(directory, "reproducer.c");
  const program = path.join(directory, "reproducer");
  writeFileSync(file, source);
  // What else is in the user's environment, such as LD_PRELOAD or a locale, would change what is seen.
  const env = { PATH: searched, LC_ALL: "C", TMPDIR: directory };
  const args = [...LANGUAGE, ...flags, ...header.flags, "-o", program, file, ...LIBRARIES];
  const messages = await compile(toolchain, args, { cwd: directory, env, interrupted });
  if (messages !== undefined) return { kind: "uncompiled", messages };
  const run = (side: Side): Promise<Execution> => {
    const cwd = path.join(directory, side);
    mkdirSync(cwd);
    return execute(limited([...toolchain.emulator, program, side]), {
      cwd,
      env,
      seconds: RUN_SECONDS,
      interrupted,
    });
  };
  return { kind: "ran", runs: { bad: await run("bad"), good: await run("good") } };
}
