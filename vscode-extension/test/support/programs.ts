/** C for the tests, in the editors and outside of them. */

/** A program with one finding: line 4, null-check, an error with a safe edit. */
export const NULL_CHECK = `#include <sys/mman.h>
int fill(int fd) {
  char *bytes = mmap(0, 10, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  if (bytes == NULL)
    return -1;
  bytes[0] = 1;
  return munmap(bytes, 10);
}
`;

/** The same program done right. */
export const MENDED = NULL_CHECK.replace("bytes == NULL", "bytes == MAP_FAILED");
