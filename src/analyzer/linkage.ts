/**
 * Linkage across files, as C has it (6.2.2): a function with internal linkage is its file's alone, one with external
 * linkage is the program's. A tree may hold several programs, so of several definitions the nearest one is meant.
 */
import type { Unit } from "../syntax/unit.js";
import { isOfForeignPlatform, isOfLinux } from "../syntax/platforms.js";
import { type CalledMember, type FunctionTables, memberNamed } from "./function-tables.js";
import { libraryModel } from "./model/library.js";
import type { Definition, Link, UnitAnalysis } from "./unit-analysis.js";

/** The functions with external linkage that the files define, by name. */
export class Externals {
  readonly #byName = new Map<string, Definition[]>();
  readonly #added = new Set<UnitAnalysis>();
  readonly #inHeaders = new Map<Unit, ReadonlyMap<string, Definition>>();

  constructor(
    readonly analysisOf: (unit: Unit) => UnitAnalysis,
    readonly tables: FunctionTables,
  ) {}

  /** Once for each file, however often it is added. Of a function's variants in a file, all where none is the usual one. */
  add(analysis: UnitAnalysis): void {
    if (this.#added.has(analysis)) return;
    this.#added.add(analysis);
    for (const [name, outline] of analysis.byName) {
      if (outline.static) continue;
      const { usual } = outline;
      const variants = usual ? [outline] : analysis.unit.functions.filter((one) => one.name === name);
      const definitions = variants.map((one): Definition => ({ analysis, outline: one }));
      const others = this.#byName.get(name);
      if (others === undefined) this.#byName.set(name, definitions);
      else others.push(...definitions);
    }
  }

  readonly link: Link = (name, from) => {
    const member = memberNamed(name);
    if (member !== undefined) return this.behind(member);
    const outline = from.byName.get(name);
    if (outline !== undefined) return { analysis: from, outline };
    const inHeader = this.#headerFunctions(from.unit).get(name);
    if (inHeader !== undefined) return inHeader;
    // What the C library defines, a program in the same tree may define for itself: another program's is not meant.
    return libraryModel(name) === undefined ? nearest(from.unit, this.#byName.get(name) ?? []) : undefined;
  };

  /** The function that a member holds. */
  behind(member: CalledMember): Definition | undefined {
    const found = this.tables.find(member);
    const linked = found === undefined ? undefined : this.link(found.name, this.analysisOf(found.unit));
    return linked === "ambiguous" ? undefined : linked;
  }

  /** The functions that the files included define. */
  #headerFunctions(unit: Unit): ReadonlyMap<string, Definition> {
    let functions = this.#inHeaders.get(unit);
    if (functions === undefined) {
      const found = new Map<string, Definition>();
      for (const header of unit.headers()) {
        const analysis = this.analysisOf(header);
        for (const [name, outline] of analysis.byName)
          if (!found.has(name)) found.set(name, { analysis, outline });
      }
      this.#inHeaders.set(unit, (functions = found));
    }
    return functions;
  }
}

/** The definition whose file shares most directories with the unit's; "ambiguous" where several share as many. */
function nearest(unit: Unit, definitions: readonly Definition[]): Definition | "ambiguous" | undefined {
  const pathOf = ({ analysis }: Definition): string => analysis.unit.source.path;
  const shared = definitions.map((definition) => sharedDirectories(unit.source.path, pathOf(definition)));
  const most = shared.reduce((a, b) => Math.max(a, b), 0);
  const near = definitions.filter((_, i) => shared[i] === most);
  if (near.length <= 1) return near[0];
  // Of one function for each platform, a build has one; the platform is in the name of the file or its directory.
  // What all have in common, where the tree lies, says nothing.
  const parts = near.map((one) => pathOf(one).split("/"));
  const common = (parts[0] ?? []).findIndex((part, i) => parts.some((other) => other[i] !== part));
  const nameOf = (one: Definition): string => pathOf(one).split("/").slice(Math.max(common, 0)).join("/");
  const own = near.filter((one) => !isOfForeignPlatform(nameOf(one)));
  const linux = own.filter((one) => isOfLinux(nameOf(one)));
  const [only, ...others] = linux.length === 1 ? linux : own;
  return only === undefined || others.length > 0 ? "ambiguous" : only;
}

/** How many directories, from the root on, two paths have in common. */
function sharedDirectories(a: string, b: string): number {
  const left = a.split("/").slice(0, -1);
  const right = b.split("/").slice(0, -1);
  const different = left.findIndex((directory, i) => directory !== right[i]);
  return different < 0 ? left.length : different;
}
