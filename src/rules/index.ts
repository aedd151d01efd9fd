/** The one explicit list of rules, in the order in which documentation and reports show them. */
import type { Rule } from "./rule.js";
import { anonymousFd } from "./anonymous-fd.js";
import { beyondEof } from "./beyond-eof.js";
import { combinedAdvice } from "./combined-advice.js";
import { deviceMemory } from "./device-memory.js";
import { doubleUnmap } from "./double-unmap.js";
import { execStackAssumption } from "./exec-stack-assumption.js";
import { fdKeptOpen } from "./fd-kept-open.js";
import { fixedClobber } from "./fixed-clobber.js";
import { forkSharing } from "./fork-sharing.js";
import { hardcodedPageSize } from "./hardcoded-page-size.js";
import { hintAssumed } from "./hint-assumed.js";
import { hugetlbLength } from "./hugetlb-length.js";
import { ineffectiveFlag } from "./ineffective-flag.js";
import { lengthRoundsUp } from "./length-rounds-up.js";
import { madviseDiscard } from "./madvise-discard.js";
import { mismatchedRelease } from "./mismatched-release.js";
import { missingMsync } from "./missing-msync.js";
import { missingMunmap } from "./missing-munmap.js";
import { mremapLost } from "./mremap-lost.js";
import { msyncMisuse } from "./msync-misuse.js";
import { noreplaceUnverified } from "./noreplace-unverified.js";
import { nullCheck } from "./null-check.js";
import { offsetOverflow } from "./offset-overflow.js";
import { openMode } from "./open-mode.js";
import { outOfRange } from "./out-of-range.js";
import { pointerInShared } from "./pointer-in-shared.js";
import { privateWriteLost } from "./private-write-lost.js";
import { protPortability } from "./prot-portability.js";
import { protectionViolation } from "./protection-violation.js";
import { returnConvention } from "./return-convention.js";
import { secretScrub } from "./secret-scrub.js";
import { sharingFlag } from "./sharing-flag.js";
import { shmUnlink } from "./shm-unlink.js";
import { shortMapping } from "./short-mapping.js";
import { shrinkingFile } from "./shrinking-file.js";
import { signalUnsafeFault } from "./signal-unsafe-fault.js";
import { sparseBacking } from "./sparse-backing.js";
import { staleIcache } from "./stale-icache.js";
import { storedMapFailed } from "./stored-map-failed.js";
import { swappedArguments } from "./swapped-arguments.js";
import { unalignedAddress } from "./unaligned-address.js";
import { unalignedOffset } from "./unaligned-offset.js";
import { uncheckedMap } from "./unchecked-map.js";
import { uncheckedProtect } from "./unchecked-protect.js";
import { uncheckedSync } from "./unchecked-sync.js";
import { unmapLength } from "./unmap-length.js";
import { unterminatedString } from "./unterminated-string.js";
import { useAfterUnmap } from "./use-after-unmap.js";
import { writeExec } from "./write-exec.js";
import { zeroLength } from "./zero-length.js";

export const rules: readonly Rule[] = [
  nullCheck,
  uncheckedMap,
  hardcodedPageSize,
  unalignedOffset,
  unalignedAddress,
  writeExec,
  fixedClobber,
  noreplaceUnverified,
  hintAssumed,
  missingMunmap,
  useAfterUnmap,
  doubleUnmap,
  unmapLength,
  mremapLost,
  mismatchedRelease,
  missingMsync,
  msyncMisuse,
  openMode,
  sharingFlag,
  anonymousFd,
  swappedArguments,
  combinedAdvice,
  zeroLength,
  protectionViolation,
  unterminatedString,
  storedMapFailed,
  returnConvention,
  uncheckedProtect,
  uncheckedSync,
  hugetlbLength,
  lengthRoundsUp,
  ineffectiveFlag,
  outOfRange,
  execStackAssumption,
  protPortability,
  sparseBacking,
  madviseDiscard,
  secretScrub,
  forkSharing,
  privateWriteLost,
  fdKeptOpen,
  shmUnlink,
  shrinkingFile,
  pointerInShared,
  signalUnsafeFault,
  deviceMemory,
  staleIcache,
  shortMapping,
  beyondEof,
  offsetOverflow,
];
