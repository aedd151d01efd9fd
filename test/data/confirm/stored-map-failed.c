// MAP_FAILED stays in a global, and is taken for a table.
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>

static char *table;

static void load(void)
{
    table = mmap(NULL, 64, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (table == MAP_FAILED)
        return;
    puts("the table is loaded");
}

int main(void)
{
    load();
    if (table != NULL)
        puts("the table is there");
    return 0;
}
