/**
 * The engine's view of a document that is typed in. Blanks behind the closing braces of functions take up what an edit
 * adds or takes away, so that the functions behind it stay at their offsets, and what is known of them stays true.
 * Blanks at the end of a line change no line and no column of the text, only the offsets behind them.
 */

/** At `at` in the text, the end of a line that holds nothing but a closing brace, stand `blanks` blanks more. */
interface Cushion {
  readonly at: number;
  readonly blanks: number;
}

export interface Layout {
  /** As the client has it. */
  readonly text: string;
  /** As the engine sees it. */
  readonly padded: string;
  /** In the order of the text. */
  readonly cushions: readonly Cushion[];
}

/** How many characters an edit can add before the functions behind it move. */
const BLANKS = 512;
/** More than this would make a file that shrinks and shrinks a file of blanks. */
const MAX_BLANKS = 8192;

/** A text that nobody has typed in: as it is. */
export function plainLayout(text: string): Layout {
  return { text, padded: text, cushions: [] };
}

/** The layout after an edit that has made `text` of the layout's text. */
export function relaid({ text: before, cushions }: Layout, text: string): Layout {
  if (text === before) return laidOut(text, cushions);
  const known = cushions.length === 0 ? cushionsOf(before) : cushions;
  const { start, end, added } = difference(before, text);
  const kept: Cushion[] = [];
  // What the edit has taken away, and the cushions that it has taken with it, the next cushion gives back.
  let owed = -added;
  for (const { at, blanks } of known) {
    if (at <= start) {
      kept.push({ at, blanks });
      continue;
    }
    const moved = at + added;
    if (at < end || !isCushioned(text, moved)) {
      owed += blanks;
      continue;
    }
    const wanted = blanks + owed;
    kept.push({ at: moved, blanks: wanted >= 0 && wanted <= MAX_BLANKS ? wanted : BLANKS });
    owed = 0;
  }
  return laidOut(text, kept);
}

function laidOut(text: string, cushions: readonly Cushion[]): Layout {
  let padded = "";
  let done = 0;
  for (const { at, blanks } of cushions) {
    padded += text.slice(done, at) + " ".repeat(blanks);
    done = at;
  }
  return { text, padded: padded + text.slice(done), cushions };
}

function cushionsOf(text: string): Cushion[] {
  return [...text.matchAll(/(?<=\n\})(?=\r?\n)/g)].map(({ index }) => ({ at: index, blanks: BLANKS }));
}

/** Is it still the end of a line that holds nothing but a closing brace? */
function isCushioned(text: string, at: number): boolean {
  return text[at - 1] === "}" && text[at - 2] === "\n" && /[\r\n]/.test(text[at] ?? "");
}

/** What differs: [start, end) of `before`, and how many characters more `after` has. */
function difference(
  before: string,
  after: string,
): { readonly start: number; readonly end: number; readonly added: number } {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let same = 0;
  while (
    same < shorter - start &&
    before.charCodeAt(before.length - 1 - same) === after.charCodeAt(after.length - 1 - same)
  )
    same++;
  return { start, end: before.length - same, added: after.length - before.length };
}

/** Where an offset of the padded text is in the text; in a cushion, its place. */
export function unpaddedOffset({ cushions }: Layout, padded: number): number {
  let blanks = 0;
  for (const cushion of cushions) {
    const start = cushion.at + blanks;
    if (padded <= start) break;
    if (padded <= start + cushion.blanks) return cushion.at;
    blanks += cushion.blanks;
  }
  return padded - blanks;
}

/** Where an offset of the text is in the padded text; at a cushion, before it. */
export function paddedOffset({ cushions }: Layout, offset: number): number {
  let blanks = 0;
  for (const cushion of cushions) {
    if (offset <= cushion.at) break;
    blanks += cushion.blanks;
  }
  return offset + blanks;
}
