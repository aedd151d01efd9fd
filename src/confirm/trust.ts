/** Whether a place is one where programs may be run that fail on purpose. */
import { realpathSync, statSync } from "node:fs";
import * as path from "node:path";

export interface Place {
  /** Absolute. */
  readonly program: string;
  /** Absolute: where the program is run. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The effective user id. */
  readonly uid: number;
}

const WRITABLE_BY_OTHERS = 0o002;
const STICKY = 0o1000;

/**
 * Who else could have put a file here: every directory on the way is the user's own or root's, and not everybody
 * may write to it. In a sticky directory such as /tmp others cannot replace what is the user's own: chmod(2).
 */
function intruders(file: string, uid: number): string | undefined {
  const real = realpathSync(file);
  for (let part = real; ; part = path.dirname(part)) {
    const { mode, uid: owner } = statSync(part);
    if (owner !== uid && owner !== 0) return `${part} belongs to another user`;
    const shared = (mode & WRITABLE_BY_OTHERS) !== 0;
    if (shared && (part === real || (mode & STICKY) === 0)) return `everybody may write to ${part}`;
    if (part === path.dirname(part)) return undefined;
  }
}

/** The variable that continuous integration services set; some people set it to `false`. */
function isAutomatic({ CI }: NodeJS.ProcessEnv): boolean {
  return CI !== undefined && !["", "0", "false"].includes(CI);
}

/** Why the program should not be run here, as clauses; empty when nothing speaks against it. */
export function objections({ program, cwd, env, uid }: Place): string[] {
  const reasons: string[] = [];
  if (uid === 0) reasons.push("you are root, and the program could destroy anything when its calls fail");
  if (isAutomatic(env))
    reasons.push("this is an automatic build (CI is set), where nobody watches what it does");
  for (const part of [program, cwd]) {
    const intruder = intruders(part, uid);
    if (intruder !== undefined && !reasons.includes(intruder)) reasons.push(intruder);
  }
  return reasons;
}
