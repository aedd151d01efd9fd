// The old address is used after mremap(), which does not move the mapping as long as there is room behind it.
#define _GNU_SOURCE
#include <stddef.h>
#include <sys/mman.h>

int main(void)
{
    char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || mremap(p, 65536, 64, 0) != p)
        return 1;
    char *q = mremap(p, 64, 10000, MREMAP_MAYMOVE);
    if (q == MAP_FAILED)
        return 1;
    p[0] = 2;
    munmap(q, 10000);
    return 0;
}
