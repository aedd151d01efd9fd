/** Operands by their shape alone, whatever they are cast to. */
import type { Operand, PlaceExpr, Variable } from "./ir.js";

/** The place that it reads. */
export function placeReadBy(operand: Operand): PlaceExpr | undefined {
  if (operand.kind === "cast") return placeReadBy(operand.operand);
  return operand.kind === "read" ? operand.place : undefined;
}

/** The variable that it reads, and not a part of it. */
export function variableReadBy(operand: Operand): Variable | undefined {
  const place = placeReadBy(operand);
  return place?.kind === "variable" ? place.variable : undefined;
}

export function isAddressOf(operand: Operand, variable: string): boolean {
  if (operand.kind === "cast") return isAddressOf(operand.operand, variable);
  return (
    operand.kind === "address" && operand.place.kind === "variable" && operand.place.variable.id === variable
  );
}
