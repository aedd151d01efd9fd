/** The parameters that a function gives to free() or realloc() on every path where they are not NULL. */
import type { CallInstruction } from "./call.js";
import type { Block, Cfg, Operand } from "./ir.js";
import { reached, successors } from "./loops.js";
import type { Context } from "./machine.js";
import { isAddressOf, variableReadBy } from "./operands.js";

export function freedParameters(context: Context): ReadonlySet<number> {
  const { cfg } = context;
  const freed = new Set<number>();
  const parameters = new Set(cfg.parameters.map(({ id }) => id));
  const releasing = cfg.blocks.flatMap(({ instructions }, block) =>
    instructions.flatMap((one) =>
      one.kind === "call" ? released(one, parameters, context).map((id) => ({ block, id })) : [],
    ),
  );
  if (releasing.length === 0) return freed;
  const next = successors(cfg);
  cfg.parameters.forEach(({ id }, index) => {
    const blocks = new Set(releasing.flatMap((one) => (one.id === id ? [one.block] : [])));
    if (blocks.size === 0 || cfg.blocks.some((block) => isReassigned(block, id))) return;
    const onward = (from: number): readonly number[] =>
      blocks.has(from) ? [] : (notNull(cfg, from, id) ?? next(from));
    const passed = [...reached([0], onward)].some(
      (at) => !blocks.has(at) && cfg.blocks[at]?.terminator.kind === "return",
    );
    if (!passed) freed.add(index);
  });
  return freed;
}

/** The parameters whose memory the call releases. */
function released(
  { callee, args }: CallInstruction,
  parameters: ReadonlySet<string>,
  { modelOf, summaryOf }: Context,
): readonly string[] {
  const given = args.map((arg) => variableReadBy(arg)?.id);
  if (callee === undefined || !given.some((id) => id !== undefined && parameters.has(id))) return [];
  const effects = modelOf(callee)?.effects ?? [];
  const summary = summaryOf(callee, false);
  const indices = [
    ...effects.flatMap((effect) => (effect.kind === "free" ? [effect.address] : [])),
    ...(summary === undefined || summary === "unknown" ? [] : summary.frees),
  ];
  return indices.flatMap((index) => given[index] ?? []);
}

/** Where control goes when the block asks whether it is NULL, and it is not. */
function notNull({ blocks }: Cfg, block: number, variable: string): readonly number[] | undefined {
  const end = blocks[block]?.terminator;
  if (end?.kind !== "branch") return undefined;
  const { condition } = end;
  if (variableReadBy(condition)?.id === variable) return [end.then];
  if (
    condition.kind === "unary" &&
    condition.op === "!" &&
    variableReadBy(condition.operand)?.id === variable
  )
    return [end.else];
  if (
    condition.kind !== "binary" ||
    variableReadBy(condition.left)?.id !== variable ||
    !isNull(condition.right)
  )
    return undefined;
  return condition.op === "==" ? [end.else] : condition.op === "!=" ? [end.then] : undefined;
}

function isNull(operand: Operand): boolean {
  if (operand.kind === "cast") return isNull(operand.operand);
  return (
    (operand.kind === "number" && operand.value === 0) ||
    (operand.kind === "constant" && operand.name === "NULL")
  );
}

/** Or its address is taken: it may be given another value anywhere. */
function isReassigned({ instructions }: Block, variable: string): boolean {
  return instructions.some((one) => {
    if (one.kind === "assign" && one.target.kind === "variable" && one.target.variable.id === variable)
      return true;
    const operands = one.kind === "call" ? one.args : one.kind === "assign" ? [one.value] : [];
    return operands.some((operand) => isAddressOf(operand, variable));
  });
}
