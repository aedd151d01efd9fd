/** Integer constant expressions. */
import type { Expr } from "./ast.js";

const MAX_DEPTH = 200;

/** The value, or undefined when it is no integer constant that `lookup` can complete, or not exact. */
export function constantValue(
  expr: Expr,
  lookup: (name: string) => number | undefined,
  depth = 0,
): number | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const value = (inner: Expr): number | undefined => constantValue(inner, lookup, depth + 1);
  switch (expr.kind) {
    case "number":
    case "char":
      return expr.value;
    case "name":
      return lookup(expr.name);
    case "cast":
      return expr.type.kind === "pointer" ? undefined : value(expr.operand);
    case "sizeof":
      return expr.type?.kind === "int" ? expr.type.bits / 8 : expr.type?.kind === "pointer" ? 8 : undefined;
    case "unary": {
      const operand = value(expr.operand);
      if (operand === undefined) return undefined;
      if (expr.op === "-") return -operand;
      if (expr.op === "+") return operand;
      return expr.op === "!" ? Number(operand === 0) : Number(~BigInt(operand));
    }
    case "conditional": {
      const test = value(expr.test);
      if (test === undefined) return undefined;
      return test === 0 ? value(expr.else) : expr.then ? value(expr.then) : test;
    }
    case "binary": {
      const left = value(expr.left);
      const right = value(expr.right);
      return left === undefined || right === undefined
        ? undefined
        : exact(operate(expr.op, BigInt(left), BigInt(right)));
    }
    default:
      return undefined;
  }
}

function exact(value: bigint | undefined): number | undefined {
  return value !== undefined && Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
}

function operate(
  op: (Expr & { readonly kind: "binary" })["op"],
  left: bigint,
  right: bigint,
): bigint | undefined {
  switch (op) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return right === 0n ? undefined : left / right;
    case "%":
      return right === 0n ? undefined : left % right;
    case "<<":
      return right >= 0n && right < 64n ? BigInt.asIntN(64, left << right) : undefined;
    case ">>":
      return right >= 0n && right < 64n ? left >> right : undefined;
    case "&":
      return left & right;
    case "|":
      return left | right;
    case "^":
      return left ^ right;
    case "==":
      return BigInt(left === right);
    case "!=":
      return BigInt(left !== right);
    case "<":
      return BigInt(left < right);
    case "<=":
      return BigInt(left <= right);
    case ">":
      return BigInt(left > right);
    case ">=":
      return BigInt(left >= right);
  }
}
