// The result of mprotect() is dropped: the constant stays writable.
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>

int main(void)
{
    char *p = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return 1;
    p[0] = 42;
    mprotect(p, 64, PROT_READ);
    printf("%d\n", p[0]);
    munmap(p, 64);
    return 0;
}
