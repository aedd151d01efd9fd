/*
 * A table of fixed-size records in a file, shared between processes: a small program of the usual kind, with the usual
 * mistakes. `mmaplint examples/` finds them.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0x7461626cu

struct record {
    uint32_t key;
    char value[60];
};

struct table {
    struct header {
        uint32_t magic;
        uint32_t count;
    } *header;
    size_t size;
};

static int table_open(struct table *table, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDWR);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -1;
    table->size = st.st_size;
    table->header = mmap(NULL, table->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (table->header == NULL)
        return -1;
    if (table->header->magic != MAGIC)
        return -1;
    return 0;
}

static void table_close(struct table *table)
{
    munmap(table->header, table->size);
}

/* Prints the records of one part of a large file. */
static int dump(const char *path, off_t offset, size_t length)
{
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return -1;
    const char *part = mmap(NULL, length + 4095, PROT_READ, MAP_PRIVATE, fd, offset & ~4095);
    close(fd);
    if (part == MAP_FAILED)
        return -1;
    if (fwrite(part + (offset & 4095), 1, length, stdout) != length)
        return -1;
    return munmap((void *)part, length + 4095);
}

/* Writes a new table of one record. */
static int create(const char *path, const struct record *first)
{
    size_t size = sizeof(struct header) + sizeof(struct record);
    int fd = open(path, O_WRONLY | O_CREAT, 0644);
    if (fd < 0 || ftruncate(fd, size) < 0)
        return -1;
    struct header *header = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (header == MAP_FAILED)
        return -1;
    header->magic = MAGIC;
    memcpy(header + 1, first, sizeof *first);
    munmap(header, size);
    header->count = 1;
    return 0;
}

int main(int argc, char **argv)
{
    struct record first = {1, "first"};
    struct table table;
    if (argc < 2)
        return 2;
    if (table_open(&table, argv[1]) < 0)
        return create(argv[1], &first) < 0;
    printf("%u records\n", (unsigned)table.header->count);
    table_close(&table);
    return dump(argv[1], sizeof(struct header), sizeof(struct record)) < 0;
}
