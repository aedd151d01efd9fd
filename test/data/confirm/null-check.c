// The failure is tested against NULL, and the first access crashes. With an argument the mapping is not made.
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>

static int work(void)
{
    char *p = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == NULL)
        return 1;
    p[0] = 42;
    printf("%d\n", p[0]);
    munmap(p, 64);
    return 0;
}

int main(int argc, char **argv)
{
    (void)argv;
    return argc > 1 ? 0 : work();
}
