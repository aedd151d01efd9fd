/** What the arguments of a compiler say of macros and headers. Everything else in them is passed over. */
import * as path from "node:path";

/** Directories and files are absolute, in the order in which they are searched. */
export interface CompilerFlags {
  /** What -D and -U say, as lines of `#define` and `#undef`. */
  readonly definitions: string;
  /** Of -iquote: for `#include "name"` only. */
  readonly quoted: readonly string[];
  /** Of -I, then -isystem, then -idirafter. */
  readonly directories: readonly string[];
  /** What -include and -imacros name, as it is written. */
  readonly included: readonly string[];
  /** The directory in which the compiler is started. */
  readonly directory: string;
}

/** Options whose value is joined to them or the next word; the longer of two that begin alike first. */
const OPTION = /^(-include|-imacros|-isystem|-iquote|-idirafter|-D|-U|-I)([^]*)$/;

/** Options whose value is the next word, so that it is no option itself. */
const WITH_VALUE =
  /^(?:-o|-MF|-MT|-MQ|-x|-arch|-target|-isysroot|--sysroot|-iprefix|-include-pch|-T|-L|-l|-u|-z|--param|-Xassembler|-Xlinker|-aux-info)$/;

/** Reads the arguments of a compiler that is started in `directory`, the compiler itself first. */
export function compilerFlags(args: readonly string[], directory: string): CompilerFlags {
  const values = new Map<string, string[]>();
  const definitions: string[] = [];
  // What is handed on to a stage of the compiler's own are options like the others.
  const words = args.slice(1).filter((word) => word !== "-Xclang" && word !== "-Xpreprocessor");
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--") break;
    if (WITH_VALUE.test(word)) {
      at++;
      continue;
    }
    const [, option = "", joined = ""] = OPTION.exec(word) ?? [];
    if (option === "") continue;
    const value = joined === "" ? words[++at] : joined;
    if (value === undefined) break;
    if (option === "-D" || option === "-U") definitions.push(definition(option, value));
    else values.set(option, [...(values.get(option) ?? []), value]);
  }
  const absolute = (...options: readonly string[]): string[] =>
    options.flatMap((option) => values.get(option) ?? []).map((value) => path.resolve(directory, value));
  return {
    definitions: definitions.join(""),
    quoted: absolute("-iquote"),
    directories: [...new Set(absolute("-I", "-isystem", "-idirafter"))],
    included: [...(values.get("-imacros") ?? []), ...(values.get("-include") ?? [])],
    directory,
  };
}

/** `X` is 1, `X=` is empty, `F(x)=x` takes an argument. Empty for what is no name. */
function definition(option: "-D" | "-U", value: string): string {
  const [, name = "", parameters = "", given] =
    /^([A-Za-z_]\w*)(\([\w\s,.]*\))?(?:=([^]*))?$/.exec(value) ?? [];
  if (name === "") return "";
  if (option === "-U") return `#undef ${name}\n`;
  // A line of its own, whatever the value is: nothing in it may reach the next one.
  const body = (given ?? "1")
    .replace(/[\r\n]+/g, " ")
    .replace(/\\+\s*$/, "")
    .replaceAll("/*", "/ *");
  return `#define ${name}${parameters} ${body}\n`;
}
