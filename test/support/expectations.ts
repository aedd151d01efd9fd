/**
 * What a C fixture says about itself, in line comments, and how findings are held against it.
 *
 *     munmap(p, n);   // want double-unmap "already unmapped"     one finding of that rule starts on this line
 *     }               // want missing-munmap missing-msync        two of them
 *     munmap(p, 1);   // todo want unmap-length: needs intervals  known miss: fails once it is found
 *     return p;       // todo ok missing-munmap: out parameter    known false alarm: fails once it is gone
 */

/** `miss`: a defect that is not found yet. `alarm`: a finding that is wrong. */
type Kind = "want" | "miss" | "alarm";

export interface Expectation {
  readonly kind: Kind;
  readonly rule: string;
  /** A part of the finding's message; undefined where any message will do. */
  readonly text: string | undefined;
  /** 1-based. */
  readonly line: number;
}

/** The part of a diagnostic that a fixture speaks about; `line` is 1-based. */
export interface Finding {
  readonly rule: string;
  readonly message: string;
  readonly line: number;
}

const COMMENT = /\/\/\s*((?:want|todo)\b.*)$/;
const WANT = /^want((?:\s+[a-z][a-z0-9-]*(?:\s+"[^"]*")?)+)$/;
const WANTED = /([a-z][a-z0-9-]*)(?:\s+"([^"]*)")?/g;
const TODO = /^todo (want|ok) ([a-z][a-z0-9-]*): \S/;

function parseComment(comment: string, line: number): readonly Expectation[] {
  const want = WANT.exec(comment)?.[1];
  if (want !== undefined) {
    return [...want.matchAll(WANTED)].map(([, rule = "", text]) => ({ kind: "want", rule, text, line }));
  }
  const [, what, rule] = TODO.exec(comment) ?? [];
  if (rule === undefined) throw new Error(`line ${line}: cannot read the expectation "// ${comment}"`);
  return [{ kind: what === "want" ? "miss" : "alarm", rule, text: undefined, line }];
}

/** The expectations of a C source, in its order. Throws on a comment that starts like one and cannot be read. */
export function expectations(source: string): readonly Expectation[] {
  return source.split("\n").flatMap((line, index) => {
    const comment = COMMENT.exec(line)?.[1];
    return comment === undefined ? [] : parseComment(comment.trimEnd(), index + 1);
  });
}

/** The source as documentation shows it: without its expectations. */
export function withoutExpectations(source: string): string {
  return source
    .split("\n")
    .map((line) => (COMMENT.test(line) ? line.replace(COMMENT, "").trimEnd() : line))
    .join("\n");
}

function fits(expected: Expectation, found: Finding): boolean {
  return (
    expected.rule === found.rule &&
    expected.line === found.line &&
    (expected.text === undefined || found.message.includes(expected.text))
  );
}

function unmet({ kind, rule, text, line }: Expectation): string | undefined {
  if (kind === "want") return `line ${line}: not found: ${rule}${text === undefined ? "" : ` "${text}"`}`;
  if (kind === "alarm") return `line ${line}: the false alarm of ${rule} is gone: remove the todo`;
  return undefined;
}

/** One sentence for each difference, by line; empty where the findings are what the fixture expects. */
export function differences(expected: readonly Expectation[], found: readonly Finding[]): readonly string[] {
  const left = [...found];
  const problems: { readonly line: number; readonly problem: string }[] = [];
  // The particular before the general, so that an expectation with a text is not robbed of its finding.
  const ordered = [...expected].sort((a, b) => Number(b.text !== undefined) - Number(a.text !== undefined));
  for (const expectation of ordered) {
    const at = left.findIndex((finding) => fits(expectation, finding));
    const [finding] = at < 0 ? [] : left.splice(at, 1);
    const { line, rule } = expectation;
    const problem =
      finding === undefined
        ? unmet(expectation)
        : expectation.kind === "miss"
          ? `line ${line}: ${rule} is found now: make it a want`
          : undefined;
    if (problem !== undefined) problems.push({ line, problem });
  }
  for (const { line, rule, message } of left) {
    problems.push({ line, problem: `line ${line}: unexpected: ${rule}: ${message}` });
  }
  return problems.sort((a, b) => a.line - b.line).map(({ problem }) => problem);
}
