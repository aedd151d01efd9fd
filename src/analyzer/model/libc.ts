/** The C library's functions that matter to mappings: memory, strings, files, the end of the process. */
import type { Effect, LibraryModel } from "./model.js";

const read = (address: number, as: "bytes" | "string" = "bytes"): Effect => ({
  kind: "access",
  address,
  mode: "read",
  as,
});
const write = (address: number): Effect => ({ kind: "access", address, mode: "write", as: "bytes" });
const model = (...effects: readonly Effect[]): LibraryModel => ({ effects, returns: "number" });
const returning = (argument: number, ...effects: readonly Effect[]): LibraryModel => ({
  effects,
  returns: { argument },
});
/** Gives a place in its first argument. */
const within = (...effects: readonly Effect[]): LibraryModel => ({ effects, returns: { inside: 0 } });
const fill = (...addresses: readonly number[]): LibraryModel =>
  model(...addresses.map((address): Effect => ({ kind: "fill", address })));
const open = (origin: "open" | "socket" | "other", path?: number, flags?: number): LibraryModel =>
  model({ kind: "open", origin, path, flags });
const names = (list: string, m: LibraryModel): readonly (readonly [string, LibraryModel])[] =>
  list.split(" ").map((name) => [name, m] as const);

const NEVER_RETURNS = model({ kind: "never-returns" });

