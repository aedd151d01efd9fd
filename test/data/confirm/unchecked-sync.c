// The result of msync() is dropped: the record counts as committed.
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    int fd = open("record", O_RDWR | O_CREAT, 0600);
    if (fd < 0 || ftruncate(fd, 64) < 0)
        return 1;
    char *p = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return 1;
    p[0]++;
    msync(p, 64, MS_SYNC);
    printf("committed %d\n", p[0]);
    munmap(p, 64);
    close(fd);
    return 0;
}
