/** What the engine knows, in words: a mapping, a value, a summary. Short, on one line, and the same for equal facts. */
import type { Amount, Operator, Origin } from "./amount.js";
import { amountKey, constantValue, isConstant } from "./amount.js";
import { pageAlignment } from "./alignment.js";
import { givenAt } from "./access.js";
import type { Flags } from "./flags.js";
import { hasFlag } from "./flags.js";
import type { Mapping } from "./mapping.js";
import type { Range } from "./range.js";
import type { State } from "./state.js";
import type { Outcome, Summary } from "./summary.js";
import type { Place, Value } from "./value.js";

/** `core`: phase, protection, sharing, backing; `details`: everything else that is known, each a word or two. */
export interface Description {
  readonly core: string;
  readonly details: readonly string[];
}

/** How parameters are called: by their names in a function, by position seen from outside. */
type Naming = "names" | "positions";

const PROTECTIONS = [
  ["PROT_READ", "r"],
  ["PROT_WRITE", "w"],
  ["PROT_EXEC", "x"],
] as const;

/** "rw-"; "?" where a bit may be set or not. */
function protectionWord(protection: Flags): string {
  return PROTECTIONS.map(([name, letter]) => {
    const set = hasFlag(protection, name);
    return set === "yes" ? letter : set === "no" ? "-" : "?";
  }).join("");
}

function sharingWord(flags: Flags): string {
  if (hasFlag(flags, "MAP_SHARED") === "yes" || hasFlag(flags, "MAP_SHARED_VALIDATE") === "yes")
    return "shared";
  if (hasFlag(flags, "MAP_PRIVATE") === "yes") return "private";
  return "sharing?";
}

function backingWord(mapping: Mapping): string {
  if (mapping.source === "shmat") return "segment";
  const anonymous = hasFlag(mapping.flags, "MAP_ANONYMOUS");
  return anonymous === "yes" ? "anonymous" : anonymous === "no" ? "file" : "backing?";
}

function coreOf(mapping: Mapping): string {
  const { phase, source } = mapping;
  if (source === "heap") return `${phase} heap`;
  if (source === "given") return `${phase} given`;
  return [phase, protectionWord(mapping.protection), sharingWord(mapping.flags), backingWord(mapping)].join(
    " ",
  );
}

/** `offset`: where a pointer into the mapping points to, in bytes past its start; undefined where paths disagree. */
export function describeMapping(mapping: Mapping, offset: Amount | undefined): Description {
  const details: string[] = [];
  if (offset === undefined) details.push("+?");
  else if (constantValue(offset) !== 0) details.push(signed(amountWord(offset)));
  details.push(`length=${mapping.length === undefined ? "?" : amountWord(mapping.length)}`);
  if (mapping.offset !== undefined) {
    details.push(`offset=${amountWord(mapping.offset)}`);
    if (!isConstant(mapping.offset)) details.push(`offset ${pageAlignment(mapping.offset)}`);
  }
  if (mapping.descriptor !== undefined) {
    const { origin, mode, sized } = mapping.descriptor;
    details.push(`fd=${origin}(${[...mode.must].sort().join("|")})${sized ? "sized" : ""}`);
  }
  if (mapping.name !== undefined) details.push(`name=${mapping.name.replace(/\s+/g, "")}`);
  if (mapping.owner !== "local") details.push(`owner ${mapping.owner}`);
  if (mapping.weakTest !== undefined) details.push(`tested ${mapping.weakTest.against}`);
  if (mapping.written !== undefined) details.push("written");
  if (mapping.moved) details.push("moved");
  if (mapping.lostTo !== undefined) details.push("lost");
  if (mapping.compared) details.push("compared");
  return { core: coreOf(mapping), details };
}

function signed(word: string): string {
  return word.startsWith("-") ? word : `+${word}`;
}

/** What a value is on the path that `state` describes. */
export function describeValue(value: Value, state: State): Description {
  switch (value.kind) {
    case "pointer": {
      const mapping = state.mapping(value.mapping);
      return mapping === undefined
        ? words("unknown")
        : describeMapping(mapping, value.varied ? undefined : value.offset);
    }
    case "amount": {
      const given = givenAt(state, value.amount);
      if (given !== undefined) return describeMapping(given.mapping, given.offset);
      const n = constantValue(value.amount);
      if (n !== undefined) return words(n === 0 ? "NULL" : String(n));
      return words("unknown", `value=${amountWord(value.amount)}`);
    }
    case "flags":
      return words("flags", `set=${[...value.flags.must].sort().join("|")}`);
    case "address":
      return words("object", `name=${value.place.name.replace(/\s+/g, "")}`);
    case "string":
    case "function":
      return words(value.kind);
  }
}

