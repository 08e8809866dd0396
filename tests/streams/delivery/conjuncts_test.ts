/** Devanagari: letters become the right shapes, seen on the drawn page, and stay letters to read. */
import assert from "node:assert/strict";
import { createCanvas } from "../../../streams/delivery/pdf/canvas.ts";
import { createEmbedding } from "../../../streams/delivery/pdf/embedding.ts";
import { style } from "../../../streams/delivery/pdf/pen.ts";
import { createTypeface } from "../../../streams/delivery/pdf/typeface.ts";
import { hasPoppler, inkOf, type Picture, pictureOf, runOn } from "./pdf_tools.ts";

const typeface = createTypeface();
const embedding = createEmbedding(typeface);
/** Keeps two letters from joining. */
const ZWNJ = "\u200c";

function pdfOf(word: string): Uint8Array {
  const canvas = createCanvas(embedding);
  canvas.element("P", () => canvas.line(typeface.wordsOf(word, "regular"), 60, 200, style(80)));
  return canvas.finish({ title: word, author: "test", language: "mr-IN", date: "2026-04-01" });
}

const COLUMNS = 16;
const ROWS = 8;

/** How dark each field of a grid over a word's ink is, 0 to 9: its shape, whatever the drawing's edges. */
function shapeOf(picture: Picture): string[] {
  const { left, top, right, bottom } = inkOf(picture);
  const [width, height] = [right - left + 1, bottom - top + 1];
  return Array.from({ length: ROWS }, (_, row) =>
    Array.from({ length: COLUMNS }, (_, column) => {
      let dark = 0;
      let points = 0;
      for (
        let y = top + Math.floor(row * height / ROWS);
        y < top + (row + 1) * height / ROWS;
        y++
      ) {
        const from = left + Math.floor(column * width / COLUMNS);
        for (let x = from; x < left + (column + 1) * width / COLUMNS; x++) {
          dark += 255 - picture.grey[y * picture.width + x]!;
          points += 255;
        }
      }
      return String(Math.min(9, Math.floor(dark / points * 10)));
    }).join(""));
}

/** Mean difference of two shapes, in tenths of darkness. */
function distance(a: readonly string[], b: readonly string[]): number {
  const [one, other] = [a.join(""), b.join("")];
  return [...one].reduce((sum, digit, i) => sum + Math.abs(Number(digit) - Number(other[i])), 0) /
    one.length;
}

/** Shapes of words as they must look, and the same words with their letters kept apart. */
const WORDS: readonly { word: string; shape: readonly string[]; unjoined: string }[] = [
  {
    word: "क्षत्रिय",
    shape: [
      "0000016452000000",
      "0000032004200000",
      "3434556444745555",
      "4141314130402332",
      "3656314125516132",
      "5011314025505362",
      "5561314130400142",
      "0040101000100010",
    ],
    unjoined: `क्${ZWNJ}षत्${ZWNJ}रिय`,
  },
  {
    word: "श्री",
    shape: [
      "0000000066565000",
      "0000000182005500",
      "0144441286445854",
      "0560074047001830",
      "0166661047001830",
      "4543246777001830",
      "0002465247001830",
      "0015200047001830",
    ],
    unjoined: `श्${ZWNJ}री`,
  },
  {
    word: "महाराष्ट्र",
    shape: [
      "6665566756675856",
      "2230252400340633",
      "2340510426240463",
      "6660551415040530",
      "1030404404040300",
      "0030412401340562",
      "0000340000000260",
      "0000010000000413",
    ],
    unjoined: `महाराष्${ZWNJ}ट्${ZWNJ}र`,
  },
  {
    word: "कुलकर्णी",
    shape: [
      "0000000000000344",
      "1111111111111423",
      "3442225235255534",
      "3351444335233313",
      "4323323324334213",
      "1322303023200213",
      "1230000000000000",
      "1430000000000000",
    ],
    unjoined: `कुलकर्${ZWNJ}णी`,
  },
  {
    word: "ज्ञान",
    shape: [
      "6666686786666686",
      "0000060070000070",
      "0676670070000170",
      "0044060070586670",
      "0007060070270070",
      "4755060070000070",
      "0460060070000070",
      "0052010010000010",
    ],
    unjoined: `ज्${ZWNJ}ञान`,
  },
];

