/** What is done to a program to see whether a finding is true: for each rule an experiment, or the reason why none helps. */

/** The functions that inject.c counts. */
export const tracedFunctions = [
  "mmap",
  "munmap",
  "mremap",
  "mprotect",
  "msync",
  "madvise",
  "mlock",
  "shmat",
  "posix_madvise",
  "posix_fallocate",
] as const;
export type TracedFunction = (typeof tracedFunctions)[number];

/** What is done to one call. */
export type Treatment =
  | { readonly kind: "fail"; readonly errno: ErrnoName }
  /** mmap() gives another address than the one asked for, as it may without MAP_FIXED. */
  | { readonly kind: "elsewhere" }
  /** mremap() moves the mapping, as it may with MREMAP_MAYMOVE. */
  | { readonly kind: "move" };

export type ErrnoName = "EACCES" | "EINVAL" | "EIO" | "ENOMEM" | "ENOSPC";

export type Experiment =
  /** `unnoticed`: what it means when the program ends as it does without: a defect, or a second way that it has. */
  | {
      readonly kind: "treat";
      readonly functions: readonly TracedFunction[];
      readonly treatment: Treatment;
      readonly unnoticed: "defect" | "fallback";
    }
  /** The machine has pages of that many bytes. */
  | { readonly kind: "page"; readonly bytes: number }
  /** Nothing: the call fails by itself, or does what should not be. */
  | { readonly kind: "watch"; readonly functions: readonly TracedFunction[] };

export type Plan =
  | {
      readonly kind: "try";
      /** Which calls are meant: the one that made the mapping, or the one where the finding stands. */
      readonly call: "maker" | "own";
      /** In this order, until one confirms the finding. */
      readonly experiments: readonly Experiment[];
    }
  | { readonly kind: "none"; readonly because: string };

function failing(
  functions: readonly TracedFunction[],
  errno: ErrnoName,
  unnoticed: "defect" | "fallback",
): Experiment {
  return { kind: "treat", functions, treatment: { kind: "fail", errno }, unnoticed };
}

function treated(name: TracedFunction, treatment: Treatment): Experiment {
  return { kind: "treat", functions: [name], treatment, unnoticed: "fallback" };
}

function own(...experiments: Experiment[]): Plan {
  return { kind: "try", call: "own", experiments };
}

function none(because: string): Plan {
  return { kind: "none", because };
}

const makerFails: Plan = {
  kind: "try",
  call: "maker",
  experiments: [failing(["mmap", "mremap", "shmat"], "ENOMEM", "fallback")],
};
const elsewhere: Plan = {
  kind: "try",
  call: "maker",
  experiments: [treated("mmap", { kind: "elsewhere" })],
};
const watched = own({ kind: "watch", functions: tracedFunctions });
/** 16 KiB: Apple silicon, Raspberry Pi 5, Android. 64 KiB: arm64 and POWER servers. */
const otherPages: readonly Experiment[] = [
  { kind: "page", bytes: 16_384 },
  { kind: "page", bytes: 65_536 },
];

const byMemory = none("no call fails there: an access does harm by itself, when the program gets to it");
const bySize = none(
  "what decides is how large the file is: run the program on an empty and on a shortened file",
);
const bySystem = none("no call has to fail for it, and other kernels, libraries or processors decide it");
const leftOver = none("nothing goes wrong in one run: something is left over, and adds up");

const PLANS: Readonly<Record<string, Plan>> = {
  "null-check": makerFails,
  "unchecked-map": makerFails,
  "stored-map-failed": makerFails,
  "hardcoded-page-size": own(...otherPages),
  "unaligned-offset": own({ kind: "watch", functions: ["mmap"] }, ...otherPages),
  "unaligned-address": own({ kind: "watch", functions: tracedFunctions }, ...otherPages),
  "write-exec": own(failing(["mmap", "mprotect"], "EACCES", "fallback")),
  "fixed-clobber": own({ kind: "watch", functions: ["mmap"] }),
  "noreplace-unverified": elsewhere,
  "hint-assumed": elsewhere,
  "missing-munmap": leftOver,
  "use-after-unmap": byMemory,
  "double-unmap": none(
    "munmap() of what is unmapped already succeeds: harm comes only when the range is in use again",
  ),
  "unmap-length": watched,
  "mremap-lost": own(failing(["mremap"], "ENOMEM", "fallback"), treated("mremap", { kind: "move" })),
  "mismatched-release": byMemory,
  "missing-msync": none("what is lost is lost in a power cut, which nothing inside a running program shows"),
  "msync-misuse": watched,
  "open-mode": watched,
  "sharing-flag": watched,
  "anonymous-fd": watched,
  "swapped-arguments": watched,
  "combined-advice": watched,
  "zero-length": watched,
  "protection-violation": byMemory,
  "unterminated-string": bySize,
  "return-convention": own(
    failing(["posix_fallocate"], "ENOSPC", "defect"),
    failing(["posix_madvise", "munmap", "msync", "madvise"], "EINVAL", "defect"),
    failing(["mprotect", "mlock"], "ENOMEM", "defect"),
  ),
  "unchecked-protect": own(failing(["mprotect"], "ENOMEM", "defect")),
  "unchecked-sync": own(failing(["msync"], "EIO", "defect"), failing(["mlock"], "ENOMEM", "defect")),
  "hugetlb-length": watched,
  "length-rounds-up": none("the call succeeds, and what lies beside its range pays for it"),
  "ineffective-flag": none("the call succeeds, and what the flag was to do is not done"),
  "out-of-range": byMemory,
  "exec-stack-assumption": bySystem,
  "prot-portability": bySystem,
  "sparse-backing": none(
    "a full disk is SIGBUS at an access, not the failure of a call: run it on a small tmpfs",
  ),
  "madvise-discard": none("the call succeeds, and the content is gone"),
  "secret-scrub": none("the secret stays where it is, and nobody inside the program sees that"),
  "fork-sharing": none("the processes go on, each with its own memory"),
  "private-write-lost": none("nothing fails: what is written never reaches the file"),
  "fd-kept-open": leftOver,
  "shm-unlink": leftOver,
  "shrinking-file": none("another process has to shorten the file meanwhile"),
  "pointer-in-shared": none("it takes a second process, with the memory at another address"),
  "signal-unsafe-fault": none("it takes a fault at an unlucky moment, not a call that fails"),
  "device-memory": bySystem,
  "stale-icache": bySystem,
  "short-mapping": bySize,
  "beyond-eof": bySize,
  "offset-overflow": watched,
  "unused-suppression": none("it is about a comment"),
};

/** What to do about a finding of a rule. */
export function planFor(rule: string): Plan {
  return PLANS[rule] ?? none("no experiment is known for this rule");
}