function words(core: string, ...details: readonly string[]): Description {
  return { core, details };
}

const INFIX: { readonly [O in Operator]?: string } = {
  div: "/",
  mod: "%",
  mul: "*",
  and: "&",
  or: "|",
  xor: "^",
  shl: "<<",
  shr: ">>",
};

/** `2*n+page-1`, without blanks. What has no name is "?". */
function amountWord(amount: Amount, naming: Naming = "names"): string {
  let word = "";
  for (const { symbol, coefficient } of amount.terms) {
    const factor = Math.abs(coefficient) === 1 ? "" : `${Math.abs(coefficient)}*`;
    word += `${coefficient < 0 ? "-" : word === "" ? "" : "+"}${factor}${originWord(symbol.origin, naming)}`;
  }
  if (word === "") return String(amount.constant);
  return amount.constant === 0 ? word : word + signed(String(amount.constant));
}

function originWord(origin: Origin, naming: Naming): string {
  switch (origin.kind) {
    case "page":
      return "page";
    case "parameter":
      return naming === "names" ? origin.name : `param ${origin.index}`;
    case "load":
      return origin.base === undefined
        ? outerWord(origin.place)
        : memberWord(origin.base, origin.path, naming);
    case "call":
    case "input":
      return `${origin.function ?? "?"}()`;
    case "constant":
      return origin.name;
    case "sizeof":
      return `sizeof(${origin.type})`;
    case "uninitialized":
      return "uninitialized";
    case "operation":
      return operationWord(origin.operator, origin.operands, naming);
    case "opaque":
      return "?";
  }
}

function operationWord(operator: Operator, operands: readonly Amount[], naming: Naming): string {
  const sign = INFIX[operator];
  const parts = operands.map((operand) => amountWord(operand, naming));
  if (operator === "macro") return `${parts[0] ?? "?"}(${parts.slice(1).join(",")})`;
  if (sign === undefined) return `${operator}(${parts.join(",")})`;
  return parts
    .map((part, i) => (operands[i]?.terms.length === 1 || /^\w+$/.test(part) ? part : `(${part})`))
    .join(sign);
}

/** A place of file scope by its key, "::static:g.len@e3". What was loaded later has no name that others know. */
function outerWord(key: string): string {
  return key.startsWith("::") && !key.includes("@") ? key.replace(/^::(?:static:)?/, "") : "?";
}

function memberWord(base: Amount, path: string, naming: Naming): string {
  const pointer = amountWord(base, naming);
  const simple = base.terms.length === 1 && base.constant === 0;
  if (path === "") return simple ? `*${pointer}` : `*(${pointer})`;
  return path.startsWith(".")
    ? `${simple ? pointer : `(${pointer})`}->${path.slice(1)}`
    : `(*${pointer})${path}`;
}

function placeWord({ root, path, name }: Place): string {
  switch (root.kind) {
    case "variable":
      return outerWord(root.id) + path;
    case "memory":
      return memberWord(root.pointer, path, "positions");
    case "mapping":
      return name;
  }
}

/**
 * A summary as one line: its outcomes, joined by " | ", those that fail first. `undefined` stands for a function that is
 * not known.
 */
export function describeSummary(summary: Summary | "unknown" | undefined): string {
  if (summary === undefined || summary === "unknown") return "unknown";
  if (summary.outcomes.length === 0) return "never returns";
  const maps = summary.outcomes.some((outcome) => made(outcome, outcome.returns) !== undefined);
  const sentences = [...new Set(summary.outcomes.map((outcome) => outcomeWords(outcome, maps)))].sort(
    failuresFirst,
  );
  const [failure, success, third] = sentences;
  if (failure !== undefined && success !== undefined && third === undefined && /^fails \S+$/.test(failure)) {
    return `${failure}, else ${success}`;
  }
  return sentences.join(" | ");
}

function failuresFirst(a: string, b: string): number {
  return Number(b.startsWith("fails")) - Number(a.startsWith("fails")) || (a < b ? -1 : a > b ? 1 : 0);
}

/** The mapping of the callee's own that the value points into. */
function made(outcome: Outcome, value: Value | undefined): Mapping | undefined {
  if (value?.kind !== "pointer") return undefined;
  return outcome.mappings.find(({ id, source }) => id === value.mapping && source !== "given");
}

