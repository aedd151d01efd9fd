/** How the tests within the editor tell the outside what came of them: one line of the log each. */

export interface Result {
  readonly name: string;
  /** Undefined when the test has passed. */
  readonly error?: string;
}

/** What such a line begins with. */
export const MARK = "mmaplint-test:";
