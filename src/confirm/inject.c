/*
 * Loaded into a program by LD_PRELOAD, for `mmaplint confirm`: counts the program's and its libraries' calls of the mmap
 * family, says where each comes from, and lets one of them fail. The C library's own calls do not pass through here.
 *
 *   MMAPLINT_REPORT  the file that lines are appended to; without it nothing is done
 *   MMAPLINT_INJECT  "FUNCTION N fail ERRNO", "mmap N elsewhere" or "mremap N move": what becomes of the Nth call
 *   MMAPLINT_EXE     the program whose calls are meant, where several are started; counted in each process
 *   MMAPLINT_PAGE    the page size, in bytes, that is presented and insisted on
 *
 * A line is `start`, `call` or `fault`, its fields and the stack, separated by tabs: see record_call() and on_fault().
 * src/confirm/trace.ts reads them. Nothing here allocates memory: malloc() itself may be what calls mmap().
 */
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <unistd.h>
#include <unwind.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

/*
 * Frames told of a call or a fault, calls told of a process, bytes of the whole report: what goes beyond is made and
 * counted, not told.
 */
enum { MAX_FRAMES = 16, MAX_CALLS = 5000, MAX_REPORT = 64 << 20 };

enum function { MMAP, MUNMAP, MREMAP, MPROTECT, MSYNC, MADVISE, MLOCK, SHMAT, POSIX_MADVISE, POSIX_FALLOCATE, FUNCTIONS };

static const char *const names[FUNCTIONS] = {
    "mmap", "munmap", "mremap", "mprotect", "msync", "madvise", "mlock", "shmat", "posix_madvise", "posix_fallocate",
};

enum action { NOTHING, FAIL, ELSEWHERE, MOVE };

static struct {
    bool ready;
    char exe[PATH_MAX];
    const char *report;
    /* The page presented, or the machine's own. */
    size_t page;
    enum action action;
    enum function function;
    long nth;
    int error;
} settings;

static long counts[FUNCTIONS];
static long told;
/* Set while a thread is in here: what is called from here is none of the program's calls. */
static __thread bool busy __attribute__((tls_model("initial-exec")));

struct call {
    enum function function;
    long nth;
    bool counted;
    /* `made`, or why not. */
    const char *how;
    char detail[160];
};

/* The function of that name which the program would have reached. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* ---- settings ---- */

static void parse_injection(const char *text)
{
    char function[32], action[16];
    int error = 0;
    long nth = 0;
    if (sscanf(text, "%31s %ld %15s %d", function, &nth, action, &error) < 3)
        return;
    for (int i = 0; i < FUNCTIONS; i++)
        if (strcmp(names[i], function) == 0)
            settings.function = (enum function)i;
    settings.nth = nth;
    settings.error = error;
    settings.action = strcmp(action, "fail") == 0        ? FAIL
                      : strcmp(action, "elsewhere") == 0 ? ELSEWHERE
                      : strcmp(action, "move") == 0      ? MOVE
                                                         : NOTHING;
}

static void read_settings(void)
{
    if (settings.ready)
        return;
    ssize_t length = readlink("/proc/self/exe", settings.exe, sizeof settings.exe - 1);
    settings.exe[length < 0 ? 0 : length] = '\0';
    settings.page = (size_t)NEXT(sysconf)(_SC_PAGESIZE);
    settings.report = getenv("MMAPLINT_REPORT");
    const char *exe = getenv("MMAPLINT_EXE");
    if (settings.report != NULL && (exe == NULL || strcmp(exe, settings.exe) == 0)) {
        const char *page = getenv("MMAPLINT_PAGE");
        size_t wanted = page == NULL ? 0 : (size_t)strtoul(page, NULL, 10);
        if (wanted > settings.page)
            settings.page = wanted;
        const char *injection = getenv("MMAPLINT_INJECT");
        if (injection != NULL)
            parse_injection(injection);
    }
    settings.ready = true;
}

static bool presents_page(void)
{
    return settings.page > (size_t)NEXT(sysconf)(_SC_PAGESIZE);
}

