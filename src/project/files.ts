/** Reading and replacing files so that nothing hangs, follows a link by surprise, or is left half written. */
import * as fs from "node:fs";
import * as path from "node:path";

/** A failed system call, or anything else that was thrown, as one clause for a person. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  switch (code) {
    case "ENOENT":
      return "there is no such file or directory";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "EISDIR":
      return "it is a directory";
    case "ENOTDIR":
      return "a part of the path is not a directory";
    case "ELOOP":
      return "it is a loop of symbolic links";
    case "ENOSPC":
      return "no space is left on the device";
    case "EROFS":
      return "the file system is read-only";
    case "ENAMETOOLONG":
      return "the name is too long";
    case "ENXIO":
    case "ENODEV":
      return "it is a socket or device, not a regular file";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

/** The `code` of a system error, as "ENOENT". */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

export type FileContent =
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "too-large"; readonly size: number };

/**
 * Reads a regular file of at most `limit` bytes. Opening does not block, so a named pipe that nobody writes to cannot
 * hold the program, not even one that has just taken a file's place.
 */
export function readRegularFile(file: string, limit: number): FileContent {
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const status = fs.fstatSync(descriptor);
    if (status.isDirectory()) return { kind: "failed", reason: "it is a directory" };
    if (!status.isFile())
      return { kind: "failed", reason: "it is a pipe, socket or device, not a regular file" };
    if (status.size > limit) return { kind: "too-large", size: status.size };
    return { kind: "bytes", bytes: fs.readFileSync(descriptor) };
  } catch (error) {
    return { kind: "failed", reason: reasonOf(error) };
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

/** Whether an absolute path lies in a directory, or is it; both without symbolic links. */
export function isInside(directory: string, file: string): boolean {
  const relative = path.relative(directory, file);
  return (
    relative === "" ||
    (relative !== ".." && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative))
  );
}

/**
 * Whether a path that is spelled inside `tree` leads out of it through symbolic links. A path that cannot be resolved
 * leads nowhere, so not out.
 */
export function leavesTree(tree: string, file: string): boolean {
  if (!isInside(tree, file)) return false;
  try {
    return !isInside(fs.realpathSync(tree), fs.realpathSync(file));
  } catch {
    return false;
  }
}

function temporaryName(target: string): string {
  const random = Math.random().toString(36).slice(2, 10);
  return path.join(path.dirname(target), `.${path.basename(target).slice(0, 100)}.${random}.tmp`);
}

/**
 * Replaces a file, or makes it, in one step: a reader sees the old content or the new, never a part. Mode and owner of
 * a file that exists are kept; a symbolic link stays one, and its target is replaced; a pipe or device is written to.
 *
 * @throws the system error when the file cannot be written; then the old content is still there.
 */
export function replaceFile(file: string, bytes: Uint8Array): void {
  const status = fs.statSync(file, { throwIfNoEntry: false });
  if (status !== undefined && !status.isFile()) {
    fs.writeFileSync(file, bytes);
    return;
  }
  const target = status === undefined ? file : fs.realpathSync(file);
  const temporary = temporaryName(target);
  try {
    const descriptor = fs.openSync(temporary, "wx", status?.mode ?? 0o666);
    try {
      fs.writeFileSync(descriptor, bytes);
      if (status !== undefined) keepOwnerAndMode(descriptor, status);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(temporary, target);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

function keepOwnerAndMode(descriptor: number, status: fs.Stats): void {
  const own = fs.fstatSync(descriptor);
  if (own.uid !== status.uid || own.gid !== status.gid) {
    try {
      fs.fchownSync(descriptor, status.uid, status.gid);
    } catch (error) {
      // Only root may give files away; a file one may write but does not own becomes one's own, as with an editor.
      if (codeOf(error) !== "EPERM") throw error;
    }
  }
  fs.fchmodSync(descriptor, status.mode & 0o7777);
}
