/** The committed pages of the rules are the ones that the rules and fixtures make; every errno is accounted for. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { documentation, staleDocumentation } from "../scripts/docs.js";
import { rules } from "../src/rules/index.js";

test("docs/rules/ and docs/evidence.md are fresh: npm run docs", () => {
  expect(staleDocumentation()).toEqual([]);
});

test("no page shows a fixture's expectations", () => {
  const pages = [...documentation()].filter(([, text]) => /\/\/ (?:want|todo) /.test(text));
  expect(pages.map(([name]) => name)).toEqual([]);
});

/** The ERRORS sections of man-pages 6.03, line by line in their order; munmap's are on mmap's page. */
const LISTED: Readonly<Record<string, string>> = {
  "mmap(2)":
    "EACCES EACCES EACCES EACCES EAGAIN EBADF EEXIST EINVAL EINVAL EINVAL ENFILE ENODEV ENOMEM ENOMEM ENOMEM ENOMEM " +
    "EOVERFLOW EPERM EPERM EPERM ETXTBSY SIGSEGV SIGBUS",
  "munmap(2)": "EINVAL ENOMEM",
  "mremap(2)":
    "EAGAIN EFAULT EFAULT EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL ENOMEM ENOMEM",
  "mprotect(2) and pkey_mprotect(2)": "EACCES EINVAL EINVAL EINVAL EINVAL EINVAL ENOMEM ENOMEM ENOMEM",
  "msync(2)": "EBUSY EINVAL EINVAL ENOMEM",
  "madvise(2)":
    "EACCES EAGAIN EBADF EBUSY EFAULT EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EIO ENOMEM ENOMEM ENOMEM " +
    "ENOMEM EPERM EHWPOISON",
  "mlock(2), mlock2(2), munlock(2), mlockall(2), munlockall(2)":
    "EAGAIN EINVAL EINVAL EINVAL EINVAL ENOMEM ENOMEM ENOMEM ENOMEM EPERM EPERM",
  "shm_open(3), shm_unlink(3)": "EACCES EACCES EEXIST EINVAL EMFILE ENAMETOOLONG ENFILE ENOENT ENOENT",
  "memfd_create(2)": "EFAULT EINVAL EINVAL EINVAL EMFILE ENFILE ENOMEM",
  "shmat(2), shmdt(2)": "EACCES EIDRM EINVAL EINVAL EINVAL EINVAL ENOMEM EINVAL EINVAL",
  "mincore(2)": "EAGAIN EFAULT EINVAL ENOMEM ENOMEM",
  "remap_file_pages(2)": "EINVAL EINVAL",
};

describe("docs/not-decidable.md", () => {
  const page = readFileSync(new URL("../docs/not-decidable.md", import.meta.url), "utf8");
  const tables = page.slice(page.indexOf("## How to read the tables"));
  const known = new Set(rules.map(({ id }) => id));
  /** What a text names as a rule: nothing else in it that is code has hyphens and no space. */
  const named = (text: string): readonly string[] =>
    [...text.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)].map((match) => match[1] ?? "");
  const rowsOf = (heading: string): readonly (readonly string[])[] => {
    const section = tables.split("\n### ").find((text) => text.startsWith(`${heading}\n`)) ?? "";
    const lines = section.split("\n").filter((line) => line.startsWith("| "));
    return lines.slice(2).map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
  };

  test("has the calls that are listed", () => {
    const headings = [...tables.matchAll(/^### (.*)$/gm)].map((match) => match[1]);
    expect(headings).toEqual(Object.keys(LISTED));
  });

  test.each(Object.entries(LISTED))("has every error of %s", (heading, errors) => {
    expect(rowsOf(heading).map(([error]) => error)).toEqual(errors.split(" "));
  });

  test.each(Object.keys(LISTED))(
    "says of every error of %s who predicts it, or why nobody can",
    (heading) => {
      const silent = rowsOf(heading).filter(
        ([, , answer = ""]) =>
          named(answer).length === 0 && !/^(?:not decidable[^:]*: \S|no rule\b)/.test(answer),
      );
      expect(silent).toEqual([]);
    },
  );

  test("names rules that exist", () => {
    expect([...new Set(named(tables))].filter((id) => !known.has(id))).toEqual([]);
  });
});
