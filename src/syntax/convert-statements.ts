/** Statement nodes to the tree's statements. What the parser could not read is kept as small as possible. */
import type { Declarator, Expr, Stmt } from "./ast.js";
import { base, type Conversion, fail, INT, isBroken, namesFamily, textOf } from "./conversion.js";
import {
  assemblyOperands,
  convertExpression,
  opaqueExpression,
  wordOperands,
} from "./convert-expressions.js";
import { convertDeclarator, convertSpecifiers } from "./convert-types.js";
import { COMPUTED_GOTO, RANGE } from "./normalize.js";
import { childOf, namedChildren, type SyntaxNode } from "./parser.js";

type Block = Stmt & { readonly kind: "block" };

export function convertBlock(conversion: Conversion, node: SyntaxNode): Block {
  return { ...base(conversion, node), kind: "block", body: convertList(conversion, node.children) };
}

function convertList(conversion: Conversion, nodes: readonly SyntaxNode[]): Stmt[] {
  return nodes.filter((node) => node.named).flatMap((node) => convertStatements(conversion, node));
}

/** One statement where the grammar of C wants one. */
function convertStatement(conversion: Conversion, node: SyntaxNode): Stmt {
  const statements = convertStatements(conversion, node);
  const only = statements.length === 1 ? statements[0] : undefined;
  return only ?? { ...base(conversion, node), kind: "block", body: statements };
}

function body(conversion: Conversion, node: SyntaxNode, field: string): Stmt {
  const child = childOf(node, field);
  return child ? convertStatement(conversion, child) : fail(conversion, node);
}

/** A node can give several statements: the grammar hangs all that follows a case label below the label. */
function convertStatements(conversion: Conversion, node: SyntaxNode): Stmt[] {
  const common = base(conversion, node);
  switch (node.type) {
    case "compound_statement":
      return [convertBlock(conversion, node)];
    case "case_statement":
      return convertCase(conversion, node);
    case "labeled_statement":
      return convertLabel(conversion, node);
    case "if_statement": {
      checkHeader(conversion, node);
      const otherwise = childOf(node, "alternative");
      return [
        {
          ...common,
          kind: "if",
          test: header(conversion, node, "condition"),
          then: body(conversion, node, "consequence"),
          else: otherwise && convertElse(conversion, otherwise),
        },
      ];
    }
    case "while_statement":
      checkHeader(conversion, node);
      return [convertWhile(conversion, node)];
    case "do_statement":
      checkHeader(conversion, node);
      return [
        {
          ...common,
          kind: "doWhile",
          body: body(conversion, node, "body"),
          test: header(conversion, node, "condition"),
        },
      ];
    case "for_statement":
      checkHeader(conversion, node);
      return [convertFor(conversion, node)];
    case "switch_statement":
      checkHeader(conversion, node);
      return [
        {
          ...common,
          kind: "switch",
          test: header(conversion, node, "condition"),
          body: body(conversion, node, "body"),
        },
      ];
    case "attributed_statement": {
      const inner = namedChildren(node).at(-1);
      return inner ? convertStatements(conversion, inner) : [];
    }
    case "function_definition":
      // GNU's nested function, unless a macro has made the grammar see one.
      if (!childOf(node, "type") || namesFamily(conversion, node)) return fail(conversion, node);
      return [{ ...common, kind: "opaque", operands: [] }];
    default:
      return isBroken(conversion, node) ? [convertBroken(conversion, node)] : convertSimple(conversion, node);
  }
}

function convertSimple(conversion: Conversion, node: SyntaxNode): Stmt[] {
  const common = base(conversion, node);
  switch (node.type) {
    case "expression_statement":
      return [convertExpressionStatement(conversion, node)];
    case "declaration":
      return convertDeclaration(conversion, node);
    case "type_definition":
      return convertTypedef(conversion, node);
    case "return_statement": {
      const value = namedChildren(node)[0];
      return [{ ...common, kind: "return", value: value && convertExpression(conversion, value) }];
    }
    case "break_statement":
      return [{ ...common, kind: "break" }];
    case "continue_statement":
      return [{ ...common, kind: "continue" }];
    case "goto_statement": {
      const label = childOf(node, "label");
      return label ? [{ ...common, kind: "goto", label: textOf(conversion, label) }] : fail(conversion, node);
    }
    case "struct_specifier":
    case "union_specifier":
    case "enum_specifier":
      return [{ ...common, kind: "empty" }];
    default:
      return [convertBroken(conversion, node)];
  }
}

