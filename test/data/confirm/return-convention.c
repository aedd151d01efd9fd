// posix_fallocate() returns the error, never -1; the hole that it leaves is beyond the end of the file.
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    int fd = open("record", O_RDWR | O_CREAT, 0600);
    if (fd < 0 || posix_fallocate(fd, 0, 64) == -1)
        return 1;
    char *p = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return 1;
    p[0] = 1;
    int failed = msync(p, 64, MS_SYNC);
    munmap(p, 64);
    close(fd);
    return failed;
}
