/** A mapping that could not be made is MAP_FAILED, and the first access through it is a crash. */
import { constantValue } from "../analyzer/amount.js";
import type { Target } from "../analyzer/events.js";
import { hasFlag } from "../analyzer/flags.js";
import type { Mapping } from "../analyzer/mapping.js";
import { familyName, isBareCall } from "../analyzer/model/library.js";
import type { Finding, Rule, Verdict } from "./rule.js";
import {
  failsWithMapFailed,
  functionAround,
  functionStart,
  isFixed,
  isMapFailed,
  nameOf,
  targetName,
} from "./terms.js";

export const uncheckedMap: Rule = {
  id: "unchecked-map",
  summary: "a mapping is used with no test for failure on the way",
  why: "mmap() fails in ordinary operation: an empty file (EINVAL), a memory limit or too many mappings (ENOMEM), a file that does not allow it (ENODEV, EACCES). The result is then MAP_FAILED; an access through it dies by SIGSEGV at an address near the top, and a system call given it reports EFAULT, far from the cause.",
  help: "compare the result with MAP_FAILED before the first use",
  severity: "error",
  cwe: [252],
  since: "0.1.0",
  findsAbsence: true,
  references: ["mmap(2)", "mremap(2)", "shmat(2)"],
  silent: [
    "Any spelling of the test: `(void *)-1`, `(intptr_t)p == -1`, an assertion, a ternary, a helper that does not return.",
    "The raw result handed to the caller: the caller is judged.",
    "A MAP_FIXED or MAP_FIXED_NOREPLACE result compared with the wanted address.",
    "A mapping inside a project macro written in capitals, which may test it.",
  ],
  on: {
    access: ({ viaHint, mapping, mode, by }) => {
      if (viaHint || !(isUntested(mapping) || mapping.source === "null")) return undefined;
      // Found, and left where others find it: see stored-map-failed.
      if (mapping.phase === "failed" && mapping.owner === "stored" && mapping.source !== "null")
        return undefined;
      const what =
        by === undefined
          ? mode === "execute"
            ? "called"
            : mode === "read"
              ? "read"
              : "written"
          : `given to ${by}()`;
      if (mapping.source === "null")
        return mapping.name === undefined
          ? `${mapping.function}() gives NULL when it cannot map, and its result is ${what} untested`
          : `${nameOf(mapping)} is NULL where ${mapping.function}() has failed, and is ${what} untested`;
      return mapping.phase === "failed"
        ? `${nameOf(mapping)} is ${what} on a path where ${mapping.function}() has failed`
        : `${nameOf(mapping)} is ${what}, but nothing has tested whether ${mapping.function}() failed`;
    },
    escape: ({ mapping, offset, to }) =>
      to === "caller" &&
      mapping.phase === "unchecked" &&
      isUntested(mapping) &&
      offset !== undefined &&
      constantValue(offset) !== 0
        ? `the result of ${mapping.function}() is moved and returned: nobody can tell MAP_FAILED any more`
        : undefined,
    map: ({ testsOther, call }) =>
      testsOther === undefined
        ? undefined
        : `the result of ${call.function}() is dropped: what is tested next, '${testsOther}', is the mapping before, which is there`,
    advise: ({ target, call }) => givenUntested(target, call.function),
    lock: ({ target, call }) => givenUntested(target, call.function),
    protect: ({ target, call }) => givenUntested(target, call.function),
    sync: ({ target, call }) => givenFailed(target, call.function),
    unmap: ({ target }) =>
      target.mapping === undefined || target.mapping.owner === "local" ? undefined : handedOn(target.mapping),
    exit: ({ mapping, returns, testedElsewhere }, text) =>
      placeTested(mapping, text) ??
      (mapping.owner === "lent" && !isReturned(mapping) ? handedOn(mapping) : undefined) ??
      (testedElsewhere ? undefined : keptFixed(mapping)) ??
      (isUntested(mapping) &&
      mapping.phase === "unchecked" &&
      mapping.owner === "stored" &&
      familyName(mapping.function) !== undefined &&
      !isFixed(mapping) &&
      !isReturned(mapping) &&
      returns !== "failure"
        ? {
            message: `the result of ${mapping.function}() is kept in ${nameOf(mapping)} without a test against MAP_FAILED`,
            site: mapping.site,
          }
        : undefined),
  },
};

/** `*buffer = mmap(…); if (buffer == MAP_FAILED)`: the place for the result was tested, not the result. */
function placeTested(mapping: Mapping, text: string): Finding | undefined {
  const [, pointer] = /^\*(\w+)$/.exec(mapping.name ?? "") ?? [];
  if (pointer === undefined || !isUntested(mapping)) return undefined;
  const body = functionAround(text, mapping.site.start);
  const test = new RegExp(`(?<![\\w*.>]|\\*\\s)${pointer}\\s*[!=]=\\s*MAP_FAILED`).exec(body);
  if (test === null) return undefined;
  const start = functionStart(text, mapping.site.start) + test.index;
  return {
    message: `'${pointer}' is where the mapping was put, and never MAP_FAILED: '*${pointer}' is what ${mapping.function}() gave`,
    site: { ...mapping.site, start, end: start + test[0].length },
  };
}

function givenUntested(target: Target, to: string): Verdict {
  const { mapping } = target;
  if (mapping === undefined || !isUntested(mapping) || mapping.phase !== "unchecked")
    return givenFailed(target, to);
  return `${nameOf(mapping)} is given to ${to}(), but nothing has tested whether ${mapping.function}() failed`;
}

function givenFailed(target: Target, to: string): Finding | undefined {
  if (!isMapFailed(target) || isBareCall(target.mapping?.function ?? "")) return undefined;
  return { message: `${targetName(target)} is MAP_FAILED on this path: ${to}() fails`, severity: "warning" };
}

/** The result of MAP_FIXED is the address that was asked for, or MAP_FAILED: somebody kept it and never looked. */
function keptFixed(mapping: Mapping): Finding | undefined {
  if (
    !isUntested(mapping) ||
    mapping.phase !== "unchecked" ||
    hasFlag(mapping.flags, "MAP_FIXED") !== "yes" ||
    mapping.name === undefined ||
    isReturned(mapping)
  )
    return undefined;
  return {
    message: `${nameOf(mapping)} is never tested: where MAP_FIXED fails, the memory that was there may be gone`,
    site: mapping.site,
  };
}

/** Other functions have had it, and nobody has looked whether it is one. */
function handedOn(mapping: Mapping): Finding | undefined {
  if (!isUntested(mapping) || mapping.phase !== "unchecked" || isFixed(mapping)) return undefined;
  return {
    message: `the result of ${mapping.function}() is handed on without a test against MAP_FAILED`,
    site: mapping.site,
  };
}

function isUntested(mapping: Mapping): boolean {
  // How the result of a bare system call is tested, differs too much between programs.
  return (
    failsWithMapFailed(mapping) &&
    !isBareCall(mapping.function) &&
    mapping.weakTest === undefined &&
    (mapping.phase === "unchecked" || mapping.phase === "failed")
  );
}

/** Handed to the caller as it is, whoever else has it: the caller is judged then. */
function isReturned(mapping: Mapping): boolean {
  return mapping.history.some(({ message }) => message === "returned here");
}