export const LIBC: readonly (readonly [string, LibraryModel])[] = [
  ...names("calloc pvalloc", model({ kind: "allocate" })),
  ...names("malloc valloc", model({ kind: "allocate", length: 0 })),
  ...names("memalign aligned_alloc", model({ kind: "allocate", length: 1, alignment: 0 })),
  ["strdup", model(read(0, "string"), { kind: "allocate" })],
  ["strndup", model(read(0), { kind: "allocate" })],
  ...names("realloc reallocarray", model({ kind: "free", address: 0 }, { kind: "allocate" })),
  ...names("free cfree", model({ kind: "free", address: 0 })),
  ["posix_memalign", model({ kind: "allocate-into", address: 0, length: 2, alignment: 1 })],

  ...names("memcpy memmove mempcpy __builtin_memcpy", returning(0, write(0), read(1))),
  ...names(
    "memset bzero explicit_bzero memset_s explicit_memset memset_explicit",
    returning(0, { kind: "access", address: 0, mode: "write", as: "bytes", fills: true }),
  ),
  ...names("memcmp bcmp", model(read(0), read(1))),
  // Macros and inline functions of the kernel's, which programs for it bring along.
  ...names(
    "get_unaligned get_unaligned_le16 get_unaligned_le32 get_unaligned_le64 get_unaligned_be16 get_unaligned_be32 get_unaligned_be64",
    model(read(0)),
  ),
  ...names(
    "put_unaligned put_unaligned_le16 put_unaligned_le32 put_unaligned_le64 put_unaligned_be16 put_unaligned_be32 put_unaligned_be64",
    model(write(1)),
  ),
  ...names("memchr memrchr memmem rawmemchr", within(read(0))),
  ...names(
    "strlen atoi atol atoll atof strtol strtoul strtoll strtoull strtod strtof strtoimax strtoumax",
    model(read(0, "string")),
  ),
  ...names("puts perror", model(read(0, "string"))),
  ...names("fputs", model(read(0, "string"))),
  ...names("strspn strcspn", model(read(0, "string"))),
  ...names("strchr strrchr index rindex strchrnul strpbrk", within(read(0, "string"))),
  ...names("strstr strcasestr", within(read(0, "string"), read(1, "string"))),
  ...names("strcmp strcasecmp strcoll", model(read(0, "string"), read(1, "string"))),
  ...names("strncmp strncasecmp", model(read(0), read(1))),
  ...names("strcpy stpcpy strcat", returning(0, write(0), read(1, "string"))),
  ...names("strncpy stpncpy strncat strlcpy strlcat", model(write(0), read(1))),
  ...names("strnlen", model(read(0))),
  ...names("strtok", model(read(0, "string"))),
  ...names("strtok_r strsep", model(read(0, "string"), { kind: "fill", address: 2 })),
  ...names("sscanf", model(read(0, "string"))),

  ...names("printf", model({ kind: "format", format: 0 })),
  ...names("fprintf dprintf syslog", model({ kind: "format", format: 1 })),
  ...names("sprintf", model(write(0), { kind: "format", format: 1 })),
  ...names("snprintf", model(write(0), { kind: "format", format: 2 })),
  ...names("vprintf vfprintf vsnprintf vsprintf vsyslog", model()),
  ...names("warn warnx", model({ kind: "format", format: 0 })),
  ...names(
    "strerror gettext dgettext ngettext _ N_ errno __errno_location getpid getppid getuid geteuid time isatty getenv secure_getenv sleep usleep",
    model(),
  ),
  ...names("fflush fclose ferror feof fileno putchar fputc putc getc fgetc openlog closelog", model()),
  ...names(
    "pthread_mutex_lock pthread_mutex_unlock pthread_rwlock_rdlock pthread_rwlock_wrlock pthread_rwlock_unlock abs labs",
    model(),
  ),

  // libxkbcommon: the text must end with a NUL; its sibling _from_buffer takes a length.
  ["xkb_keymap_new_from_string", model(read(1, "string"))],

  ["read", model(write(1))],
  ["pread", model(write(1))],
  ["pread64", model(write(1))],
  ["write", model(read(1), { kind: "size", fd: 0, by: "write" })],
  ["pwrite", model(read(1), { kind: "size", fd: 0, by: "write" })],
  ["pwrite64", model(read(1), { kind: "size", fd: 0, by: "write" })],
  ["fread", model(write(0))],
  ["fwrite", model(read(0))],
  ["send", model(read(1))],
  ["recv", model(write(1))],
  ["setsockopt", model(read(3))],

  ...names("open open64", open("open", 0, 1)),
  ...names("openat openat64", open("open", 1, 2)),
  ["creat", open("open", 0)],
  ...names("socket accept accept4 eventfd timerfd_create", open("socket")),
  ...names("mkstemp mkostemp mkstemps", open("other")),
  ...names("dup dup2 fcntl ioctl_none", model({ kind: "handFile", fd: 0 })),
  ["close", model({ kind: "close", fd: 0 })],
  ["sendfile", model({ kind: "sendFile", fd: 1 })],
  ["sendfile64", model({ kind: "sendFile", fd: 1 })],
  ["copy_file_range", model({ kind: "sendFile", fd: 0 })],
  ...names("closedir fchmod fchown", model()),
  ...names("unlink shm_unlink remove access chmod chown mkdir rmdir", model(read(0))),
  ["rename", model(read(0), read(1))],
  ["lseek", model()],
  ["lseek64", model()],
  ...names("fstat fstat64", fill(1)),
  ...names("stat stat64 lstat lstat64", fill(1)),
  ...names("fstatat fstatat64", fill(2)),
  ...names("ftruncate ftruncate64", model({ kind: "size", fd: 0, by: "truncate", length: 1 })),
  ...names("fallocate posix_fallocate", model({ kind: "size", fd: 0, by: "allocate" })),
  ...names("truncate truncate64", model()),
  ...names("fsync fdatasync syncfs sync_file_range", model({ kind: "syncFile", fd: 0 })),
  ...names("sync", model({ kind: "syncFile", fd: -1 })),

  ["getpagesize", { effects: [], returns: "page-size" }],
  ["sysconf", model()],
  ...names(
    "vfork getrlimit setrlimit sigemptyset sigaddset sigprocmask alarm clock_gettime gettimeofday",
    model(),
  ),
  ...names("signal sigaction bsd_signal", model({ kind: "handle", signal: 0, handler: 1 })),
  ["fork", model({ kind: "fork" })],
  ...names(
    "pthread_mutex_init pthread_cond_init pthread_rwlock_init pthread_barrier_init",
    model({ kind: "make-lock", address: 0, attributes: 1 }),
  ),
  ...names("sem_init pthread_spin_init", model({ kind: "make-lock", address: 0, shared: 1 })),
  ...names(
    "pthread_mutexattr_init pthread_condattr_init pthread_rwlockattr_init pthread_barrierattr_init",
    model({ kind: "lock-attributes", address: 0 }),
  ),
  ...names(
    "pthread_mutexattr_setpshared pthread_condattr_setpshared pthread_rwlockattr_setpshared pthread_barrierattr_setpshared",
    model({ kind: "lock-attributes", address: 0, shared: 1 }),
  ),
  ...names(
    "pthread_mutexattr_settype pthread_mutexattr_setrobust pthread_mutexattr_setprotocol pthread_condattr_setclock pthread_mutexattr_destroy pthread_condattr_destroy wait waitpid",
    model(),
  ),
  ...names("sigsetjmp setjmp _setjmp __sigsetjmp", model()),

  ...names(
    "exit _exit _Exit quick_exit abort longjmp siglongjmp _longjmp pthread_exit err errx verr verrx errc thrd_exit",
    NEVER_RETURNS,
  ),
  ...names(
    "__builtin_unreachable __builtin_trap __builtin_abort __assert_fail g_assert_not_reached g_error",
    NEVER_RETURNS,
  ),
  ...names("execl execlp execle execv execvp execve", model()),
  ["error", model({ kind: "never-returns", unlessZero: 0 })],
];
