/** A lowered function as text that a reader can follow: one line for each instruction, one block after the other. */
import type {
  Block,
  Cfg,
  ElementSize,
  Instruction,
  Operand,
  PlaceExpr,
  Terminator,
} from "../../src/analyzer/ir.js";

/** Blocks that control reaches, numbered in the order in which it first does; temporaries likewise. */
export function printCfg(cfg: Cfg): string {
  const order = reachable(cfg);
  const names = new Names(new Map(order.map((block, position) => [block, position])));
  const head = `${cfg.name}(${cfg.parameters.map(({ name }) => name).join(", ")})`;
  const attributes = [cfg.static ? "static" : "", cfg.noreturn ? "noreturn" : ""].filter(
    (word) => word !== "",
  );
  const lines = [[...attributes, head].join(" ")];
  for (const index of order) {
    const block = cfg.blocks[index];
    if (block !== undefined) lines.push(`b${names.block(index)}:`, ...printBlock(block, names));
  }
  return `${lines.join("\n")}\n`;
}

function successors({ terminator }: Block): readonly number[] {
  if (terminator.kind === "goto") return [terminator.to];
  return terminator.kind === "branch" ? [terminator.then, terminator.else] : [];
}

function reachable(cfg: Cfg): readonly number[] {
  const seen = new Set<number>([0]);
  for (const index of seen) {
    const block = cfg.blocks[index];
    if (block !== undefined) for (const next of successors(block)) seen.add(next);
  }
  return [...seen];
}

/** Short names for what the lowering numbers through. */
class Names {
  readonly #temporaries = new Map<string, string>();
  readonly #blocks: ReadonlyMap<number, number>;

  constructor(blocks: ReadonlyMap<number, number>) {
    this.#blocks = blocks;
  }

  block(index: number): string {
    return String(this.#blocks.get(index) ?? `?${index}`);
  }

  /** `kind` is the letter: t for temporaries, v for variables without a name. */
  short(kind: "t" | "v", id: string): string {
    const known = this.#temporaries.get(id) ?? `${kind}${this.#temporaries.size + 1}`;
    this.#temporaries.set(id, known);
    return known;
  }
}

function printBlock(block: Block, names: Names): readonly string[] {
  return [...block.instructions.map((i) => print(i, names)), printTerminator(block.terminator, names)].map(
    (line) => `  ${line}`,
  );
}

function print(instruction: Instruction, names: Names): string {
  switch (instruction.kind) {
    case "assign":
      return `${place(instruction.target, names)} ${instruction.update ? ":=" : "="} ${operand(instruction.value, names)}`;
    case "set":
      return `${names.short("t", instruction.temporary)} = ${operand(instruction.value, names)}`;
    case "declare":
      return `declare ${place({ kind: "variable", variable: instruction.variable }, names)}`;
    case "leave":
      return `leave ${instruction.variables.map((variable) => place({ kind: "variable", variable }, names)).join(", ")}`;
    case "call": {
      const callee =
        instruction.callee ??
        (instruction.pointer === undefined ? "?" : `(${operand(instruction.pointer, names)})`);
      const args = instruction.args.map((arg) => operand(arg, names)).join(", ");
      const kept = instruction.used === true ? `${names.short("t", instruction.temporary)} = ` : "";
      return `${instruction.used === "void" ? "(void)" : kept}call ${callee}(${args})`;
    }
    case "jump":
      return `jump ${instruction.label}`;
    case "evaluate":
      return `evaluate ${operand(instruction.value, names)}`;
    case "opaque":
      return `opaque ${instruction.operands.map((o) => operand(o, names)).join(", ")}`.trimEnd();
  }
}

function printTerminator(terminator: Terminator, names: Names): string {
  switch (terminator.kind) {
    case "goto":
      return `goto b${names.block(terminator.to)}`;
    case "branch": {
      const { condition, then, else: otherwise } = terminator;
      return `if ${operand(condition, names)} then b${names.block(then)} else b${names.block(otherwise)}`;
    }
    case "return":
      return terminator.value === undefined ? "return" : `return ${operand(terminator.value, names)}`;
    case "unreachable":
      return "unreachable";
  }
}

function operand(o: Operand, names: Names): string {
  switch (o.kind) {
    case "number":
      return String(o.value);
    case "string":
      return JSON.stringify(o.value);
    case "constant":
    case "function":
      return o.name;
    case "temporary":
      return names.short("t", o.id);
    case "read":
      return place(o.place, names);
    case "address":
      return `&${place(o.place, names)}`;
    case "unary":
      return `${o.op}${operand(o.operand, names)}`;
    case "binary": {
      const left = `${operand(o.left, names)}${scale(o.scaleLeft)}`;
      return `(${left} ${o.op} ${operand(o.right, names)}${scale(o.scaleRight)})`;
    }
    case "cast":
      return `(${o.type.kind})${operand(o.operand, names)}`;
    case "sizeof":
      return `sizeof ${typeof o.size === "number" ? o.size : o.size.type}`;
    case "unknown":
      return "unknown";
  }
}

function scale(size: ElementSize | undefined): string {
  if (size === undefined || size === 1) return "";
  return ` * ${typeof size === "number" ? size : `sizeof ${size.type}`}`;
}

function place(p: PlaceExpr, names: Names): string {
  switch (p.kind) {
    case "variable":
      return p.variable.name === "" ? names.short("v", p.variable.id) : p.variable.id;
    case "field": {
      const through = p.object.kind === "deref" ? simplePointer(p.object.pointer, names) : undefined;
      if (through !== undefined) return `${through}->${p.field}`;
      const object = place(p.object, names);
      return p.object.kind === "deref" ? `(${object}).${p.field}` : `${object}.${p.field}`;
    }
    case "element":
      return `${place(p.array, names)}[${operand(p.index, names)}]`;
    case "deref":
      return `*${simplePointer(p.pointer, names) ?? operand(p.pointer, names)}`;
  }
}

/** A pointer that needs no parentheses. */
function simplePointer(o: Operand, names: Names): string | undefined {
  if (o.kind === "temporary") return operand(o, names);
  return o.kind === "read" && o.place.kind !== "deref" ? place(o.place, names) : undefined;
}
