/** The names of headers: which are the system's, and where a relative one leads. Paths have forward slashes. */

/**
 * Headers of the C library and of the kernel: a file of such a name in a tree is a stand-in for other systems, or part
 * of the library itself.
 */
const SYSTEM_HEADER =
  /^(?:(?:sys|net|netinet|arpa|linux|asm|asm-generic|bits|gnu|mach)\/.*|(?:aio|assert|byteswap|complex|ctype|dirent|dlfcn|elf|endian|err|errno|error|fcntl|features|fenv|float|fnmatch|ftw|getopt|glob|grp|iconv|ifaddrs|inttypes|langinfo|libgen|libintl|limits|link|locale|malloc|math|memory|mntent|mqueue|netdb|paths|poll|pthread|pty|pwd|regex|sched|search|semaphore|setjmp|shadow|signal|spawn|std(?:align|arg|atomic|bool|def|int|io|lib|noreturn)|string|strings|sysexits|syslog|termios?|threads|time|uchar|ucontext|ulimit|unistd|utime|utmpx?|values|wait|wchar|wctype|wordexp)\.h)$/;

export function isSystemHeader(name: string): boolean {
  return SYSTEM_HEADER.test(name);
}

const KERNEL_HEADER = /^(?:linux|asm(?:-generic)?)\//;

/**
 * Where projects keep the kernel's headers for programs, as they are compiled with: include/uapi/linux/bpf.h. What a kernel
 * keeps for itself in include/linux/ is not what the programs in its tree mean.
 */
const KERNEL_DIRECTORY = /(?:^|\/)(?:uapi|linux-headers)\/$/;

/** May a file at this path be what `#include <name>` means? Of the system's headers only the kernel's are in a tree themselves. */
export function isOwnHeader(name: string, file: string): boolean {
  if (!isSystemHeader(name)) return true;
  return (
    KERNEL_HEADER.test(name) &&
    file.endsWith(name) &&
    KERNEL_DIRECTORY.test(file.slice(0, file.length - name.length))
  );
}

/** The directory of a path with forward slashes; empty for the working directory. */
export function directoryOf(file: string): string {
  return file.slice(0, Math.max(file.lastIndexOf("/"), 0));
}

/** The path with `.` and `..` resolved; never above the working directory. */
export function joined(directory: string, name: string): string {
  const parts = directory === "" ? [] : directory.split("/");
  for (const part of name.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
