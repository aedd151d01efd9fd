/** Basic blocks under construction. */
import type { Block, Instruction, Terminator } from "./ir.js";

/** A function with more blocks than this is given up. */
const MAX_BLOCKS = 20_000;

export class TooLarge extends Error {}

interface MutableBlock {
  readonly instructions: Instruction[];
  terminator: Terminator | undefined;
}

/** Omit that keeps a union a union. */
type WithoutId<T> = T extends { readonly id: string } ? Omit<T, "id"> : never;

/** Blocks under construction; `current` is where the next instruction goes. */
export class BlockBuilder {
  readonly #blocks: MutableBlock[] = [];
  #current: MutableBlock;
  #ids = 0;

  constructor() {
    this.#current = this.#add();
  }

  #add(): MutableBlock {
    if (this.#blocks.length >= MAX_BLOCKS) throw new TooLarge(`more than ${MAX_BLOCKS} basic blocks`);
    const block: MutableBlock = { instructions: [], terminator: undefined };
    this.#blocks.push(block);
    return block;
  }

  /** A fresh number, unique in the function. */
  fresh(): string {
    return String(this.#ids++);
  }

  newBlock(): number {
    this.#add();
    return this.#blocks.length - 1;
  }

  /** Continues in `block`; the block before it falls through to it when it has no terminator yet. */
  enter(block: number): void {
    if (this.#current.terminator === undefined) this.#current.terminator = { kind: "goto", to: block };
    this.#current = this.#at(block);
  }

  emit(instruction: WithoutId<Instruction>): void {
    this.#current.instructions.push({ ...instruction, id: this.fresh() } as Instruction);
  }

  /** Leaves the block by a goto: what has been called in it has come back. */
  jump(instruction: WithoutId<Instruction>, to: number): void {
    const { instructions } = this.#current;
    instructions.forEach((before, i) => {
      if (before.kind === "call") instructions[i] = { ...before, returns: true };
    });
    this.emit(instruction);
    this.end({ kind: "goto", to });
  }

  /** Ends the current block; what follows without a label is unreachable. */
  end(terminator: Terminator): void {
    if (this.#current.terminator === undefined) this.#current.terminator = terminator;
    this.#current = this.#at(this.newBlock());
  }

  finish(last: Terminator): Block[] {
    if (this.#current.terminator === undefined) this.#current.terminator = last;
    return this.#blocks.map(({ instructions, terminator }) => ({
      instructions,
      terminator: terminator ?? { kind: "unreachable" },
    }));
  }

  #at(index: number): MutableBlock {
    const block = this.#blocks[index];
    if (block === undefined) throw new RangeError(`no block ${index}`);
    return block;
  }
}
