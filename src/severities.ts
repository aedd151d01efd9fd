/** Which rule has which severity in which file: preset, configuration, overrides, command line, in this order. */
import {
  checkPreset,
  type Config,
  overridesFor,
  parseRuleSetting,
  type RuleSettings,
  withSettings,
} from "./config.js";
import type { Diagnostic, Severity } from "./diagnostic.js";
import { type PresetName, presetSeverities, type RuleSeverities } from "./presets.js";
import type { RuleMeta } from "./rules/rule.js";
import { UNUSED_SUPPRESSION } from "./suppress.js";

/** What the command line says about rules. */
export interface RuleChoice {
  readonly preset: PresetName | undefined;
  readonly rules: RuleSettings;
}

/** The ids that users may name. */
export function knownRules(rules: readonly RuleMeta[]): ReadonlySet<string> {
  return new Set([...rules.map(({ id }) => id), UNUSED_SUPPRESSION]);
}

/** Checks --preset and --rule; answers with sentences when they are wrong. */
export function ruleChoice(
  preset: string | undefined,
  settings: readonly string[],
  rules: readonly RuleMeta[],
): RuleChoice | readonly string[] {
  const mistakes: string[] = [];
  const chosen: Record<string, Severity | "off"> = {};
  const known = knownRules(rules);
  const checked = preset === undefined ? undefined : checkPreset(preset);
  if (typeof checked === "string") mistakes.push(checked);
  for (const argument of settings) {
    const parsed = parseRuleSetting(argument, known);
    if (typeof parsed === "string") mistakes.push(parsed);
    else chosen[parsed.id] = parsed.setting;
  }
  if (mistakes.length > 0) return mistakes;
  return { preset: typeof checked === "object" ? checked.preset : undefined, rules: chosen };
}

/**
 * The severities that hold in one file, `unused-suppression` among them. In test suites everything is a note, unless the
 * configuration or the command line say otherwise.
 */
export function fileSeverities(
  config: Config,
  { path, absolute }: { readonly path: string; readonly absolute: string },
  choice: RuleChoice,
  rules: readonly RuleMeta[],
): RuleSeverities {
  const preset = presetSeverities(choice.preset ?? config.preset ?? "recommended", rules);
  const own = isTest(path) ? [...preset.keys()].map((id) => [id, "note"] as const) : preset;
  const base = new Map([...own, [UNUSED_SUPPRESSION, "note"] as const]);
  return withSettings(
    withSettings(withSettings(base, config.rules), overridesFor(config, absolute)),
    choice.rules,
  );
}

/** Directories and names that test suites have: there, mistakes are often what is tested. */
const TEST =
  /(?:^|\/)(?:tests?|testing|testsuite|test_suite|unit_?tests?|selftests?|attic)\/|(?:^|\/)(?:test[_-][^/]*|[^/]*[_-]test)\.[ch]$/i;

/** Is it part of a test suite, as far as its path relative to the working directory tells? */
export function isTest(path: string): boolean {
  return TEST.test(path);
}

/**
 * A finding as its file's severities have it; undefined when the rule is off there. A finding that its rule itself
 * reports less severely than the rule's own severity (`rules`) stays as it is, unless the file asks for another.
 */
export function adjusted(
  finding: Diagnostic,
  rules: RuleSeverities,
  severities: RuleSeverities,
): Diagnostic | undefined {
  const severity = severities.get(finding.rule);
  if (severity === undefined) return undefined;
  return severity === rules.get(finding.rule) ? finding : { ...finding, severity };
}
