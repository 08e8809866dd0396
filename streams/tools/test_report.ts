/** What a run of the tests says at its end: the counts, and whether the parts that may skip ran. */

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
}

// deno-lint-ignore no-control-regex -- the escape character starts an ANSI colour sequence
const ANSI = /\x1b\[[0-9;]*m/g;
const RESULT_LINE = /^(?:ok|FAILED) \| (\d+) passed\b(.*)$/;

/**
 * Adds up the result lines of `deno test`, such as `ok | 12 passed (3 steps) | 0 failed | 2 ignored
 * (5s)`. Undefined when there is none: then the tests did not run at all.
 */
export function countResults(output: string): Counts | undefined {
  let counts: Counts | undefined;
  for (const line of output.replace(ANSI, "").split("\n")) {
    const match = RESULT_LINE.exec(line.trim());
    if (match === null) continue;
    const number = (word: string) =>
      Number(new RegExp(`\\| (\\d+) ${word}\\b`).exec(match[2]!)?.[1] ?? 0);
    counts = {
      passed: (counts?.passed ?? 0) + Number(match[1]),
      failed: (counts?.failed ?? 0) + number("failed"),
      ignored: (counts?.ignored ?? 0) + number("ignored"),
    };
  }
  return counts;
}

export interface TestCase {
  readonly name: string;
  readonly file: string;
  readonly outcome: "ran" | "skipped";
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'" };

function unescape(text: string): string {
  return text.replace(/&(lt|gt|quot|apos);/g, (_, name) => ENTITIES[name]!)
    .replace(
      /&#x([0-9a-f]+);|&#(\d+);/gi,
      (_, hex, decimal) =>
        String.fromCodePoint(hex === undefined ? Number(decimal) : parseInt(hex, 16)),
    )
    .replaceAll("&amp;", "&");
}

/** The test cases in a JUnit report as Deno writes it. */
export function readJUnit(xml: string): TestCase[] {
  const cases: TestCase[] = [];
  for (const match of xml.matchAll(/<testcase\b([^>]*?)(\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const attribute = (name: string) =>
      unescape(new RegExp(`\\b${name}="([^"]*)"`).exec(match[1]!)?.[1] ?? "");
    cases.push({
      name: attribute("name"),
      file: attribute("classname"),
      outcome: (match[3] ?? "").includes("<skipped") ? "skipped" : "ran",
    });
  }
  return cases;
}

/** Parts that not every machine has, and the tests that are about them. */
const PARTS: readonly { readonly part: string; readonly about: RegExp; readonly how: string }[] = [
  {
    part: "firmware on the simulated ATmega328P",
    about: /simavr|ATmega|firmware/i,
    how: "needs the AVR toolchain and simavr: deno task doctor",
  },
  { part: "PostgreSQL", about: /postgres/i, how: "needs a PostgreSQL server: deno task doctor" },
  { part: "chronyd", about: /chronyd/i, how: "needs chrony: deno task doctor" },
  { part: "nats CLI", about: /nats cli/i, how: "needs the nats CLI: deno task setup" },
];

/** One line a part: how many of its tests ran, how many were skipped, and what that takes. */
export function partLines(cases: readonly TestCase[]): string[] {
  return PARTS.map(({ part, about, how }) => {
    const own = cases.filter(({ name, file }) => about.test(name) || about.test(file));
    const ran = own.filter(({ outcome }) => outcome === "ran").length;
    const skipped = own.length - ran;
    if (own.length === 0) return `${part}: no tests`;
    return `${part}: ${ran} ran${skipped === 0 ? "" : `, ${skipped} skipped (${how})`}`;
  });
}
