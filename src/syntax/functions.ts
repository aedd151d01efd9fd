/** Parses one function: its readings, the tries for each, and what is left when none is clean. */
import type { FunctionDefinition, Parameter } from "./ast.js";
import { base, type Conversion, ConversionFailure, fail, textOf } from "./conversion.js";
import { convertBlock } from "./convert-statements.js";
import { convertDeclarator, convertSpecifiers } from "./convert-types.js";
import type { Definitions } from "./definitions.js";
import type { FunctionItem } from "./lexer.js";
import { childOf, namedChildren, parseText, type SyntaxNode } from "./parser.js";
import { ATTEMPTS, type Attempt, expandTokens, prepareFunction, readTokens } from "./prepare.js";
import { furtherReading, type Reading, type Readings, readingsOf } from "./readings.js";
import { render } from "./render.js";
import type { Token } from "./tokens.js";

interface Failure {
  readonly kind: "failed";
  readonly reason: string;
  /** In the file. */
  readonly offset: number;
}

/** As `ParsedFunction`, with offsets for lines. */
export type FunctionResult =
  | {
      readonly kind: "parsed";
      readonly readings: readonly FunctionDefinition[];
      readonly unread: Failure | undefined;
      readonly opposite: boolean;
    }
  | Failure;

type Outcome = { readonly kind: "definition"; readonly definition: FunctionDefinition } | Failure;

/** Never throws. A reading that cannot be parsed is left out while the other can. */
export function parseFunction(definitions: Definitions, item: FunctionItem): FunctionResult {
  try {
    const read = readingsOf(definitions.file, item.span);
    const outcomes = distinctReadings(definitions, item, read).map((input) =>
      parseReading(definitions, item, input),
    );
    const readings = outcomes.flatMap((outcome) =>
      outcome.kind === "definition" ? [outcome.definition] : [],
    );
    const failure = outcomes.find((outcome) => outcome.kind === "failed");
    if (readings.length > 0)
      return { kind: "parsed", readings, unread: failure, opposite: read.opposite && failure === undefined };
    return failure ?? { kind: "failed", reason: "nothing to parse", offset: item.span.start };
  } catch (error) {
    const reason = error instanceof RangeError ? "too deeply nested" : `internal error: ${String(error)}`;
    return { kind: "failed", reason, offset: item.nameSpan.start };
  }
}

function distinctReadings(
  definitions: Definitions,
  item: FunctionItem,
  { usual, others }: Readings,
): ReadingInput[] {
  const read = (reading: Reading): ReadingInput => {
    const tokens = readTokens(definitions, item.span, reading);
    return { reading, tokens, expanded: expandTokens(definitions, tokens, reading, false) };
  };
  const first = read(usual);
  for (const other of others) {
    const second = read(other);
    if (sameTokens(first.expanded, second.expanded)) continue;
    const further = furtherReading(definitions.file, item.span, [usual, other]);
    const third = further === undefined ? undefined : read(further);
    const isNew =
      third !== undefined &&
      !sameTokens(first.expanded, third.expanded) &&
      !sameTokens(second.expanded, third.expanded);
    return isNew ? [first, second, third] : [first, second];
  }
  return [first];
}

function sameTokens(left: readonly Token[], right: readonly Token[]): boolean {
  return left.length === right.length && left.every((token, index) => token.text === right[index]?.text);
}

interface ReadingInput {
  readonly reading: Reading;
  readonly tokens: readonly Token[];
  readonly expanded: readonly Token[];
}

interface Candidate {
  readonly errors: readonly number[];
  readonly convert: () => FunctionDefinition;
}

/** The first attempt whose tree has no error; failing that, of those that can be converted the one with the fewest. */
function parseReading(definitions: Definitions, item: FunctionItem, input: ReadingInput): Outcome {
  const candidates: Candidate[] = [];
  let failure: Failure = { kind: "failed", reason: "nothing to parse", offset: item.span.start };
  for (const attempt of ATTEMPTS) {
    const candidate = tryParse(definitions, item, input, attempt);
    if (!("convert" in candidate)) {
      failure = candidate;
      continue;
    }
    if (candidate.errors.length > 0) candidates.push(candidate);
    else {
      const outcome = attemptConversion(candidate);
      if (outcome.kind === "definition") return outcome;
      failure = outcome;
    }
  }
  candidates.sort((left, right) => left.errors.length - right.errors.length);
  const failures: Failure[] = [];
  for (const candidate of candidates) {
    const outcome = attemptConversion(candidate);
    if (outcome.kind === "definition") return outcome;
    failures.push(outcome);
  }
  return failures[0] ?? failure;
}

