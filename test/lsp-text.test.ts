/** Texts that are typed in: places in both encodings, and the engine's view of them. */
import { describe, expect, test } from "vitest";
import { changed } from "../src/lsp/documents.js";
import { type Layout, paddedOffset, plainLayout, relaid, unpaddedOffset } from "../src/lsp/layout.js";
import { offsetAt, placeAt } from "../src/lsp/positions.js";
import { linesOf } from "../src/text.js";
import { cases, type Random } from "./support/random.js";

const PIECES = [
  "a",
  " ",
  "\t",
  "\n",
  "\r\n",
  "\r",
  "ü",
  "漢",
  "😀",
  "\ud83d",
  "}",
  "\n}\n",
  "\n}\r\n",
  "{",
  "\\",
] as const;

function anyText(random: Random, length: number): string {
  let text = "";
  for (let i = 0; i < length; i++) text += random.pick(PIECES);
  return text;
}

describe("places", () => {
  test("count bytes or code units", () => {
    const lines = linesOf("int ü漢😀x;\r\ny");
    const at = lines.text.indexOf("x");
    expect(placeAt(lines, at, "utf-16")).toEqual({ line: 0, character: 8 });
    expect(placeAt(lines, at, "utf-8")).toEqual({ line: 0, character: 13 });
    expect(placeAt(lines, lines.text.length, "utf-8")).toEqual({ line: 1, character: 1 });
  });

  test("past the end of a line are its end, past the text the text's", () => {
    const lines = linesOf("ab\r\ncd");
    for (const encoding of ["utf-8", "utf-16"] as const) {
      expect(offsetAt(lines, { line: 0, character: 99 }, encoding)).toBe(2);
      expect(offsetAt(lines, { line: 1, character: 99 }, encoding)).toBe(6);
      expect(offsetAt(lines, { line: 7, character: 0 }, encoding)).toBe(6);
      expect(offsetAt(lines, { line: -1, character: 0 }, encoding)).toBe(0);
    }
  });

  test("lead back to the offset they were made from", () => {
    cases(300, (random, at) => {
      const lines = linesOf(anyText(random, 30));
      for (let offset = 0; offset <= lines.text.length; offset++) {
        // No place is inside of a line ending, nor, in bytes, between the halves of a character.
        const before = lines.text.slice(0, offset);
        if (before.endsWith("\r") && lines.text[offset] === "\n") continue;
        const inCharacter = (lines.text.codePointAt(offset - 1) ?? 0) > 0xffff;
        for (const encoding of ["utf-8", "utf-16"] as const) {
          if (encoding === "utf-8" && inCharacter) continue;
          expect(offsetAt(lines, placeAt(lines, offset, encoding), encoding), `${at}, ${offset}`).toBe(
            offset,
          );
        }
      }
    });
  });
});

test("changes are applied one after the other", () => {
  const document = { uri: "a.c", version: 1, lines: linesOf("one\ntwo\n") };
  const at = (line: number, character: number) => ({ line, character });
  const after = changed(
    document,
    2,
    [
      { range: { start: at(1, 0), end: at(1, 3) }, text: "2\n3" },
      { range: { start: at(2, 0), end: at(2, 1) }, text: "drei" },
    ],
    "utf-16",
  );
  expect(after).toMatchObject({ version: 2, lines: { text: "one\n2\ndrei\n" } });
  expect(changed(after, 3, [{ text: "all" }], "utf-8").lines.text).toBe("all");
});

/** One edit, as an editor makes it. */
function anyEdit(random: Random, text: string): string {
  const start = random.next(text.length + 1);
  const end = Math.min(text.length, start + random.pick([0, 0, 1, 3, 40]));
  return text.slice(0, start) + anyText(random, random.pick([0, 1, 1, 5])) + text.slice(end);
}

function withoutBlanks({ padded, text, cushions }: Layout): string {
  let result = padded;
  for (const { at, blanks } of cushions.toReversed()) {
    const start = paddedOffset({ padded, text, cushions }, at);
    result = result.slice(0, start) + result.slice(start + blanks);
  }
  return result;
}

describe("the layout of a text that is typed in", () => {
  test("keeps the functions behind an edit where they are", () => {
    const text = "int f(void)\n{\n}\n\nint g(void)\n{\n}\n\nint h(void)\n{\n}\n";
    let layout = relaid(plainLayout(text), text.replace("f(void)", "f(int)"));
    const [g, h] = ["g(", "h("].map((name) => layout.padded.indexOf(name));
    for (const typed of ["f(int a)", "f(int a, int b)", "f()"]) {
      layout = relaid(layout, text.replace("f(void)", typed));
      expect(layout.padded.indexOf("g(")).toBe(g);
      expect(layout.padded.indexOf("h(")).toBe(h);
    }
    // An edit that takes a cushion away is made up for by the next one.
    layout = relaid(layout, "int g(void)\n{\n}\n\nint h(void)\n{\n}\n");
    expect(layout.padded.indexOf("h(")).toBe(h);
  });

  test("is the text with blanks at the ends of lines, and leads back to it", () => {
    cases(200, (random, at) => {
      let text = `${anyText(random, 20)}\n}\n${anyText(random, 20)}\n}\r\n${anyText(random, 20)}`;
      let layout = plainLayout(text);
      for (let i = 0; i < 12; i++) {
        text = anyEdit(random, text);
        layout = relaid(layout, text);
        expect(layout.text, at).toBe(text);
        expect(withoutBlanks(layout), at).toBe(text);
        expect(linesOf(layout.padded).starts.length, at).toBe(linesOf(text).starts.length);
        for (let offset = 0; offset <= text.length; offset++) {
          const padded = paddedOffset(layout, offset);
          expect(unpaddedOffset(layout, padded), at).toBe(offset);
          expect(layout.padded[padded] === text[offset] || layout.padded[padded] === " ", at).toBe(true);
        }
      }
    });
  });

  test("does not grow into a file of blanks", () => {
    let text = "int f(void)\n{\n    int a;\n}\n".repeat(200);
    let layout = relaid(plainLayout(text), `${text}\n`);
    while (text.length > 100) {
      text = text.slice(0, 50) + text.slice(60);
      layout = relaid(layout, text);
    }
    expect(layout.padded.length).toBeLessThan(20_000);
  });
});
