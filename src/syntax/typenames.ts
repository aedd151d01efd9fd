/**
 * Which words are type names: C cannot be parsed without knowing, and headers are not read. Known are the system's
 * types, the file's typedefs, everything in `_t`, and what a function itself uses as a type.
 */
import type { CType } from "./ast.js";
import { append, type Token } from "./tokens.js";

const INT = (bits: 8 | 16 | 32 | 64, signed: boolean): CType => ({ kind: "int", bits, signed });

/** Arithmetic types that system headers define, as on a 64-bit Linux. */
export const STANDARD_TYPES: ReadonlyMap<string, CType> = new Map<string, CType>([
  ...["u", "__u", "uint", "__uint", "u_int", "uint_least", "uint_fast"].flatMap((prefix) =>
    ([8, 16, 32, 64] as const).flatMap((bits) => [
      [`${prefix}${bits}`, INT(bits, false)] as const,
      [`${prefix}${bits}_t`, INT(bits, false)] as const,
    ]),
  ),
  ...["s", "__s", "int", "__int", "int_least", "int_fast"].flatMap((prefix) =>
    ([8, 16, 32, 64] as const).flatMap((bits) => [
      [`${prefix}${bits}`, INT(bits, true)] as const,
      [`${prefix}${bits}_t`, INT(bits, true)] as const,
    ]),
  ),
  ..."size_t uintptr_t uintmax_t ulong u_long ino_t dev_t rlim_t nlink_t fsblkcnt_t ino64_t ULONG64 UINT64 phys_addr_t dma_addr_t guint64 gsize"
    .split(" ")
    .map((name) => [name, INT(64, false)] as const),
  ..."ssize_t off_t off64_t loff_t intptr_t intmax_t ptrdiff_t time_t blkcnt_t suseconds_t __off_t __off64_t gint64 gssize INT64 LONGLONG"
    .split(" ")
    .map((name) => [name, INT(64, true)] as const),
  ..."uint u_int mode_t uid_t gid_t id_t socklen_t useconds_t DWORD UINT UINT32 ULONG32 guint guint32 wint_t uint_t"
    .split(" ")
    .map((name) => [name, INT(32, false)] as const),
  ..."pid_t key_t BOOL INT INT32 gint gint32 gboolean wchar_t clockid_t"
    .split(" ")
    .map((name) => [name, INT(32, true)] as const),
  ..."ushort u_short WORD USHORT guint16 UINT16".split(" ").map((name) => [name, INT(16, false)] as const),
  ..."uchar u_char BYTE UCHAR guint8 UINT8".split(" ").map((name) => [name, INT(8, false)] as const),
  ..."bool _Bool".split(" ").map((name) => [name, INT(8, false)] as const),
  ["caddr_t", { kind: "pointer", to: INT(8, true) }],
  ["gpointer", { kind: "pointer", to: { kind: "void" } }],
  ["LPVOID", { kind: "pointer", to: { kind: "void" } }],
  ["PVOID", { kind: "pointer", to: { kind: "void" } }],
]);

/** Types of the system's headers whose insides do not matter. */
const OTHER_TYPES: ReadonlySet<string> = new Set(
  "FILE DIR HANDLE jmp_buf sigjmp_buf va_list __builtin_va_list Elf32_Ehdr Elf64_Ehdr Elf32_Phdr Elf64_Phdr Elf32_Shdr Elf64_Shdr Elf32_Sym Elf64_Sym Elf32_Addr Elf64_Addr gchar gconstpointer GError".split(
    " ",
  ),
);

export const TYPE_KEYWORDS: ReadonlySet<string> = new Set(
  "void int char long short unsigned signed float double _Bool _Complex __int128 __signed__ __signed struct union enum".split(
    " ",
  ),
);
export const SPECIFIERS: ReadonlySet<string> = new Set(
  "static extern register auto inline const volatile restrict _Atomic _Thread_local __thread typedef constexpr thread_local".split(
    " ",
  ),
);
const STATEMENT_KEYWORDS: ReadonlySet<string> = new Set(
  "if else while do for switch case default break continue return goto sizeof asm __asm__ __asm _Generic _Alignof offsetof typeof __typeof__ __typeof".split(
    " ",
  ),
);

export function isKeyword(word: string): boolean {
  return TYPE_KEYWORDS.has(word) || SPECIFIERS.has(word) || STATEMENT_KEYWORDS.has(word);
}

export type IsType = (name: string) => boolean;

export function isStandardType(name: string): boolean {
  return STANDARD_TYPES.has(name) || OTHER_TYPES.has(name) || (name.endsWith("_t") && name.length > 2);
}

