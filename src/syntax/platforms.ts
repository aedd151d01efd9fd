/** What the names in conditions tell about the machine that the code is built for. */

/** Other systems than Linux, and other languages than C. At most one of them is true at a time. */
const FOREIGN =
  /^(?:_*WIN(?:32|64|DOWS|NT|CE)?_*|_?_?WIN(?:32|64)(?:__)?|WINNT|_WIN32_WCE|_MSC_VER|__CYGWIN(?:32)?__|__MINGW\w*|__MSYS__|_?_?MSDOS_?_?|__DJGPP__|DOS|OS2|__OS2__|__EMX__|__APPLE(?:_CC)?__|__MACH__|__DARWIN__|DARWIN|MACOSX?|TARGET_OS_\w+|OS_(?:WIN|WINDOWS|MACOSX|DARWIN|FREEBSD|SOLARIS|MAC|OPENBSD|NETBSD|AIX)|__?_?(?:FreeBSD|NetBSD|OpenBSD|DragonFly|FreeBSD_kernel|bsdi)__?_?|BSD|__?sun_*|sun|SOLARIS|__SVR4|SVR4|SYSV|USG|_?_?AIX_*|__TOS_AIX__|__?hpux_*|hpux|HPUX|__HP\w*|__sgi|sgi|IRIX|__osf__|__ultrix|__HAIKU__|__BEOS__|BEOS|__QNX\w*__|__VXWORKS__|VXWORKS|_?_?VMS_*|__vms|__riscos__|_*EMSCRIPTEN_*|__wasm\w*__|__wasi__|__Fuchsia__|__ANDROID__|ANDROID|__rtems__|__minix|__MVS__|__hurd__|__GNU__|__SYMBIAN32__|EPOC|AMIGA|_AMIGA|NETWARE|__NetWare__|macintosh|__CYGWIN|PLATFORM_WINDOWS|__BORLANDC__|__WATCOMC__|__TURBOC__|__ZEPHYR__|__XEN__|__KERNEL__|__cplusplus|__OBJC__|_KERNEL)$/;

/** Switches that an ordinary build leaves off. */
const NEGATIVE =
  /^(?:_*NO_\w+|_*NO[A-Z]+_\w*|NO(?!DE|RM|T[AEIY]|NE|W|VA|ISE|MINAL|UN)[A-Z]{3,}|NDEBUG|\w*_DISABLED?|DISABLE_\w+|WITHOUT_\w+|\w+_NO_MMAP|\w*NOMMU\w*|NO_?MMAP|_*DEBUG\w*|\w+_TRAC(?:E|ING)|\w+_DEBUG|\w+_DEBUG_\w+|_*TEST\w*|\w+_TESTS?|\w+_TESTING|UNIT_?TESTS?|\w*FUZZ\w*|\w*BIG_?ENDIAN\w*|USE_MALLOC|\w*VALGRIND\w*|\w*_SANITIZE\w*|__SANITIZE_\w+|__CHECKER__|__COVERITY__|__clang_analyzer__|lint|__lint__?|BROKEN_\w+|\w+_BROKEN|\w*_LACKS_\w+|LACKS_\w+|STANDALONE|MAIN)$/;

/** The same in a project's own switches: `HAVE_WIN32`, `JEMALLOC_HAVE_VM_MAKE_TAG`. */
const FOREIGN_PART =
  /_(?:WIN32|WIN64|WINDOWS|MSVC|DARWIN|MACOSX?|OSX|APPLE|COCOA|KQUEUE|VM_MAKE_TAG|MACH|CYGWIN|MINGW(?:32|64)?|FREEBSD|NETBSD|OPENBSD|DRAGONFLY|SOLARIS|SUNOS|AIX|HPUX|HAIKU|QNX|EMSCRIPTEN|ANDROID|VXWORKS)(?:_|$)/;