/* ---- the report ---- */

struct line {
    size_t length;
    char text[8192];
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line->text + line->length, sizeof line->text - line->length, format, args);
    va_end(args);
    if (length > 0 && line->length + (size_t)length < sizeof line->text)
        line->length += (size_t)length;
}

/* Opened anew for each line: programs close descriptors that they do not know. */
static void write_line(struct line *line)
{
    int fd = open(settings.report, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0)
        return;
    line->text[line->length++] = '\n';
    if (lseek(fd, 0, SEEK_END) < MAX_REPORT) {
        ssize_t written = write(fd, line->text, line->length);
        (void)written;
    }
    close(fd);
}

struct module {
    uintptr_t address;
    uintptr_t base;
    const char *name;
};

static int holds_address(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    struct module *module = data;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_LOAD && module->address >= start && module->address < start + part->p_memsz) {
            module->base = info->dlpi_addr;
            module->name = info->dlpi_name;
            return 1;
        }
    }
    return 0;
}

/* Adds `FILE+OFFSET`, the offset as the file's symbols have it; nothing for what is in here. */
static void add_place(struct line *line, uintptr_t address)
{
    struct module here = {(uintptr_t)&holds_address, 0, NULL};
    struct module module = {address, 0, NULL};
    dl_iterate_phdr(holds_address, &here);
    dl_iterate_phdr(holds_address, &module);
    if (module.name == NULL) {
        add(line, "\t?+%lx", (unsigned long)address);
        return;
    }
    if (module.base == here.base)
        return;
    const char *name = module.name[0] == '\0' ? settings.exe : module.name;
    if (strpbrk(name, "\t\n") == NULL)
        add(line, "\t%s+%lx", name, (unsigned long)(address - module.base));
}

struct walk {
    struct line *line;
    int frames;
};

static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *data)
{
    struct walk *walk = data;
    int exact = 0;
    uintptr_t address = (uintptr_t)_Unwind_GetIPInfo(context, &exact);
    if (address == 0 || walk->frames++ == MAX_FRAMES)
        return _URC_END_OF_STACK;
    /* A return address is of the instruction behind the call. */
    add_place(walk->line, exact ? address : address - 1);
    return _URC_NO_REASON;
}

static void add_stack(struct line *line)
{
    struct walk walk = {line, 0};
    _Unwind_Backtrace(add_frame, &walk);
}

/* call PID EXE FUNCTION N HOW ERRNO DETAIL STACK... */
static void record_call(const struct call *call, int error)
{
    bool plain = strcmp(call->how, "made") == 0 && error == 0 && call->detail[0] == '\0';
    if (plain && __atomic_add_fetch(&told, 1, __ATOMIC_RELAXED) > MAX_CALLS)
        return;
    struct line line = {0};
    add(&line, "call\t%ld\t%s\t%s\t%ld\t%s\t%d\t%s", (long)getpid(), settings.exe, names[call->function], call->nth,
        call->how, error, call->detail);
    add_stack(&line);
    write_line(&line);
}

/* ---- what becomes of a call ---- */

static struct call begin(enum function function)
{
    read_settings();
    struct call call = {.function = function, .how = "made"};
    if (busy || settings.report == NULL)
        return call;
    busy = true;
    call.counted = true;
    call.nth = __atomic_add_fetch(&counts[function], 1, __ATOMIC_RELAXED);
    return call;
}

static bool is_chosen(const struct call *call, enum action action)
{
    return call->counted && settings.action == action && settings.function == call->function &&
           settings.nth == call->nth;
}

/* Whether a number is a multiple of the page that is presented. */
static bool is_whole(uint64_t number)
{
    return number % settings.page == 0;
}

static size_t rounded_up(size_t length)
{
    size_t rounded = (length + settings.page - 1) / settings.page * settings.page;
    return rounded < length ? length : rounded;
}

/* What a kernel with such pages takes a length for. */
static size_t span(const struct call *call, size_t length)
{
    return call->counted && presents_page() ? rounded_up(length) : length;
}

