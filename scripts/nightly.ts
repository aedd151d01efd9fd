/**
 * What takes a virtual machine and so is no part of `npm test`: a power cut after a store through a mapping, and the
 * reproducers on real kernels with pages of 16 and 64 KiB. `npx tsx scripts/nightly.ts SYSTEMS`, where SYSTEMS has the
 * unpacked packages of docs/nightly.md.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { reproducers } from "./evidence.js";
import { type Side, sides, SKIPPED } from "../src/reproduce/header.js";
import type { Reproducer } from "../src/reproduce/trial.js";
import { boot, type Machine, MACHINES, systemOf } from "./nightly/guest.js";

const POWER_CUT = fileURLToPath(new URL("nightly/power-cut.c", import.meta.url));

function compile(compiler: string, flags: readonly string[], source: string, program: string): string {
  execFileSync(compiler, ["-std=c11", "-O0", "-w", "-static", "-pthread", ...flags, "-o", program, source], {
    stdio: "inherit",
  });
  return program;
}

/** Stores a record, cuts the power, and reads the disk in a second life of the machine. */
function powerCut(systems: string, workplace: string): boolean {
  const machine = MACHINES.amd64;
  const program = compile(machine.compiler, [], POWER_CUT, path.join(workplace, "power-cut"));
  const expected = { none: "oooooo", async: "oooooo", sync: "COMMIT" };
  const seen = Object.entries(expected).map(([variant, record]) => {
    const disk = path.join(workplace, `${variant}.img`);
    writeFileSync(disk, "");
    truncateSync(disk, 64 << 20);
    execFileSync("mkfs.ext4", ["-q", "-F", disk], { stdio: "inherit" });
    const guest = {
      machine,
      system: systemOf(systems, machine),
      workplace,
      modules: ["virtio_pci", "virtio_blk", "crc32c_generic", "ext4"],
      programs: new Map([["power-cut", program]]),
      disk,
    };
    const mount = "mount -t ext4 /dev/vda /mnt";
    // b: restarts at once, without writing anything back: sysrq in the kernel's documentation.
    const cut = boot(
      guest,
      `${mount} && /programs/power-cut ${variant} /mnt/record && echo committed; echo b > /proc/sysrq-trigger`,
    );
    const found = boot(guest, `${mount} && cat /mnt/record; poweroff -f`).split("\n")[0];
    const committed = cut.includes("committed");
    console.log(
      `power cut, msync ${variant}: ${committed ? "committed" : cut}, then the disk holds '${found}'`,
    );
    return committed && found === record;
  });
  return seen.every(Boolean);
}

/** Static programs of all reproducers for a machine, by rule; those that do not compile for it are named. */
function programsFor(
  machine: Machine,
  all: readonly Reproducer[],
  workplace: string,
): ReadonlyMap<string, string> {
  const programs = new Map<string, string>();
  for (const { header, source } of all) {
    const file = path.join(workplace, `${header.rule}.c`);
    writeFileSync(file, source);
    const program = path.join(workplace, `${header.rule}-${machine.architecture}`);
    try {
      programs.set(header.rule, compile(machine.compiler, header.flags, file, program));
    } catch {
      console.log(`${machine.architecture}: ${header.rule} does not compile`);
    }
  }
  return programs;
}

/** A shell's exit code that stands for an expected end: 128 + N for signal N. */
function exitCodeOf(end: number | string): number {
  if (typeof end === "number") return end;
  const number = Object.entries(constants.signals).find(([name]) => name === `SIG${end}`)?.[1];
  return 128 + (number ?? 0);
}

/** How a rule's two runs ended, by side. */
type Ends = Readonly<Record<Side, number | undefined>>;

/**
 * Runs all reproducers on a kernel with large pages; whether each ends as on sparc64, or natively where it says nothing of
 * that. What they print speaks of the size of a page, and is only shown.
 */
function largePages(machine: Machine, systems: string, workplace: string): boolean {
  const all = reproducers();
  const programs = programsFor(machine, all, workplace);
  const guest = { machine, system: systemOf(systems, machine), workplace, modules: [], programs };
  const output = boot(
    guest,
    `for program in /programs/*; do for side in bad good; do
  mkdir /tmp/work; cd /tmp/work; $program $side; echo "@end $(basename $program) $side $?"; cd /; rm -rf /tmp/work
done; done; poweroff -f`,
  );
  console.log(output);
  const endOf = (rule: string, side: Side): number | undefined => {
    const code = new RegExp(`^@end ${rule} ${side} (\\d+)$`, "m").exec(output)?.[1];
    return code === undefined ? undefined : Number(code);
  };
  const judged = all.map(({ header }) => {
    const expected = header.emulated.get("sparc64") ?? header.native;
    const ends: Ends = { bad: endOf(header.rule, "bad"), good: endOf(header.rule, "good") };
    const agrees = sides.every((side) => ends[side] === exitCodeOf(expected[side].end));
    const verdict = agrees ? "as expected" : ends.bad === SKIPPED ? "skipped" : "DIFFERENT";
    console.log(`${machine.architecture}: ${header.rule}: ${verdict}: bad ${ends.bad}, good ${ends.good}`);
    return verdict;
  });
  const number = (verdict: string): number => judged.filter((one) => one === verdict).length;
  const different = number("DIFFERENT");
  console.log(
    `${machine.architecture}: ${number("as expected")} as expected, ${number("skipped")} skipped, ${different} different`,
  );
  return different === 0;
}

function main(systems: string | undefined): void {
  if (systems === undefined)
    throw new Error("usage: npx tsx scripts/nightly.ts SYSTEMS; see docs/nightly.md");
  const workplace = mkdtempSync(path.join(tmpdir(), "mmaplint-nightly-"));
  try {
    const results = [
      powerCut(systems, workplace),
      largePages(MACHINES.arm64, systems, workplace),
      largePages(MACHINES.ppc64el, systems, workplace),
    ];
    if (!results.every(Boolean)) process.exitCode = 1;
  } finally {
    rmSync(workplace, { recursive: true, force: true });
  }
}

if (process.argv[1] === import.meta.filename) main(process.argv[2]);
