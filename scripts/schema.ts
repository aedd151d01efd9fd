/** Writes schema/mmaplint.config.schema.json from the list of rules and presets: `npm run docs`. */
import { writeFileSync } from "node:fs";
import { MAX_ARGUMENTS } from "../src/analyzer/model/declared.js";
import { LIBRARY_NAMES } from "../src/analyzer/model/library.js";
import { presetNames, presets } from "../src/presets.js";
import { rules } from "../src/rules/index.js";
import { RULE_PAGES } from "../src/rules/page.js";
import { UNUSED_SUPPRESSION } from "../src/suppress.js";

export const SCHEMA_FILE = new URL("../schema/mmaplint.config.schema.json", import.meta.url);

/** What one entry of `models` may hold: FunctionModel. */
function modelSchema(): object {
  const position = { $ref: "#/definitions/position" };
  const positions = { type: "array", minItems: 1, uniqueItems: true, items: position };
  return {
    type: "object",
    additionalProperties: false,
    minProperties: 1,
    properties: {
      like: {
        description: "It does what this library function does, with the same arguments in the same order.",
        enum: LIBRARY_NAMES.toSorted(),
      },
      maps: {
        type: "object",
        description: "It returns a new mapping. What is not named here is not known of it.",
        additionalProperties: false,
        properties: {
          length: position,
          protection: position,
          flags: position,
          fd: position,
          offset: position,
        },
      },
      unmaps: {
        type: "object",
        description: "It ends the mapping that begins at the address; without a length, all of it.",
        additionalProperties: false,
        required: ["address"],
        properties: { address: position, length: position },
      },
      takes: { ...positions, description: "Mappings that are somebody else's to unmap from then on." },
      reads: { ...positions, description: "What it reads and does not keep." },
      writes: { ...positions, description: "What it writes and does not keep." },
      fails: {
        description: "What it returns when it cannot map; never: it ends the process then.",
        enum: ["MAP_FAILED", "NULL", "never"],
        default: "MAP_FAILED",
      },
      returns: { description: "never: it ends the process.", enum: ["never"] },
    },
  };
}

/** The schema as the text of its file. */
export function configSchema(): string {
  const setting = { $ref: "#/definitions/setting" };
  const entries = rules.map(({ id, summary }): [string, object] => [
    id,
    { ...setting, description: `${summary}. ${RULE_PAGES}${id}.md` },
  ]);
  entries.push([UNUSED_SUPPRESSION, { ...setting, description: "a suppression comment silences nothing" }]);
  const patterns = {
    type: "array",
    items: { type: "string", minLength: 1 },
  };
  const schema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Configuration of mmaplint",
    type: "object",
    additionalProperties: false,
    properties: {
      $schema: { type: "string", description: "The address of this schema, for editors." },
      preset: {
        description: `The set of rules to start from. ${presetNames.map((name) => `${name}: ${presets[name].summary}`).join("; ")}.`,
        enum: presetNames,
        default: "recommended",
      },
      rules: { $ref: "#/definitions/rules" },
      ignore: {
        ...patterns,
        description:
          "Files and directories that are not linted: patterns as in .gitignore, relative to this file.",
      },
      overrides: {
        type: "array",
        description: "Other severities for some files; later entries win.",
        items: {
          type: "object",
          additionalProperties: false,
          required: ["files", "rules"],
          properties: {
            files: { ...patterns, description: "Patterns as in .gitignore, relative to this file." },
            rules: { $ref: "#/definitions/rules" },
          },
        },
      },
      models: {
        type: "object",
        description:
          "What functions do that the files call, by their names. A body that is found does not count.",
        propertyNames: { pattern: "^[A-Za-z_][A-Za-z0-9_]*$" },
        additionalProperties: { $ref: "#/definitions/model" },
      },
    },
    definitions: {
      position: {
        type: "integer",
        description: "Position of an argument, counted from 0.",
        minimum: 0,
        maximum: MAX_ARGUMENTS - 1,
      },
      model: modelSchema(),
      setting: { enum: ["off", "note", "warning", "error"] },
      rules: {
        type: "object",
        description: "Severity by rule id.",
        additionalProperties: false,
        properties: Object.fromEntries(entries),
      },
    },
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(SCHEMA_FILE, configSchema());
