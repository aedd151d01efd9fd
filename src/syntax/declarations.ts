/** Names at file scope: declarations parsed one by one when they are asked for. */
import type { Span } from "../diagnostic.js";
import type { CType, Declarator, Field } from "./ast.js";
import { constantValue } from "./constants.js";
import { type Conversion, ConversionFailure, INT } from "./conversion.js";
import { convertExpression } from "./convert-expressions.js";
import { convertDeclarators, convertTypedefs } from "./convert-statements.js";
import { convertSpecifiers } from "./convert-types.js";
import { allTokens, type Definitions } from "./definitions.js";
import { parseText, type SyntaxNode } from "./parser.js";
import { expandTokens, obstacle, prepareDeclaration, readTokens } from "./prepare.js";
import { usualReading } from "./readings.js";
import { render } from "./render.js";
import { append, type Token } from "./tokens.js";
import { STANDARD_TYPES } from "./typenames.js";
import type { GlobalDeclaration } from "./unit.js";

export interface Globals {
  global(name: string): GlobalDeclaration | undefined;
  resolve(type: CType): CType;
  /** Of this file alone. */
  readonly own: {
    global(name: string): GlobalDeclaration | undefined;
    fieldsOf(tag: string): readonly Field[] | undefined;
  };
}

/** What one declaration at file scope declares. */
interface Declared {
  readonly declarators: readonly Declarator[];
  readonly constants: ReadonlyMap<string, { readonly value: number | undefined; readonly span: Span }>;
  readonly aggregates: ReadonlyMap<string, readonly Field[]>;
}

const NOTHING: Declared = { declarators: [], constants: new Map(), aggregates: new Map() };
/** Typedef names behind typedef names. */
const MAX_ALIASES = 32;

export function globalsOf(definitions: Definitions, included: () => readonly Globals[] = () => []): Globals {
  const parsed = new Map<Span, Declared>();
  const found = new Map<string, GlobalDeclaration | undefined>();
  /** Names on whose value the value being computed depends. */
  const pending = new Set<string>();

  const declaredIn = (span: Span): Declared => {
    let declared = parsed.get(span);
    if (!declared) {
      parsed.set(span, NOTHING);
      parsed.set(span, (declared = parseDeclaration(definitions, span, constantOf)));
    }
    return declared;
  };
  const constantOf = (name: string): number | undefined => {
    if (pending.has(name)) return undefined;
    pending.add(name);
    const value = global(name)?.constant;
    pending.delete(name);
    return value;
  };
  const ownGlobal = (name: string): GlobalDeclaration | undefined =>
    findGlobal(definitions, name, declaredIn, constantOf);
  const global = (name: string): GlobalDeclaration | undefined => {
    if (!found.has(name)) found.set(name, ownGlobal(name) ?? includedGlobal(included(), name));
    return found.get(name);
  };
  const ownFields = (tag: string): readonly Field[] | undefined => {
    for (const span of definitions.declarationsOf(tag)) {
      const fields = declaredIn(span).aggregates.get(tag);
      if (fields) return fields;
    }
    return undefined;
  };
  const fieldsOf = (tag: string): readonly Field[] | undefined => {
    let fields = ownFields(tag);
    if (fields) return fields;
    for (const { own } of included()) if ((fields = own.fieldsOf(tag))) return fields;
    return undefined;
  };
  const resolve = (type: CType): CType => {
    let current = type;
    for (let i = 0; i < MAX_ALIASES && current.kind === "named"; i++) {
      const known = global(current.name);
      const next: CType | undefined =
        known?.storage === "typedef" ? known.type : STANDARD_TYPES.get(current.name);
      if (!next) return current;
      current = withQualifiers(next, current);
    }
    if (
      (current.kind !== "struct" && current.kind !== "union") ||
      current.fields ||
      current.tag === undefined
    )
      return current;
    const fields = fieldsOf(current.tag);
    return fields ? { ...current, fields } : current;
  };
  return { global, resolve, own: { global: ownGlobal, fieldsOf: ownFields } };
}

/** A definition in an included file beats an `extern` declaration in another. */
function includedGlobal(included: readonly Globals[], name: string): GlobalDeclaration | undefined {
  let best: GlobalDeclaration | undefined;
  for (const { own } of included) {
    const declared = own.global(name);
    if (declared === undefined) continue;
    const inSight = { ...declared, span: undefined };
    if (declared.storage !== "extern") return inSight;
    best ??= inSight;
  }
  return best;
}

function withQualifiers(type: CType, from: CType): CType {
  return {
    ...type,
    ...(from.volatile ? { volatile: true } : {}),
    ...(from.const ? { const: true } : {}),
  };
}

