// Waits for what it could not write.
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    int ends[2];
    char answer;
    char *p = mmap(NULL, 64, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pipe(ends) < 0)
        return 1;
    ssize_t written = write(ends[1], p, 1);
    (void)written;
    ssize_t got = read(ends[0], &answer, 1);
    munmap(p, 64);
    return got == 1 ? 0 : 1;
}
