/**
 * The configuration: found upwards from what is linted, read as JSON and never executed, checked against the schema
 * in schema/mmaplint.config.schema.json, which editors use as well.
 */
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";
import type * as ajvModule from "ajv";
import type { FunctionModel, FunctionModels } from "./analyzer/model/declared.js";
import type { Severity } from "./diagnostic.js";
import { mistakesInModels } from "./models.js";
import { didYouMean } from "./nearest.js";
import { isPreset, type PresetName, presetNames, type RuleSeverities } from "./presets.js";
import { readRegularFile } from "./project/files.js";
import { affordable, MAX_WILDCARDS, matches, type Patterns, patternsOf } from "./project/ignored.js";

export const CONFIG_FILE = "mmaplint.config.json";
const MAX_CONFIG_BYTES = 1024 * 1024;

export type RuleSetting = Severity | "off";
export type RuleSettings = Readonly<Record<string, RuleSetting>>;

/** What a configuration file may hold. */
export interface ConfigFile {
  readonly $schema?: string;
  readonly preset?: PresetName;
  readonly rules?: RuleSettings;
  readonly ignore?: readonly string[];
  readonly overrides?: readonly { readonly files: readonly string[]; readonly rules: RuleSettings }[];
  readonly models?: Readonly<Record<string, FunctionModel>>;
}

/** A checked configuration. */
export interface Config {
  /** As it is shown; undefined when there is no configuration file. */
  readonly source: string | undefined;
  readonly preset: PresetName | undefined;
  readonly rules: RuleSettings;
  readonly ignore: Patterns | undefined;
  readonly overrides: readonly { readonly files: Patterns; readonly rules: RuleSettings }[];
  /** What functions do that the files call. */
  readonly models: FunctionModels;
}

export const NO_CONFIG: Config = {
  source: undefined,
  preset: undefined,
  rules: {},
  ignore: undefined,
  overrides: [],
  models: new Map(),
};

/** The user's mistake, in whole sentences, one a line. Ends the run with exit code 2. */
export class ConfigError extends Error {}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const at = /position (\d+)/.exec(message);
    const before = at === null ? "" : text.slice(0, Number(at[1]));
    const place =
      at === null ? "" : `:${before.split("\n").length}:${before.length - before.lastIndexOf("\n")}`;
    throw new ConfigError(
      `${file}${place}: is not valid JSON: ${message.replace(/ \(line .*\)/, "")}; comments and trailing commas are not allowed`,
    );
  }
}

function readText(file: string, shown: string): string {
  const content = readRegularFile(file, MAX_CONFIG_BYTES);
  switch (content.kind) {
    case "bytes":
      return content.bytes.toString("utf8").replace(/^\ufeff/, "");
    case "failed":
      throw new ConfigError(`${shown}: cannot be read: ${content.reason}`);
    case "too-large":
      throw new ConfigError(`${shown}: is larger than ${MAX_CONFIG_BYTES} bytes, which no configuration is`);
  }
}

/** `overrides[0].rules.null-check`, or an empty string for the whole file. */
function keyOf(instancePath: string): string {
  return instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce(
      (key, part) => (/^\d+$/.test(part) ? `${key}[${part}]` : key === "" ? part : `${key}.${part}`),
      "",
    );
}

function stringsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** More values than this are not for a message. */
const MAX_LISTED = 20;
/** The only numbers of a configuration. */
const POSITION = ": the position of an argument, counted from 0";

