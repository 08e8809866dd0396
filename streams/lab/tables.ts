/** The result of the experiment as people read it in a terminal. */
import { type Column, formatTable } from "../terminal/table.ts";
import { counted } from "../terminal/counted.ts";
import { CHECK_BITS, FORGERIES } from "./measure_forgery.ts";
import type { LabResult, ScenarioResult } from "./result.ts";
import { SYSTEMS, TITLES } from "./systems.ts";

export type Heading = (text: string) => string;

const SHOWN_WINDOWS = [0, 3, 10] as const;

const right = (title: string): Column => ({ title, align: "right" });
/** One digit after the point; below 1 % two digits that tell something, as a law may be that small. */
export function percent(share: number): string {
  const value = 100 * share;
  return `${value === 0 ? "0" : value < 1 ? value.toPrecision(2) : value.toFixed(1)} %`;
}
const trials = (mean: number) => mean.toFixed(2);

/** All sections, one under the other. */
export function describeResult(result: LabResult, heading: Heading, width: number): string {
  const section = (title: string, meaning: string, body: string) =>
    `${heading(title)}\n${meaning}\n\n${indent(body)}`;
  const table = (columns: readonly Column[], rows: readonly string[][]) =>
    formatTable(columns, rows, { width: width - 2 });
  return [
    `${result.frames} frames for each clock and each system, ${
      percent(result.loss)
    } of them lost on the way, seed ${result.seed}.`,
    section(
      "1. Does a frame open?",
      "The share of sent frames whose second lies in the window T ± W: the law, then what each\n" +
        "system did. σ is the spread of clock error and delay together.",
      conditionTable(result.scenarios, table),
    ),
    section(
      "2. How many seconds are tried?",
      "Mean over the frames that open in T ± 10, law beside count. The paper tries T - 10, ...,\n" +
        "T + 10 in this order, TVES/2 the most probable second first, from what it has learned of\n" +
        'the clock. "first" is the share that needs one trial, "thumb" is 1 - 0.798 σ.',
      trialsTable(result.scenarios, table),
    ),
    section(
      "3. Does a forged frame pass?",
      "The chance that one of q random frames passes a check of b bits when each is tried with the\n" +
        "21 keys of T ± 10: the law, then the count with AES in paper mode,\n" +
        `over ${groupsWords(result)}.`,
      `${forgeryTable(result, table)}\n\n${forgeryWords(result)}`,
    ),
    section(
      "4. What does one known packet give away?",
      "The text of a packet is no secret: the customer reads it on the meter.",
      knownWords(result),
    ),
    agreementWords(result),
  ].join("\n\n");
}

type Table = (columns: readonly Column[], rows: readonly string[][]) => string;

function conditionTable(scenarios: readonly ScenarioResult[], table: Table): string {
  const columns = [
    { title: "clock" },
    right("W"),
    right("law"),
    ...SYSTEMS.map((name) => right(TITLES[name])),
  ];
  const rows = scenarios.flatMap(({ title, condition }) =>
    SHOWN_WINDOWS.map((window_s, i) => {
      const point = condition[window_s]!;
      return [
        i === 0 ? title : "",
        String(window_s),
        percent(point.predicted),
        ...SYSTEMS.map((name) => percent(point.measured[name].measured)),
      ];
    })
  );
  return table(columns, rows);
}

function trialsTable(scenarios: readonly ScenarioResult[], table: Table): string {
  const columns = [
    { title: "clock" },
    right("paper"),
    right("counted"),
    right("best"),
    right("counted"),
    right("first"),
    right("counted"),
    right("thumb"),
  ];
  const rows = scenarios.map(({ title, trials: { linear, best }, firstRight }) => [
    title,
    trials(linear.predicted),
    trials(linear.measured),
    trials(best.predicted),
    trials(best.measured),
    percent(firstRight.predicted),
    percent(firstRight.measured),
    firstRight.approximation === null || firstRight.approximation < 0
      ? "-"
      : percent(firstRight.approximation),
  ]);
  return table(columns, rows);
}

