/** The report: one HTML page with its pictures inside, for a screen in light or dark and for paper. */
import { COLOURS, DARK, FONT, themed } from "./palette.ts";
import { chainDrawing, windowDrawing } from "./diagrams.ts";
import { forgeryPicture, keysPicture } from "./pictures_of_attacks.ts";
import { escaped } from "./markup.ts";
import {
  agreementPicture,
  conditionPicture,
  firstPicture,
  productionCurve,
  trialsPicture,
} from "./pictures_of_time.ts";
import type { LabResult } from "./result.ts";
import { describeResult } from "./tables.ts";

/** File names of all pictures, without their ending: known before the work. */
export const PICTURE_NAMES = [
  ...["window", "condition", "trials", "first", "forgery", "keys", "agreement", "chain"] as const,
];
type PictureName = typeof PICTURE_NAMES[number];

/** One picture with what it says, in two plain sentences. */
export interface Picture {
  /** File name without its ending. */
  readonly name: PictureName;
  readonly title: string;
  readonly says: string;
  readonly svg: string;
}

/** All pictures of a result, in the order of the report. */
export function picturesOf(result: LabResult): Picture[] {
  const { frames, knownPlaintext: { caesar, aes }, forgery } = result;
  const curve = productionCurve();
  return [
    {
      name: "window",
      title: "The window finds the second",
      says:
        "The meter's clock and the network make the master wrong by X about the second of sealing. " +
        "It tries the nearest second first and goes outward, so a good clock needs one trial.",
      svg: windowDrawing(),
    },
    {
      name: "condition",
      title: "Does a frame open?",
      says:
        "A frame opens when its second lies in the window; a line is the law for one spread σ of the " +
        `clock, a mark is counted from ${frames} frames. ` +
        "All three systems obey the same law, because it is about time and not about ciphers; their " +
        "marks stand side by side at each W.",
      svg: conditionPicture(result),
    },
    {
      name: "trials",
      title: "How many seconds are tried?",
      says:
        "In the paper's order, T - 10 first, a frame costs eleven trials with the best of clocks: T " +
        "stands in the middle. " +
        "Trying the most probable second first, the work follows the clock.",
      svg: trialsPicture(result, curve),
    },
    {
      name: "first",
      title: "Is the first candidate right?",
      says: "With a spread of σ seconds about 1 - 0.798 σ of the frames need one trial only. " +
        "The rule holds while σ is small; beyond half a second the law takes over.",
      svg: firstPicture(result, curve),
    },
    {
      name: "forgery",
      title: "Does a forged frame pass a short check?",
      says:
        "Every key of the window gives a random frame another chance, and every further frame again. " +
        `A check of 8 bits is passed soon; TVES/2's commitment has 128, and ${forgery.tves2.opened} of ${forgery.tves2.tried} passed.`,
      svg: forgeryPicture(result),
    },
    {
      name: "keys",
      title: "How many keys are there?",
      says:
        `One known packet gave Caesar's shift at once (${caesar.shiftFound} of ${caesar.tried}) and the ` +
        `AES key after all ${aes.keys.toLocaleString("en")} seconds of the day were tried. ` +
        "Where time is the only secret, a clock is the key; TVES/2 has a secret of its own besides.",
      svg: keysPicture(result),
    },
    {
      name: "agreement",
      title: "How well does the law fit?",
      says:
        "Each mark is one comparison of law and count, in standard errors: chance alone scatters " +
        "them like this. Marks of one clock are counted from the same frames and move together.",
      svg: agreementPicture(result),
    },
    {
      name: "chain",
      title: "How time becomes the key",
      says: "Each key is computed from the one before, and no way leads back. " +
        "What the slave has erased it cannot give away, so a stolen one opens nothing of earlier hours.",
      svg: chainDrawing(),
    },
  ];
}

function variables(colours: Readonly<Record<string, string>>): string {
  return Object.entries(colours).map(([name, colour]) => `--${name}: ${colour};`).join(" ");
}

const STYLE = `
:root { color-scheme: light dark; ${variables(COLOURS)} }
@media (prefers-color-scheme: dark) { :root { ${variables(DARK)} } }
@media print { :root { color-scheme: light; ${variables(COLOURS)} } }
body { margin: 0 auto; padding: 2rem 1.2rem 4rem; max-width: 800px; background: var(--paper);
  color: var(--ink); font: 17px/1.55 ${FONT}; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .4rem; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .3rem; }
p { margin: .4rem 0 .9rem; }
.verdict { padding: .7rem 1rem; background: var(--panel); border-left: 4px solid var(--green); }
.verdict.no { border-color: var(--red); }
figure { margin: 0; break-inside: avoid; page-break-inside: avoid; }
svg { width: 100%; height: auto; display: block; }
pre { background: var(--panel); padding: 1rem; overflow-x: auto; font-size: 12.5px; line-height: 1.45; }
.small { color: var(--muted); font-size: .9rem; }
@media print { body { max-width: none; padding: 0; font-size: 11pt; }
  pre { font-size: 7.5pt; white-space: pre-wrap; } h2 { break-after: avoid; } }
`;

/** The whole page. `verdict` is the line about agreement. */
export function reportPage(
  result: LabResult,
  pictures: readonly Picture[],
  verdict: string,
): string {
  const { seed, frames, agreement } = result;
  const figures = pictures.map(({ title, says, svg }) =>
    `<figure>\n<h2>${escaped(title)}</h2>\n<p>${escaped(says)}</p>\n${
      themed(inline(svg))
    }\n</figure>`
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A key that changes every second: law and measurement</title>
<style>${STYLE}</style>
</head>
<body>
<h1>A key that changes every second: law and measurement</h1>
<p>A slave seals each packet with a key that depends on the second; the master is not told the second
and tries those around the moment of arrival. Three systems do it here: Caesar with the second as the
shift, AES with a key made of the second alone, and TVES/2 by the code that runs in production.</p>
<p class="verdict${agreement.agrees ? "" : " no"}">${escaped(verdict)}</p>
<p class="small">samay lab --seed ${seed} --frames ${frames}. The same seed gives the same figures, but for
the seconds that a search took.
Caesar and AES in paper mode are here for comparison; no frame of theirs is accepted anywhere else.</p>
${figures.join("\n")}
<h2>The figures</h2>
<pre>${escaped(describeResult(result, (text) => text, Infinity))}</pre>
</body>
</html>
`;
}

/** An SVG document as a part of a page: without what only a file of its own has. */
function inline(svg: string): string {
  return svg.replace(/^<\?xml[^>]*\?>\s*/, "");
}
