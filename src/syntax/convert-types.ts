/** Specifiers and declarators to types. */
import type { CType, Field } from "./ast.js";
import { base, type Conversion, INT, textOf } from "./conversion.js";
import { convertExpression } from "./convert-expressions.js";
import { TYPE_MARK } from "./normalize.js";
import { childOf, namedChildren, type SyntaxNode } from "./parser.js";
import { append } from "./tokens.js";
import { STANDARD_TYPES } from "./typenames.js";

const FLOATS: ReadonlyMap<string, number> = new Map([
  ["float", 32],
  ["double", 64],
]);

/** The type that the specifiers of a declaration, parameter, field or type name give, before any declarator. */
export function convertSpecifiers(conversion: Conversion, node: SyntaxNode): CType {
  const specifier = childOf(node, "type");
  const type = specifier ? convertSpecifier(conversion, specifier) : INT;
  return qualify(conversion, type, node);
}

/** Adds the qualifiers that stand directly in `node`. */
function qualify(conversion: Conversion, type: CType, node: SyntaxNode): CType {
  let result = type;
  for (const child of node.children) {
    if (child.type !== "type_qualifier") continue;
    const text = textOf(conversion, child);
    if (text === "volatile") result = { ...result, volatile: true };
    if (text === "const") result = { ...result, const: true };
  }
  return result;
}

function convertSpecifier(conversion: Conversion, node: SyntaxNode): CType {
  switch (node.type) {
    case "primitive_type":
    case "sized_type_specifier":
      return arithmetic(textOf(conversion, node).trim().split(/\s+/));
    case "struct_specifier":
    case "union_specifier":
      return convertAggregate(conversion, node, node.type === "union_specifier" ? "union" : "struct");
    case "enum_specifier": {
      const name = childOf(node, "name");
      collectEnumerators(conversion, node);
      return { kind: "enum", tag: name && textOf(conversion, name) };
    }
    default:
      return arithmetic([textOf(conversion, node)]);
  }
}

/** `unsigned long int` and the like. A word that is no keyword is a type's name. */
function arithmetic(words: readonly string[]): CType {
  const has = (word: string): boolean => words.includes(word);
  if (has("void")) return { kind: "void" };
  const float = words.find((word) => FLOATS.has(word));
  if (float) return { kind: "float", bits: has("long") ? 128 : (FLOATS.get(float) ?? 64) };
  const signed = !has("unsigned");
  if (has("char")) return { kind: "int", bits: 8, signed };
  if (has("short")) return { kind: "int", bits: 16, signed };
  if (has("long")) return { kind: "int", bits: 64, signed };
  const named = words.find((word) => !/^(?:unsigned|signed|int|const|volatile)$/.test(word));
  if (named === "_Bool" || named === "bool") return { kind: "int", bits: 8, signed: false };
  if (named !== undefined)
    return STANDARD_TYPES.has(named) || signed
      ? { kind: "named", name: named }
      : { kind: "int", bits: 32, signed };
  return { kind: "int", bits: 32, signed };
}

function convertAggregate(conversion: Conversion, node: SyntaxNode, kind: "struct" | "union"): CType {
  const name = childOf(node, "name");
  const tag = name && textOf(conversion, name);
  if (tag?.startsWith(TYPE_MARK)) return { kind: "named", name: tag.slice(TYPE_MARK.length) };
  const body = childOf(node, "body");
  if (!body) return { kind, tag, fields: tag === undefined ? undefined : conversion.aggregates.get(tag) };
  const fields = convertFields(conversion, body);
  if (tag !== undefined) conversion.aggregates.set(tag, fields);
  return { kind, tag, fields };
}

/** The members of an anonymous struct or union inside count as the outer one's. */
function convertFields(conversion: Conversion, body: SyntaxNode): Field[] {
  const fields: Field[] = [];
  for (const declaration of namedChildren(body)) {
    if (declaration.type !== "field_declaration") continue;
    const type = convertSpecifiers(conversion, declaration);
    const declarators = declaration.children.filter((child) => child.field === "declarator");
    for (const declarator of declarators) {
      const declared = convertDeclarator(conversion, type, declarator);
      if (declared.name) fields.push({ name: textOf(conversion, declared.name), type: declared.type });
    }
    if (declarators.length === 0 && "fields" in type && type.fields) append(fields, type.fields);
  }
  return fields;
}

function collectEnumerators(conversion: Conversion, node: SyntaxNode): void {
  const body = childOf(node, "body");
  let value: SyntaxNode | undefined;
  let offset = 0;
  for (const child of body ? namedChildren(body) : []) {
    const name = childOf(child, "name");
    if (child.type !== "enumerator" || !name) continue;
    const written = childOf(child, "value");
    offset = written ? 0 : offset;
    value = written ?? value;
    const { span } = base(conversion, name);
    conversion.enumerators.push({ name: textOf(conversion, name), node: value, offset, span });
    offset++;
  }
}

export interface Declared {
  /** The node of the name; undefined in an abstract declarator. */
  readonly name: SyntaxNode | undefined;
  readonly type: CType;
}

/** Applies a declarator to the type of its specifiers, from the outside in. */
export function convertDeclarator(conversion: Conversion, type: CType, node: SyntaxNode): Declared {
  const inner = childOf(node, "declarator");
  const next = (applied: CType): Declared =>
    inner ? convertDeclarator(conversion, applied, inner) : { name: undefined, type: applied };
  switch (node.type) {
    case "pointer_declarator":
    case "abstract_pointer_declarator":
      return next(qualify(conversion, { kind: "pointer", to: type }, node));
    case "array_declarator":
    case "abstract_array_declarator": {
      const size = childOf(node, "size");
      const length = size?.named ? convertExpression(conversion, size) : undefined;
      return next({ kind: "array", of: type, length });
    }
    case "function_declarator":
    case "abstract_function_declarator":
      return next({ kind: "function", returns: type });
    case "init_declarator":
      return next(type);
    case "parenthesized_declarator":
    case "abstract_parenthesized_declarator":
    case "attributed_declarator": {
      const within = namedChildren(node).find((child) => /declarator|identifier/.test(child.type));
      return within ? convertDeclarator(conversion, type, within) : { name: undefined, type };
    }
    default:
      return /identifier|primitive_type/.test(node.type) ? { name: node, type } : next(type);
  }
}

/** A type name as in a cast: `const char *`. */
export function convertTypeName(conversion: Conversion, node: SyntaxNode): CType {
  const type = convertSpecifiers(conversion, node);
  const declarator = childOf(node, "declarator");
  return declarator ? convertDeclarator(conversion, type, declarator).type : type;
}
