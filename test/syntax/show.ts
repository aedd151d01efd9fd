/** Trees as short C-like text, so that the tests can say what they expect in one line. */
import type { CType, Expr, FunctionDefinition, Stmt } from "../../src/syntax/ast.js";
import { initParser, openUnit } from "../../src/syntax/index.js";
import type { ParsedFunction, Unit } from "../../src/syntax/unit.js";

await initParser();

export function unitOf(text: string): Unit {
  return openUnit({ path: "test.c", text });
}

/** The file's last function. */
export function parse(text: string, unit = unitOf(text)): ParsedFunction {
  const outline = unit.functions.at(-1);
  if (!outline) throw new Error("no function found");
  return unit.parse(outline);
}

function readingsOf(text: string, unit = unitOf(text)): readonly FunctionDefinition[] {
  const result = parse(text, unit);
  if (result.kind === "failed") throw new Error(`${result.reason} (line ${result.line})`);
  return result.readings;
}

export function definitionOf(text: string): FunctionDefinition {
  const [first] = readingsOf(text);
  if (!first) throw new Error("no reading");
  return first;
}

/** Each reading's body. */
export function bodies(text: string, unit = unitOf(text)): string[] {
  return readingsOf(text, unit).map((definition) => definition.body.body.map(showStmt).join(" "));
}

/** The body of `void f(void) { … }`, `prologue` before it. */
export function body(statements: string, prologue = ""): string {
  return bodies(`${prologue}\nvoid f(void)\n{\n${statements}\n}\n`)[0] ?? "";
}

/** The one expression statement `x = …;`, without `x = ` and the semicolon. */
export function expr(text: string, prologue = ""): string {
  return body(`x = ${text};`, prologue).replace(/^x = /, "").replace(/;$/, "");
}

export function showType(type: CType): string {
  const qualifiers = `${type.volatile ? "volatile " : ""}${type.const ? "const " : ""}`;
  return qualifiers + bareType(type);
}

function bareType(type: CType): string {
  switch (type.kind) {
    case "void":
      return "void";
    case "int":
      return `${type.signed ? "i" : "u"}${type.bits}`;
    case "float":
      return `f${type.bits}`;
    case "pointer":
      return `ptr(${showType(type.to)})`;
    case "array":
      return `array(${showType(type.of)}${type.length ? `, ${showExpr(type.length)}` : ""})`;
    case "struct":
    case "union": {
      const fields = type.fields?.map((field) => `${field.name}: ${showType(field.type)}`).join(", ");
      return `${type.kind}${type.tag === undefined ? "" : ` ${type.tag}`}${fields === undefined ? "" : `{${fields}}`}`;
    }
    case "enum":
      return `enum ${type.tag ?? ""}`.trim();
    case "named":
      return type.name;
    case "function":
      return `function(${showType(type.returns)})`;
  }
}

export function showExpr(node: Expr): string {
  switch (node.kind) {
    case "number":
      return String(node.value ?? node.text);
    case "char":
      return `'${node.value}'`;
    case "string":
      return JSON.stringify(node.value);
    case "name":
      return node.name;
    case "unary":
      return `${node.op}${showExpr(node.operand)}`;
    case "deref":
      return `*${showExpr(node.operand)}`;
    case "addressOf":
      return `&${showExpr(node.operand)}`;
    case "update":
      return node.prefix ? node.op + showExpr(node.operand) : showExpr(node.operand) + node.op;
    case "binary":
    case "logical":
      return `(${showExpr(node.left)} ${node.op} ${showExpr(node.right)})`;
    case "conditional":
      return `(${showExpr(node.test)} ? ${node.then ? showExpr(node.then) : ""} : ${showExpr(node.else)})`;
    case "comma":
      return `(${showExpr(node.left)}, ${showExpr(node.right)})`;
    case "assign":
      return `${showExpr(node.target)} ${node.op} ${showExpr(node.value)}`;
    case "call":
      return `${showExpr(node.callee)}(${node.args.map(showExpr).join(", ")})`;
    case "index":
      return `${showExpr(node.base)}[${showExpr(node.index)}]`;
    case "member":
      return showExpr(node.object) + (node.arrow ? "->" : ".") + node.field;
    case "cast":
      return `<${showType(node.type)}>${showExpr(node.operand)}`;
    case "sizeof":
      return `sizeof(${node.type ? showType(node.type) : node.operand ? showExpr(node.operand) : ""})`;
    case "compound":
      return `(${showType(node.type)})${showExpr(node.value)}`;
    case "initializer":
      return `{${node.elements.map(showElement).join(", ")}}`;
    case "statementExpr":
      return `({ ${node.body.body.map(showStmt).join(" ")} })`;
    case "opaque":
      return `opaque(${node.operands.map(showExpr).join(", ")})`;
  }
}

function showElement({ designators, value }: (Expr & { kind: "initializer" })["elements"][number]): string {
  const path = designators.map((part) => ("field" in part ? `.${part.field}` : `[${showExpr(part.index)}]`));
  return `${path.length > 0 ? `${path.join("")} = ` : ""}${showExpr(value)}`;
}

function showStmt(stmt: Stmt): string {
  switch (stmt.kind) {
    case "block":
      return `{ ${stmt.body.map(showStmt).join(" ")} }`;
    case "expression":
      return `${showExpr(stmt.expr)};`;
    case "declaration":
      return `${stmt.declarators
        .map(({ name, type, storage, initializer }) => {
          const value = initializer ? ` = ${showExpr(initializer)}` : "";
          return `${storage === "none" ? "" : `${storage} `}${name}: ${showType(type)}${value}`;
        })
        .join(", ")};`;
    case "if":
      return `if (${showExpr(stmt.test)}) ${showStmt(stmt.then)}${stmt.else ? ` else ${showStmt(stmt.else)}` : ""}`;
    case "while":
      return `while (${showExpr(stmt.test)}) ${showStmt(stmt.body)}`;
    case "doWhile":
      return `do ${showStmt(stmt.body)} while (${showExpr(stmt.test)});`;
    case "for": {
      const init = stmt.init ? showStmt(stmt.init) : ";";
      const test = stmt.test ? showExpr(stmt.test) : "";
      return `for (${init} ${test}; ${stmt.update ? showExpr(stmt.update) : ""}) ${showStmt(stmt.body)}`;
    }
    case "switch":
      return `switch (${showExpr(stmt.test)}) ${showStmt(stmt.body)}`;
    case "case": {
      const to = stmt.to ? ` ... ${showExpr(stmt.to)}` : "";
      return `${stmt.value ? `case ${showExpr(stmt.value)}${to}` : "default"}: ${showStmt(stmt.body)}`;
    }
    case "label":
      return `${stmt.name}: ${showStmt(stmt.body)}`;
    case "goto":
      return `goto ${stmt.label};`;
    case "return":
      return stmt.value ? `return ${showExpr(stmt.value)};` : "return;";
    case "opaque":
      return `opaque(${stmt.operands.map(showExpr).join(", ")});`;
    case "empty":
      return ";";
    case "break":
    case "continue":
      return `${stmt.kind};`;
  }
}
