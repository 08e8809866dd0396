/** The page as customers and their programs see it: whole, in order, within its margins. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { inflateSync } from "node:zlib";
import fc from "fast-check";
import { TerminalError } from "../../../protocol/errors.ts";
import type { BillDocument } from "../../../streams/delivery/bill_document.ts";
import { renderBillPdf } from "../../../streams/delivery/pdf/bill_pdf.ts";
import { billView } from "../../../streams/delivery/pdf/view.ts";
import { hasPoppler, run } from "./pdf_tools.ts";
import { billAfter, billOfLines, inputsOf, payableBill, sampleBill } from "./sample.ts";

const LANGUAGES = ["en", "mr"] as const;
/** Lakhs and crores: groups of two digits before the last three. */
const INDIAN = /^-?(?:\d{1,3}|\d{1,2}(?:,\d\d)*,\d{3})\.\d\d$/;
const paiseOf = (text: string) => Number(text.replaceAll(/[,.]/g, ""));

/** Every compressed stream of a file that is text. */
function streamsOf(pdf: Uint8Array): string[] {
  const file = Buffer.from(pdf);
  const text = file.toString("latin1");
  return [...text.matchAll(/<<\/Length (\d+)\/Filter\/FlateDecode(?!\/Length1)[^>]*>>\nstream\n/g)]
    .map((found) => {
      const from = found.index + found[0].length;
      return inflateSync(file.subarray(from, from + Number(found[1]))).toString("latin1");
    });
}

function estimated(bill: BillDocument, side: "opening" | "closing"): BillDocument {
  return { ...bill, [side]: { ...bill[side], source: "estimate" } };
}

