/** Virtual machines: a kernel of Debian, busybox, a script and some programs, booted by qemu without KVM. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import * as path from "node:path";

/** A kind of machine, by Debian's name for its architecture. */
export interface Machine {
  readonly architecture: string;
  /** qemu with what the machine is made of. */
  readonly emulator: readonly string[];
  readonly console: string;
  /** The compiler of static programs for it. */
  readonly compiler: string;
}

export const MACHINES = {
  amd64: {
    architecture: "amd64",
    emulator: ["qemu-system-x86_64", "-accel", "tcg"],
    console: "ttyS0",
    compiler: "gcc",
  },
  /** With the kernel of linux-image-arm64-16k: pages of 16 KiB. */
  arm64: {
    architecture: "arm64",
    emulator: ["qemu-system-aarch64", "-machine", "virt", "-cpu", "max,pauth-impdef=on"],
    console: "ttyAMA0",
    compiler: "aarch64-linux-gnu-gcc",
  },
  /** With the kernel of linux-image-powerpc64le of Debian 12: pages of 64 KiB. */
  ppc64el: {
    architecture: "ppc64el",
    emulator: ["qemu-system-ppc64", "-machine", "pseries", "-cpu", "power9"],
    console: "hvc0",
    compiler: "powerpc64le-linux-gnu-gcc",
  },
} as const satisfies Readonly<Record<string, Machine>>;

/** A boot takes some seconds of emulation; a guest that hangs is stopped. */
const BOOT_SECONDS = 300;

function run(command: string, args: readonly string[], cwd: string, input?: string): Buffer {
  return execFileSync(command, args, { cwd, input, maxBuffer: 1 << 30, stdio: ["pipe", "pipe", "inherit"] });
}

/** The one file of a directory whose name begins so. */
function only(directory: string, prefix: string): string {
  const name = readdirSync(directory).find((candidate) => candidate.startsWith(prefix));
  if (name === undefined)
    throw new Error(`${directory} has no ${prefix}*: unpack the kernel's package there`);
  return path.join(directory, name);
}

/** Modules with those that they depend on, which a module names in itself: "depends=jbd2,mbcache". In loading order. */
function withDependencies(tree: string, wanted: readonly string[]): readonly string[] {
  const files = new Map(
    readdirSync(tree, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ko"))
      .map((name) => [path.basename(name, ".ko").replaceAll("-", "_"), path.join(tree, name)]),
  );
  const order: string[] = [];
  const visit = (name: string): void => {
    const file = files.get(name);
    // Not a file: built into this kernel.
    if (file === undefined || order.includes(file)) return;
    const depends = /\0depends=([\w,-]*)\0/.exec(readFileSync(file, "latin1"))?.[1] ?? "";
    for (const other of depends.split(",").filter((word) => word !== "")) visit(other.replaceAll("-", "_"));
    order.push(file);
  };
  for (const name of wanted) visit(name);
  return order;
}

/** What a guest boots with. */
export interface Guest {
  readonly machine: Machine;
  /** Where the packages of the machine's kernel and busybox-static are unpacked. */
  readonly system: string;
  /** A directory for the guest's own files. */
  readonly workplace: string;
  /** Kernel modules by name, besides what they depend on. */
  readonly modules: readonly string[];
  /** Static programs by name; they are in /programs. */
  readonly programs: ReadonlyMap<string, string>;
  /** A disk image, /dev/vda in the guest. */
  readonly disk?: string;
}

function initramfs({ system, workplace, modules, programs }: Guest, script: string): string {
  const root = mkdtempSync(path.join(workplace, "root-"));
  for (const name of ["bin", "dev", "mnt", "modules", "proc", "programs", "sys", "tmp"])
    mkdirSync(path.join(root, name));
  copyFileSync(path.join(system, "bin/busybox"), path.join(root, "bin/busybox"));
  for (const [name, file] of programs) copyFileSync(file, path.join(root, "programs", name));
  const loaded = modules.length === 0 ? [] : withDependencies(path.join(system, "lib/modules"), modules);
  for (const file of loaded) copyFileSync(file, path.join(root, "modules", path.basename(file)));
  const init = [
    "#!/bin/busybox sh",
    "/bin/busybox --install /bin",
    "mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs devtmpfs /dev",
    "mkdir /dev/shm; mount -t tmpfs tmpfs /dev/shm; mount -t tmpfs tmpfs /tmp",
    ...loaded.map((file) => `insmod /modules/${path.basename(file)}`),
    "echo @begin",
    script,
  ];
  writeFileSync(path.join(root, "init"), `${init.join("\n")}\n`);
  chmodSync(path.join(root, "init"), 0o755);
  const names = ["."].concat(readdirSync(root, { recursive: true, encoding: "utf8" })).join("\n");
  const archive = `${root}.cpio`;
  writeFileSync(archive, run("busybox", ["cpio", "-o", "-H", "newc"], root, names));
  return archive;
}

/** Boots the guest, runs a shell script as its first process, and returns what it printed. The script ends the machine. */
export function boot(guest: Guest, script: string): string {
  const { machine, system, disk } = guest;
  const [program = "", ...args] = machine.emulator;
  const kernel = only(path.join(system, "boot"), "vmlinu");
  const drive = disk === undefined ? [] : ["-drive", `file=${disk},format=raw,if=virtio`];
  const board = ["-m", "1024", "-nographic", "-no-reboot", "-nic", "none"];
  const software = ["-kernel", kernel, "-initrd", initramfs(guest, script)];
  const command = ["-append", `console=${machine.console} quiet panic=-1`];
  const { stdout, error } = spawnSync(program, [...args, ...board, ...drive, ...software, ...command], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    timeout: BOOT_SECONDS * 1000,
  });
  if (error !== undefined) throw error;
  const output = stdout.replaceAll("\r", "");
  const begin = output.indexOf("@begin\n");
  if (begin < 0) throw new Error(`the guest did not start:\n${output}`);
  return output.slice(begin + "@begin\n".length);
}

/** Where the packages of a machine are unpacked, below the directory that the user names. */
export function systemOf(systems: string, { architecture }: Machine): string {
  const system = path.join(systems, architecture);
  for (const part of ["boot", "bin/busybox"]) {
    if (!existsSync(path.join(system, part))) {
      throw new Error(`${system}/${part} is missing: see docs/nightly.md for the packages to unpack there`);
    }
  }
  return system;
}
