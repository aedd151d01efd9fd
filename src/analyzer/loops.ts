/** The shape of the graph: an order of the blocks, which of them run again, which temporaries outlive a block. */
import type { Block, Cfg, Instruction, Operand, PlaceExpr } from "./ir.js";

export interface Loops {
  /** Targets of back edges. */
  readonly heads: ReadonlySet<number>;
  /** Blocks that can reach themselves. */
  readonly repeated: ReadonlySet<number>;
  /** The reachable blocks in reverse postorder: a block before those that it leads to, loops aside. */
  readonly order: readonly number[];
}

/** The blocks next to a block, along the edges of a graph or against them. */
type Edges = (block: number) => readonly number[];

export function successors({ blocks }: Cfg): Edges {
  return (block) => {
    const terminator = blocks[block]?.terminator;
    switch (terminator?.kind) {
      case "goto":
        return [terminator.to];
      case "branch":
        return [terminator.then, terminator.else];
      case "return":
      case "unreachable":
      case undefined:
        return [];
    }
  };
}

export function predecessors(cfg: Cfg): Edges {
  const after = successors(cfg);
  const before = new Map<number, number[]>();
  for (const block of cfg.blocks.keys())
    for (const next of after(block)) {
      const known = before.get(next);
      if (known === undefined) before.set(next, [block]);
      else known.push(block);
    }
  return (block) => before.get(block) ?? [];
}

/** The blocks that a walk comes to, those where it begins with them. */
export function reached(from: readonly number[], next: Edges): ReadonlySet<number> {
  const found = new Set<number>();
  const open = [...from];
  for (let block = open.pop(); block !== undefined; block = open.pop()) {
    if (found.has(block)) continue;
    found.add(block);
    open.push(...next(block));
  }
  return found;
}

/**
 * Where paths meet, and nothing behind changes a struct any more, nor releases what one may hold: what its members are on
 * each way that leads there, they are when the function ends.
 */
export function lastJoins(cfg: Cfg): ReadonlySet<number> {
  const before = predecessors(cfg);
  const busy = [...cfg.blocks.keys()].filter((block) =>
    cfg.blocks[block]?.instructions.some(mayChangeStruct),
  );
  const stillChanging = reached(busy, before);
  return new Set(
    [...cfg.blocks.keys()].filter((block) => before(block).length > 1 && !stillChanging.has(block)),
  );
}

function mayChangeStruct(instruction: Instruction): boolean {
  switch (instruction.kind) {
    case "assign":
      return instruction.target.kind !== "variable";
    case "call":
      return (
        instruction.callee === undefined ||
        ENDS.test(instruction.callee) ||
        instruction.args.some((arg, i) => mayLeadToStruct(arg, instruction.structs[i]))
      );
    case "opaque":
      return true;
    default:
      return false;
  }
}

/** `struct`: as the call has it, where a number of a type that was not found has one, too. */
function mayLeadToStruct(operand: Operand, struct: string | undefined): boolean {
  if (operand.kind === "cast") return mayLeadToStruct(operand.operand, struct);
  if (operand.kind === "address") return operand.place.kind !== "variable";
  if (struct === undefined) return false;
  return operand.kind !== "read" || operand.place.kind !== "field" || /^(?:struct|union) /.test(struct);
}

const ENDS = /unmap|remap|shmdt|free|release|destroy|close/i;

/** Tarjan's strongly connected components, with an own stack: long functions are deep graphs. */
export function findLoops(cfg: Cfg): Loops {
  const after = successors(cfg);
  const heads = new Set<number>();
  const repeated = new Set<number>();
  const index = new Map<number, number>();
  const low = new Map<number, number>();
  const open: number[] = [];
  const onStack = new Set<number>();
  const postorder: number[] = [];
  const work: { readonly block: number; next: number }[] = [{ block: 0, next: 0 }];
  while (work.length > 0) {
    const frame = work[work.length - 1] as { readonly block: number; next: number };
    const { block } = frame;
    if (frame.next === 0 && !index.has(block)) {
      index.set(block, index.size);
      low.set(block, index.get(block) ?? 0);
      open.push(block);
      onStack.add(block);
    }
    const next = after(block)[frame.next++];
    if (next !== undefined) {
      if (!index.has(next)) work.push({ block: next, next: 0 });
      else if (onStack.has(next)) {
        low.set(block, Math.min(low.get(block) ?? 0, index.get(next) ?? 0));
        if (next === block || work.some((f) => f.block === next)) heads.add(next);
        if (next === block) repeated.add(block);
      }
      continue;
    }
    work.pop();
    postorder.push(block);
    const parent = work[work.length - 1];
    if (parent !== undefined)
      low.set(parent.block, Math.min(low.get(parent.block) ?? 0, low.get(block) ?? 0));
    if (low.get(block) === index.get(block)) closeComponent(block, open, onStack, repeated);
  }
  return { heads, repeated, order: postorder.toReversed() };
}

function closeComponent(root: number, open: number[], onStack: Set<number>, repeated: Set<number>): void {
  const members: number[] = [];
  for (let member = open.pop(); member !== undefined; member = open.pop()) {
    onStack.delete(member);
    members.push(member);
    if (member === root) break;
  }
  if (members.length > 1) for (const member of members) repeated.add(member);
}

/** Temporaries that are read in another block than the one that sets them; all others die with their block. */
export function crossingTemporaries({ blocks }: Cfg): ReadonlySet<string> {
  const crossing = new Set<string>();
  const setIn = new Map<string, number>();
  blocks.forEach((block, i) => {
    for (const instruction of block.instructions) {
      if (instruction.kind !== "set" && instruction.kind !== "call") continue;
      // Set on two sides of a choice, read behind it.
      if (setIn.has(instruction.temporary)) crossing.add(instruction.temporary);
      setIn.set(instruction.temporary, i);
    }
  });
  blocks.forEach((block, i) =>
    readsOf(block, (temporary) => {
      if (setIn.get(temporary) !== i) crossing.add(temporary);
    }),
  );
  return crossing;
}

function readsOf({ instructions, terminator }: Block, read: (temporary: string) => void): void {
  for (const instruction of instructions) for (const operand of operandsOf(instruction)) visit(operand, read);
  if (terminator.kind === "branch") visit(terminator.condition, read);
  if (terminator.kind === "return" && terminator.value !== undefined) visit(terminator.value, read);
}

function operandsOf(instruction: Instruction): readonly Operand[] {
  switch (instruction.kind) {
    case "assign":
      return [instruction.value, ...operandsOfPlace(instruction.target)];
    case "set":
    case "evaluate":
      return [instruction.value];
    case "declare":
    case "leave":
    case "jump":
      return [];
    case "call":
      return instruction.pointer === undefined
        ? instruction.args
        : [instruction.pointer, ...instruction.args];
    case "opaque":
      return instruction.operands;
  }
}

function operandsOfPlace(place: PlaceExpr): readonly Operand[] {
  switch (place.kind) {
    case "variable":
      return [];
    case "field":
      return operandsOfPlace(place.object);
    case "element":
      return [place.index, ...operandsOfPlace(place.array)];
    case "deref":
      return [place.pointer];
  }
}

function visit(operand: Operand, read: (temporary: string) => void): void {
  switch (operand.kind) {
    case "temporary":
      read(operand.id);
      return;
    case "read":
    case "address":
      for (const inner of operandsOfPlace(operand.place)) visit(inner, read);
      return;
    case "unary":
    case "cast":
      visit(operand.operand, read);
      return;
    case "binary":
      visit(operand.left, read);
      visit(operand.right, read);
      return;
    default:
      return;
  }
}