/** The type names of one function: `known` outside it, its own typedefs and uses, less what it declares as variables. */
export function typeNamesOf(tokens: readonly Token[], known: IsType): IsType {
  const used = new Set<string>();
  const variables = new Set<string>();
  const isType: IsType = (name) => used.has(name) || known(name) || isStandardType(name);
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token?.kind !== "word" || isKeyword(token.text)) continue;
    if (looksLikeType(tokens, i)) used.add(token.text);
    if (declaresName(tokens, i, isType)) variables.add(token.text);
  }
  for (const name of localTypedefs(tokens)) {
    used.add(name);
    variables.delete(name);
  }
  return (name) => isType(name) && !variables.has(name);
}

function afterStars(tokens: readonly Token[], index: number): number {
  let i = index;
  while (/^(?:\*|const|volatile|restrict)$/.test(tokens[i]?.text ?? "")) i++;
  return i;
}

/** `Foo *x = …` or `Foo x;` at the beginning of a statement, `(Foo *)`, a parameter `Foo *x`. */
function looksLikeType(tokens: readonly Token[], index: number): boolean {
  const previous = tokens[index - 1]?.text ?? "{";
  const behind = afterStars(tokens, index + 1);
  const stars = behind > index + 1;
  const next = tokens[behind];
  if (previous === "(" && !stars && next?.text === ")" && castsWith(tokens, index)) return true;
  const follower = tokens[behind + 1]?.text ?? "";
  if (
    /^(?:\(|const|volatile)$/.test(previous) &&
    stars &&
    next?.text === ")" &&
    tokens[behind - 1]?.text === "*"
  )
    return true;
  if (next?.kind !== "word" || isKeyword(next.text)) return false;
  // A word on a line of its own is a macro, whatever follows.
  if (!stars && next.space === "\n") return false;
  if (/^(?:[{};]|static|const|volatile|register|extern)$/.test(previous))
    return /^(?:[;=[]|,)$/.test(follower);
  if (previous === "(" && tokens[index - 2]?.text === "for") return follower === "=";
  return /^[(,]$/.test(previous) && !stars && /^[,)]$/.test(follower);
}

/** `(Foo) x`, `(Foo) 1`, `(Foo){ … }` with nothing before that would make it a condition or a call. */
function castsWith(tokens: readonly Token[], index: number): boolean {
  const before = tokens[index - 2];
  const behind = tokens[index + 2];
  if (!behind || before?.kind !== "punctuator" || /^[)\]]$/.test(before.text)) return false;
  if (behind.kind === "punctuator") return behind.text === "{" || behind.text === "~";
  return behind.kind !== "word" || !isKeyword(behind.text) || behind.text === "sizeof";
}

/** The word is the name in `int x;`, `struct s *x =`, `u32 x)`. */
function declaresName(tokens: readonly Token[], index: number, isType: IsType): boolean {
  if (!/^[;,=)[]$/.test(tokens[index + 1]?.text ?? "")) return false;
  let i = index - 1;
  const stars = tokens[i]?.text === "*";
  while (/^(?:\*|const|volatile|restrict)$/.test(tokens[i]?.text ?? "")) i--;
  const type = tokens[i];
  if (type?.kind !== "word") return false;
  const tagged = /^(?:struct|union|enum)$/.test(tokens[i - 1]?.text ?? "");
  if (/^(?:struct|union|enum)$/.test(type.text)) return false;
  if (tagged || TYPE_KEYWORDS.has(type.text)) return true;
  return (
    isType(type.text) && (!stars || /^(?:[{};(,]|static|const|volatile)$/.test(tokens[i - 1]?.text ?? ""))
  );
}

/** Names that `typedef … name;` declares anywhere in the tokens. */
function localTypedefs(tokens: readonly Token[]): string[] {
  const names: string[] = [];
  for (let i = 0; i < tokens.length; i++)
    if (tokens[i]?.text === "typedef") append(names, typedefNames(tokens, i));
  return names;
}

/** The names that the typedef at `start` declares: before `,` `;` `[`, or in `(*name)`, outside struct bodies. */
export function typedefNames(tokens: readonly Token[], start: number): string[] {
  const names: string[] = [];
  let depth = 0;
  for (let i = start + 1; i < tokens.length; i++) {
    const text = tokens[i]?.text ?? "";
    const next = tokens[i + 1]?.text ?? ";";
    if (text === "(" && depth === 0 && /^[*^]$/.test(next)) {
      const name = tokens.slice(i, i + 6).find((token) => token.kind === "word" && !isKeyword(token.text));
      if (name) names.push(name.text);
    }
    if (/^[([{]$/.test(text)) depth++;
    else if (/^[)\]}]$/.test(text)) depth--;
    else if (depth === 0 && text === ";") break;
    else if (
      depth === 0 &&
      tokens[i]?.kind === "word" &&
      /^(?:[,;[(]|__attribute__)$/.test(next) &&
      !isKeyword(text)
    ) {
      if (next !== "(" || !/^[*^]$/.test(tokens[i + 2]?.text ?? "")) names.push(text);
    }
  }
  return names;
}
