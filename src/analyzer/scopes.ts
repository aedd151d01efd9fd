/** The names of one function: which variable does a name mean here? */
import type { CType } from "../syntax/ast.js";
import type { Variable } from "./ir.js";

/** What the type of an integer tells of its values. */
export type IntegerFacts = Pick<Variable, "unsigned" | "narrow">;

/** The scopes of one function. */
export class Scopes {
  readonly #stack: Map<string, Variable>[] = [new Map()];
  readonly #counts = new Map<string, number>();

  get depth(): number {
    return this.#stack.length;
  }

  push(): void {
    this.#stack.push(new Map());
  }

  pop(): void {
    this.#stack.pop();
  }

  /** The local variables of the scopes from `depth` on. */
  localsFrom(depth: number): Variable[] {
    return this.#stack
      .slice(depth)
      .flatMap((scope) => [...scope.values()].filter((variable) => variable.scope === "local"));
  }

  declare(
    name: string,
    type: CType,
    scope: Variable["scope"],
    facts: IntegerFacts = {},
    prefix = "",
  ): Variable {
    const count = this.#counts.get(name) ?? 0;
    this.#counts.set(name, count + 1);
    const id = `${prefix}${name}${count === 0 ? "" : `'${count}`}`;
    const variable: Variable = { id, name, type, scope, ...facts };
    this.#stack.at(-1)?.set(name, variable);
    return variable;
  }

  find(name: string): Variable | undefined {
    for (let i = this.#stack.length - 1; i >= 0; i--) {
      const variable = this.#stack[i]?.get(name);
      if (variable !== undefined) return variable;
    }
    return undefined;
  }
}
