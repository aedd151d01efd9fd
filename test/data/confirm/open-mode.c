// A file open for writing only cannot be mapped, and the program does without.
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    int fd = open("record", O_WRONLY | O_CREAT, 0600);
    if (fd < 0 || ftruncate(fd, 64) < 0)
        return 1;
    char *p = mmap(NULL, 64, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (p == MAP_FAILED) {
        puts("not mapped");
        return 0;
    }
    munmap(p, 64);
    return 0;
}
