// MAP_FIXED over an address that something else may have.
#define _GNU_SOURCE
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>

#define PLACE ((void *)0x300000000000)

int main(void)
{
    char *first = mmap(PLACE, 64, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (first != PLACE)
        return 1;
    char *heap = mmap(PLACE, 64, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (heap == MAP_FAILED)
        return 1;
    printf("%d\n", heap[0]);
    munmap(heap, 64);
    return 0;
}