function convertExpressionStatement(conversion: Conversion, node: SyntaxNode): Stmt {
  const common = base(conversion, node);
  const inner = namedChildren(node)[0];
  if (!inner) return { ...common, kind: "empty" };
  if (inner.type === "gnu_asm_expression") {
    return { ...common, kind: "opaque", operands: assemblyOperands(conversion, inner) };
  }
  const expr = convertExpression(conversion, inner);
  if (expr.kind === "call" && expr.callee.kind === "name" && expr.callee.name === COMPUTED_GOTO) {
    return { ...common, kind: "opaque", operands: expr.args };
  }
  return { ...common, kind: "expression", expr };
}

/** A statement with an error in it: opaque, unless it steers the run or names the family. */
function convertBroken(conversion: Conversion, node: SyntaxNode): Stmt {
  const text = textOf(conversion, node);
  if (namesFamily(conversion, node)) return fail(conversion, node);
  const common = base(conversion, node);
  if (node.type === "return_statement")
    return { ...common, kind: "return", value: opaqueExpression(conversion, node) };
  if (
    node.type === "ERROR" &&
    /[{}]|\b(?:if|else|for|while|do|switch|case|default|return|goto|break|continue)\b/.test(text)
  ) {
    return fail(conversion, node);
  }
  return { ...common, kind: "opaque", operands: wordOperands(conversion, node) };
}

/** An error between the parts of a compound statement leaves its shape in doubt, unless it is a stray word. */
function checkHeader(conversion: Conversion, node: SyntaxNode): void {
  for (const child of node.children) {
    if (child.type === "ERROR" && !/^\w+$/.test(textOf(conversion, child))) fail(conversion, child);
    if (child.missing && child.type !== ";") fail(conversion, child);
  }
}

function header(conversion: Conversion, node: SyntaxNode, field: string): Expr {
  const child = childOf(node, field);
  if (!child) return fail(conversion, node);
  return isBroken(conversion, child)
    ? opaqueExpression(conversion, child)
    : convertExpression(conversion, child);
}

function convertElse(conversion: Conversion, node: SyntaxNode): Stmt {
  const inner = namedChildren(node).at(-1);
  return inner ? convertStatement(conversion, inner) : fail(conversion, node);
}

function convertWhile(conversion: Conversion, node: SyntaxNode): Stmt {
  const common = base(conversion, node);
  const test = header(conversion, node, "condition");
  const inner = body(conversion, node, "body");
  const condition = childOf(node, "condition");
  // A macro that heads a block may write its arguments on each turn.
  if (condition && test.kind === "opaque" && test.operands.length > 0) {
    const turn: Stmt = { ...base(conversion, condition), kind: "opaque", operands: test.operands };
    return {
      ...common,
      kind: "while",
      test,
      body: { ...base(conversion, node), kind: "block", body: [turn, inner] },
    };
  }
  return { ...common, kind: "while", test, body: inner };
}

function convertFor(conversion: Conversion, node: SyntaxNode): Stmt {
  const init = childOf(node, "initializer");
  const test = childOf(node, "condition");
  const update = childOf(node, "update");
  return {
    ...base(conversion, node),
    kind: "for",
    init: init && forInit(conversion, init),
    test: test && header(conversion, node, "condition"),
    update: update && header(conversion, node, "update"),
    body: body(conversion, node, "body"),
  };
}

function forInit(conversion: Conversion, node: SyntaxNode): Stmt {
  if (node.type === "declaration") return convertStatement(conversion, node);
  const expr = isBroken(conversion, node)
    ? opaqueExpression(conversion, node)
    : convertExpression(conversion, node);
  return { ...base(conversion, node), kind: "expression", expr };
}

