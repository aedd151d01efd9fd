/** Formats by name. Each is loaded only when it is asked for. */
import type { Reporter } from "./report.js";

export const reporters = {
  pretty: async () => (await import("./pretty.js")).pretty,
  full: async () => (await import("./full.js")).full,
  json: async () => (await import("./json.js")).json,
  sarif: async () => (await import("./sarif.js")).sarif,
} as const satisfies Record<string, () => Promise<Reporter>>;

export type Format = keyof typeof reporters;

export const formats = Object.keys(reporters).filter(isFormat);

export function isFormat(name: string): name is Format {
  return Object.hasOwn(reporters, name);
}
