/** `node:url` in a browser. */

export function fileURLToPath(url: string | URL): string {
  const { protocol, pathname } = new URL(url);
  if (protocol !== "file:") throw new TypeError(`not a file: ${String(url)}`);
  return decodeURIComponent(pathname);
}

export function pathToFileURL(path: string): URL {
  return new URL(`file://${path.split("/").map(encodeURIComponent).join("/")}`);
}
