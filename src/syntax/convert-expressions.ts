/** Expression nodes to the tree's expressions. */
import type {
  AssignmentOperator,
  BinaryOperator,
  CType,
  Expr,
  InitializerElement,
  UnaryOperator,
} from "./ast.js";
import { base, type Conversion, fail, namesFamily, textOf, wordsOf } from "./conversion.js";
import { convertBlock } from "./convert-statements.js";
import { convertTypeName } from "./convert-types.js";
import { VALUE_MARK } from "./groups.js";
import { MACRO_LIKE } from "./heads.js";
import { characterValue, integerValue, literalText } from "./literals.js";
import { ITERATION, LABEL_ADDRESS, OPAQUE_ARGUMENT } from "./normalize.js";
import { childOf, namedChildren, type SyntaxNode } from "./parser.js";

/** Converts an expression. Throws ConversionFailure where the text was not understood. */
export function convertExpression(conversion: Conversion, node: SyntaxNode): Expr {
  switch (node.type) {
    case "parenthesized_expression":
      return convertParenthesized(conversion, node);
    case "identifier":
    case "field_identifier":
    case "type_identifier":
    case "null":
      return convertName(conversion, node);
    case "number_literal":
    case "true":
    case "false":
    case "char_literal":
    case "string_literal":
    case "concatenated_string":
      return convertLiteral(conversion, node);
    case "binary_expression":
      return convertBinary(conversion, node);
    case "call_expression":
      return convertCall(conversion, node);
    default:
      return convertOperation(conversion, node);
  }
}

function convertLiteral(conversion: Conversion, node: SyntaxNode): Expr {
  const common = base(conversion, node);
  const text = textOf(conversion, node);
  switch (node.type) {
    case "number_literal":
      return { ...common, kind: "number", text, value: integerValue(text) };
    case "true":
    case "false":
      return { ...common, kind: "number", text, value: node.type === "true" ? 1 : 0 };
    case "char_literal":
      return { ...common, kind: "char", value: characterValue(text) };
    case "string_literal":
      return { ...common, kind: "string", value: literalText(text) };
    default: {
      const literals = node.children.filter((child) => child.type === "string_literal");
      const value = literals.map((child) => literalText(textOf(conversion, child))).join("");
      return { ...common, kind: "string", value };
    }
  }
}

function convertOperation(conversion: Conversion, node: SyntaxNode): Expr {
  const common = base(conversion, node);
  const part = (field: string): Expr => operand(conversion, node, field);
  switch (node.type) {
    case "unary_expression":
      return { ...common, kind: "unary", op: operatorOf(node) as UnaryOperator, operand: part("argument") };
    case "pointer_expression":
      return { ...common, kind: operatorOf(node) === "*" ? "deref" : "addressOf", operand: part("argument") };
    case "update_expression": {
      const op = operatorOf(node) as "++" | "--";
      return { ...common, kind: "update", op, prefix: !node.children[0]?.named, operand: part("argument") };
    }
    case "conditional_expression": {
      const then = childOf(node, "consequence") && part("consequence");
      return { ...common, kind: "conditional", test: part("condition"), then, else: part("alternative") };
    }
    case "comma_expression":
      if (textOf(conversion, childOf(node, "left") ?? node) === VALUE_MARK) return part("right");
      return { ...common, kind: "comma", left: part("left"), right: part("right") };
    case "assignment_expression": {
      const op = operatorOf(node) as AssignmentOperator;
      return { ...common, kind: "assign", op, target: part("left"), value: part("right") };
    }
    case "subscript_expression":
      return { ...common, kind: "index", base: part("argument"), index: part("index") };
    case "field_expression": {
      const field = textOf(conversion, childOf(node, "field") ?? node);
      return { ...common, kind: "member", object: part("argument"), field, arrow: operatorOf(node) === "->" };
    }
    default:
      return convertRare(conversion, node);
  }
}

function convertRare(conversion: Conversion, node: SyntaxNode): Expr {
  const common = base(conversion, node);
  switch (node.type) {
    case "cast_expression":
      return {
        ...common,
        kind: "cast",
        type: typeOf(conversion, node),
        operand: operand(conversion, node, "value"),
      };
    case "sizeof_expression": {
      const type = childOf(node, "type");
      const value = childOf(node, "value");
      return {
        ...common,
        kind: "sizeof",
        type: type && convertTypeName(conversion, type),
        operand: value && convertExpression(conversion, value),
      };
    }
    case "compound_literal_expression":
      return {
        ...common,
        kind: "compound",
        type: typeOf(conversion, node),
        value: operand(conversion, node, "value"),
      };
    case "initializer_list":
      return { ...common, kind: "initializer", elements: convertElements(conversion, node) };
    case "compound_statement":
      return { ...common, kind: "statementExpr", body: convertBlock(conversion, node) };
    case "extension_expression": {
      const inner = namedChildren(node)[0];
      return inner ? convertExpression(conversion, inner) : fail(conversion, node);
    }
    case "offsetof_expression":
    case "alignof_expression":
      return { ...common, kind: "opaque", operands: [] };
    case "generic_expression":
    case "gnu_asm_expression":
      return { ...common, kind: "opaque", operands: assemblyOperands(conversion, node) };
    default:
      return fail(conversion, node);
  }
}

function typeOf(conversion: Conversion, node: SyntaxNode): CType {
  const type = childOf(node, "type");
  return type ? convertTypeName(conversion, type) : fail(conversion, node);
}

