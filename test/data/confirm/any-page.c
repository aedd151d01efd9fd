// Asks for the page size in every way, and keeps to it; one mapping nobody tests.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (page != (size_t)getpagesize() || page != getauxval(AT_PAGESZ))
        return 10;
    int fd = open("record", O_RDWR | O_CREAT, 0600);
    if (fd < 0 || ftruncate(fd, (off_t)(4 * page)) < 0)
        return 11;
    char *file = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)page);
    if (file == MAP_FAILED || (uintptr_t)file % page != 0)
        return 12;
    file[0] = 1;
    if (msync(file, 64, MS_SYNC) != 0 || munmap(file, 64) != 0)
        return 13;
    for (int i = 0; i < 20; i++) {
        char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED || mprotect(p + page, page, PROT_READ) != 0)
            return 14;
        p[0] = 1;
        if (mprotect(p + page, page, PROT_READ | PROT_WRITE) != 0)
            return 15;
        char *q = mremap(p, 2 * page, 9 * page, MREMAP_MAYMOVE);
        if (q == MAP_FAILED || (uintptr_t)q % page != 0 || q[0] != 1 || q[9 * page - 1] != 0)
            return 16;
        if (madvise(q + page, page, MADV_DONTNEED) != 0 || munmap(q, 9 * page) != 0)
            return 17;
    }
    close(fd);
    char *p = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, (off_t)(0 * 4096));
    p[0] = 1;
    printf("%d\n", p[0]);
    return munmap(p, 64);
}
