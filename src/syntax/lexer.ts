/**
 * A linear scan over a C file that finds what stands at its top level: functions, declarations, directives.
 *
 * Conditional branches all begin at the brace depth of their `#if`, and the first branch decides the depth behind the
 * `#endif`, so `#ifdef A … if (x) { #else … if (y) { #endif … }` is balanced.
 */
import type { Span } from "../diagnostic.js";
import { isDigitCode, isWordCode, skipComment, skipLiteral, skipWord, startsLine } from "./characters.js";
import {
  addArm,
  type Branch,
  continuesConditional,
  type Directive,
  type Group,
  opensConditional,
  readDirective,
} from "./directives.js";
import {
  BRACES,
  CLOSE,
  endsWithAggregate,
  findHead,
  isStaticHead,
  type ItemTokens,
  LITERAL,
  looksLikeOldStyle,
  OPEN,
  opensLinkage,
  WORD,
} from "./heads.js";

export interface FunctionItem {
  readonly name: string;
  readonly nameSpan: Span;
  readonly span: Span;
  readonly static: boolean;
}

/** What stands at a file's top level, everything in the order of the file. */
export interface Layout {
  readonly functions: readonly FunctionItem[];
  /** From the first token to the semicolon, inclusive. Anything that ends in a semicolon and is no function. */
  readonly declarations: readonly Span[];
  readonly directives: readonly Directive[];
}

const NEWLINE = 10;
const DOUBLE_QUOTE = 34;
const HASH = 35;
const SINGLE_QUOTE = 39;
const SLASH = 47;
const SEMICOLON = 59;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** Characters that end the quick run through a body. */
const STOPS = new Uint8Array(128);
for (const code of [DOUBLE_QUOTE, HASH, SINGLE_QUOTE, SLASH, OPEN_BRACE, CLOSE_BRACE]) STOPS[code] = 1;
const BLANK = new Uint8Array(128);
for (const code of [9, 10, 11, 12, 13, 32, 92]) BLANK[code] = 1;

/** What the braces at depth 1 belong to. */
type Opened = "none" | "function" | "part" | "block";

/** Where the scan stands, as far as conditional branches save and restore it. */
interface Place {
  tokens: ItemTokens;
  tokenCount: number;
  depth: number;
  parentheses: number;
  opened: Opened;
  /** Offset of the brace that made depth 1. */
  openedAt: number;
}

interface OpenGroup {
  readonly group: Group;
  readonly before: Place;
  /** Where the first branch that is compiled at all has ended. */
  after: Place | undefined;
}

interface Scan extends Place {
  readonly text: string;
  readonly functions: FunctionItem[];
  readonly declarations: Span[];
  readonly directives: Directive[];
  readonly groups: OpenGroup[];
  branch: Branch | undefined;
  /** First offset of what may be a K&R head, and its tokens, while only declarations have followed. */
  oldStyle: { readonly tokens: ItemTokens; readonly declarations: number } | undefined;
  /** From a function on whose braces do not balance, one in the first column closes a function. */
  byColumn: boolean;
}

function emptyTokens(): ItemTokens {
  return { kinds: [], starts: [], ends: [] };
}

/** Reads a whole file; linear in its length; never throws. */
export function scanFile(text: string): Layout {
  const scan: Scan = {
    text,
    functions: [],
    declarations: [],
    directives: [],
    groups: [],
    branch: undefined,
    tokens: emptyTokens(),
    tokenCount: 0,
    depth: 0,
    parentheses: 0,
    opened: "none",
    openedAt: 0,
    oldStyle: undefined,
    byColumn: false,
  };
  let offset = 0;
  for (;;) {
    offset = scan.depth > 0 ? scanInside(scan, offset) : scanTop(scan, offset);
    if (offset < text.length) continue;
    if (scan.depth === 0 || scan.opened !== "function" || scan.byColumn) break;
    offset = retryByColumn(scan);
  }
  return scan;
}

/** Goes back to the body that the end of the file has left open. Once only, so that the scan stays linear. */
function retryByColumn(scan: Scan): number {
  scan.byColumn = true;
  scan.depth = 1;
  while ((scan.directives.at(-1)?.start ?? 0) > scan.openedAt) scan.directives.pop();
  scan.branch = scan.directives.at(-1)?.branch;
  let depth = 0;
  for (let branch = scan.branch; branch; branch = branch.group.parent) depth++;
  scan.groups.length = Math.min(scan.groups.length, depth);
  return scan.openedAt + 1;
}