/** Another resolution is 0.2 apart, letters that are not joined 0.6 to 2.4. */
const DISTANCE_MAX = 0.3;

Deno.test("conjuncts are drawn as the shapes that people read", async () => {
  if (!await hasPoppler()) return;
  for (const { word, shape, unjoined } of WORDS) {
    const drawn = shapeOf(await pictureOf(pdfOf(word), 100));
    assert.ok(distance(drawn, shape) < DISTANCE_MAX, `${word} is drawn as\n${drawn.join("\n")}`);
    // The measure tells a joined word from one that is not: it would go red.
    const apart = shapeOf(await pictureOf(pdfOf(unjoined), 100));
    assert.ok(distance(apart, shape) > 2 * DISTANCE_MAX, `${word} unjoined looks the same`);
  }
});

Deno.test("conjuncts are one glyph, vowel signs stand before their letter, none is missing", () => {
  const glyphsOf = (text: string) => {
    const [word, ...more] = typeface.wordsOf(text, "regular");
    assert.equal(more.length, 0);
    return word!.runs.flatMap(({ glyphs }) => glyphs);
  };
  for (
    const [letters, count] of [["क्ष", 1], ["त्र", 1], ["श्र", 1], ["ज्ञ", 1], ["ष्ट्र", 2]] as const
  ) {
    assert.equal(glyphsOf(letters).length, count, letters);
  }
  const sign = glyphsOf("की").map(({ id }) => id);
  assert.equal(sign.length, 2);
  // The short i is the first glyph drawn, though it is the last letter written.
  const [ka] = glyphsOf("क");
  const short = glyphsOf("कि").map(({ id }) => id);
  assert.equal(short.at(-1), ka!.id);
  assert.notEqual(short[0], ka!.id);
  for (const word of ["क्षत्रिय", "श्री", "महाराष्ट्र", "ज्ञानेश्वर", "कुलकर्णी", "सप्टेंबर", "द्वारका"]) {
    assert.ok(glyphsOf(word).every(({ id }) => id !== 0), word);
    // A stroke below a letter that should have joined is a virama left over.
    const [virama] = glyphsOf(`क्${ZWNJ}`).slice(1);
    assert.ok(!glyphsOf(word).some(({ id }) => id === virama!.id), `${word} shows a virama`);
  }
});

Deno.test("words in Devanagari are read back letter by letter, also those that need glyphs of their own", async () => {
  if (!await hasPoppler()) return;
  const text = "क्षत्रिय श्री महाराष्ट्र ऋत्विज् डुङ्गरवाल (राष्ट्रीय) ॐ ४११ ००४";
  const read = await runOn(pdfOf("x"), "pdftotext");
  assert.equal(new TextDecoder().decode(read).trim(), "x");
  const canvas = createCanvas(embedding);
  canvas.element("P", () => canvas.line(typeface.wordsOf(text, "semibold"), 40, 200, style(12)));
  const pdf = canvas.finish({ title: "t", author: "a", language: "mr-IN", date: "2026-04-01" });
  assert.equal(new TextDecoder().decode(await runOn(pdf, "pdftotext")).trim(), text);
});

Deno.test("what a name needs besides is drawn too, in a font of the bill's own", async () => {
  if (!await hasPoppler()) return;
  // No common font has these: without their own they would be drawn as nothing.
  for (const word of ["ङ्ग", "Ł", "ऋ्"]) {
    assert.ok(inkOf(await pictureOf(pdfOf(word), 100)).points > 500, word);
  }
  const fonts = new TextDecoder().decode(await runOn(pdfOf("पाŁ"), "pdffonts"));
  assert.match(fonts, /SAMAYC\+NotoSansDevanagari-Regular/);
  assert.match(fonts, /SAMAYR\+NotoSans-Regular/);
});
