/** What compiles a C program and what runs it: the machine's own compiler, or a cross compiler and an emulator. */
import { accessSync, constants, statSync } from "node:fs";
import * as path from "node:path";

/** Machines that an emulator of user programs stands in for. */
export const machineNames = ["sparc64", "aarch64", "i686"] as const;
export type MachineName = (typeof machineNames)[number];

/** Where programs run: on the machine itself, or on one that is emulated. */
export type Target = "native" | MachineName;

export interface Toolchain {
  readonly target: Target;
  /** The compiler, with what always goes with it. */
  readonly compiler: readonly string[];
  /** The emulator; empty where the machine runs the program itself. */
  readonly emulator: readonly string[];
}

interface Emulation {
  readonly compiler: string;
  readonly emulator: string;
  /** The packages of Debian and its kin that have both, and the C library. */
  readonly packages: string;
}

/** sparc64 has pages of 8 KiB, aarch64 an instruction cache that stores do not reach, i686 addresses of 32 bits. */
const EMULATIONS: Readonly<Record<MachineName, Emulation>> = {
  sparc64: {
    compiler: "sparc64-linux-gnu-gcc",
    emulator: "qemu-sparc64",
    packages: "qemu-user gcc-sparc64-linux-gnu libc6-dev-sparc64-cross",
  },
  aarch64: {
    compiler: "aarch64-linux-gnu-gcc",
    emulator: "qemu-aarch64",
    packages: "qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
  },
  i686: {
    compiler: "i686-linux-gnu-gcc",
    emulator: "qemu-i386",
    packages: "qemu-user gcc-i686-linux-gnu libc6-dev-i386-cross",
  },
};

/** In the order in which they are looked for where $CC names none. */
const COMPILERS = ["cc", "gcc", "clang"];

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * The absolute path of a program. Relative entries of PATH are passed over: what lies in the working directory is not
 * to be run.
 */
export function findProgram(name: string, env: NodeJS.ProcessEnv): string | undefined {
  if (path.isAbsolute(name)) return isProgram(name) ? name : undefined;
  if (name.includes("/")) return undefined;
  const directories = (env["PATH"] ?? "").split(path.delimiter).filter((entry) => path.isAbsolute(entry));
  return directories.map((directory) => path.join(directory, name)).find(isProgram);
}

function native(env: NodeJS.ProcessEnv): Toolchain | string {
  // As make takes it: a program, then options for it.
  const [chosen, ...options] = (env["CC"] ?? "").split(/\s+/).filter((word) => word !== "");
  if (chosen !== undefined) {
    const compiler = findProgram(chosen, env);
    if (compiler === undefined) {
      return `CC=${chosen}: there is no such program on PATH; name a C compiler by its name or absolute path`;
    }
    return { target: "native", compiler: [compiler, ...options], emulator: [] };
  }
  const compiler = COMPILERS.map((name) => findProgram(name, env)).find((found) => found !== undefined);
  if (compiler === undefined) {
    return `no C compiler: none of ${COMPILERS.join(", ")} is on PATH; install gcc or clang, or name another with CC`;
  }
  return { target: "native", compiler: [compiler], emulator: [] };
}

/** The tools for a target, or a sentence that says what is missing and how to get it. */
export function toolchainFor(target: Target, env: NodeJS.ProcessEnv): Toolchain | string {
  if (target === "native") return native(env);
  const { compiler, emulator, packages } = EMULATIONS[target];
  const paths = [compiler, emulator].map((name) => ({ name, path: findProgram(name, env) }));
  const missing = paths.filter((tool) => tool.path === undefined).map(({ name }) => name);
  if (missing.length > 0) {
    return `--emulate ${target}: ${missing.join(" and ")} not found on PATH; on Debian or Ubuntu: apt-get install ${packages}`;
  }
  const [compilerPath = "", emulatorPath = ""] = paths.map((tool) => tool.path ?? "");
  // Static, so that the emulator needs no libraries of the other machine.
  return { target, compiler: [compilerPath, "-static"], emulator: [emulatorPath] };
}