function outcomeWords(outcome: Outcome, maps: boolean): string {
  const parts = [
    ...givenWords(outcome),
    ...storeWords(outcome),
    ...keptWords(outcome),
    ...resultWords(outcome, maps),
  ];
  const conditions = outcome.conditions.map(([form, range]) =>
    rangeWords(amountWord(form, "positions"), range),
  );
  const said = parts.length === 0 ? "returns" : parts.join(", ");
  return conditions.length === 0 ? said : `${said} when ${conditions.sort().join(" and ")}`;
}

function resultWords(outcome: Outcome, maps: boolean): string[] {
  const { returns } = outcome;
  if (returns === undefined) return [];
  const mapping = made(outcome, returns);
  if (mapping !== undefined && returns.kind === "pointer")
    return [madeWords(mapping, "result", returns.offset)];
  if (returns.kind === "amount") {
    const n = constantValue(returns.amount);
    if (n === 0 && maps) return ["fails NULL"];
    if (n === -1 && maps) return ["fails MAP_FAILED"];
    const word = amountWord(returns.amount, "positions");
    return [/\?|\(\)|uninitialized/.test(word) ? "returns ?" : `returns ${word}`];
  }
  return [`returns ${returns.kind === "pointer" ? "memory" : returns.kind}`];
}

function madeWords(mapping: Mapping, where: string, offset: Amount): string {
  const moved = constantValue(offset) === 0 ? "" : ` ${signed(amountWord(offset, "positions"))}`;
  if (mapping.source === "heap") return `allocates ${where}${moved}`;
  switch (mapping.phase) {
    case "unchecked":
      return `maps ${where}${moved} unchecked`;
    case "live":
      return `maps ${where}${moved}`;
    case "failed":
      return where === "result" && moved === ""
        ? "fails MAP_FAILED"
        : `leaves MAP_FAILED in ${where}${moved}`;
    case "unmapped":
      return `leaves an unmapped address in ${where}${moved}`;
  }
}

function storeWords(outcome: Outcome): string[] {
  const stores = outcome.stores.map(({ place, value }) => {
    const mapping = made(outcome, value);
    const where = placeWord(place);
    return mapping !== undefined && value.kind === "pointer"
      ? madeWords(mapping, where, value.offset)
      : `sets ${where}`;
  });
  return stores.sort();
}

/** Mappings that it made and left to somebody, but to nothing that a caller can name. */
function keptWords(outcome: Outcome): string[] {
  const named = new Set(
    [outcome.returns, ...outcome.stores.map(({ value }) => value)].map((v) => made(outcome, v)?.id),
  );
  const kept = outcome.mappings.filter(
    ({ id, source }) => source !== "given" && source !== "heap" && !named.has(id),
  );
  return kept.length === 0 ? [] : ["keeps a mapping"];
}

function givenWords(outcome: Outcome): string[] {
  const all = outcome.mappings.filter(({ source }) => source === "given");
  const stored = new Set(
    outcome.stores.map(({ place }) => (place.root.kind === "memory" ? amountKey(place.root.pointer) : "")),
  );
  return all.flatMap((mapping) => givenParts(mapping, stored)).sort();
}

/** `stored`: keys of the addresses at which the outcome's stores are told one by one. */
function givenParts(mapping: Mapping, stored: ReadonlySet<string>): string[] {
  const { address, offset, length, phase, owner, accessed } = mapping;
  const base = address?.kind === "amount" ? amountWord(address.amount, "positions") : "?";
  if (phase === "unmapped") {
    const moved =
      offset === undefined || constantValue(offset) === 0 ? "" : signed(amountWord(offset, "positions"));
    const extent = length === undefined ? "" : ` length ${amountWord(length, "positions")}`;
    return [`unmaps ${base}${moved}${extent}`];
  }
  const parts: string[] = [];
  const told = address?.kind === "amount" && stored.has(amountKey(address.amount));
  if (accessed !== undefined && !told) parts.push(`${accessed}s ${base}`);
  if (owner === "stored" || owner === "escaped") parts.push(`keeps ${base}`);
  return parts;
}

function rangeWords(form: string, { min, max, not }: Range): string {
  const bounds: string[] = [];
  if (min === max) bounds.push(`${form} = ${min}`);
  else {
    if (Number.isFinite(min)) bounds.push(`${form} >= ${min}`);
    if (Number.isFinite(max)) bounds.push(`${form} <= ${max}`);
  }
  return [...bounds, ...not.map((n) => `${form} != ${n}`)].join(" and ");
}