/** Runs through a body to the brace that closes it, or to a directive's end; returns where to go on. */
function scanInside(scan: Scan, offset: number): number {
  const text = scan.text;
  const length = text.length;
  let i = offset;
  let depth = scan.depth;
  for (; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127 || STOPS[code] === 0) continue;
    if (code === OPEN_BRACE) depth++;
    else if (code === CLOSE_BRACE) {
      if (--depth > 0 && !(scan.byColumn && text.charCodeAt(i - 1) === NEWLINE)) continue;
      scan.depth = 0;
      closeBraces(scan, i + 1);
      return i + 1;
    } else if (code === SLASH) {
      const end = skipComment(text, i);
      if (end > i) i = end - 1;
    } else if (code === HASH) {
      if (!startsLine(text, i)) continue;
      scan.depth = depth;
      return scanDirective(scan, i);
    } else if (code === DOUBLE_QUOTE || !separatesDigits(text, i)) i = skipLiteral(text, i) - 1;
  }
  scan.depth = depth;
  return length;
}

/** C23's 1'000'000. */
function separatesDigits(text: string, offset: number): boolean {
  return isDigitCode(text.charCodeAt(offset - 1)) && isDigitCode(text.charCodeAt(offset + 1));
}

/** Reads tokens at top level up to an opening brace, a directive or the end; returns where to go on. */
function scanTop(scan: Scan, offset: number): number {
  const text = scan.text;
  const length = text.length;
  let i = offset;
  while (i < length) {
    const code = text.charCodeAt(i);
    if (code < 128 && BLANK[code] === 1) i++;
    else if (isWordCode(code)) {
      const end = skipWord(text, i);
      push(scan, WORD, i, end);
      i = end;
    } else if (code === SLASH && skipComment(text, i) > i) i = skipComment(text, i);
    else if (code === HASH && startsLine(text, i)) return scanDirective(scan, i);
    else if (code === DOUBLE_QUOTE || code === SINGLE_QUOTE) {
      const end = skipLiteral(text, i);
      push(scan, LITERAL, i, end);
      i = end;
    } else if (code === OPEN_BRACE) {
      openBraces(scan, i);
      if (scan.depth > 0) return i + 1;
      i++;
    } else {
      scanPunctuation(scan, code, i);
      i++;
    }
  }
  return length;
}

function push(scan: Scan, kind: number, start: number, end: number): void {
  scan.tokens.kinds.push(kind);
  scan.tokens.starts.push(start);
  scan.tokens.ends.push(end);
}

function scanPunctuation(scan: Scan, code: number, offset: number): void {
  if (code === CLOSE_BRACE) {
    // Closes `extern "C" {`, or is one too many.
    scan.tokens = emptyTokens();
    scan.parentheses = 0;
    return;
  }
  if (code === SEMICOLON && scan.parentheses <= 0) return endDeclaration(scan, offset + 1);
  if (code === OPEN) scan.parentheses++;
  else if (code === CLOSE) scan.parentheses--;
  push(scan, code, offset, offset + 1);
}

function endDeclaration(scan: Scan, end: number): void {
  const first = scan.tokens.starts[0];
  if (first === undefined) return;
  if (looksLikeOldStyle(scan.tokens)) {
    scan.oldStyle = { tokens: scan.tokens, declarations: scan.declarations.length };
  }
  scan.declarations.push({ start: first, end });
  scan.tokens = emptyTokens();
  scan.parentheses = 0;
}

function openBraces(scan: Scan, offset: number): void {
  const column0 = offset === 0 || scan.text.charCodeAt(offset - 1) === NEWLINE;
  if (scan.parentheses > 0 && !column0) return enter(scan, "part", offset);
  scan.parentheses = 0;
  if (scan.tokens.kinds.length === 0 && scan.oldStyle) {
    scan.tokens = scan.oldStyle.tokens;
    scan.declarations.length = scan.oldStyle.declarations;
    return enter(scan, "function", offset);
  }
  if (opensLinkage(scan.text, scan.tokens)) {
    scan.tokens = emptyTokens();
    return;
  }
  if (endsWithAggregate(scan.text, scan.tokens)) return enter(scan, "part", offset);
  if (findHead(scan.text, scan.tokens)) return enter(scan, "function", offset);
  enter(scan, scan.tokens.kinds.includes(61) ? "part" : "block", offset);
}

