/**
 * What takes a virtual machine and so is no part of `npm test`: a power cut after a store through a mapping, and the
 * reproducers on real kernels with pages of 16 and 64 KiB. `npx tsx scripts/nightly.ts SYSTEMS`, where SYSTEMS has the
 * unpacked packages of docs/nightly.md.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { reproducers } from "./evidence.js";
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

/** Runs all reproducers on a kernel with large pages; whether those do what they do on sparc64 that show it there. */
function largePages(machine: Machine, systems: string, workplace: string): boolean {
  const all = reproducers();
  const programs = new Map<string, string>();
  for (const { header, source } of all) {
    const file = path.join(workplace, `${header.rule}.c`);
    writeFileSync(file, source);
    const program = path.join(workplace, `${header.rule}-${machine.architecture}`);
    try {
      programs.set(header.rule, compile(machine.compiler, header.flags, file, program));
    } catch {
      console.log(`${machine.architecture}, ${header.rule}: does not compile`);
    }
  }
  const guest = { machine, system: systemOf(systems, machine), workplace, modules: [], programs };
  const output = boot(
    guest,
    `for program in /programs/*; do for side in bad good; do
  mkdir /tmp/work; cd /tmp/work; $program $side; echo "@end $(basename $program) $side $?"; cd /; rm -rf /tmp/work
done; done; poweroff -f`,
  );
  const ends = new Map(
    [...output.matchAll(/^@end (\S+) (bad|good) (\d+)$/gm)].map(([, rule, side, end]) => [
      `${rule} ${side}`,
      end,
    ]),
  );
  console.log(output);
  let right = true;
  for (const { header } of all) {
    const { bad, good } = header.emulated.get("sparc64") ?? header.native;
    const end = `bad ${ends.get(`${header.rule} bad`)}, good ${ends.get(`${header.rule} good`)}`;
    const damage = header.emulated.has("sparc64");
    console.log(`${machine.architecture}, ${header.rule}: ${end}; expected bad ${bad.end}, good ${good.end}`);
    if (damage && (ends.get(`${header.rule} bad`) === "0" || ends.get(`${header.rule} good`) !== "0"))
      right = false;
  }
  return right;
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