function findGlobal(
  definitions: Definitions,
  name: string,
  declaredIn: (span: Span) => Declared,
  constantOf: (name: string) => number | undefined,
): GlobalDeclaration | undefined {
  let best: GlobalDeclaration | undefined;
  for (const span of definitions.declarationsOf(name)) {
    const declared = declaredIn(span);
    const constant = declared.constants.get(name);
    if (constant) {
      return {
        name,
        type: { ...INT, const: true },
        storage: "none",
        initializer: undefined,
        constant: constant.value,
        span: constant.span,
      };
    }
    const declarator = declared.declarators.find((candidate) => candidate.name === name);
    if (!declarator || (best && !isBetter(declarator, best))) continue;
    const { type, storage, initializer } = declarator;
    const value =
      type.const && initializer && type.kind !== "pointer"
        ? constantValue(initializer, constantOf)
        : undefined;
    best = { name, type, storage, initializer, constant: value, span: declarator.span };
  }
  return best;
}

/** A definition beats an `extern` declaration. */
function isBetter(candidate: Declarator, current: GlobalDeclaration): boolean {
  if (current.initializer || current.storage === "typedef") return false;
  return (
    candidate.initializer !== undefined || (current.storage === "extern" && candidate.storage !== "extern")
  );
}

/** Parses one declaration; what cannot be read declares nothing. */
function parseDeclaration(
  definitions: Definitions,
  span: Span,
  constantOf: (name: string) => number | undefined,
): Declared {
  try {
    const tree = bestTree(definitions, span);
    return tree ? collect(tree.conversion, tree.root, constantOf) : NOTHING;
  } catch (error) {
    if (error instanceof ConversionFailure || error instanceof RangeError) return NOTHING;
    throw error;
  }
}

interface DeclarationTree {
  readonly conversion: Conversion;
  readonly root: SyntaxNode;
  readonly errors: number;
}

/** With the members of every branch if that is C, else as the usual build has it. */
function bestTree(definitions: Definitions, span: Span): DeclarationTree | undefined {
  const reading = usualReading(definitions.file, span);
  const usual = readTokens(definitions, span, reading);
  const all = allTokens(definitions.file, span);
  const sources = all.length > usual.length && isStruct(all) ? [all, usual] : [usual];
  let best: DeclarationTree | undefined;
  for (const tokens of sources) {
    const expanded = expandTokens(definitions, tokens, reading, false);
    if (obstacle(expanded) !== undefined) return undefined;
    for (const repair of [false, true]) {
      const tree = treeOf(prepareDeclaration(expanded, definitions.isType, repair));
      if (tree && (!best || tree.errors < best.errors)) best = tree;
      if (best?.errors === 0) return best;
    }
  }
  return best;
}

function isStruct(tokens: readonly Token[]): boolean {
  const brace = tokens.findIndex((token) => token.text === "{");
  const head = tokens.slice(0, Math.max(brace, 0)).map((token) => token.text);
  return !head.includes("=") && (head.includes("struct") || head.includes("union"));
}

function treeOf(tokens: readonly Token[]): DeclarationTree | undefined {
  const rendered = render(tokens);
  const tree = parseText(rendered.text);
  if (tree.kind === "failed") return undefined;
  return {
    conversion: { rendered, clean: tree.errors.length === 0, aggregates: new Map(), enumerators: [] },
    root: tree.root,
    errors: tree.errors.length,
  };
}

function collect(
  conversion: Conversion,
  root: SyntaxNode,
  constantOf: (name: string) => number | undefined,
): Declared {
  const declarators: Declarator[] = [];
  for (const node of root.children) {
    try {
      if (node.type === "declaration") append(declarators, convertDeclarators(conversion, node));
      else if (node.type === "type_definition") append(declarators, convertTypedefs(conversion, node));
      else if (/^(?:struct|union|enum)_specifier$/.test(node.type))
        convertSpecifiers(conversion, { ...node, children: [{ ...node, field: "type" }] });
    } catch (error) {
      if (!(error instanceof ConversionFailure)) throw error;
    }
  }
  const constants = new Map<string, { value: number | undefined; span: Span }>();
  const lookup = (name: string): number | undefined => constants.get(name)?.value ?? constantOf(name);
  for (const { name, node, offset, span } of conversion.enumerators) {
    const start = node ? constantValue(convertExpression(conversion, node), lookup) : 0;
    constants.set(name, { value: start === undefined ? undefined : start + offset, span });
  }
  return { declarators, constants, aggregates: conversion.aggregates };
}
