/** The command line: what its options are, what they may hold, and the text of --help. */
import { parseArgs } from "node:util";
import { didYouMean } from "./nearest.js";
import { type Format, formats, isFormat } from "./reporters/index.js";

export const HELP = `mmaplint: finds what C code gets wrong about mmap, munmap, mremap, mprotect, msync, madvise, mlock,
shm_open, memfd_create and shmat.

Usage: mmaplint [options] [path|glob ...]
       mmaplint lsp --stdio
       mmaplint reproduce [options] [rule ...]
       mmaplint confirm [options] [path|glob ...] -- PROGRAM [ARGUMENT ...]

Lints the C files (.c, .h) in the paths; without a path, in the working directory. Files that .gitignore leaves out
are not searched for, symbolic links are not followed, and nothing of what is linted is ever executed.

Examples:
  mmaplint                                 lint the working directory
  mmaplint src 'lib/**/*.c'                lint a directory, and what a glob matches
  mmaplint --format full src/table.c       show code, and how each finding comes about
  mmaplint --format sarif -o out.sarif     write a report for code scanning
  mmaplint --rule missing-msync=error      one rule with another severity, or =off
  mmaplint --fix-dry-run | patch -p1       the same as --fix
  mmaplint --explain null-check            what a rule means and why it matters
  mmaplint -p build                        lint what a build compiles, with its -D, -U and -I
  cat a.c | mmaplint --stdin --stdin-filename src/a.c

Report:
  -f, --format FORMAT        pretty (default), full, json, sarif
  -o, --output FILE          write the report to a file instead of the standard output
      --quiet                report errors only; the exit code still counts warnings
      --stats                time by phase, findings by rule, what was seen and given up, on the standard error
      --debug                every function and file that was given up, and why, on the standard error

Rules:
      --preset NAME          recommended (default), strict, security, portability, embedded
      --rule ID=SEVERITY     off, note, warning or error; may be repeated
      --config FILE          use this configuration instead of the nearest mmaplint.config.json or package.json
      --list-rules           all rules, with their severities
      --explain ID           a rule's page

Edits:
      --fix                  make the safe edits; report what remains
      --fix-dry-run          print the safe edits as a unified diff instead of making them

Input:
  -p, --build BUILD          take the files to lint, where no path is given, and their -D, -U, -I, -iquote, -isystem
                             and -include from a compile_commands.json, or the directory that holds it
      --stdin                lint the standard input
      --stdin-filename NAME  the name to report for it, and to find the configuration by

Other:
      --max-warnings N       let up to N warnings pass (default 0)
  -h, --help                 this text
  -v, --version              the version

Editors:
  mmaplint lsp --stdio serves an editor that speaks the Language Server Protocol. A directory of this name is linted as
  ./lsp.

Reproduce:
  mmaplint reproduce compiles and runs small C programs of this package that do what the rules warn of, and shows what
  happens. A directory of this name is linted as ./reproduce. Linux only; the compiler is $CC, cc, gcc or clang.
      --emulate MACHINE      on sparc64 (pages of 8 KiB), aarch64 or i686, by qemu-user and a cross compiler
  -f, --format FORMAT        pretty (default: a table), full (what the programs print), json
      --keep                 keep the sources and programs, and say where

Confirm:
  mmaplint confirm lints the paths, then runs PROGRAM again and again while calls that the findings are about fail, and
  tells which findings are confirmed by a crash or a wrong result. PROGRAM is yours and runs as you: its error paths do
  what they do, so run it where nothing can be lost. docs/confirm.md has the rest. A directory of this name is linted as
  ./confirm. Linux only; needs a C compiler.
      --finding ID           only this finding; --format full and json show the ids; may be repeated
      --copy DIR             start every run in a fresh copy of DIR, and compare the files that it leaves
      --timeout SECONDS      for each run (default 10)
      --yes                  run it as root, in CI, or where others can write
  -f, --format FORMAT        pretty (default), json
  --preset, --rule, --config and --build as above

Colours follow the terminal, NO_COLOR and FORCE_COLOR.

Exit codes:
  0  nothing found at the level of a warning or above
  1  errors, or more warnings than --max-warnings lets pass; reproduce: something expected was not seen;
     confirm: a finding is confirmed
  2  wrong usage, wrong configuration, a path that cannot be linted, or an internal error
`;