/** One schema error as a sentence that names the key, what is wrong with it, and the nearest right spelling. */
function explain(error: ajvModule.ErrorObject): string {
  const key = keyOf(error.instancePath);
  const params: Readonly<Record<string, unknown>> = error.params;
  if (error.keyword === "additionalProperties") {
    const name = String(params["additionalProperty"]);
    const known = isRecord(error.parentSchema?.["properties"])
      ? Object.keys(error.parentSchema["properties"])
      : [];
    const inRules = key === "rules" || key.endsWith(".rules");
    const noun = inRules ? "rule" : "key";
    const list = inRules ? "see mmaplint --list-rules" : `the keys are ${known.join(", ")}`;
    return `${key === "" ? "" : `${key}: `}there is no ${noun} "${name}"${didYouMean(name, known) || `; ${list}`}`;
  }
  if (error.keyword === "propertyNames")
    return `${key}: "${String(params["propertyName"])}" is no name of a function in C`;
  if (error.keyword === "enum") {
    const allowed = stringsIn(params["allowedValues"]);
    const given = typeof error.data === "string" ? error.data : "";
    if (allowed.length > MAX_LISTED)
      return `${key}: there is no model of a function ${JSON.stringify(error.data)}${didYouMean(given, allowed) || "; say by maps, unmaps, takes, reads and writes what it does"}`;
    return `${key}: must be one of ${allowed.join(", ")}, not ${JSON.stringify(error.data)}${didYouMean(given, allowed)}`;
  }
  if (error.keyword === "required")
    return `${key}: the key "${String(params["missingProperty"])}" is missing`;
  if (error.keyword === "type")
    return `${key === "" ? "the configuration" : key}: must be of type ${String(params["type"])}${params["type"] === "integer" ? POSITION : ""}`;
  if (error.keyword === "minimum" || error.keyword === "maximum")
    return `${key}: ${error.message ?? "is not valid"}${POSITION}`;
  return `${key}: ${error.message ?? "is not valid"}`;
}

/** Types what the schema has just allowed, key by key; anything else would be a schema that differs from ConfigFile. */
function isConfigFile(value: unknown, valid: boolean): value is ConfigFile {
  return valid && isRecord(value);
}

const require = createRequire(import.meta.url);

function check(file: string, value: unknown): ConfigFile {
  // The validator is by far the largest module here, and many runs have no configuration. As the CommonJS module that
  // it is, it loads faster than through import().
  const { Ajv }: typeof ajvModule = require("ajv");
  const schemaFile = new URL("../schema/mmaplint.config.schema.json", import.meta.url);
  const schema: unknown = JSON.parse(fs.readFileSync(schemaFile, "utf8"));
  if (!isRecord(schema)) throw new Error("the configuration schema is damaged");
  // The tests check the schema itself; to do it here again would take longer than all the rest.
  const validate = new Ajv({ allErrors: true, verbose: true, meta: false, validateSchema: false }).compile(
    schema,
  );
  if (isConfigFile(value, validate(value))) return value;
  // Of a name that is not allowed there are two errors, and the second one says whose name it is.
  const errors = (validate.errors ?? []).filter(({ propertyName }) => propertyName === undefined);
  const sentences = new Set(errors.map(explain));
  throw new ConfigError([...sentences].map((sentence) => `${file}: ${sentence}`).join("\n"));
}

/**
 * Checks a configuration's content.
 *
 * @param base absolute directory that its patterns are relative to
 * @throws ConfigError
 */
export function checkConfig(shown: string, base: string, value: unknown): Config {
  const file = check(shown, value);
  const compiled = (patterns: readonly string[]): Patterns => {
    const costly = patterns.find((pattern) => !affordable(pattern));
    if (costly === undefined) return patternsOf(base, patterns);
    throw new ConfigError(
      `${shown}: the pattern "${costly}" has more than ${MAX_WILDCARDS} wildcards in one part`,
    );
  };
  const models = new Map(Object.entries(file.models ?? {}));
  const mistakes = mistakesInModels(models);
  if (mistakes.length > 0)
    throw new ConfigError(mistakes.map((sentence) => `${shown}: ${sentence}`).join("\n"));
  return {
    source: shown,
    preset: file.preset,
    rules: file.rules ?? {},
    ignore: file.ignore === undefined ? undefined : compiled(file.ignore),
    overrides: (file.overrides ?? []).map(({ files, rules }) => ({ files: compiled(files), rules })),
    models,
  };
}

/**
 * Reads the configuration that the user names. Patterns in it are relative to the working directory.
 *
 * @throws ConfigError
 */
