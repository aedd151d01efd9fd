/** The library: lint C sources from a program of one's own. */
export type {
  Change,
  Diagnostic,
  Edit,
  Location,
  Notice,
  Position,
  Severity,
  Span,
  Step,
} from "./diagnostic.js";
export { couldMatter, lint, type LintResult, loadParser, type Severities } from "./lint.js";
export { type PresetName, presetNames, presetSeverities } from "./presets.js";
export { rulePage, ruleUrl } from "./rules/page.js";
export { rules } from "./rules/index.js";
export type { RuleMeta } from "./rules/rule.js";
export type { Source } from "./syntax/unit.js";
