/** The mmap family: mmap(2), munmap(2), mremap(2), mprotect(2), msync(2), madvise(2), mlock(2), shmat(2), shm_open(3), memfd_create(2). */
import type { LibraryModel } from "./model.js";

const MMAP: LibraryModel = {
  effects: [{ kind: "map", address: 0, length: 1, protection: 2, flags: 3, fd: 4, offset: 5 }],
  returns: "number",
};
const lock = (flags: number | undefined): LibraryModel => ({
  effects: [{ kind: "lock", address: 0, length: 1, flags }],
  returns: "number",
});
const advise: LibraryModel = {
  effects: [{ kind: "advise", address: 0, length: 1, flags: 2 }],
  returns: "number",
};
const posixAdvise: LibraryModel = {
  effects: [{ kind: "advise", address: 0, length: 1, flags: 2, keepsContent: true }],
  returns: "number",
};
const protect: LibraryModel = {
  effects: [{ kind: "protect", address: 0, length: 1, flags: 2 }],
  returns: "number",
};

export const POSIX: readonly (readonly [string, LibraryModel])[] = [
  ["mmap", MMAP],
  ["mmap64", MMAP],
  ["munmap", { effects: [{ kind: "unmap", address: 0, length: 1 }], returns: "number" }],
  [
    "mremap",
    { effects: [{ kind: "remap", address: 0, oldLength: 1, newLength: 2, flags: 3 }], returns: "number" },
  ],
  ["mprotect", protect],
  ["pkey_mprotect", protect],
  ["msync", { effects: [{ kind: "sync", address: 0, length: 1, flags: 2 }], returns: "number" }],
  ["madvise", advise],
  ["posix_madvise", posixAdvise],
  ["mlock", lock(undefined)],
  ["mlock2", lock(2)],
  [
    "munlock",
    {
      effects: [{ kind: "lock", address: 0, length: 1, flags: undefined, unlocks: true }],
      returns: "number",
    },
  ],
  ["__clear_cache", { effects: [{ kind: "flush", address: 0, end: 1 }], returns: "number" }],
  ["__builtin___clear_cache", { effects: [{ kind: "flush", address: 0, end: 1 }], returns: "number" }],
  ["mlockall", { effects: [], returns: "number" }],
  [
    "mincore",
    {
      effects: [
        { kind: "advise", address: 0, length: 1, flags: undefined, keepsContent: true },
        { kind: "fill", address: 2 },
      ],
      returns: "number",
    },
  ],
  ["shmat", { effects: [{ kind: "attach", address: 1, flags: 2 }], returns: "number" }],
  ["shmdt", { effects: [{ kind: "unmap", address: 0, length: undefined }], returns: "number" }],
  ["shm_open", { effects: [{ kind: "open", origin: "shm_open", path: 0, flags: 1 }], returns: "number" }],
  [
    "memfd_create",
    { effects: [{ kind: "open", origin: "memfd_create", path: 0, flags: undefined }], returns: "number" },
  ],
];
