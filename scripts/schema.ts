/** Writes schema/mmaplint.config.schema.json from the list of rules and presets: `npm run docs`. */
import { writeFileSync } from "node:fs";
import { presetNames, presets } from "../src/presets.js";
import { rules } from "../src/rules/index.js";
import { RULE_PAGES } from "../src/rules/page.js";
import { UNUSED_SUPPRESSION } from "../src/suppress.js";

export const SCHEMA_FILE = new URL("../schema/mmaplint.config.schema.json", import.meta.url);

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
    },
    definitions: {
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
