/** `node:module` in a browser: everything is bundled, and nothing is looked for. */

export function createRequire(): { readonly resolve: (name: string) => never } {
  return {
    resolve: (name) => {
      throw new Error(`${name} is not part of the bundle`);
    },
  };
}
