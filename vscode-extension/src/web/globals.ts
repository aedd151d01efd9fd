/** What the program takes for granted in Node.js. */
export { Buffer } from "buffer";
export const process = { cwd: (): string => "/", env: {} } as const;
