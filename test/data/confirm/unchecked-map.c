// Nothing tests the mapping, but write() refuses MAP_FAILED and that is tested.
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    char *p = mmap(NULL, 4, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (write(1, p, 4) != 4) {
        perror("write");
        return 1;
    }
    munmap(p, 4);
    return 0;
}