function attemptConversion(candidate: Candidate): Outcome {
  try {
    return { kind: "definition", definition: candidate.convert() };
  } catch (error) {
    if (error instanceof ConversionFailure)
      return { kind: "failed", reason: error.reason, offset: error.offset };
    throw error;
  }
}

function tryParse(
  definitions: Definitions,
  item: FunctionItem,
  input: ReadingInput,
  attempt: Attempt,
): Candidate | Failure {
  const expanded = attempt.objectLikeOnly
    ? expandTokens(definitions, input.tokens, input.reading, true)
    : input.expanded;
  const prepared = prepareFunction(item, expanded, definitions.isType, attempt.repair);
  if (prepared.kind === "failed") return prepared;
  const rendered = render(prepared.tokens);
  const tree = parseText(rendered.text);
  if (tree.kind === "failed") return { kind: "failed", reason: tree.reason, offset: item.nameSpan.start };
  const conversion: Conversion = {
    rendered,
    clean: tree.errors.length === 0,
    aggregates: new Map(),
    enumerators: [],
  };
  const name = prepared.name.text;
  const noreturn = prepared.noreturn || definitions.neverReturns(item.name);
  return {
    errors: tree.errors,
    convert: () => convertFunction(conversion, tree.root, { item, name, noreturn }),
  };
}

interface Identity {
  readonly item: FunctionItem;
  readonly name: string;
  readonly noreturn: boolean;
}

function convertFunction(conversion: Conversion, root: SyntaxNode, identity: Identity): FunctionDefinition {
  const node = root.children.find((child) => child.type === "function_definition");
  const body = node && childOf(node, "body");
  const last = root.children.at(-1);
  if (!node || !body || (last && last !== node)) {
    const culprit = root.children.find((child) => child.type === "ERROR") ?? last ?? root;
    return fail(conversion, firstError(culprit));
  }
  const { item, name, noreturn } = identity;
  const declarator = childOf(node, "declarator");
  const list = declarator && parameterList(declarator);
  const returned =
    declarator && convertDeclarator(conversion, convertSpecifiers(conversion, node), declarator).type;
  return {
    name,
    nameSpan: item.nameSpan,
    returns: returned?.kind === "function" ? returned.returns : { kind: "int", bits: 32, signed: true },
    parameters: list ? convertParameters(conversion, list) : [],
    variadic: list?.children.some((child) => child.type === "variadic_parameter") ?? false,
    static: item.static,
    noreturn,
    body: convertBlock(conversion, body),
    span: item.span,
  };
}

function firstError(node: SyntaxNode): SyntaxNode {
  let current = node;
  while (current.type !== "ERROR" && !current.missing) {
    const next = current.children.find((child) => child.type === "ERROR" || child.missing);
    if (!next) return current;
    current = next;
  }
  return current;
}

/** The innermost parameter list: `int (*f(int a))(int)` is a function of `a`. */
function parameterList(node: SyntaxNode): SyntaxNode | undefined {
  const inner =
    childOf(node, "declarator") ??
    (node.type === "parenthesized_declarator" ? namedChildren(node)[0] : undefined);
  const deeper = inner && parameterList(inner);
  return deeper ?? (node.type === "function_declarator" ? childOf(node, "parameters") : undefined);
}

function convertParameters(conversion: Conversion, list: SyntaxNode): Parameter[] {
  const parameters: Parameter[] = [];
  for (const child of namedChildren(list)) {
    if (child.type !== "parameter_declaration") continue;
    const declarator = childOf(child, "declarator");
    const type = convertSpecifiers(conversion, child);
    const declared = declarator ? convertDeclarator(conversion, type, declarator) : { name: undefined, type };
    const name = declared.name && textOf(conversion, declared.name);
    if (name === undefined && declared.type.kind === "void") continue;
    parameters.push({ name, type: declared.type, span: base(conversion, child).span });
  }
  return parameters;
}
