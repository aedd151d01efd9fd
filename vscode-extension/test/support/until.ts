/** Asking until the answer is yes: nothing in an editor is there at once. */

const PATIENCE = 20_000;
const PAUSE = 100;

/** Waits until `ask` answers with something true and returns that; an error of `ask` counts as no. */
export async function until<Answer>(
  what: string,
  ask: () => Promise<Answer> | Answer,
  explain: () => string | Promise<string> = () => "",
): Promise<NonNullable<Answer>> {
  const end = Date.now() + PATIENCE;
  let problem = "";
  while (Date.now() < end) {
    try {
      const answer = await ask();
      if (answer) return answer;
      problem = "";
    } catch (error) {
      problem = String(error);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, PAUSE);
    });
  }
  throw new Error(`not within ${PATIENCE} ms: ${what}; ${problem} ${await explain()}`);
}
