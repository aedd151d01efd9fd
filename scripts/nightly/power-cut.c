/*
 * The store of a record whose power is cut: ./power-cut none|async|sync FILE
 *
 * The file exists and holds "oooooo" on the disk. "COMMIT" is stored through a shared mapping, written back as the first
 * argument says, and unmapped. What the disk then holds is seen after the machine has lost its power: see scripts/nightly.ts.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    const int fd = open(argv[2], O_RDWR | O_CREAT, 0600);
    if (fd < 0 || write(fd, "oooooo\n", 7) != 7 || fsync(fd) < 0)
        return 1;
    sync(); /* the name, too */
    char *record = mmap(NULL, 7, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (record == MAP_FAILED)
        return 1;
    memcpy(record, "COMMIT", 6);
    if (strcmp(argv[1], "async") == 0 && msync(record, 7, MS_ASYNC) < 0)
        return 1;
    if (strcmp(argv[1], "sync") == 0 && msync(record, 7, MS_SYNC) < 0)
        return 1;
    return munmap(record, 7) < 0;
}
