import { deepStrictEqual, doesNotMatch, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { COLOURS, DARK, themed } from "../../../streams/lab/palette.ts";
import { reportPage } from "../../../streams/lab/report.ts";
import { agreementWords, describeResult, percent } from "../../../streams/lab/tables.ts";
import { writeReport } from "../../../streams/lab/write_report.ts";
import { displayWidth } from "../../../streams/terminal/table.ts";
import { experiment, pictures } from "./support.ts";

const FRAMES = 100;

/** Fails with what was found, not with the whole picture. */
function none(text: string, pattern: RegExp, name: string): void {
  deepStrictEqual([...new Set(text.match(pattern) ?? [])], [], name);
}

const plain = (text: string) => text;

Deno.test("describeResult() has all four sections and the verdict, in lines that a terminal shows", () => {
  const text = describeResult(experiment(FRAMES), plain, 100);
  for (const part of ["1. Does", "2. How many", "3. Does", "4. What", "agree in all 405"]) {
    ok(text.includes(part), part);
  }
  ok(text.includes(`${FRAMES} frames`));
  ok(text.split("\n").every((line) => displayWidth(line) <= 100), text);
  doesNotMatch(text, /NaN|undefined|Infinity/);
});

Deno.test("agreementWords() says which law fails", () => {
  const result = experiment(FRAMES);
  const agreement = { ...result.agreement, agrees: false, disagreeing: ["TVES/2 opens, W = 3"] };
  match(agreementWords({ ...result, agreement }), /disagree in 1 of 405 .*TVES\/2 opens, W = 3/);
});

Deno.test("percent() keeps two digits of what is below one percent", () => {
  const shares = [0, 2 ** -16 * 21, 0.0009, 0.0999, 0.5, 1];
  strictEqual(shares.map(percent).join(), "0 %,0.032 %,0.090 %,10.0 %,50.0 %,100.0 %");
});

Deno.test("picturesOf() draws each picture by itself: no script, nothing from elsewhere, no NaN", () => {
  strictEqual(pictures(experiment(FRAMES)).length, 8);
  for (const { name, svg, says } of pictures(experiment(FRAMES))) {
    match(svg, /^<svg /, name);
    match(svg, /<\/svg>\s*$/, name);
    none(svg, /<script|href="http|NaN|undefined|Infinity/g, name);
    // Two plain sentences.
    strictEqual(says.match(/\.(?:\s|$)/g)?.length, 2, says);
  }
});

Deno.test("picturesOf() writes axis names with their units", () => {
  const svg = Object.fromEntries(pictures(experiment(FRAMES)).map(({ name, svg }) => [name, svg]));
  match(svg.condition!, /window W: seconds tried/);
  match(svg.trials!, /in seconds/);
  match(svg.forgery!, /bits of the check/);
  for (const system of ["Caesar", "AES, paper mode", "TVES/2"]) ok(svg.condition!.includes(system));
});

Deno.test("themed() leaves no colour that a dark page cannot change", () => {
  for (const { name, svg } of pictures(experiment(FRAMES))) {
    // Clip paths and the ground of a legend have a colour that nobody sees.
    const seen = themed(svg).replaceAll(
      /<clipPath[\s\S]*?<\/clipPath>|<path[^>]*fill-opacity="0"[^>]*>/g,
      "",
    );
    none(seen, /(?<!url\()#[0-9a-f]{3,8}\b|rgba?\([^)]*\)/gi, name);
  }
  strictEqual(Object.keys(DARK).join(), Object.keys(COLOURS).join());
});

Deno.test("reportPage() is one file with all pictures, for light, dark and paper", () => {
  const result = experiment(FRAMES);
  const page = reportPage(result, pictures(experiment(FRAMES)), agreementWords(result));
  strictEqual(page.match(/<svg /g)?.length, pictures(experiment(FRAMES)).length);
  none(page, /<script|<link|src=|url\((?!#)|@import/g, "page");
  const ids = page.match(/ id="[^"]+"/g) ?? [];
  strictEqual(new Set(ids).size, ids.length, "two pictures share an id");
  match(page, /prefers-color-scheme: dark/);
  match(page, /@media print/);
  for (const { title } of pictures(experiment(FRAMES))) ok(page.includes(title), title);
});

Deno.test("writeReport() writes the page and each picture into a new folder", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = await writeReport(experiment(FRAMES), join(folder, "deep", "lab"));
    const names = [...Deno.readDirSync(join(folder, "deep", "lab"))].map(({ name }) => name).sort();
    strictEqual(path, join(folder, "deep", "lab", "report.html"));
    strictEqual(
      names.join(),
      "agreement.svg,chain.svg,condition.svg,first.svg,forgery.svg,keys.svg,report.html,trials.svg,window.svg",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