/* The errno that the call fails with instead of being made; 0 for none. `number` has to begin a page. */
static int prevented(struct call *call, uint64_t number, const char *what)
{
    if (is_chosen(call, FAIL)) {
        call->how = "injected";
        return settings.error;
    }
    if (number == (uintptr_t)MAP_FAILED)
        snprintf(call->detail, sizeof call->detail, "gets MAP_FAILED");
    if (call->counted && presents_page() && !is_whole(number)) {
        call->how = "refused";
        snprintf(call->detail, sizeof call->detail, "%s 0x%llx", what, (unsigned long long)number);
        return EINVAL;
    }
    return 0;
}

/* `error` is 0 for success. errno is what the program will see. */
static void end(const struct call *call, int error)
{
    if (!call->counted)
        return;
    int saved = errno;
    record_call(call, error);
    busy = false;
    errno = saved;
}

static int failed(int error)
{
    errno = error;
    return -1;
}

static int ended(const struct call *call, int result)
{
    end(call, result == -1 ? errno : 0);
    return result;
}

static void *ended_at(const struct call *call, void *result)
{
    end(call, result == MAP_FAILED ? errno : 0);
    return result;
}

/* ---- mmap, mremap ---- */

static void *real_mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)
{
#ifdef __GLIBC__
    return NEXT(mmap64)(address, length, protection, flags, fd, offset);
#else
    return NEXT(mmap)(address, length, protection, flags, fd, offset);
#endif
}

