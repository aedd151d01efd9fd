/** Reference counts: what is unmapped although the count, just lowered, was found not to be zero. */
import type { Site } from "../diagnostic.js";
import type { Event } from "./events.js";
import type { Block, Cfg, Instruction, Operand, PlaceExpr } from "./ir.js";
import { reached, successors } from "./loops.js";
import { placeReadBy } from "./operands.js";

/** A branch that asks whether a count is zero right after it was lowered. */
interface Lowered {
  readonly count: PlaceExpr & { readonly kind: "field" };
  /** Where control goes when others still hold a reference. */
  readonly stillHeld: number;
}

type Unmapping = Instruction & { readonly kind: "call" };

/** Says of each unmapping which count the path there has found not to be zero. */
export function withCounts(
  events: readonly Event[],
  cfg: Cfg,
  text: (site: Site) => string,
): readonly Event[] {
  const counts = new Map<number, string>();
  for (const lowered of cfg.blocks.flatMap(loweredIn))
    for (const call of certainUnmaps(cfg, lowered)) counts.set(call.site.start, text(lowered.count.site));
  if (counts.size === 0) return events;
  return events.map((event) =>
    event.kind === "unmap" && event.call.direct
      ? { ...event, stillCounted: counts.get(event.call.site.start) }
      : event,
  );
}

/** `n_refs`, `refcnt`, `ref_count`, `usecount`. */
const COUNTS = /(?:^|_)(?:n_?)?(?:refs?|references?|(?:ref|use|usage)_?(?:c|cnt|count|counter))$/i;

function loweredIn({ instructions, terminator }: Block): readonly Lowered[] {
  if (terminator.kind !== "branch") return [];
  const at = instructions.findLastIndex(
    ({ kind }) => kind === "assign" || kind === "call" || kind === "opaque",
  );
  const assigned = instructions[at];
  if (assigned?.kind !== "assign" || assigned.target.kind !== "field") return [];
  const { target: count, value } = assigned;
  if (!COUNTS.test(count.field)) return [];
  const set = (operand: Operand): Operand => {
    const found = instructions.findLast(
      (one) => one.kind === "set" && operand.kind === "temporary" && one.temporary === operand.id,
    );
    return found?.kind === "set" ? found.value : operand;
  };
  const sum = set(value);
  if (sum.kind !== "binary" || sum.op !== "-" || sum.right.kind !== "number" || sum.right.value !== 1)
    return [];
  if (readKey(set(sum.left)) !== placeKey(count)) return [];
  const isNew = (operand: Operand): boolean =>
    (operand.kind === "temporary" && value.kind === "temporary" && operand.id === value.id) ||
    readKey(operand) === placeKey(count);
  const isOld = ({ kind, ...rest }: Operand): boolean =>
    kind === "temporary" && sum.left.kind === "temporary" && "id" in rest && rest.id === sum.left.id;
  const truth = saysPositive(terminator.condition, (operand) =>
    isOld(operand) ? 1 : isNew(operand) ? 0 : undefined,
  );
  return truth === undefined ? [] : [{ count, stillHeld: truth ? terminator.then : terminator.else }];
}

/** The truth of the condition that goes with a count above the one that `last` gives for the last reference. */
function saysPositive(
  condition: Operand,
  last: (operand: Operand) => number | undefined,
): boolean | undefined {
  if (condition.kind === "unary" && condition.op === "!") {
    const inner = saysPositive(condition.operand, last);
    return inner === undefined ? undefined : !inner;
  }
  if (condition.kind !== "binary") return last(condition) === 0 ? true : undefined;
  const zero = last(condition.left);
  if (zero === undefined || condition.right.kind !== "number") return undefined;
  const above = condition.right.value - zero;
  switch (condition.op) {
    case "==":
    case "<=":
      return above === 0 ? false : undefined;
    case "!=":
    case ">":
      return above === 0 ? true : undefined;
    case "<":
      return above === 1 ? false : undefined;
    case ">=":
      return above === 1 ? true : undefined;
    default:
      return undefined;
  }
}

/** The calls of munmap() of what the count belongs to that every way from there comes to. */
function certainUnmaps(cfg: Cfg, { count, stillHeld }: Lowered): readonly Unmapping[] {
  const owner = placeKey(count.object);
  return cfg.blocks.flatMap(({ instructions }, block) =>
    instructions.filter((call): call is Unmapping => {
      if (call.kind !== "call" || call.callee !== "munmap") return false;
      const address = call.args[0] === undefined ? undefined : placeReadBy(call.args[0]);
      if (address === undefined || !isOwned(cfg, address, owner)) return false;
      const next = successors(cfg);
      const before = reached([stillHeld], (at) => (at === block ? [] : next(at)));
      const isPassed = [...before].some((at) => at !== block && cfg.blocks[at]?.terminator.kind === "return");
      return before.has(block) && !isPassed && !isAssigned(cfg, before, placeKey(address));
    }),
  );
}

/** A member beside the count, or what the function has compared with one: the count is not in the mapping itself. */
function isOwned(cfg: Cfg, address: PlaceExpr, owner: string): boolean {
  const ofOwner = (place: PlaceExpr | undefined): boolean =>
    place?.kind === "field" && placeKey(place.object) === owner;
  if (ofOwner(address)) return true;
  const key = placeKey(address);
  return cfg.blocks.some(({ terminator }) => {
    if (terminator.kind !== "branch" || terminator.condition.kind !== "binary") return false;
    const { op, left, right } = terminator.condition;
    if (op !== "==" && op !== "!=") return false;
    return (
      (readKey(left) === key && ofOwner(placeReadBy(right))) ||
      (readKey(right) === key && ofOwner(placeReadBy(left)))
    );
  });
}

function isAssigned({ blocks }: Cfg, within: ReadonlySet<number>, key: string): boolean {
  return [...within].some((block) =>
    blocks[block]?.instructions.some((one) => one.kind === "assign" && placeKey(one.target) === key),
  );
}

function readKey(operand: Operand): string | undefined {
  const place = placeReadBy(operand);
  return place === undefined ? undefined : placeKey(place);
}

/** The same for two places that are written alike, wherever that is. */
function placeKey(place: PlaceExpr): string {
  switch (place.kind) {
    case "variable":
      return place.variable.id;
    case "field":
      return `${placeKey(place.object)}.${place.field}`;
    case "element":
      return `${placeKey(place.array)}[${operandKey(place.index)}]`;
    case "deref":
      return `*(${operandKey(place.pointer)})`;
  }
}

/** Of an operand that is more than sums of names and numbers nothing is known: it is like no other. */
function operandKey(operand: Operand): string {
  if (operand.kind === "number") return String(operand.value);
  if (operand.kind === "binary")
    return `(${operandKey(operand.left)}${operand.op}${operandKey(operand.right)})`;
  return readKey(operand) ?? `@${operand.site.start}`;
}
