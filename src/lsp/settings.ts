/** What the user sets in the editor, as the client tells it. Anything may come; what is not understood is left out. */
import type { ConfigFile } from "../config.js";

export interface Settings {
  /** For folders that have no configuration file: the file's keys. Checked where it is used. */
  readonly configuration: Readonly<Record<string, unknown>>;
  /** A compilation database, or its directory: relative to the folder, and in it. */
  readonly build: string | undefined;
  /** Show behind offsets and addresses whether they begin a page. */
  readonly pageAlignment: boolean;
  /** Milliseconds of quiet after which what was typed is looked at. Read when the client connects. */
  readonly debounce: number;
}

const DEBOUNCE = 100;
const LONGEST_DEBOUNCE = 10_000;

/** The keys of a configuration file that are settings as well: all but the address of its schema. */
const CONFIGURATION: readonly Exclude<keyof ConfigFile, "$schema">[] = [
  "preset",
  "rules",
  "ignore",
  "overrides",
  "models",
];

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `value`: the section `mmaplint` of the client's settings, or what is around it. */
export function settingsOf(value: unknown): Settings {
  const around = isRecord(value) ? value : {};
  const section = isRecord(around["mmaplint"]) ? around["mmaplint"] : around;
  const hints = isRecord(section["inlayHints"]) ? section["inlayHints"] : {};
  const { build, debounce } = section;
  const set = CONFIGURATION.filter((key) => section[key] !== undefined && section[key] !== null);
  return {
    configuration: Object.fromEntries(set.map((key) => [key, section[key]])),
    build: typeof build === "string" && build !== "" ? build : undefined,
    pageAlignment: hints["pageAlignment"] === true,
    debounce: typeof debounce === "number" ? Math.max(0, Math.min(debounce, LONGEST_DEBOUNCE)) : DEBOUNCE,
  };
}