function enter(scan: Scan, opened: Opened, offset: number): void {
  scan.opened = opened;
  scan.openedAt = offset;
  scan.depth = 1;
  scan.oldStyle = undefined;
}

/** `end` is the offset behind the brace that has brought the depth back to 0. */
function closeBraces(scan: Scan, end: number): void {
  const opened = scan.opened;
  scan.opened = "none";
  if (opened === "part") return push(scan, BRACES, scan.openedAt, end);
  if (opened === "function") emitFunction(scan, end);
  scan.tokens = emptyTokens();
  scan.parentheses = 0;
}

function emitFunction(scan: Scan, end: number): void {
  const head = findHead(scan.text, scan.tokens);
  const start = scan.tokens.starts[head?.first ?? 0];
  const nameStart = scan.tokens.starts[head?.name ?? 0];
  const nameEnd = scan.tokens.ends[head?.name ?? 0];
  if (!head || start === undefined || nameStart === undefined || nameEnd === undefined) return;
  // `#if A … return 1; } #else … return 2; } #endif`: one function, which reaches to the last of its closing braces.
  if (scan.functions.at(-1)?.span.start === start) scan.functions.pop();
  scan.functions.push({
    name: scan.text.slice(nameStart, nameEnd),
    nameSpan: { start: nameStart, end: nameEnd },
    span: { start, end },
    static: isStaticHead(scan.text, scan.tokens, head),
  });
}

function savePlace(scan: Scan): Place {
  const { tokens, depth, parentheses, opened, openedAt } = scan;
  return { tokens, tokenCount: tokens.kinds.length, depth, parentheses, opened, openedAt };
}

function restorePlace(scan: Scan, place: Place): void {
  const { kinds, starts, ends } = place.tokens;
  const count = place.tokenCount;
  const same = kinds.length === count;
  scan.tokens = same
    ? place.tokens
    : { kinds: kinds.slice(0, count), starts: starts.slice(0, count), ends: ends.slice(0, count) };
  scan.depth = place.depth;
  scan.parentheses = place.parentheses;
  scan.opened = place.opened;
  scan.openedAt = place.openedAt;
}

/** Reads the directive at `offset` and, when it opens a branch that is never compiled, steps over that. */
function scanDirective(scan: Scan, offset: number): number {
  const raw = readDirective(scan.text, offset);
  const open = scan.groups.at(-1);
  if (opensConditional(raw.kind)) {
    const group: Group = { parent: scan.branch, arms: [], decided: false };
    scan.groups.push({ group, before: savePlace(scan), after: undefined });
    scan.branch = addArm(scan.text, group, raw);
  } else if (continuesConditional(raw.kind) && open) {
    leaveArm(scan, open);
    restorePlace(scan, open.before);
    scan.branch = addArm(scan.text, open.group, raw);
  } else if (raw.kind === "endif" && open) {
    leaveArm(scan, open);
    if (open.after) restorePlace(scan, open.after);
    scan.groups.pop();
    scan.branch = open.group.parent;
  }
  scan.directives.push({ ...raw, branch: scan.branch });
  return opensBranch(raw.kind) && scan.branch?.dead ? skipDead(scan, raw.end) : raw.end;
}

function opensBranch(kind: Directive["kind"]): boolean {
  return opensConditional(kind) || continuesConditional(kind);
}

function leaveArm(scan: Scan, open: OpenGroup): void {
  if (open.after || !scan.branch || scan.branch.group !== open.group || scan.branch.dead) return;
  open.after = savePlace(scan);
}

/** Offset of the directive that ends a branch whose text is not C: quotes need not match there. */
function skipDead(scan: Scan, offset: number): number {
  const text = scan.text;
  let nesting = 0;
  let i = offset;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    if (code === HASH && startsLine(text, i)) {
      const raw = readDirective(text, i);
      if (opensConditional(raw.kind)) nesting++;
      else if (nesting === 0 && (raw.kind === "endif" || continuesConditional(raw.kind))) return i;
      else if (raw.kind === "endif") nesting--;
      i = raw.end;
    } else if (code === SLASH && skipComment(text, i) > i) i = skipComment(text, i);
    else if (code === DOUBLE_QUOTE) i = skipLiteral(text, i);
    else i++;
  }
  return text.length;
}
