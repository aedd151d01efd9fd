/** Presets, and how grave a weakness is: data over the rules' metadata. */
import type { Severity } from "./diagnostic.js";
import type { RuleMeta } from "./rules/rule.js";

/** Rule id to severity; a rule that is not in the map is off. The same shape as the linter's input. */
export type RuleSeverities = ReadonlyMap<string, Severity>;

/**
 * How much an attacker gains from a weakness, by its CWE number, on the scale of CVSS (above 0, at most 10). Weaknesses
 * that are not here (a leak, a hard-coded constant, a call that fails) are defects, but no security findings.
 */
const SECURITY_SEVERITY: ReadonlyMap<number, number> = new Map([
  [119, 6.5], // access outside the bounds of a buffer
  [123, 7.5], // write where an attacker chooses: MAP_FIXED over other memory
  [125, 6.1], // read out of bounds
  [131, 6.5], // wrong size computed
  [170, 5.5], // string without its terminator
  [252, 5.3], // result not checked
  [253, 5.3], // result checked wrongly
  [415, 7.0], // released twice
  [416, 7.8], // used after its release
  [732, 7.0], // memory both writable and executable
  [762, 6.2], // released by the wrong function
]);

/** The gravest of a rule's weaknesses as a CVSS-like number; undefined when the rule is not about security. */
export function securitySeverity(rule: RuleMeta): number | undefined {
  const scores = rule.cwe.flatMap((number) => SECURITY_SEVERITY.get(number) ?? []);
  return scores.length === 0 ? undefined : Math.max(...scores);
}

export interface Preset {
  readonly summary: string;
  readonly includes: (rule: RuleMeta) => boolean;
  /** Severities that differ from the rules' own. */
  readonly severities: Readonly<Record<string, Severity>>;
}

const recommended = (rule: RuleMeta): boolean => rule.optIn !== true && rule.preview !== true;

/** What depends on the machine, the kernel or the C library a program runs on. */
const PORTABILITY = new Set([
  "hardcoded-page-size",
  "unaligned-offset",
  "unaligned-address",
  "fixed-clobber",
  "noreplace-unverified",
  "hint-assumed",
  "anonymous-fd",
  "sharing-flag",
  "zero-length",
  "msync-misuse",
  "return-convention",
  "hugetlb-length",
  "ineffective-flag",
  "exec-stack-assumption",
  "prot-portability",
]);

export const presets = {
  recommended: {
    summary: "every rule that is right for every project (the default)",
    includes: recommended,
    severities: {},
  },
  strict: {
    summary: "every rule, opt-in and preview rules as well",
    includes: () => true,
    severities: {},
  },
  security: {
    summary: "memory corruption, crashes on hostile input, memory that is writable and executable",
    includes: (rule) => securitySeverity(rule) !== undefined,
    severities: { "write-exec": "error", "fixed-clobber": "error" },
  },
  portability: {
    summary: "what breaks on another page size, kernel or operating system",
    includes: (rule) => PORTABILITY.has(rule.id),
    severities: {},
  },
  embedded: {
    summary: "recommended, with errors for what hurts devices that run for months and lose power",
    includes: recommended,
    severities: {
      "missing-munmap": "error",
      "missing-msync": "error",
      "msync-misuse": "error",
      "hardcoded-page-size": "error",
    },
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;

export const presetNames = Object.keys(presets).filter(isPreset);

export function isPreset(name: string): name is PresetName {
  return Object.hasOwn(presets, name);
}

/** The severities a preset gives, before any configuration. */
export function presetSeverities(name: PresetName, rules: readonly RuleMeta[]): RuleSeverities {
  const preset: Preset = presets[name];
  return new Map(
    rules
      .filter(preset.includes)
      .map((rule) => [rule.id, preset.severities[rule.id] ?? rule.severity] as const),
  );
}
