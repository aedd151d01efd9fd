/** The last accepted result, corpus/accepted.json, and how a new one differs from it. */
import { existsSync, readFileSync } from "node:fs";
import { keyOf } from "./manifest.js";
import type { Outcome, Verdict } from "./score.js";

export const ACCEPTED_FILE = new URL("../../corpus/accepted.json", import.meta.url);

/** Verdicts by the key of their entry. */
export type Accepted = ReadonlyMap<string, Verdict>;

export interface Changes {
  /** Defects that were not found and are. */
  readonly gained: readonly Outcome[];
  /** Defects that were found and are no more. */
  readonly lost: readonly Outcome[];
  readonly newAlarms: readonly Outcome[];
  readonly goneAlarms: readonly Outcome[];
}

const NOTHING: Verdict = { found: false, alarm: false };

/** An entry that has not been accepted yet counts as one of which nothing was said. */
export function compare(accepted: Accepted, outcomes: readonly Outcome[]): Changes {
  const was = ({ entry }: Outcome): Verdict => accepted.get(keyOf(entry)) ?? NOTHING;
  return {
    gained: outcomes.filter((now) => now.found && !was(now).found),
    lost: outcomes.filter((now) => !now.found && was(now).found),
    newAlarms: outcomes.filter((now) => now.alarm && !was(now).alarm),
    goneAlarms: outcomes.filter((now) => !now.alarm && was(now).alarm),
  };
}

/** Whether a run is worse than what was accepted, in any place. */
export function isWorse({ lost, newAlarms }: Changes): boolean {
  return lost.length > 0 || newAlarms.length > 0;
}

/** The text of accepted.json: sorted, an entry a line, so that a change of one is a difference of one line. */
export function formatAccepted(outcomes: readonly Outcome[]): string {
  const lines = outcomes.map(({ entry, found, alarm }) => {
    const verdict = entry.kind === "defect" ? { found, alarm } : { alarm };
    return `${JSON.stringify(keyOf(entry))}: ${JSON.stringify(verdict)}`;
  });
  return `{\n${lines.sort().join(",\n")}\n}\n`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads what `formatAccepted` wrote. Throws when it is something else. */
export function parseAccepted(text: string): Accepted {
  const parsed: unknown = JSON.parse(text);
  if (!isRecord(parsed)) throw new Error("accepted.json has to hold an object");
  const verdicts = Object.entries(parsed).map(([key, value]): [string, Verdict] => {
    if (!isRecord(value)) throw new Error(`accepted.json: "${key}" has to be an object`);
    return [key, { found: value["found"] === true, alarm: value["alarm"] === true }];
  });
  return new Map(verdicts);
}

/** The accepted result; undefined as long as there is none. */
export function readAccepted(): Accepted | undefined {
  return existsSync(ACCEPTED_FILE) ? parseAccepted(readFileSync(ACCEPTED_FILE, "utf8")) : undefined;
}
