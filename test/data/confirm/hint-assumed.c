// The mapping is used where it was wanted, not where it is.
#include <stddef.h>
#include <sys/mman.h>

int main(void)
{
    char *wanted = (char *)0x300000000000;
    void *p = mmap(wanted, 64, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return 1;
    wanted[0] = 1;
    munmap(p, 64);
    return 0;
}
