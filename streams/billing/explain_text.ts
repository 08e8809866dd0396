/** The explanation of a bill as text, for `bill explain`: readable from 60 columns up. */
import { inIndia } from "../../protocol/indian_time.ts";
import type { FrameCheck } from "../office/bill_verify.ts";
import { counted } from "../terminal/counted.ts";
import { displayWidth, formatTable } from "../terminal/table.ts";
import { wrapped } from "../terminal/wrap.ts";
import type { Explanation, SegmentTrace } from "./explain.ts";
import { readingLines } from "./explain_reading.ts";
import { creditedPaise } from "./invoices.ts";
import { formatRupees } from "./money.ts";

const LABEL = 9;
const AMOUNT = 12;
const MARK = 4;
/** An amount too far from its line is read with the next one. */
const STACKED_MAX = 96;
/** Lines are not made longer than one reads with ease, nor a table narrower than it can be. */
const WIDTH = { min: 60, max: 120 } as const;

const BASES = {
  readings: "by the readings",
  days: "by the days",
  lines: "",
  bill: "",
  total: "",
} as const;

/** Readings, units, parts, and each line with its clause. `width` is in columns of the terminal. */
export function explanationText(
  of: Explanation,
  given_width: number,
  frames: readonly FrameCheck[] = [],
): string {
  const width = Math.max(WIDTH.min, Math.min(WIDTH.max, given_width));
  const labelled = (label: string, lines: readonly string[]) => block(label, lines, width);
  const text = [...heading(of, labelled)];
  for (const segment of of.segments) text.push("", ...segmentText(segment, frames, labelled));
  // Of one meter that was read, its use is all there is to it.
  if (of.segments.length > 1 || of.estimate) {
    text.push("", ...labelled("Units", [of.units.formula]));
  }
  text.push(...basisText(of, labelled));
  if (of.parts.length > 1) {
    text.push("", "The rates changed within the cycle:");
    for (const { from, to, days, months, units, effective_from } of of.parts) {
      text.push(...wrapped(
        `${from} to ${to}: ${counted(days, "day")}, ${months.toFixed(2)} months, ${units} kWh ` +
          `under the rates from ${effective_from}`,
        ...[width, "  ", "    "] as const,
      ));
    }
  }
  text.push("", ...linesText(of, width), "", ...sumText(of, labelled));
  return text.join("\n");
}

type Labelled = (label: string, lines: readonly string[]) => string[];

/** `Label    first line`, the others below the first, all within the width. */
function block(label: string, lines: readonly string[], width: number): string[] {
  const indent = " ".repeat(LABEL);
  return lines.flatMap((line, i) =>
    wrapped(line, width, i === 0 ? label.padEnd(LABEL) : indent, `${indent}  `)
  );
}

function heading(of: Explanation, labelled: Labelled): string[] {
  const kind = of.final ? ", the account's last" : "";
  const lines = [`Bill ${of.number}: account ${of.account_id}, ${of.period}${kind}`];
  lines.push(
    ...labelled("Issued", [`${inIndia(Number(new Date(of.issued_at)))}, due ${of.due_on}`]),
  );
  if (of.state === "void") lines.push(...labelled("VOID", [of.void_reason ?? "no reason is kept"]));
  if (of.replaces !== null) {
    lines.push(...labelled("Replaces", [`bill ${of.replaces.number}, ${of.replaces.state}`]));
  }
  if (of.replaced_by !== null) {
    const { number, state } = of.replaced_by;
    lines.push(...labelled("Replaced", [`by bill ${number}, ${state}`]));
  }
  return lines;
}

function segmentText(
  { meter, opening, closing, formula }: SegmentTrace,
  frames: readonly FrameCheck[],
  labelled: Labelled,
): string[] {
  const { meter_id, serial_number, multiplying_factor } = meter;
  const factor = multiplying_factor === 1 ? "" : `, register times ${multiplying_factor}`;
  const of = (which: string) =>
    frames.filter((one) => one.meter_id === meter_id && one.reading === which);
  return [
    `Meter ${meter_id} (number ${serial_number}${factor})`,
    ...labelled("Opening", readingLines(opening, of("opening"))),
    ...labelled("Closing", readingLines(closing, of("closing"))),
    ...labelled("Use", [`${formula} (whole units of each register)`]),
  ];
}

