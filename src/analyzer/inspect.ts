/** What the engine knows at one place of a function: of the mapping behind the name, or the call, that stands there. */
import type { Span } from "../diagnostic.js";
import type { Amount } from "./amount.js";
import { pageAlignment } from "./alignment.js";
import type { Watch } from "./analyze-function.js";
import { describeMapping, type Description } from "./describe.js";
import { evaluate } from "./evaluate.js";
import type { Argument, Event } from "./events.js";
import type { Instruction, Located, Operand, PlaceExpr, Terminator } from "./ir.js";
import type { Machine } from "./machine.js";
import type { Mapping, Moment } from "./mapping.js";
import type { Program } from "./program.js";

export type Alignment = ReturnType<typeof pageAlignment>;

/** On some paths that get there, this is so. */
export interface Insight {
  readonly description: Description;
  /** Whether the address begins a page. */
  readonly alignment: Alignment;
  /** What has happened to the mapping, first what made it. */
  readonly history: readonly Moment[];
}

export interface Inspection {
  /** The expression that is spoken of. */
  readonly span: Span;
  /** Each other than the others; at least one. */
  readonly insights: readonly Insight[];
}

/** An operand at the place, and when it has the value that is meant there. */
interface Sight {
  readonly operand: Operand;
  readonly span: Span;
  readonly when: "before" | "after";
}

/**
 * What is known of the mapping that the expression at an offset of a linted file points into; undefined where none does,
 * as far as is known.
 */
export function inspect(program: Program, path: string, offset: number): Inspection | undefined {
  const analysis = program.find(path);
  const outline = analysis?.unit.functions.find(({ span }) => span.start <= offset && offset <= span.end);
  if (analysis === undefined || outline === undefined || analysis.known(outline) === undefined)
    return undefined;
  const known = new Map<Instruction | Terminator, readonly Sight[]>();
  const found = new Map<string, { readonly span: Span; readonly insights: Map<string, Insight> }>();
  const watch: Watch = (m, step, when) => {
    const sights = known.get(step) ?? sightsAt(step, path, offset);
    known.set(step, sights);
    for (const sight of sights) {
      if (sight.when !== when) continue;
      const insight = insightInto(m, sight.operand);
      if (insight === undefined) continue;
      const { span } = sight;
      const key = `${span.start} ${span.end}`;
      const at = found.get(key) ?? { span, insights: new Map() };
      found.set(key, at);
      at.insights.set(`${insight.description.core} ${insight.description.details.join(" ")}`, insight);
    }
  };
  analysis.watch(outline, watch);
  const [nearest] = [...found.values()].sort((a, b) => widthOf(a.span) - widthOf(b.span));
  return nearest === undefined ? undefined : { span: nearest.span, insights: [...nearest.insights.values()] };
}

function widthOf({ start, end }: Span): number {
  return end - start;
}

function insightInto(m: Machine, operand: Operand): Insight | undefined {
  const state = m.state.clone();
  const value = evaluate({ ...m, state, emit: undefined }, operand);
  if (value.kind !== "pointer") return undefined;
  const mapping = state.mapping(value.mapping);
  if (mapping === undefined || !isMapped(mapping)) return undefined;
  const offset = value.varied ? undefined : value.offset;
  return {
    description: describeMapping(mapping, offset),
    alignment: offset === undefined ? "unknown" : pageAlignment(offset),
    history: mapping.history,
  };
}

