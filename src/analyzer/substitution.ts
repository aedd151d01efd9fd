/** Replaces the symbols of an amount: what a callee calls its parameters are the arguments of a call. */
import type { Amount, Symbol } from "./amount.js";
import { add, constant, divide, modulo, multiply, ofSymbol, operation, roundDown, scale } from "./amount.js";
import { bitAnd, bitOr, shiftLeft, shiftRight } from "./bits.js";

/** Rebuilds an amount with its symbols replaced; a symbol for which `replace` gives undefined stays. */
export function substitute(amount: Amount, replace: (symbol: Symbol) => Amount | undefined): Amount {
  let result: Amount = constant(amount.constant, amount.traces);
  for (const { symbol, coefficient } of amount.terms) {
    const replacement = replace(symbol) ?? substituteInside(symbol, replace);
    result = add(result, scale(replacement, coefficient));
  }
  return result;
}

function substituteInside(symbol: Symbol, replace: (symbol: Symbol) => Amount | undefined): Amount {
  const { origin } = symbol;
  if (origin.kind !== "operation") return ofSymbol(symbol);
  const operands = origin.operands.map((operand) => substitute(operand, replace));
  const [a, b] = operands;
  if (a === undefined || origin.operator === "macro") return operation(origin.operator, ...operands);
  if (b === undefined) return operation(origin.operator, a);
  switch (origin.operator) {
    case "roundDown":
      return roundDown(a, b);
    case "div":
      return divide(a, b);
    case "mod":
      return modulo(a, b);
    case "mul":
      return multiply(a, b);
    case "and":
      return bitAnd(a, b);
    case "or":
      return bitOr(a, b);
    case "shl":
      return shiftLeft(a, b);
    case "shr":
      return shiftRight(a, b);
    case "xor":
    case "not":
      return operation(origin.operator, ...operands);
  }
}