export interface LintOptions {
  /** Empty: what the build lists, or the working directory. */
  readonly paths: readonly string[];
  /** A compilation database, or the directory that holds it. */
  readonly build: string | undefined;
  readonly format: Format;
  readonly output: string | undefined;
  readonly quiet: boolean;
  readonly stats: boolean;
  readonly debug: boolean;
  /** As given; checked against the presets and rules once these are loaded. */
  readonly preset: string | undefined;
  readonly rules: readonly string[];
  readonly config: string | undefined;
  readonly edits: "none" | "write" | "show";
  /** The name to report for the standard input; undefined when files are linted. */
  readonly stdinFilename: string | undefined;
  readonly maxWarnings: number;
}

/** The forms of what `mmaplint reproduce` tells. */
const reproduceFormats = ["pretty", "full", "json"] as const;
export type ReproduceFormat = (typeof reproduceFormats)[number];

export interface ReproduceOptions {
  /** As given; checked once the rules are loaded. Empty: all of them. */
  readonly rules: readonly string[];
  /** As given, a machine that emulators are known for; undefined: this machine. */
  readonly emulate: string | undefined;
  readonly format: ReproduceFormat;
  readonly keep: boolean;
}

/** The forms of what `mmaplint confirm` tells. */
const confirmFormats = ["pretty", "json"] as const;
export type ConfirmFormat = (typeof confirmFormats)[number];

export interface ConfirmOptions {
  /** How the findings are looked for. */
  readonly lint: LintOptions;
  /** Ids as given; empty: all findings. */
  readonly findings: readonly string[];
  /** The program and its arguments; never empty. */
  readonly command: readonly string[];
  /** The directory that every run starts in a copy of; undefined: the working directory, as it is. */
  readonly copy: string | undefined;
  /** For each run. */
  readonly seconds: number;
  readonly format: ConfirmFormat;
  /** Whether to run in a place that is not trusted. */
  readonly yes: boolean;
}

export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "list-rules" }
  | { readonly kind: "explain"; readonly id: string }
  | { readonly kind: "lsp" }
  | { readonly kind: "lint"; readonly options: LintOptions }
  | { readonly kind: "reproduce"; readonly options: ReproduceOptions }
  | { readonly kind: "confirm"; readonly options: ConfirmOptions }
  | { readonly kind: "mistake"; readonly message: string };

const OPTIONS = {
  format: { type: "string", short: "f", default: "pretty" },
  output: { type: "string", short: "o" },
  quiet: { type: "boolean", default: false },
  stats: { type: "boolean", default: false },
  debug: { type: "boolean", default: false },
  preset: { type: "string" },
  rule: { type: "string", multiple: true, default: [] as string[] },
  config: { type: "string" },
  "list-rules": { type: "boolean", default: false },
  explain: { type: "string" },
  fix: { type: "boolean", default: false },
  "fix-dry-run": { type: "boolean", default: false },
  build: { type: "string", short: "p" },
  stdin: { type: "boolean", default: false },
  "stdin-filename": { type: "string" },
  "max-warnings": { type: "string", default: "0" },
  help: { type: "boolean", short: "h", default: false },
  version: { type: "boolean", short: "v", default: false },
} as const;

const REPRODUCE_OPTIONS = {
  emulate: { type: "string" },
  format: { type: "string", short: "f", default: "pretty" },
  keep: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

const CONFIRM_OPTIONS = {
  finding: { type: "string", multiple: true, default: [] as string[] },
  copy: { type: "string" },
  timeout: { type: "string", default: "10" },
  yes: { type: "boolean", default: false },
  format: { type: "string", short: "f", default: "pretty" },
  help: { type: "boolean", short: "h", default: false },
  preset: OPTIONS.preset,
  rule: OPTIONS.rule,
  config: OPTIONS.config,
  build: OPTIONS.build,
} as const;

function parse(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, strict: true });
}

/** The parser's own complaint, with the nearest option where the option does not exist. */
function complaint(error: unknown, argv: readonly string[], known: object): string {
  const options = Object.keys(known).map((name) => `--${name}`);
  for (const argument of argv) {
    const name = argument.split("=", 1)[0] ?? "";
    if (name === "--") break;
    if (name.startsWith("--") && !options.includes(name)) {
      return `there is no option ${name}${didYouMean(name, options) || "; see mmaplint --help"}`;
    }
  }
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\. To specify a positional.*$/s, "; see mmaplint --help");
}

function noFormat(name: string, known: readonly string[]): string {
  return `--format ${name}: must be one of ${known.join(", ")}${didYouMean(name, known)}`;
}

type Values = ReturnType<typeof parse>["values"];