/** An estimate, and what is given back of earlier ones. */
function basisText(
  { estimate, measured, true_up }: Explanation,
  labelled: Labelled,
): string[] {
  const text = measured.length === 0 ? [] : labelled("Also", measured);
  if (estimate) {
    const months = estimate.months.map(({ period, units_kwh, days }) =>
      `${period}: ${units_kwh} kWh in ${counted(days, "day")}`
    );
    text.push(...labelled("ESTIMATE", [
      `no reading (meter ${estimate.status.replaceAll("_", " ")}); the mean of actual use a day of`,
      ...months,
      `the bill of the next reading gives back ${
        formatRupees(estimate.creditable_paise)
      } rupees: ` +
      "all but the fixed charge and the duty on it",
    ]));
  }
  if (true_up) {
    text.push(...labelled("True-up", [
      "the use since the last actual reading is billed; of the estimates since then is given back",
      ...true_up.estimated.map(({ number, period, units_kwh, credited_paise, state }) =>
        `bill ${number} (${period}, ${units_kwh} kWh, ${state ?? "not found"}): ` +
        `${formatRupees(credited_paise)} rupees`
      ),
      `fixed charges up to ${true_up.estimated_to} stand on those bills`,
    ]));
  }
  return text;
}

/** The lines, their clauses numbered below them: orders have long names. */
function linesText({ lines }: Explanation, width: number): string[] {
  const clauses = [...new Set(lines.map(({ clause }) => clause).filter((one) => one !== ""))];
  const mark = (clause: string) => clause === "" ? "" : `[${clauses.indexOf(clause) + 1}]`;
  const rows = lines.map(({ description, formula, basis, amount_paise, clause }) => ({
    description,
    how: [formula, BASES[basis]].filter((one) => one !== "").join(", "),
    amount: formatRupees(amount_paise),
    mark: mark(clause),
  }));
  const right = "right" as const;
  const table = formatTable(
    [{ title: "Line" }, { title: "How" }, { title: "Rs", align: right }, { title: "" }],
    rows.map(({ description, how, amount, mark }) => [description, how, amount, mark]),
  );
  const fits = table.split("\n").every((line) => displayWidth(line) <= width);
  const notes = clauses.flatMap((clause, i) => wrapped(clause, width, `[${i + 1}] `, "    "));
  return [
    ...(fits ? [table] : rows.flatMap((row) => stacked(row, Math.min(width, STACKED_MAX)))),
    "",
    ...notes,
  ];
}

/** One line of the bill where a table has no room: the amount at the right, and below it how. */
function stacked(
  row: { description: string; how: string; amount: string; mark: string },
  width: number,
): string[] {
  const right = `${row.amount.padStart(AMOUNT)} ${row.mark.padEnd(MARK)}`.trimEnd();
  const [first = "", ...more] = wrapped(row.description, width - AMOUNT - MARK - 3);
  const gap = width - MARK - AMOUNT - 1 - displayWidth(first);
  return [
    `${first}${" ".repeat(Math.max(1, gap))}${right}`,
    ...more,
    ...(row.how === "" ? [] : wrapped(row.how, width, "    ")),
  ];
}

function sumText(of: Explanation, labelled: Labelled): string[] {
  const { balance } = of;
  const rupees = (paise: number) => `${formatRupees(paise)} rupees`;
  const text = [`To pay ${rupees(of.payable_paise)}`];
  if (balance) {
    const before = balance.before_paise;
    text.push(...labelled("Account", [
      `${rupees(Math.abs(before))} ${before < 0 ? "in credit" : "owed"} before this bill, after ` +
      `${rupees(balance.payments_paise)} paid since the last one`,
      `${rupees(Math.abs(balance.amount_due_paise))} ${
        balance.amount_due_paise < 0 ? "in credit" : "due"
      } in all`,
    ]));
  }
  if (of.credits.length > 0) {
    text.push(...labelled("Credited", [
      ...of.credits.map(({ number, issued_on, amount_paise, reason }) =>
        `${rupees(amount_paise)} on ${issued_on} by ${number}: ${reason}`
      ),
      of.state === "void"
        ? "the bill is void, and its credit notes with it"
        : `${rupees(of.payable_paise - creditedPaise(of.credits))} are left of this bill`,
    ]));
  }
  text.push(
    of.recomputed_equal
      ? "Computed again from its kept inputs: the same, to the paisa"
      : "Computed again from its kept inputs: NOT the same; void it and bill anew",
  );
  return text;
}
