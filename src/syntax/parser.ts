/** The only user of tree-sitter: text to plain nodes, the tree freed at once. */
import { readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Parser, TreeCursor } from "web-tree-sitter";

/** Brackets nested deeper never reach the parser. */
export const MAX_NESTING = 400;
/** Levels of the tree: what the recursive conversion can take. */
const MAX_TREE_DEPTH = 1_000;
/** UTF-16 units of one function after expansion. */
const MAX_TEXT = 2_000_000;

/**
 * A node of the grammar, detached from the parser's memory. Offsets are into the parsed text; tokens (`named` false) have
 * none, nor a field.
 */
export interface SyntaxNode {
  /** The grammar's name of the node, or the text of a token; "ERROR" for what could not be parsed. */
  readonly type: string;
  readonly named: boolean;
  readonly field: string | undefined;
  readonly start: number;
  readonly end: number;
  readonly children: SyntaxNode[];
  /** Put in by the parser to go on. */
  readonly missing: boolean;
}

export type SyntaxTree =
  | {
      readonly kind: "tree";
      readonly root: SyntaxNode;
      /** Offsets of ERROR and MISSING nodes. */ readonly errors: readonly number[];
    }
  | { readonly kind: "failed"; readonly reason: string };

let loading: Promise<void> | undefined;
let parser: Parser | undefined;
let nodeTypes: Grammar = { types: [], named: [] };

/** By the grammar's number of a node type. */
interface Grammar {
  readonly types: readonly string[];
  readonly named: readonly boolean[];
}

/** A tree that is being copied. */
interface Copy {
  readonly cursor: TreeCursor;
  readonly grammar: Grammar;
  /** The parser has met no error, so nothing is missing either. */
  readonly clean: boolean;
  readonly errors: number[];
}

const ERROR = "ERROR";

/** Words of the grammar, as tokens are: no use in asking for their children. */
const LEAVES: ReadonlySet<string> = new Set(
  "identifier field_identifier type_identifier statement_identifier primitive_type number_literal string_content comment".split(
    " ",
  ),
);

/** Nodes whose children are in no field. */
const FIELDLESS: ReadonlySet<string> = new Set(
  (
    "translation_unit compound_statement expression_statement return_statement else_clause parenthesized_expression " +
    "argument_list parameter_list initializer_list field_declaration_list enumerator_list string_literal char_literal"
  ).split(" "),
);

/** Loads the grammar; later calls return the same promise. Rejects when the grammar's file is missing. */
export function initParser(): Promise<void> {
  loading ??= load();
  return loading;
}

async function load(): Promise<void> {
  const { Language, Parser } = await import("web-tree-sitter");
  await Parser.init();
  const language = await Language.load(new Uint8Array(await readFile(grammarPath())));
  const created = new Parser();
  created.setLanguage(language);
  nodeTypes = { types: language.types, named: language.types.map((_, id) => language.nodeTypeIsNamed(id)) };
  parser = created;
}

/** In a build the grammar lies in the directory of the compiled files, in a checkout in its package. */
function grammarPath(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const built = [here, dirname(here)]
    .map((directory) => join(directory, "tree-sitter-c.wasm"))
    .find((path) => existsSync(path));
  return built ?? createRequire(import.meta.url).resolve("tree-sitter-c/tree-sitter-c.wasm");
}

/** Parses C text. Never throws. */
export function parseText(text: string): SyntaxTree {
  if (!parser) return { kind: "failed", reason: "the parser is not loaded" };
  if (text.length > MAX_TEXT) return { kind: "failed", reason: `longer than ${MAX_TEXT} characters` };
  try {
    const tree = parser.parse(text);
    if (!tree) return { kind: "failed", reason: "the parser gave up" };
    const cursor = tree.walk();
    try {
      return readTree({ cursor, grammar: nodeTypes, clean: !tree.rootNode.hasError, errors: [] });
    } finally {
      cursor.delete();
      tree.delete();
    }
  } catch (error) {
    return {
      kind: "failed",
      reason: `the parser failed: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

/** Copies the tree without recursion. */
function readTree(copy: Copy): SyntaxTree {
  const { cursor, errors } = copy;
  const root = readNode(copy, undefined);
  const stack: SyntaxNode[] = [root];
  let descend = cursor.gotoFirstChild();
  while (stack.length > 0) {
    if (descend) {
      if (stack.length > MAX_TREE_DEPTH)
        return { kind: "failed", reason: `nested deeper than ${MAX_TREE_DEPTH} levels` };
      const parent = stack.at(-1);
      const node = readNode(copy, parent);
      if (node.type !== "comment") parent?.children.push(node);
      if (node.named && !LEAVES.has(node.type) && cursor.gotoFirstChild()) stack.push(node);
      else descend = cursor.gotoNextSibling();
    } else {
      cursor.gotoParent();
      stack.pop();
      if (stack.length > 0) descend = cursor.gotoNextSibling();
    }
  }
  return { kind: "tree", root, errors };
}

/**
 * Each question to the cursor crosses into wasm, so a node is only asked what the conversion needs and what is not known
 * already. A token (half of all nodes) has neither field nor offsets, unless the parser has put it in.
 */
function readNode({ cursor, grammar, clean, errors }: Copy, parent: SyntaxNode | undefined): SyntaxNode {
  const id = cursor.nodeTypeId;
  const type = grammar.types[id] ?? ERROR;
  if (grammar.named[id] === false) {
    const missing = !clean && cursor.nodeIsMissing;
    const offset = missing ? cursor.startIndex : 0;
    if (missing) errors.push(offset);
    return { type, named: false, field: undefined, start: offset, end: offset, children: [], missing };
  }
  const start = cursor.startIndex;
  const end = cursor.endIndex;
  const missing = !clean && start === end && cursor.nodeIsMissing;
  if (type === ERROR || missing) errors.push(start);
  const inField = parent !== undefined && !FIELDLESS.has(parent.type);
  const field = inField ? (cursor.currentFieldName ?? undefined) : undefined;
  return { type, named: true, field, start, end, children: [], missing };
}

export function childOf(node: SyntaxNode, field: string): SyntaxNode | undefined {
  return node.children.find((child) => child.field === field);
}

export function namedChildren(node: SyntaxNode): SyntaxNode[] {
  return node.children.filter((child) => child.named);
}
