/** What each turn of a loop does once more: a munmap() of what no turn changes. */
import type { Block, Cfg, Instruction, Operand, PlaceExpr } from "./ir.js";
import { predecessors, reached, successors } from "./loops.js";

/**
 * Is the call in a loop that counts something, made on each turn, and with arguments that no turn changes?
 * `for (j = 0; j < i; j++) munmap(seg[i].base, seg[i].size)`. Only of loops that do nothing else is that certain.
 */
export function isSameEachTurn(cfg: Cfg, at: string): boolean {
  const home = cfg.blocks.findIndex(({ instructions }) => instructions.some(({ id }) => id === at));
  const call = cfg.blocks[home]?.instructions.find(({ id }) => id === at);
  if (call?.kind !== "call" || call.callee !== "munmap" || call.used === true) return false;
  const loop = loopAround(cfg, home);
  const blocks = [...loop].flatMap((index) => cfg.blocks[index] ?? []);
  const instructions = blocks.flatMap((block) => block.instructions);
  if (loop.size === 0 || !instructions.every(isHarmless) || hasCycle(cfg, loop, home)) return false;
  const given = assignments(instructions);
  const known = new Map<string, boolean>();
  return call.args.every((arg) => isInvariant(arg, given, known)) && counts(blocks, loop, given);
}

/** The blocks that a block leads to and that lead to it; none where it runs once. */
function loopAround(cfg: Cfg, home: number): ReadonlySet<number> {
  const next = successors(cfg);
  const after = reached(next(home), next);
  if (!after.has(home)) return new Set();
  const leading = reached([home], predecessors(cfg));
  return new Set([...after].filter((block) => leading.has(block)));
}

/** Is there a turn that does not come by the block? */
function hasCycle(cfg: Cfg, loop: ReadonlySet<number>, without: number): boolean {
  const next = successors(cfg);
  const inside = (index: number): readonly number[] =>
    next(index).filter((to) => to !== without && loop.has(to));
  const entries = new Map<number, number>();
  for (const index of loop)
    if (index !== without) for (const to of inside(index)) entries.set(to, (entries.get(to) ?? 0) + 1);
  // Whatever is left when blocks that nothing leads to are taken away one by one is a cycle.
  const open = [...loop].filter((index) => index !== without && !entries.has(index));
  let left = loop.size - 1;
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    left--;
    for (const to of inside(index)) {
      const more = (entries.get(to) ?? 0) - 1;
      entries.set(to, more);
      if (more === 0) open.push(to);
    }
  }
  return left > 0;
}

/** Changes nothing but variables. */
function isHarmless(instruction: Instruction): boolean {
  switch (instruction.kind) {
    case "assign":
      return instruction.target.kind === "variable" && instruction.target.variable.scope !== "outer";
    case "call":
      return instruction.callee === "munmap";
    case "opaque":
      return false;
    default:
      return true;
  }
}

/** By variable or temporary, what it is given. */
type Given = ReadonlyMap<string, readonly Operand[]>;

function assignments(instructions: readonly Instruction[]): Given {
  const given = new Map<string, Operand[]>();
  for (const instruction of instructions) {
    if (instruction.kind !== "assign" && instruction.kind !== "set") continue;
    const { target, value } =
      instruction.kind === "set"
        ? { target: `${TEMPORARY}${instruction.temporary}`, value: instruction.value }
        : named(instruction);
    given.set(target, [...(given.get(target) ?? []), value]);
  }
  return given;
}

function named({ target, value }: Instruction & { readonly kind: "assign" }): {
  readonly target: string;
  readonly value: Operand;
} {
  return { target: target.kind === "variable" ? target.variable.id : "", value };
}

/** `known`: of each name once; false while it is being looked into, for what rests on itself changes. */
function isInvariant(operand: Operand, given: Given, known: Map<string, boolean>): boolean {
  return [...namesIn(operand)].every((name) => {
    if (name === UNKNOWN) return false;
    const before = known.get(name);
    if (before !== undefined) return before;
    const [value, another] = given.get(name) ?? [];
    known.set(name, false);
    const is = value === undefined || (another === undefined && isInvariant(value, given, known));
    known.set(name, is);
    return is;
  });
}

/** Does what ends the loop rest on something that each turn computes from what it was? */
function counts(blocks: readonly Block[], loop: ReadonlySet<number>, given: Given): boolean {
  return blocks.some(
    ({ terminator }) =>
      terminator.kind === "branch" &&
      !(loop.has(terminator.then) && loop.has(terminator.else)) &&
      [...variablesBehind(terminator.condition, given)].some((name) =>
        given.get(name)?.every((value) => variablesBehind(value, given).has(name)),
      ),
  );
}

/** The variables that an operand is computed from, by way of temporaries. */
function variablesBehind(operand: Operand, given: Given): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...namesIn(operand)];
  const seen = new Set<string>();
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    if (!name.startsWith(TEMPORARY)) found.add(name);
    else open.push(...(given.get(name) ?? []).flatMap((value) => [...namesIn(value)]));
  }
  return found;
}

const TEMPORARY = "t#";
const UNKNOWN = "?";

/** The variables and temporaries that an operand reads; UNKNOWN for what is not understood. */
function namesIn(operand: Operand): ReadonlySet<string> {
  switch (operand.kind) {
    case "temporary":
      return new Set([`${TEMPORARY}${operand.id}`]);
    case "read":
    case "address":
      return namesInPlace(operand.place);
    case "unary":
    case "cast":
      return namesIn(operand.operand);
    case "binary":
      return new Set([...namesIn(operand.left), ...namesIn(operand.right)]);
    case "unknown":
      return new Set([UNKNOWN]);
    default:
      return new Set();
  }
}

function namesInPlace(place: PlaceExpr): ReadonlySet<string> {
  switch (place.kind) {
    case "variable":
      return new Set([place.variable.id]);
    case "field":
      return namesInPlace(place.object);
    case "element":
      return new Set([...namesIn(place.index), ...namesInPlace(place.array)]);
    case "deref":
      return namesIn(place.pointer);
  }
}