function convertCase(conversion: Conversion, node: SyntaxNode): Stmt[] {
  const label = childOf(node, "value");
  const common = base(conversion, node);
  const following = node.children.filter((child) => child.named && child.field !== "value");
  const [first, ...rest] = convertList(conversion, following);
  const inner: Stmt = first ?? { ...common, kind: "empty" };
  const value =
    label &&
    (isBroken(conversion, label)
      ? opaqueExpression(conversion, label)
      : convertExpression(conversion, label));
  const isRange = value?.kind === "call" && value.callee.kind === "name" && value.callee.name === RANGE;
  const [from, to] = isRange ? value.args : [value, undefined];
  const span = { start: common.span.start, end: inner.span.end };
  return [{ ...common, span, kind: "case", value: from, to, body: inner }, ...rest];
}

function convertLabel(conversion: Conversion, node: SyntaxNode): Stmt[] {
  const label = childOf(node, "label");
  if (!label) return fail(conversion, node);
  const following = node.children.filter((child) => child.named && child.field !== "label");
  const [first, ...rest] = convertList(conversion, following);
  const common = base(conversion, node);
  return [
    {
      ...common,
      kind: "label",
      name: textOf(conversion, label),
      body: first ?? { ...common, kind: "empty" },
    },
    ...rest,
  ];
}

function storageOf(conversion: Conversion, node: SyntaxNode): Declarator["storage"] {
  for (const child of node.children) {
    if (child.type !== "storage_class_specifier") continue;
    const text = textOf(conversion, child);
    if (text === "static" || text === "extern") return text;
  }
  return "none";
}

/** The declarators of a declaration, with the constants of the enums defined in it. */
export function convertDeclarators(conversion: Conversion, node: SyntaxNode): Declarator[] {
  const type = convertSpecifiers(conversion, node);
  const storage = storageOf(conversion, node);
  const declarators: Declarator[] = [];
  for (const child of node.children) {
    if (child.field !== "declarator") continue;
    const declared = convertDeclarator(conversion, type, child);
    if (!declared.name) continue;
    const value = childOf(child, "value");
    declarators.push({
      name: textOf(conversion, declared.name),
      type: declared.type,
      storage,
      initializer:
        child.type === "init_declarator" && value ? convertExpression(conversion, value) : undefined,
      span: base(conversion, child).span,
    });
  }
  return declarators;
}

function convertDeclaration(conversion: Conversion, node: SyntaxNode): Stmt[] {
  const enumerators = conversion.enumerators.length;
  const declarators = convertDeclarators(conversion, node);
  const constants = conversion.enumerators.slice(enumerators).map((constant): Declarator => {
    const { span } = constant;
    const offset: Expr = { span, kind: "number", text: String(constant.offset), value: constant.offset };
    const start = constant.node && convertExpression(conversion, constant.node);
    const sum: Expr = start ? { span, kind: "binary", op: "+", left: start, right: offset } : offset;
    const initializer = constant.offset === 0 && start ? start : sum;
    return { name: constant.name, type: { ...INT, const: true }, storage: "none", initializer, span };
  });
  return [{ ...base(conversion, node), kind: "declaration", declarators: [...constants, ...declarators] }];
}

function convertTypedef(conversion: Conversion, node: SyntaxNode): Stmt[] {
  return [{ ...base(conversion, node), kind: "declaration", declarators: convertTypedefs(conversion, node) }];
}

export function convertTypedefs(conversion: Conversion, node: SyntaxNode): Declarator[] {
  const type = convertSpecifiers(conversion, node);
  return node.children
    .filter((child) => child.field === "declarator")
    .flatMap((child): Declarator[] => {
      const declared = convertDeclarator(conversion, type, child);
      if (!declared.name) return [];
      const { span } = base(conversion, child);
      return [
        {
          name: textOf(conversion, declared.name),
          type: declared.type,
          storage: "typedef",
          initializer: undefined,
          span,
        },
      ];
    });
}