/** The operands of a step that the offset is in, with what is assigned or returned there. */
function sightsAt(step: Instruction | Terminator, path: string, offset: number): readonly Sight[] {
  const covers = ({ site }: Located): boolean =>
    site.file === path && site.start <= offset && offset <= site.end;
  const before = (operand: Operand): Sight[] =>
    operandsIn(operand)
      .filter(covers)
      .map((one) => ({ operand: one, span: one.site, when: "before" }));
  switch (step.kind) {
    case "assign": {
      const read: Operand = { kind: "read", place: step.target, site: step.site };
      const target = offset < step.value.site.start && covers(step) ? [read] : [];
      return [
        ...before(step.value),
        ...placeOperands(step.target).flatMap(before),
        ...target.map((operand): Sight => ({
          operand,
          span: { start: step.site.start, end: step.value.site.start },
          when: "after",
        })),
      ];
    }
    case "set":
    case "evaluate":
      return before(step.value);
    case "call": {
      const result: Operand = { kind: "temporary", id: step.temporary, site: step.nameSite };
      const [first] = step.args;
      const named = covers({ site: step.nameSite });
      return [
        ...step.args.flatMap(before),
        ...(named ? [{ operand: result, span: step.nameSite, when: "after" } as const] : []),
        ...(named && first !== undefined
          ? [{ operand: first, span: step.nameSite, when: "before" } as const]
          : []),
      ];
    }
    case "opaque":
      return step.operands.flatMap(before);
    case "branch":
      return before(step.condition);
    case "return":
      return step.value === undefined ? [] : before(step.value);
    case "declare":
    case "leave":
    case "jump":
    case "goto":
    case "unreachable":
      return [];
  }
}

/** The operand and those in it. */
function operandsIn(operand: Operand): readonly Operand[] {
  switch (operand.kind) {
    case "unary":
    case "cast":
      return [operand, ...operandsIn(operand.operand)];
    case "binary":
      return [operand, ...operandsIn(operand.left), ...operandsIn(operand.right)];
    case "read":
    case "address":
      return [operand, ...placeOperands(operand.place).flatMap(operandsIn)];
    default:
      return [operand];
  }
}

/** What is read to get to a place. */
function placeOperands(place: PlaceExpr): readonly Operand[] {
  switch (place.kind) {
    case "variable":
      return [];
    case "field":
      return placeOperands(place.object);
    case "element":
      return [...placeOperands(place.array), place.index];
    case "deref":
      return [place.pointer];
  }
}

/** An argument that is an offset into a file or an address in a mapping. */
export interface AlignedArgument {
  readonly span: Span;
  readonly alignment: Alignment;
}

/** The offsets and addresses that the functions of a linted file give to calls of the family, in its order. */
export function alignedArguments(program: Program, path: string): readonly AlignedArgument[] {
  const found = new Map<number, AlignedArgument>();
  for (const { unit, readings } of program.functions) {
    if (unit.source.path !== path) continue;
    for (const event of readings.flat()) {
      const [argument, amount] = amountGiven(event);
      if (argument === undefined || amount === undefined || argument.site.file !== path) continue;
      const { start, end } = argument.site;
      const alignment = pageAlignment(amount);
      const other = found.get(start);
      const agreed = other === undefined || other.alignment === alignment ? alignment : "unknown";
      found.set(start, { span: { start, end }, alignment: agreed });
    }
  }
  return [...found.values()].sort((a, b) => a.span.start - b.span.start);
}

/** Position of mmap()'s offset among its arguments. */
const OFFSET = 5;

/** The argument that is to begin a page, and how many bytes it is past what does. */
function amountGiven(event: Event): readonly [Argument | undefined, Amount | undefined] {
  switch (event.kind) {
    case "map":
      return [event.call.direct ? event.call.args[OFFSET] : undefined, event.offset];
    case "protect":
    case "advise":
    case "lock":
    case "sync":
    case "unmap": {
      const { call, target } = event;
      const known = call.direct && !target.varied && isMapped(target.mapping);
      return known ? [call.args[0], target.offset] : [undefined, undefined];
    }
    default:
      return [undefined, undefined];
  }
}

/** Memory that the function has mapped, so that it begins a page. Where other memory begins is not known. */
function isMapped(mapping: Mapping | undefined): boolean {
  return mapping !== undefined && mapping.source !== "heap" && mapping.source !== "given";
}