function operand(conversion: Conversion, node: SyntaxNode, field: string): Expr {
  const child = childOf(node, field);
  return child ? convertExpression(conversion, child) : fail(conversion, node);
}

function operatorOf(node: SyntaxNode): string {
  const child = childOf(node, "operator") ?? node.children.find((other) => !other.named);
  return child?.type ?? "";
}

function convertParenthesized(conversion: Conversion, node: SyntaxNode): Expr {
  const inner = namedChildren(node)[0];
  if (!inner) return fail(conversion, node);
  const expression = convertExpression(conversion, inner);
  // GNU's statement expression begins at its parenthesis.
  return expression.kind === "statementExpr" ? { ...expression, ...base(conversion, node) } : expression;
}

function convertName(conversion: Conversion, node: SyntaxNode): Expr {
  const name = textOf(conversion, node);
  const common = base(conversion, node);
  if (name.startsWith(LABEL_ADDRESS) || name === OPAQUE_ARGUMENT)
    return { ...common, kind: "opaque", operands: [] };
  return { ...common, kind: "name", name };
}

function convertBinary(conversion: Conversion, node: SyntaxNode): Expr {
  const op = operatorOf(node);
  const common = base(conversion, node);
  const left = operand(conversion, node, "left");
  const right = operand(conversion, node, "right");
  if (op === "&&" || op === "||") return { ...common, kind: "logical", op, left, right };
  return { ...common, kind: "binary", op: op as BinaryOperator, left, right };
}

function convertCall(conversion: Conversion, node: SyntaxNode): Expr {
  const common = base(conversion, node);
  const callee = childOf(node, "function");
  const list = childOf(node, "arguments");
  if (!callee || !list) return fail(conversion, node);
  const args = namedChildren(list);
  const converted = args.map((arg) => convertExpression(conversion, arg));
  const type = castName(conversion, callee);
  const only = converted[0];
  if (type !== undefined && only && converted.length === 1) {
    return { ...common, kind: "cast", type: { kind: "named", name: type }, operand: only };
  }
  const name = callee.type === "identifier" ? textOf(conversion, callee) : "";
  if (name === ITERATION || args.some((arg) => textOf(conversion, arg) === OPAQUE_ARGUMENT)) {
    return {
      ...common,
      kind: "opaque",
      operands: converted.filter((arg) => arg.kind !== "opaque" || arg.operands.length > 0),
    };
  }
  const maybeCast = callee.type === "parenthesized_expression" && converted.length === 1;
  return {
    ...common,
    kind: "call",
    callee: convertExpression(conversion, callee),
    args: converted,
    ...(maybeCast ? { maybeCast } : {}),
  };
}

/** `(T)(a)`, T not known as a type: a cast where T is written like one, else a function in parentheses is called. */
function castName(conversion: Conversion, callee: SyntaxNode): string | undefined {
  const inner = callee.type === "parenthesized_expression" ? namedChildren(callee)[0] : undefined;
  if (inner?.type !== "identifier") return undefined;
  const name = textOf(conversion, inner);
  return MACRO_LIKE.test(name) && !name.startsWith("__") ? name : undefined;
}

function convertElements(conversion: Conversion, node: SyntaxNode): InitializerElement[] {
  return namedChildren(node).map((child) => {
    if (child.type !== "initializer_pair")
      return { designators: [], value: convertExpression(conversion, child) };
    const designators: InitializerElement["designators"][number][] = [];
    for (const designator of child.children.filter((other) => other.field === "designator")) {
      const inner = namedChildren(designator)[0];
      if (designator.type === "subscript_designator" && inner)
        designators.push({ index: convertExpression(conversion, inner) });
      else if (designator.type === "field_designator" && inner)
        designators.push({ field: textOf(conversion, inner) });
      else if (designator.type === "field_identifier")
        designators.push({ field: textOf(conversion, designator) });
      // GNU's `[0 ... 5]`: the first of the range stands for all.
      else if (designator.type === "subscript_range_designator") {
        designators.push({ index: operand(conversion, designator, "start") });
      }
    }
    return { designators, value: operand(conversion, child, "value") };
  });
}

/** Every expression below the node that stands in an operand's place. */
export function assemblyOperands(conversion: Conversion, node: SyntaxNode): Expr[] {
  const operands: Expr[] = [];
  const visit = (current: SyntaxNode): void => {
    for (const child of namedChildren(current)) {
      if (child.type === "gnu_asm_output_operand" || child.type === "gnu_asm_input_operand") {
        operands.push(operand(conversion, child, "value"));
      } else if (child.type.endsWith("_operand_list")) visit(child);
      else if (node.type === "generic_expression" && child.type !== "type_descriptor")
        operands.push(convertExpression(conversion, child));
    }
  };
  visit(node);
  return operands;
}

/** Stands for text that was not understood: its identifiers may be read. Fails when the family is named in it. */
export function opaqueExpression(
  conversion: Conversion,
  node: SyntaxNode,
): Expr & { readonly kind: "opaque" } {
  if (namesFamily(conversion, node)) return fail(conversion, node);
  return { ...base(conversion, node), kind: "opaque", operands: wordOperands(conversion, node) };
}

export function wordOperands(conversion: Conversion, node: SyntaxNode): Expr[] {
  return wordsOf(conversion, node).map(({ name, origin }) => ({ ...origin, kind: "name", name }));
}
