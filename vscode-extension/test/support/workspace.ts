/** Folders with C in them, for one test. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

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

/** Makes a folder with these files; the caller removes it. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), "mmaplint-folder-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return folder;
}

export function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
