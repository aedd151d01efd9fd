/** Names that the analyzer itself gives a meaning, so that no macro of theirs is expanded. */

const FAMILY_NAMES =
  "mmap mmap64 munmap mremap mprotect pkey_mprotect msync madvise posix_madvise mlock mlock2 munlock mlockall mincore " +
  "sys_mmap SYS_mmap __NR_mmap shmat shmdt shm_open shm_unlink memfd_create remap_file_pages process_madvise MAP_FAILED";

/** The C library's own names for them: `__mmap`, `_munmap`, `__libc_mmap`. */
const OWN_PREFIX = "_{1,2}(?:libc_|real_)?(?!sys_)";

/** The prefilter: a text without any of these words cannot matter by itself. */
const FAMILY = new RegExp(`\\b(?:${OWN_PREFIX})?(?:${FAMILY_NAMES.replaceAll(" ", "|")})\\b`);

/**
 * A part of each of these words, begun by one of three letters: a search for it passes over a text twice as fast as the
 * search for the words, and most texts hold none.
 */
const HINT =
  /[mMh](?:map|unmap|remap|protect|sync|advise|lock|unlock|incore|mat|mdt|m_open|m_unli|emfd_c|ap_file|AP_FAI)/;

/** True when the text names the mmap family. */
export function couldMatter(text: string): boolean {
  return HINT.test(text) && FAMILY.test(text);
}

const FAMILY_FUNCTIONS: ReadonlySet<string> = new Set(
  `${FAMILY_NAMES} munlockall shmget shmctl mmap2 __mmap __mmap2 __munmap ftruncate ftruncate64`.split(" "),
);

const SYSTEM_CONSTANTS: ReadonlySet<string> = new Set(
  (
    "MAP_SHARED MAP_PRIVATE MAP_SHARED_VALIDATE MAP_TYPE MAP_FIXED MAP_ANONYMOUS MAP_ANON MAP_FILE MAP_FAILED " +
    "MAP_GROWSDOWN MAP_DENYWRITE MAP_EXECUTABLE MAP_LOCKED MAP_NORESERVE MAP_POPULATE MAP_NONBLOCK MAP_STACK " +
    "MAP_HUGETLB MAP_SYNC MAP_FIXED_NOREPLACE MAP_UNINITIALIZED MAP_32BIT MAP_HUGE_2MB MAP_HUGE_1GB MAP_HUGE_SHIFT " +
    "MAP_HUGE_MASK MAP_DROPPABLE MAP_ABOVE4G MAP_NOSYNC MAP_NOCORE MAP_HASSEMAPHORE MAP_ALIGNED_SUPER MAP_JIT " +
    "MAP_NOCACHE MAP_CONCEAL MAP_COPY MAP_INHERIT MAP_EXCL MAP_GUARD MAP_AUTOGROW MAP_AUTORESRV MAP_RENAME MAP_NOEXTEND " +
    "PROT_NONE PROT_READ PROT_WRITE PROT_EXEC PROT_SEM PROT_SAO PROT_BTI PROT_MTE PROT_GROWSDOWN PROT_GROWSUP " +
    "MS_ASYNC MS_SYNC MS_INVALIDATE"
  ).split(" "),
);

const OTHER_SYSTEM_NAMES =
  /^(?:(?:MADV|POSIX_MADV|MFD|MREMAP|MLOCK|MCL|F_SEAL|SEEK|_SC|SYS|__NR|S_I[A-Z]*)_?\w+|NULL|EOF|errno|SHM_(?:RDONLY|RND|REMAP|EXEC|HUGETLB|HUGE_\w+|NORESERVE|R|W|LOCK|UNLOCK)|O_(?:RDONLY|WRONLY|RDWR|ACCMODE|CREAT|EXCL|TRUNC|APPEND|CLOEXEC|DIRECT|D?SYNC|RSYNC|ASYNC|NONBLOCK|NDELAY|NOCTTY|NOFOLLOW|DIRECTORY|LARGEFILE|TMPFILE|PATH|NOATIME|BINARY|TEXT|EXLOCK|SHLOCK))$/;
const OTHER_SYSTEM_FUNCTIONS = /^(?:assert|offsetof|va_\w+|IS_ERR\w*|PROT_MAX)$/;

/**
 * True for a name that stays as it is even where the file defines it as a macro. A project's own constant in the
 * family's style (`#define MAP_FLAGS (MAP_SHARED | MAP_POPULATE)`) does not: it says what it is made of.
 */
export function keepsName(name: string, functionLike: boolean): boolean {
  if (FAMILY_FUNCTIONS.has(name)) return true;
  if (functionLike) return OTHER_SYSTEM_FUNCTIONS.test(name);
  return SYSTEM_CONSTANTS.has(name) || OTHER_SYSTEM_NAMES.test(name) || OTHER_SYSTEM_FUNCTIONS.test(name);
}