/** `__NetBSD_Version__ - 0 >= 799007200`: 0 where there is no such system. */
const FOREIGN_VERSION =
  /^(?:_WIN32_WINNT|_MSC_VER|__\w*(?:BSD|DragonFly)\w*_[Vv]ersion\w*|__APPLE_CC__|WINVER|_AIX\w*|__ANDROID_API__|\w*MAC_OS_X_VERSION\w*)(?: - 0)? (?:==|>|>=) /;

export function isForeign(key: string): boolean {
  return FOREIGN.test(key) || (FOREIGN_PART.test(key) && !NEGATIVE.test(key)) || FOREIGN_VERSION.test(key);
}

/** Windows, by itself and as seen by its compilers: it has no mmap(), and pages of 4 KiB. */
export function isWindows(key: string): boolean {
  return /^(?:_*WIN(?:32|64|DOWS|NT|CE)?_*|__?WIN(?:32|64)(?:__)?|WINNT|_WIN32_WCE|_WIN32_WINNT.*|_MSC_VER.*|__MINGW\w*|_?_?MSDOS_?_?|__DJGPP__|DOS|OS_WIN(?:DOWS)?|PLATFORM_WINDOWS)$/.test(
    key,
  );
}

/** Whether the condition holds on Linux as usually built. */
export function holdsOnLinux(key: string): boolean {
  return !isForeign(key) && !NEGATIVE.test(key) && !/(?:BIG_ENDIAN|PDP_ENDIAN)$/.test(key);
}

/** A name that some platform's compiler defines by itself, and neither Linux nor the processors that it runs on. */
export function isUnknownPlatform(key: string): boolean {
  return (
    /^__[A-Za-z]\w*__$/.test(key) &&
    !/^__(?:gnu_)?(?:linux|GLIBC|UCLIBC|unix|ELF|GNUC|clang|STDC|LP64|ILP32|CHAR|SIZEOF|BYTE|FLOAT|OPTIMIZE|PIC|PIE|x86|amd64|i\d86|arm|ARM|aarch64|thumb|powerpc|PPC|ppc|mips|riscv|s390|sparc|ia64|alpha|hppa|m68k|sh|loongarch|xtensa|arc|nios2|microblaze|or1k|csky|tile|hexagon|bfin|cris|frv|m32r|mn10300|nds32)/i.test(
      key,
    )
  );
}

/** What every C library for Linux defines: who asks for it has older systems in mind. */
export function isAlways(key: string): boolean {
  return /^(?:MAP_(?:ANON|ANONYMOUS|SHARED|PRIVATE|FIXED|FAILED)|PROT_(?:NONE|READ|WRITE|EXEC)|MS_(?:ASYNC|SYNC|INVALIDATE)|_SC_PAGE_?SIZE)$/.test(
    key,
  );
}

/** Other systems than Linux, as files and directories are named for them: `os_win.c`, `osdep/freebsd/map.c`. */
const FOREIGN_WORDS =
  /^(?:(?:win|w)(?:16|32|64)|win|wince|winnt|nt|windows|msvc|mingw\w*|cygwin|(?:ms)?dos|djgpp|os2|mac|macosx?|osx|darwin|apple|ios|(?:free|net|open|k)?bsd|dragonfly\w*|solaris|sunos|aix|hpux|irix|osf1?|tru64|ultrix|vms|beos|haiku|qnx\w*|vxworks|riscos|amiga\w*|symbian|netware|minios|minix|rtems|zephyr|wasm\w*|wasi|emscripten|fuchsia|hurd|plan9|dummy|stubs?|none|null)$/;

/** Is the file, by its name or one of its directories' names, for another system than Linux, or for none? */
export function isOfForeignPlatform(path: string): boolean {
  return wordsOf(path).some((word) => FOREIGN_WORDS.test(word)) && !isOfLinux(path);
}

export function isOfLinux(path: string): boolean {
  return wordsOf(path).includes("linux");
}

function wordsOf(path: string): readonly string[] {
  return path.toLowerCase().split(/[^a-z0-9]+/);
}
