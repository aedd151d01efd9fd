// The failed mapping goes to munmap(), whose result nobody looks at.
#include <stddef.h>
#include <sys/mman.h>

int main(void)
{
    char *p = mmap(NULL, 64, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p != NULL)
        munmap(p, 64);
    return 0;
}
