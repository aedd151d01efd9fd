/** A shared memory object lives until its name is removed, not until its last user ends. */
import type { Rule } from "./rule.js";

export const shmUnlink: Rule = {
  id: "shm-unlink",
  summary: "a shared memory object is created and never unlinked",
  why: "What shm_open() creates stays in /dev/shm, with its content and its memory, after munmap(), close() and the end of the process, until shm_unlink() or a reboot. The next start finds what the last one left, half-written or from another version.",
  help: "call shm_unlink() at the end, or right after mmap() where no other process opens the name",
  severity: "note",
  cwe: [404],
  since: "0.1.0",
  optIn: true,
  findsAbsence: true,
  references: ["shm_open(3)", "shm_unlink(3)", "shm_overview(7)"],
  silent: [
    "Any linted file names shm_unlink().",
    "An object that somebody else may have made: opened without O_CREAT, or with it but without O_EXCL or O_TRUNC in a file that has no main().",
    "SHM_ANON and memfd_create(): there is no name.",
  ],
  on: {
    map: ({ mapping }) =>
      mapping.descriptor?.leftBehind === true
        ? {
            message:
              "the shared memory object is created here and never unlinked: it stays, with its content, until the system is restarted",
            site: mapping.descriptor.site,
          }
        : undefined,
  },
};