export function loadConfig(cwd: string, file: string): Config {
  const value = parseJson(file, readText(path.resolve(cwd, file), file));
  if (path.basename(file) !== "package.json") return checkConfig(file, cwd, value);
  if (isRecord(value) && Object.hasOwn(value, "mmaplint")) return checkConfig(file, cwd, value["mmaplint"]);
  throw new ConfigError(`${file}: has no key "mmaplint"`);
}

function configIn(cwd: string, directory: string): Config | undefined {
  const shown = (name: string): string => path.relative(cwd, path.join(directory, name)) || name;
  const own = path.join(directory, CONFIG_FILE);
  if (fs.existsSync(own)) {
    return checkConfig(
      shown(CONFIG_FILE),
      directory,
      parseJson(shown(CONFIG_FILE), readText(own, shown(CONFIG_FILE))),
    );
  }
  const manifest = path.join(directory, "package.json");
  if (!fs.existsSync(manifest)) return undefined;
  const content = readRegularFile(manifest, MAX_CONFIG_BYTES);
  if (content.kind !== "bytes" || !content.bytes.includes('"mmaplint"')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(content.bytes.toString("utf8"));
  } catch {
    // Somebody else's file in the first place: npm will tell its owner.
    return undefined;
  }
  if (!isRecord(value) || !Object.hasOwn(value, "mmaplint")) return undefined;
  return checkConfig(`${shown("package.json")} (key mmaplint)`, directory, value["mmaplint"]);
}

/**
 * A function that finds the configuration for a directory: the nearest one upwards, else `fallback`. Answers are
 * remembered. The returned function throws ConfigError for a configuration that is not valid.
 */
export function configFinder(cwd: string, fallback: Config = NO_CONFIG): (directory: string) => Config {
  const known = new Map<string, Config>();
  const find = (directory: string): Config => {
    const remembered = known.get(directory);
    if (remembered !== undefined) return remembered;
    const parent = path.dirname(directory);
    const found = configIn(cwd, directory) ?? (parent === directory ? fallback : find(parent));
    known.set(directory, found);
    return found;
  };
  return find;
}

/** A severity or "off", as users write it. */
function isRuleSetting(value: string): value is RuleSetting {
  return value === "off" || value === "note" || value === "warning" || value === "error";
}

/** Parses `id=severity` from the command line; answers with a sentence when it is wrong. */
export function parseRuleSetting(
  argument: string,
  known: ReadonlySet<string>,
): { readonly id: string; readonly setting: RuleSetting } | string {
  const [id = "", setting = ""] = argument.split("=", 2);
  if (!known.has(id))
    return `--rule ${argument}: there is no rule "${id}"${didYouMean(id, known) || "; see mmaplint --list-rules"}`;
  if (isRuleSetting(setting)) return { id, setting };
  const settings = ["off", "note", "warning", "error"];
  return `--rule ${argument}: must be ${id}=off, note, warning or error${didYouMean(setting, settings)}`;
}

/** Checks a preset's name from the command line; answers with a sentence when it is wrong. */
export function checkPreset(name: string): { readonly preset: PresetName } | string {
  if (isPreset(name)) return { preset: name };
  return `--preset ${name}: must be one of ${presetNames.join(", ")}${didYouMean(name, presetNames)}`;
}

/** Lays settings over severities; "off" takes the rule out. */
export function withSettings(severities: RuleSeverities, settings: RuleSettings): RuleSeverities {
  const result = new Map(severities);
  for (const [id, setting] of Object.entries(settings)) {
    if (setting === "off") result.delete(id);
    else result.set(id, setting);
  }
  return result;
}

/** The settings of the overrides that match a file, later ones over earlier ones. */
export function overridesFor(config: Config, absolute: string): RuleSettings {
  const matching = config.overrides.filter(({ files }) => matches(files, absolute, false));
  return matching.reduce<RuleSettings>((settings, { rules }) => ({ ...settings, ...rules }), {});
}
