/** The committed pages of the rules are the ones that the rules and fixtures make. */
import { expect, test } from "vitest";
import { documentation, staleDocumentation } from "../scripts/docs.js";

test("docs/rules/ is fresh: npm run docs", () => {
  expect(staleDocumentation()).toEqual([]);
});

test("no page shows a fixture's expectations", () => {
  const pages = [...documentation()].filter(([, text]) => /\/\/ (?:want|todo) /.test(text));
  expect(pages.map(([name]) => name)).toEqual([]);
});