/* Address space that begins a page of the size presented; MAP_FAILED if there is none. */
static char *reserve(size_t length)
{
    size_t page = settings.page;
    char *area = real_mmap(NULL, length + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (area == MAP_FAILED)
        return area;
    size_t before = (page - (uintptr_t)area % page) % page;
    if (before > 0)
        NEXT(munmap)(area, before);
    if (page > before)
        NEXT(munmap)(area + before + length, page - before);
    return area + before;
}

/* As a kernel with such pages maps: at an address that begins one, in whole ones. */
static void *map_whole(size_t length, int protection, int flags, int fd, int64_t offset)
{
    size_t whole = rounded_up(length);
    char *area = reserve(whole);
    if (area == MAP_FAILED)
        return area;
    void *result = real_mmap(area, whole, protection, flags | MAP_FIXED, fd, offset);
    /* Devices insist on their length. */
    if (result == MAP_FAILED && whole != length)
        result = real_mmap(area, length, protection, flags | MAP_FIXED, fd, offset);
    if (result == MAP_FAILED) {
        int error = errno;
        NEXT(munmap)(area, whole);
        errno = error;
    }
    return result;
}

static bool begins_reservation(const char *permissions, const char *name)
{
    return strncmp(permissions, "---p", 4) == 0 && name[0] == '\0';
}

/* Notes one line of /proc/self/maps if it is memory in the range, other than address space that is only reserved. */
static bool note_overlap(struct call *call, const char *line, uintptr_t from, uintptr_t to)
{
    unsigned long start, stop;
    char permissions[8], name[120] = "";
    if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %119[^\n]", &start, &stop, permissions, name) < 3)
        return false;
    if (start >= to || stop <= from || begins_reservation(permissions, name) || strpbrk(name, "\t") != NULL)
        return false;
    snprintf(call->detail, sizeof call->detail, "replaces %s %s", permissions,
             name[0] == '\0' ? "memory without a file" : name);
    return true;
}

/* What a MAP_FIXED mapping is about to replace. */
static void note_replaced(struct call *call, void *address, size_t length)
{
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    char line[PATH_MAX + 128], block[1024];
    size_t used = 0;
    bool found = false;
    for (ssize_t got; !found && (got = read(fd, block, sizeof block)) > 0;) {
        for (ssize_t i = 0; i < got && !found; i++) {
            line[used] = block[i] == '\n' ? '\0' : block[i];
            if (block[i] == '\n') {
                found = note_overlap(call, line, (uintptr_t)address, (uintptr_t)address + length);
                used = 0;
            } else if (used < sizeof line - 1) {
                used++;
            }
        }
    }
    close(fd);
}

static void *map(void *address, size_t length, int protection, int flags, int fd, int64_t offset)
{
    struct call call = begin(MMAP);
    bool fixed = (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0;
    int error = prevented(&call, (flags & MAP_ANONYMOUS) != 0 ? 0 : (uint64_t)offset, "offset");
    if (error == 0 && fixed)
        error = prevented(&call, (uintptr_t)address, "address");
    if (error != 0) {
        errno = error;
        return ended_at(&call, MAP_FAILED);
    }
    if (call.counted && (flags & MAP_FIXED) != 0)
        note_replaced(&call, address, length);
    if (is_chosen(&call, ELSEWHERE)) {
        call.how = "injected";
        address = NULL;
        flags &= ~MAP_FIXED_NOREPLACE;
    }
    if (call.counted && presents_page() && !fixed && length > 0)
        return ended_at(&call, map_whole(length, protection, flags, fd, offset));
    return ended_at(&call, real_mmap(address, length, protection, flags, fd, offset));
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    return map(address, length, protection, flags, fd, offset);
}

#ifdef __GLIBC__
void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t offset)
{
    return map(address, length, protection, flags, fd, offset);
}
#endif

/* Moved to fresh address space, as the kernel may do whenever MREMAP_MAYMOVE allows it. */
static void *moved(void *address, size_t old_length, size_t length, int flags)
{
    char *area = reserve(rounded_up(length));
    if (area == MAP_FAILED)
        return area;
    return NEXT(mremap)(address, old_length, length, flags | MREMAP_FIXED, area);
}

static void *remap(struct call *call, void *address, size_t old_length, size_t length, int flags, void *target)
{
    bool may_move = (flags & MREMAP_MAYMOVE) != 0 && (flags & ~MREMAP_MAYMOVE) == 0;
    /* What gets smaller stays where it is. */
    if (may_move && length > old_length && is_chosen(call, MOVE)) {
        call->how = "injected";
        return moved(address, old_length, length, flags);
    }
    if (!may_move || !call->counted || !presents_page())
        return NEXT(mremap)(address, old_length, length, flags, target);
    old_length = rounded_up(old_length);
    length = rounded_up(length);
    void *result = NEXT(mremap)(address, old_length, length, 0);
    return result == MAP_FAILED && errno == ENOMEM ? moved(address, old_length, length, flags) : result;
}

void *mremap(void *address, size_t old_length, size_t length, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    void *target = (flags & MREMAP_FIXED) != 0 ? va_arg(args, void *) : NULL;
    va_end(args);
    struct call call = begin(MREMAP);
    int error = prevented(&call, (uintptr_t)address, "address");
    if (error != 0) {
        errno = error;
        return ended_at(&call, MAP_FAILED);
    }
    return ended_at(&call, remap(&call, address, old_length, length, flags, target));
}

/* ---- calls that take a range ---- */

int munmap(void *address, size_t length)
{
    struct call call = begin(MUNMAP);
    int error = prevented(&call, (uintptr_t)address, "address");
    return ended(&call, error != 0 ? failed(error) : NEXT(munmap)(address, span(&call, length)));
}

int mprotect(void *address, size_t length, int protection)
{
    struct call call = begin(MPROTECT);
    int error = prevented(&call, (uintptr_t)address, "address");
    return ended(&call, error != 0 ? failed(error) : NEXT(mprotect)(address, span(&call, length), protection));
}

#ifdef __GLIBC__
int pkey_mprotect(void *address, size_t length, int protection, int key)
{
    struct call call = begin(MPROTECT);
    int error = prevented(&call, (uintptr_t)address, "address");
    return ended(&call, error != 0 ? failed(error) : NEXT(pkey_mprotect)(address, span(&call, length), protection, key));
}
#endif

int msync(void *address, size_t length, int flags)
{
    struct call call = begin(MSYNC);
    int error = prevented(&call, (uintptr_t)address, "address");
    return ended(&call, error != 0 ? failed(error) : NEXT(msync)(address, span(&call, length), flags));
}

int madvise(void *address, size_t length, int advice)
{
    struct call call = begin(MADVISE);
    int error = prevented(&call, (uintptr_t)address, "address");
    return ended(&call, error != 0 ? failed(error) : NEXT(madvise)(address, span(&call, length), advice));
}

/* Linux rounds the address of mlock() down: mlock(2). */
int mlock(const void *address, size_t length)
{
    struct call call = begin(MLOCK);
    int error = prevented(&call, 0, "address");
    return ended(&call, error != 0 ? failed(error) : NEXT(mlock)(address, length));
}

int mlockall(int flags)
{
    struct call call = begin(MLOCK);
    int error = prevented(&call, 0, "address");
    return ended(&call, error != 0 ? failed(error) : NEXT(mlockall)(flags));
}

/* ---- other functions whose failure the rules predict ---- */

void *shmat(int id, const void *address, int flags)
{
    struct call call = begin(SHMAT);
    int error = prevented(&call, 0, "address");
    if (error != 0) {
        errno = error;
        return ended_at(&call, MAP_FAILED);
    }
    return ended_at(&call, NEXT(shmat)(id, address, flags));
}

/* These return the number of the error, and leave errno alone. */
int posix_madvise(void *address, size_t length, int advice)
{
    struct call call = begin(POSIX_MADVISE);
    int error = prevented(&call, (uintptr_t)address, "address");
    int result = error != 0 ? error : NEXT(posix_madvise)(address, length, advice);
    end(&call, result);
    return result;
}

int posix_fallocate(int fd, off_t offset, off_t length)
{
    struct call call = begin(POSIX_FALLOCATE);
    int error = prevented(&call, 0, "offset");
    int result = error != 0 ? error : NEXT(posix_fallocate)(fd, offset, length);
    end(&call, result);
    return result;
}

#ifdef __GLIBC__
int posix_fallocate64(int fd, off64_t offset, off64_t length)
{
    struct call call = begin(POSIX_FALLOCATE);
    int error = prevented(&call, 0, "offset");
    int result = error != 0 ? error : NEXT(posix_fallocate64)(fd, offset, length);
    end(&call, result);
    return result;
}
#endif

/* ---- the page size ---- */

long sysconf(int name)
{
    read_settings();
    return name == _SC_PAGESIZE && settings.report != NULL ? (long)settings.page : NEXT(sysconf)(name);
}

int getpagesize(void)
{
    read_settings();
    return (int)settings.page;
}

unsigned long getauxval(unsigned long type)
{
    read_settings();
    return type == AT_PAGESZ && settings.report != NULL ? settings.page : NEXT(getauxval)(type);
}

/* ---- the end of the program ---- */

/* fault PID EXE SIGNAL ADDRESS STACK... The default action follows: the instruction is tried again. */
static void on_fault(int signal, siginfo_t *info, void *context)
{
    (void)context;
    busy = true;
    struct line line = {0};
    add(&line, "fault\t%ld\t%s\t%d\t%lx", (long)getpid(), settings.exe, signal, (unsigned long)(uintptr_t)info->si_addr);
    add_stack(&line);
    write_line(&line);
    if (info->si_code <= 0)
        raise(signal);
}

/* Not where the program was started with the signal ignored; its own handler replaces this one. */
static void watch(int signal)
{
    struct sigaction now;
    if (sigaction(signal, NULL, &now) != 0 || now.sa_handler != SIG_DFL)
        return;
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND};
    sigaction(signal, &action, NULL);
}

__attribute__((constructor)) static void start(void)
{
    static char stack[1 << 16];
    read_settings();
    if (settings.report == NULL)
        return;
    busy = true;
    /* A limit of 0 still hands the whole image to a core_pattern that is a pipe; 1 does not: core(5). */
    struct rlimit core = {1, 1};
    setrlimit(RLIMIT_CORE, &core);
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    watch(SIGSEGV);
    watch(SIGBUS);
    struct line line = {0};
    add(&line, "start\t%ld\t%s", (long)getpid(), settings.exe);
    /* The first walk up a stack loads what the later ones need. */
    add_stack(&line);
    write_line(&line);
    busy = false;
}
