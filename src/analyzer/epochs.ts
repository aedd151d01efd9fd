/** Moments at which memory may have changed: what is read afterwards is named after them. */

/** Does unknown code that had `what` in its hands reach the place? `=x` is the object x; a symbol is a pointer. */
export function reaches(what: string, key: string): boolean {
  if (what === "::") return key.startsWith("::") && !key.startsWith("::static:");
  if (!what.startsWith("=")) return key.startsWith("*") && key.includes(what);
  const object = what.slice(1);
  return (
    key.startsWith(object) &&
    (key.length === object.length || key[object.length] === "." || key[object.length] === "[")
  );
}

/** The moment at which paths have met at a block, for `epochs`. */
export function epochOfJoin(block: string): string {
  return `join${block}.`;
}
