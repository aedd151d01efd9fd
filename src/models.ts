/** The configuration's `models`: what the schema cannot say of them, and which files they make worth reading. */
import type { FunctionModel, FunctionModels } from "./analyzer/model/declared.js";

/** The library functions that make a mapping, and so can fail with MAP_FAILED. */
const MAKES_MAPPING = /^(?:mmap(?:64)?|mremap|shmat)$/;

/** What contradicts itself: whole sentences with the key, empty when all is well. */
export function mistakesInModels(models: FunctionModels): readonly string[] {
  return [...models].flatMap(([name, model]) => {
    const mistake = mistakeIn(model);
    return mistake === undefined ? [] : [`models.${name}${mistake}`];
  });
}

function mistakeIn(model: FunctionModel): string | undefined {
  const { like, maps, unmaps, fails, returns, ...rest } = model;
  const does = [maps, unmaps, ...Object.values(rest)].some((part) => part !== undefined);
  if (like !== undefined && (does || returns !== undefined))
    return `: "like" says all that the function does; take it away, or the other keys but "fails"`;
  if (returns !== undefined && (does || fails !== undefined))
    return `: a function that never returns needs no other key than "returns"`;
  if (fails !== undefined && maps === undefined && !MAKES_MAPPING.test(like ?? ""))
    return `.fails: says how a call that maps fails; add "maps", or "like" with mmap, mremap or shmat`;
  const twice = repeated(Object.values(maps ?? {}));
  if (twice !== undefined) return `.maps: argument ${twice} is named twice; arguments are counted from 0`;
  const { takes = [], reads = [], writes = [] } = rest;
  const address = unmaps?.address;
  if (unmaps !== undefined && address === unmaps.length)
    return `.unmaps: argument ${address} is named twice; arguments are counted from 0`;
  if (address !== undefined && [...takes, ...reads, ...writes].includes(address))
    return `: argument ${address} is unmapped, so it cannot be taken, read or written as well; name it once`;
  return undefined;
}

function repeated(positions: readonly number[]): number | undefined {
  return positions.find((position, i) => positions.indexOf(position) !== i);
}

/** Matches a text that names a function whose model says something of mappings; undefined when none does. */
export function namingModels(models: FunctionModels): RegExp | undefined {
  const names = [...models].flatMap(([name, { maps, unmaps, like }]) =>
    maps !== undefined || unmaps !== undefined || like !== undefined ? [name] : [],
  );
  return names.length === 0 ? undefined : new RegExp(`\\b(?:${names.join("|")})\\b`);
}
