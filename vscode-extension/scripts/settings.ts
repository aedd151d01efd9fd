/**
 * The extension's settings, made from the schema of the configuration, so that both know the same keys:
 * `npm run docs` writes them into package.json.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { configSchema } from "../../scripts/schema.js";

const MANIFEST = new URL("../package.json", import.meta.url);

type Schema = { readonly [key: string]: unknown };

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asSchema(value: unknown): Schema {
  if (isSchema(value)) return value;
  throw new Error(`not a schema: ${JSON.stringify(value)}`);
}

/** Puts definitions in the place of references to them: VS Code resolves none within a setting. */
function inlined(value: unknown, definitions: Schema): unknown {
  if (Array.isArray(value)) return value.map((item) => inlined(item, definitions));
  if (!isSchema(value)) return value;
  const { $ref: reference, ...own } = value;
  const target = typeof reference === "string" ? definitions[reference.replace("#/definitions/", "")] : {};
  const merged = { ...asSchema(target), ...own };
  return Object.fromEntries(Object.entries(merged).map(([key, item]) => [key, inlined(item, definitions)]));
}

const WHERE = "Counts in folders for which no mmaplint.config.json is found.";

/** Settings that no configuration file has: they are about the editor. */
const OF_THE_EDITOR: Readonly<Record<string, Schema>> = {
  "mmaplint.build": {
    type: "string",
    default: "",
    scope: "resource",
    description:
      "A compile_commands.json in the folder, or the directory that holds it: files are read with its -D, -U, -I and -include. Not in browsers.",
  },
  "mmaplint.inlayHints.pageAlignment": {
    type: "boolean",
    default: false,
    scope: "resource",
    description: "Show behind offsets and addresses whether they begin a page.",
  },
  "mmaplint.debounce": {
    type: "integer",
    default: 100,
    minimum: 0,
    maximum: 10_000,
    scope: "window",
    description:
      "Milliseconds without a keystroke after which the text is looked at. Read when the server starts.",
  },
  "mmaplint.trace.server": {
    type: "string",
    enum: ["off", "messages", "compact", "verbose"],
    default: "off",
    scope: "window",
    description: "What the output shows of the traffic with the language server.",
  },
};

/** What `contributes.configuration.properties` of the manifest has to be. */
export function settings(): Readonly<Record<string, unknown>> {
  const { properties, definitions } = asSchema(JSON.parse(configSchema()));
  const mirrored = Object.entries(asSchema(properties))
    .filter(([key]) => key !== "$schema")
    .map(([key, value]) => {
      const setting = asSchema(inlined(value, asSchema(definitions)));
      const description = `${String(setting["description"])} ${WHERE}`;
      return [`mmaplint.${key}`, { ...setting, description, scope: "resource" }];
    });
  return { ...Object.fromEntries(mirrored), ...OF_THE_EDITOR };
}

/** The manifest with these settings, as the text of its file. */
export function manifest(): string {
  const current = JSON.parse(readFileSync(MANIFEST, "utf8"));
  current.contributes.configuration = { title: "mmaplint", properties: settings() };
  return `${JSON.stringify(current, undefined, 2)}\n`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(MANIFEST, manifest());
