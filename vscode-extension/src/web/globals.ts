/** What the program takes for granted in Node.js. */
export { Buffer } from "buffer";

export const process = { cwd: (): string => "/", env: {} } as const;

export function setImmediate(callback: () => void): void {
  setTimeout(callback, 0);
}
