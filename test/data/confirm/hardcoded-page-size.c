// The offset is a multiple of 4096, which is no page everywhere.
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    int fd = open("record", O_RDWR | O_CREAT, 0600);
    if (fd < 0 || ftruncate(fd, 131072) < 0)
        return 1;
    char *p = mmap(NULL, 64, PROT_READ, MAP_SHARED, fd, 3 * 4096);
    if (p == MAP_FAILED) {
        perror("record");
        return 1;
    }
    printf("%d\n", p[0]);
    munmap(p, 64);
    close(fd);
    return 0;
}