/** What contradicts what; a sentence, or undefined when all is well. */
function contradiction(values: Values, paths: readonly string[]): string | undefined {
  if (!isFormat(values.format)) return noFormat(values.format, formats);
  if (!/^\d{1,9}$/.test(values["max-warnings"])) {
    return `--max-warnings ${values["max-warnings"]}: must be a whole number, 0 or more`;
  }
  if (values.fix && values["fix-dry-run"]) return "--fix and --fix-dry-run exclude each other; choose one";
  if (values.stdin && paths.length > 0) return "--stdin and paths exclude each other; lint one or the other";
  if (values.stdin && values.fix)
    return "--fix has no file to write with --stdin; use --fix-dry-run for a diff";
  if (!values.stdin && values["stdin-filename"] !== undefined) return "--stdin-filename needs --stdin";
  if (paths.includes("")) return "a path is empty; leave it out to lint the working directory";
  return undefined;
}

/** The language server has one option, which says what it does anyway; clients give it by habit. */
function parseServer(argv: readonly string[]): Command {
  const other = argv.find((argument) => argument !== "--stdio" && !argument.startsWith("--clientProcessId"));
  if (other === undefined) return { kind: "lsp" };
  return { kind: "mistake", message: `lsp ${other}: the language server takes --stdio and nothing else` };
}

function toLintOptions(values: Values, paths: readonly string[], format: Format): LintOptions {
  return {
    paths,
    build: values.build,
    format,
    output: values.output,
    quiet: values.quiet,
    stats: values.stats,
    debug: values.debug,
    preset: values.preset,
    rules: values.rule,
    config: values.config,
    edits: values.fix ? "write" : values["fix-dry-run"] ? "show" : "none",
    stdinFilename: values.stdin ? (values["stdin-filename"] ?? "stdin.c") : undefined,
    maxWarnings: Number(values["max-warnings"]),
  };
}

/** Parses what follows `confirm`. Everything behind the first `--` is the program's. */
function parseConfirm(argv: readonly string[]): Command {
  const end = argv.indexOf("--");
  const own = end === -1 ? argv : argv.slice(0, end);
  const command = end === -1 ? [] : argv.slice(end + 1);
  try {
    const options = CONFIRM_OPTIONS;
    const { values, positionals } = parseArgs({ args: [...own], options, allowPositionals: true });
    if (values.help) return { kind: "help" };
    const { finding: findings, copy, yes, build, preset, rule: rules, config, timeout } = values;
    const format = confirmFormats.find((name) => name === values.format);
    if (format === undefined) return { kind: "mistake", message: noFormat(values.format, confirmFormats) };
    if (!/^[1-9]\d{0,5}$/.test(timeout)) {
      return {
        kind: "mistake",
        message: `--timeout ${timeout}: must be a whole number of seconds, 1 or more`,
      };
    }
    if (command[0] === undefined || command[0] === "") {
      const message =
        "confirm: no program to run; name it behind --, as in mmaplint confirm src -- ./program";
      return { kind: "mistake", message };
    }
    const defaults = toLintOptions(parse([]).values, positionals, "pretty");
    const lint = { ...defaults, build, preset, rules, config };
    return {
      kind: "confirm",
      options: { lint, findings, command, copy, seconds: Number(timeout), format, yes },
    };
  } catch (error) {
    return { kind: "mistake", message: complaint(error, argv, CONFIRM_OPTIONS) };
  }
}

/** Parses what follows `reproduce`. */
function parseReproduce(argv: readonly string[]): Command {
  try {
    const options = REPRODUCE_OPTIONS;
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
    if (values.help) return { kind: "help" };
    const format = reproduceFormats.find((name) => name === values.format);
    if (format === undefined) return { kind: "mistake", message: noFormat(values.format, reproduceFormats) };
    const { emulate, keep } = values;
    return { kind: "reproduce", options: { rules: positionals, emulate, format, keep } };
  } catch (error) {
    return { kind: "mistake", message: complaint(error, argv, REPRODUCE_OPTIONS) };
  }
}

/** Parses the arguments after the program's name. Never throws: what is wrong is a command of its own kind. */
export function parseCommand(argv: readonly string[]): Command {
  if (argv[0] === "lsp") return parseServer(argv.slice(1));
  if (argv[0] === "reproduce") return parseReproduce(argv.slice(1));
  if (argv[0] === "confirm") return parseConfirm(argv.slice(1));
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    return { kind: "mistake", message: complaint(error, argv, OPTIONS) };
  }
  const { values, positionals: paths } = parsed;
  if (values.help) return { kind: "help" };
  if (values.version) return { kind: "version" };
  if (values["list-rules"]) return { kind: "list-rules" };
  if (values.explain !== undefined) return { kind: "explain", id: values.explain };
  const message = contradiction(values, paths);
  if (message !== undefined || !isFormat(values.format)) return { kind: "mistake", message: message ?? "" };
  return { kind: "lint", options: toLintOptions(values, paths, values.format) };
}
