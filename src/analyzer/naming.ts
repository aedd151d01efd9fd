/** How the program finds further files of its own. */
import type { Source } from "../syntax/unit.js";

/** Finds further files of the program: those that name one of the functions or members, and are linted from then on. */
export type Naming = (names: ReadonlySet<string>, wanted?: Wanted) => readonly Source[];

/** Of the files found, those that meet a condition; `looks`: only to be looked into. */
export interface Wanted {
  readonly meets: (source: Source) => boolean;
  readonly looks: boolean;
}
