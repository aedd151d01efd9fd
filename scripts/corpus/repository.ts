/** Reads files out of bare git repositories, without a work tree. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import * as path from "node:path";
import { MAX_FILE_BYTES } from "../../src/project/load.js";
import { C_FILE } from "../../src/project/ignored.js";

/** More than the C files of any one repository; without a limit Node.js stops at 1 MiB. */
const MAX_OUTPUT = 2 ** 31 - 1;

/** A file of a repository at one commit. */
export interface TreeFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/** The git directory of `owner/name` below the folder of mirrors; undefined when it is not there. */
export function gitDirectory(mirrors: string, repo: string): string | undefined {
  const directory = path.join(mirrors, repo.replace("/", "+"), "repo");
  return existsSync(directory) ? directory : undefined;
}

/** The output of a git command; undefined when it fails. */
function git(directory: string, args: readonly string[], input = ""): Buffer | undefined {
  const { status, stdout, error } = spawnSync("git", ["--git-dir", directory, ...args], {
    input,
    maxBuffer: MAX_OUTPUT,
    stdio: ["pipe", "pipe", "ignore"],
  });
  if (error !== undefined) throw new Error(`git ${args[0]} in ${directory}: ${error.message}`);
  return status === 0 ? stdout : undefined;
}

/**
 * The blobs by name (`<commit>:<path>` or a hash), in one process. Undefined for one that does not exist, which a
 * mirror that was fetched in part may lack, and for one that the linter would not read for its size.
 */
export function readBlobs(directory: string, names: readonly string[]): readonly (Buffer | undefined)[] {
  if (names.length === 0) return [];
  const output = git(directory, ["cat-file", "--batch"], names.map((name) => `${name}\n`).join(""));
  if (output === undefined) throw new Error(`git cat-file failed in ${directory}`);
  let at = 0;
  return names.map(() => {
    const end = output.indexOf(10, at);
    const header = /^[0-9a-f]+ (\w+) (\d+)$/.exec(output.toString("utf8", at, end));
    at = end + 1;
    if (header === null) return undefined;
    const size = Number(header[2]);
    const bytes = output.subarray(at, at + size);
    at += size + 1;
    return header[1] === "blob" && size <= MAX_FILE_BYTES ? bytes : undefined;
  });
}

/** The C files of a commit, sorted by path as the linter sorts them; undefined when the commit is not there. */
export function readTree(directory: string, commit: string): readonly TreeFile[] | undefined {
  const listing = git(directory, ["ls-tree", "-r", "-z", commit])?.toString("utf8");
  if (listing === undefined) return undefined;
  const listed = listing.split("\0").flatMap((line) => {
    // Regular files only: what a symbolic link names is not followed, see src/project/discover.ts.
    const match = /^100\d+ blob ([0-9a-f]+)\t([^]+)$/.exec(line);
    const [, hash = "", name = ""] = match ?? [];
    return C_FILE.test(name) ? [{ hash, path: name }] : [];
  });
  const blobs = readBlobs(
    directory,
    listed.map(({ hash }) => hash),
  );
  return listed
    .flatMap((file, index) => {
      const bytes = blobs[index];
      return bytes === undefined ? [] : [{ path: file.path, bytes }];
    })
    .sort((left, right) => (left.path < right.path ? -1 : 1));
}