interface WordBox {
  readonly text: string;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

async function boxesOf(bill: BillDocument): Promise<WordBox[]> {
  const found = (await run("pdftotext", bill, "-bbox")).matchAll(
    /<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">([^<]*)</g,
  );
  return [...found].map(([, left, top, right, bottom, text]) => ({
    text: text!,
    left: Number(left),
    top: Number(top),
    right: Number(right),
    bottom: Number(bottom),
  }));
}

/** Bills of the kinds that customers get, and the ones that strain the page. */
function kinds(language: "en" | "mr"): [string, BillDocument][] {
  const bill = payableBill(language);
  const name = language === "en" ? "Venkatanarasimharajuvaripeta " : "श्रीमती ज्ञानेश्वरीदेवी ";
  return [
    ["usual", bill],
    ["no payee", sampleBill(language)],
    ["estimated", estimated(bill, "closing")],
    ["set right", estimated(bill, "opening")],
    ["first", { ...bill, chart: bill.chart.slice(-1), last_year: null }],
    ["no units", { ...bill, units_kwh: 0, chart: bill.chart.map((b) => ({ ...b, units_kwh: 0 })) }],
    ["credit", billOfLines(bill, [13_000, -50_000])],
    ["nothing", billOfLines(bill, [13_000, -13_000])],
    ["arrears", billAfter(language, 1_234_567_00, 98_765_00)],
    ["credit from before", billAfter(language, -1_234_567_00, 98_765_00)],
    ["long name", { ...bill, consumer: { ...bill.consumer, name: name.repeat(7).slice(0, 200) } }],
    ["one word", {
      ...bill,
      consumer: { ...bill.consumer, name: name.trim().replaceAll(" ", "").repeat(6) },
    }],
    ["long address", {
      ...bill,
      consumer: { ...bill.consumer, address: name.repeat(17).slice(0, 500) },
    }],
    [
      "large",
      {
        ...billOfLines(bill, [999_999_999_99, 888_888_888_88]),
        units_kwh: 123_456_789,
        closing: { ...bill.closing, value_wh: 999_999_999_999 },
        chart: bill.chart.map((bar) => ({ ...bar, units_kwh: bar.units_kwh * 1_000_000 })),
      },
    ],
  ];
}

Deno.test("every kind of bill is one page, within its margins, without a word over another", async () => {
  if (!await hasPoppler()) return;
  for (const language of LANGUAGES) {
    for (const [kind, bill] of kinds(language)) {
      const what = `${kind}, ${language}`;
      assert.match(await run("pdfinfo", bill), /Pages:\s+1\n/, what);
      assert.ok(renderBillPdf(bill).length < 100_000, what);
      const boxes = await boxesOf(bill);
      assert.ok(boxes.length > 100, what);
      for (const [i, box] of boxes.entries()) {
        const said = `${what}: ${box.text} at ${box.left} to ${box.right}, ${box.top}`;
        assert.ok(box.left > 45 && box.right < 550.5 && box.top > 25 && box.bottom < 825, said);
        const over = boxes.find((other, j) =>
          j > i && Math.abs(other.bottom - box.bottom) < 2 &&
          Math.min(other.right, box.right) - Math.max(other.left, box.left) > 0.5
        );
        assert.equal(over?.text, undefined, said);
      }
    }
  }
});

Deno.test("an estimate is said in words: on the amount, above the figures, at the reading", async () => {
  if (!await hasPoppler()) return;
  const english = await run("pdftotext", estimated(payableBill("en"), "closing"));
  assert.equal(english.match(/Estimated bill/g)?.length, 2);
  assert.match(english, /No reading could be had\./);
  assert.match(english, /\bestimated\b/);
  assert.doesNotMatch(english, /How this reading came about/);
  const marathi = await run("pdftotext", estimated(payableBill("mr"), "closing"));
  assert.equal(marathi.match(/अंदाजे देयक/g)?.length, 2);
  assert.doesNotMatch(await run("pdftotext", payableBill("en")), /stimated/);
  const right = await run("pdftotext", estimated(payableBill("en"), "opening"));
  assert.match(right, /The previous reading was estimated\. This bill is by the meter again/);
});

Deno.test("the month is held against the same month last year, in words and as a bar", () => {
  const { chart } = billView(payableBill("en"));
  assert.equal(chart.comparison, "April last year: 231 units. This bill: 19 more (8 %).");
  assert.deepEqual(chart.bars.map(({ kind }) => kind), [
    "last_year",
    ...Array(11).fill("other"),
    "current",
  ]);
  const against = (units_kwh: number) =>
    billView({ ...payableBill("mr"), last_year: { period: "2025-04", units_kwh } }).chart
      .comparison;
  assert.match(against(250), /तेवढाच/);
  assert.match(against(500), /250 कमी \(50 %\)/);
  assert.match(against(0), /250 जास्त \(– %\)/);
  assert.match(billView(sampleBill("en")).chart.comparison, /not known/);
  assert.match(billView(sampleBill("en", { history: [] })).chart.comparison, /first bill/);
});

Deno.test("a bill whose lines do not sum to what it asks for is not printed", () => {
  const bill = sampleBill("en");
  const [first, ...others] = bill.lines;
  const wrong: BillDocument[] = [
    { ...bill, payable_paise: bill.payable_paise + 1 },
    { ...bill, total_paise: bill.total_paise + 1, rounding_paise: bill.rounding_paise - 1 },
    { ...bill, lines: [{ ...first!, amount_paise: first!.amount_paise + 1 }, ...others] },
    { ...bill, lines: others },
  ];
  for (const one of wrong) assert.throws(() => renderBillPdf(one), TerminalError);
});

Deno.test("the lines that are shown sum to the total that is shown, grouped as in India", () => {
  const amount_paise = fc.integer({ min: -10_000_000_000, max: 10_000_000_000 });
  fc.assert(fc.property(fc.array(amount_paise, { minLength: 1, maxLength: 30 }), (amounts) => {
    const bill = billOfLines(payableBill("en"), amounts);
    const view = billView({
      ...bill,
      lines: bill.lines.map((l, i) => ({ ...l, code: i % 7 ? l.code : "fac" })),
    });
    const shown = view.lines.map(({ amount }) => amount);
    const [total, , due] = view.sums.map(({ amount }) => amount.replace("₹ ", ""));
    for (const text of [...shown, total!, due!]) assert.match(text, INDIAN);
    assert.equal(shown.reduce((sum, text) => sum + paiseOf(text), 0), paiseOf(total!));
    assert.equal(Math.abs(paiseOf(total!)), paiseOf(due!));
  }));
});

Deno.test("the page itself shows every line, and they sum to its total", async () => {
  if (!await hasPoppler()) return;
  for (const language of LANGUAGES) {
    const bill = billOfLines(payableBill(language), [
      1,
      99,
      100_00,
      1_23_45_678_90,
      -5_55,
      0,
      7_70,
    ]);
    const rows = (await run("pdftotext", bill, "-layout")).split("\n")
      .map((line) => line.match(/ {2,}(-?[\d,]+\.\d\d)$/)?.[1]).filter((text) =>
        text !== undefined
      );
    const [total, rounding] = rows.slice(7);
    assert.equal(rows.slice(0, 7).reduce((sum, text) => sum + paiseOf(text!), 0), paiseOf(total!));
    assert.equal(rounding, "0.00");
  }
});

Deno.test("a bill in the customer's favour asks for nothing", async () => {
  if (!await hasPoppler()) return;
  const text = await run("pdftotext", billOfLines(payableBill("en"), [13_000, -50_000]), "-layout");
  assert.match(text, /In your favour\s/);
  assert.match(text, /₹ 370\n/);
  assert.match(text, /No payment is due/);
  assert.match(text, /In your favour: counts towards your next bill +₹ 370\.00/);
  assert.doesNotMatch(text, /Amount payable|Due date|UPI/);
});

Deno.test("the file has a title, a language and parts that can be read aloud in order", async () => {
  if (!await hasPoppler()) return;
  for (const language of LANGUAGES) {
    const bill = payableBill(language);
    const info = await run("pdfinfo", bill);
    assert.match(info, /Tagged:\s+yes/);
    assert.match(info, /Title:\s+(?:Electricity bill|वीज बिल) MH-2026-27\/000001/);
    const objects = streamsOf(renderBillPdf(bill)).join("\n");
    assert.ok(objects.includes(`/Lang(${language}-IN)`));
    assert.ok(objects.includes("/DisplayDocTitle true") && objects.includes("/Marked true"));
    const parts = await run("pdfinfo", bill, "-struct-text");
    const order = ["Document", "H1", "H2", "Table", "TR", "TH", "TD", "Figure", "Link"];
    for (const part of order) assert.match(parts, new RegExp(`^ *${part}\\b`, "m"), part);
    assert.ok(parts.indexOf("₹ 2,950") < parts.indexOf("14,523.402"));
    assert.ok(parts.indexOf("14,523.402") < parts.indexOf("1,620.00"));
  }
  const alternatives = streamsOf(renderBillPdf(payableBill("en"))).join("\n")
    .match(/\/S\/Figure[^>]*\/Alt <FEFF([0-9A-F]+)>/g);
  assert.equal(alternatives?.length, 2);
});

Deno.test("nothing is drawn that is neither a part of the document nor marked as decoration", () => {
  for (const [kind, bill] of kinds("mr")) {
    const [page] = streamsOf(renderBillPdf(bill)).filter((stream) => stream.includes(" Tf\n"));
    let depth = 0;
    let drawn = 0;
    for (const line of page!.split("\n")) {
      if (/(?:BDC|BMC)$/.test(line)) depth++;
      else if (line === "EMC") depth--;
      else if (/(?:TJ| f| S)$/.test(line)) {
        drawn++;
        assert.ok(depth > 0, `${kind}: ${line}`);
      }
      assert.ok(depth >= 0, kind);
    }
    assert.equal(depth, 0, kind);
    assert.ok(drawn > 100, kind);
  }
});

Deno.test("a name with line breaks, unknown scripts and signs of PDF is printed all the same", async () => {
  if (!await hasPoppler()) return;
  const { consumer } = inputsOf("en");
  const name = "(Asha\\ Patil)\r\n\t<<b>> \u0000 Œuvre ಕನ್ನಡ 😀";
  const text = await run("pdftotext", sampleBill("en", { consumer: { ...consumer, name } }));
  assert.ok(text.includes("(Asha\\ Patil) <<b>> Œuvre"), text.slice(0, 300));
});