function forgeryTable({ forgery }: LabResult, table: Table): string {
  const columns = [
    right("bits b"),
    ...FORGERIES.flatMap((q) => [right(`law, q = ${q}`), right("counted")]),
  ];
  const rows = CHECK_BITS.map((bits) => [
    String(bits),
    ...FORGERIES.flatMap((q) => {
      const point = forgery.points.find((one) => one.check_bits === bits && one.forgeries === q)!;
      return [percent(point.predicted), percent(point.measured)];
    }),
  ]);
  return table(columns, rows);
}

/** The fewer the groups, the further may a count lie from the law. */
function groupsWords({ forgery: { points } }: LabResult): string {
  const groups = FORGERIES.map((q) => {
    const { n } = points.find(({ forgeries }) => forgeries === q)!;
    return q === 1 ? `${n} frames` : `${n} groups of ${q}`;
  });
  return `${groups.slice(0, -1).join(", ")} and ${groups.at(-1)}`;
}

function forgeryWords({ forgery: { tves2, clockOnly } }: LabResult): string {
  const clock = SYSTEMS.map((name) =>
    `${TITLES[name]} ${clockOnly[name].accepted} of ${clockOnly[name].tried}`
  );
  const each = tves2.predicted_each.toExponential(0);
  return [
    `TVES/2: ${tves2.opened} of ${tves2.tried} random frames opened; the law says ${each} for each.`,
    "Frames made by someone with a clock and no key, accepted:",
    `  ${clock.join(", ")}.`,
  ].join("\n");
}

function knownWords({ knownPlaintext: { caesar, aes, tves2 }, timings }: LabResult): string {
  const alphabets = caesar.alphabets.map(({ size, distinctShifts, lookRight }) =>
    `  ${size} characters: ${figure(distinctShifts)} different shifts, ` +
    `${figure(lookRight)} of them look right`
  );
  const ambiguity = aes.ambiguity.map(({ check_bits, measured, predicted, n }) =>
    `${check_bits} bits ${Math.round(measured * n)} (law ${(predicted * n).toFixed(1)})`
  );
  const search_s = (timings.aesAllKeys_ms / 1_000).toFixed(1);
  return [
    `Caesar: one subtraction gave the shift in ${caesar.shiftFound} of ${caesar.tried} cases and ` +
    `the second in ${caesar.secondFound};`,
    `  with it ${caesar.othersRead} of ${caesar.othersTried} packets of other meters were read.`,
    "  Of the 21 seconds of T ± 10, by alphabet:",
    ...alphabets.map((line) => `  ${line}`),
    `AES, paper mode: all ${aes.keys} keys of a day tried in ${search_s} s here (plain AES, one core);`,
    `  ${counted(aes.keysThatFit, "key")} fitted, and with it ${aes.othersRead} of ` +
    `${aes.othersTried} packets of other meters were read.`,
    "  Wrong keys of the day that a check alone would pass:",
    `    ${ambiguity.join(", ")}.`,
    "TVES/2: the whole key of one frame was given away;",
    `  ${tves2.othersRead} of ${tves2.othersTried} other frames of its meter and second opened with it.`,
  ].join("\n");
}

function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}

/** The verdict in one or two lines. */
export function agreementWords({ agreement }: LabResult): string {
  const { comparisons, disagreeing, smallest_p_value, allowed_p_value } = agreement;
  const limits = `smallest p-value ${short(smallest_p_value)}, allowed ${short(allowed_p_value)}`;
  return disagreeing.length === 0
    ? `Law and measurement agree in all ${comparisons} comparisons (${limits}).`
    : `Law and measurement disagree in ${disagreeing.length} of ${comparisons} comparisons (${limits}): ${
      disagreeing.slice(0, 3).join("; ")
    }.`;
}

function short(value: number): string {
  return value >= 0.001 ? value.toFixed(4) : value.toExponential(1);
}

function indent(text: string): string {
  return text.split("\n").map((line) => line === "" ? "" : `  ${line}`).join("\n");
}
