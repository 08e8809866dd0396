/** What the page prints: a bill document turned into words and figures of one language. */
import { TerminalError } from "../../../protocol/errors.ts";
import { CREDIT_ESTIMATED } from "../../../actors/billing/bill_quote.ts";
import { indianDateOf, indianTimeOf } from "../../../protocol/indian_time.ts";
import type { BillDocument, BillLine } from "../bill_document.ts";
import {
  dateLong,
  dateShort,
  groupIndian,
  instantLong,
  kwh,
  type Language,
  periodLong,
  periodShort,
  quantity,
  rate,
  rupees,
  rupeesShort,
} from "../format.ts";
import { type Labels, labelsOf } from "../labels.ts";
import { paymentLinkOf } from "../payment_link.ts";
import { checkBalance, sumsOf } from "./sums.ts";

/** Name and value, one under the other or side by side. */
export type Fact = readonly [label: string, value: string];

/** A fuel adjustment of nothing says nothing, and one a slab would push the page over its end. */
function isPrinted({ code, amount_paise }: BillLine): boolean {
  return code !== "fac" || amount_paise !== 0;
}

/** Throws `TerminalError` when the lines of a bill do not sum to what it asks for. */
function checkSums(bill: BillDocument) {
  const { number, lines, total_paise, rounding_paise, payable_paise } = bill;
  const sum_paise = lines.reduce((sum, { amount_paise }) => sum + amount_paise, 0);
  checkBalance(bill);
  if (sum_paise === total_paise && total_paise + rounding_paise === payable_paise) return;
  throw new TerminalError(
    `Bill ${number} does not add up and is not printed: its lines sum to ${rupees(sum_paise)}, ` +
      `it says total ${rupees(total_paise)}, rounding ${rupees(rounding_paise)}, payable ` +
      `${rupees(payable_paise)}`,
  );
}

export type BillView = ReturnType<typeof billView>;

/**
 * Everything on the page, as text; amounts and bars are formatted and scaled already. Throws
 * `TerminalError` for a bill that does not add up.
 */
export function billView(bill: BillDocument) {
  checkSums(bill);
  const language = bill.consumer.language;
  const words = labelsOf(language);
  return {
    language,
    words,
    utility: utilityOf(bill, words, language),
    number: bill.number,
    // The document's date is the invoice's: the same invoice gives the same bytes.
    issued_on: bill.issued_on,
    payable: payableOf(bill, words, language),
    notice: noticeOf(bill, words),
    heads: headsOf(bill, words, language),
    consumer: {
      number: bill.consumer.number,
      name: bill.consumer.name,
      address: bill.consumer.address,
    },
    connection: connectionOf(bill, words),
    readings: readingsOf(bill, words),
    lines: bill.lines.filter(isPrinted).map((line) => lineOf(line, words, language)),
    sums: sumsOf(bill, words),
    chart: chartOf(bill, words, language),
    payment: paymentOf(bill, words),
    provenance: provenanceOf(bill, words, language),
    basis: bill.tariff.versions.map((version) =>
      `${words.basis}: ${bill.tariff.name}, ${words.effective_from} ` +
      `${dateShort(version.effective_from)} (${version.source})`
    ),
  };
}

function utilityOf({ utility }: BillDocument, words: Labels, language: Language) {
  const local = language === "mr";
  return {
    name: (local ? utility.name_mr : undefined) ?? utility.name,
    address: (local ? utility.address_mr : undefined) ?? utility.address ?? "",
    contact: utility.contact === undefined ? "" : `${words.contact}: ${utility.contact}`,
  };
}

/** The large figure, and by when it is due; a bill in the customer's favour asks for nothing. */
function payableOf(
  { amount_due_paise, due_on, withdrawn }: BillDocument,
  words: Labels,
  language: Language,
) {
  if (withdrawn === true) {
    return { label: words.nothing_due, amount: "₹ 0", due_label: "", due: words.no_payment };
  }
  const amount = `₹ ${rupeesShort(Math.abs(amount_due_paise))}`;
  if (amount_due_paise > 0) {
    return {
      label: words.payable,
      amount,
      due_label: words.due_on,
      due: dateLong(due_on, language),
    };
  }
  const label = amount_due_paise < 0 ? words.credit : words.nothing_due;
  return { label, amount, due_label: "", due: words.no_payment };
}

/** What a customer must see before the figures: what this bill rests on, where not on one meter alone. */
function noticeOf(bill: BillDocument, words: Labels) {
  const estimated = bill.closing.source === "estimate";
  if (bill.withdrawn === true) {
    const { void_bill: title, void_bill_text: text } = words;
    return { ...{ estimated, title, text }, caution: true };
  }
  const said = [
    ...(estimated ? [[words.estimated_bill, words.provenance_estimate]] : settledBy(bill, words)),
    ...(bill.earlier_meters ?? []).map((one, i, all) => {
      const next = all[i + 1] ?? bill;
      const [opening, closing] = [kwh(one.opening.value_wh), kwh(one.closing.value_wh)];
      const since = dateShort(indianDateOf(next.opening.read_at_ms));
      const units = groupIndian(one.units_kwh);
      const names = [plateOf(one.meter), plateOf(next.meter)] as const;
      const text = fill(
        words.meter_changed_text,
        names[0],
        opening,
        closing,
        units,
        names[1],
        since,
      );
      return [words.meter_changed, text];
    }),
    ...(bill.rollover === undefined ? [] : [[
      words.rolled_over,
      fill(words.rolled_over_text, groupIndian(bill.rollover.capacity_wh / 1_000)),
    ]]),
    ...(bill.final === true
      ? [[words.final_bill, fill(words.final_bill_text, dateShort(bill.to))]]
      : []),
  ];
  if (said.length === 0) return null;
  return {
    estimated,
    /** Whether it stands out, and in the box of the amount too. */
    caution: estimated,
    title: said.map(([title]) => title).join(" · "),
    text: said.map(([, text]) => text).join(" "),
  };
}

/** That this bill sets an estimate right: a true-up, or one that begins at an estimated reading. */
function settledBy({ true_up, opening, from }: BillDocument, words: Labels): string[][] {
  if (true_up !== undefined) return [[words.settled, fill(words.trued_up, dateShort(from))]];
  return opening.source === "estimate" ? [[words.settled, words.settled_text]] : [];
}

/** As it stands on the meter's plate. */
function plateOf({ serial_number, meter_id }: BillDocument["meter"]): string {
  return serial_number || meter_id;
}

function headsOf(bill: BillDocument, words: Labels, language: Language): Fact[] {
  const average = bill.days > 0 ? quantity(Math.round(bill.units_kwh / bill.days * 10) / 10) : "-";
  return [
    [words.period, periodLong(bill.period, language)],
    [words.issued_on, dateShort(bill.issued_on)],
    [words.units_billed, groupIndian(bill.units_kwh)],
    [words.average, `${average} ${words.unit}`],
  ];
}

function connectionOf(bill: BillDocument, words: Labels): Fact[] {
  const phase = bill.account.phase === 1 ? words.phase_1 : words.phase_3;
  const facts: Fact[] = [
    [words.account, bill.account.id],
    [words.meter_number, plateOf(bill.meter)],
    [words.tariff, bill.tariff.name],
    [words.supply, phase],
  ];
  if (bill.account.sanctioned_load_w > 0) {
    facts.push([words.sanctioned_load, `${quantity(bill.account.sanctioned_load_w / 1000)} kW`]);
  }
  // A bill says what it charges for: the area adds to the fixed charge.
  if (bill.account.municipal) facts.push(["", words.municipal]);
  return facts;
}

function readingsOf(bill: BillDocument, words: Labels) {
  const side = (date: string, { value_wh, source }: { value_wh: number; source: string }) => ({
    date: dateShort(date),
    value: kwh(value_wh),
    mark: source === "estimate" ? words.estimated : "",
  });
  // The bill begins with the meter before it; this one was put up later.
  const put_up = bill.earlier_meters === undefined
    ? bill.from
    : indianDateOf(bill.opening.read_at_ms);
  return {
    opening: side(put_up, bill.opening),
    closing: side(bill.to, bill.closing),
    difference: kwh(
      bill.closing.value_wh + (bill.rollover?.capacity_wh ?? 0) - bill.opening.value_wh,
    ),
    days: `${bill.days} ${words.days}`,
    factor: quantity(bill.meter.multiplying_factor),
    /** Of the meters before this one: without them the units are no sum. */
    earlier: (bill.earlier_meters ?? []).map(({ meter, units_kwh }) => ({
      plate: plateOf(meter),
      units: `+ ${groupIndian(units_kwh)}`,
    })),
    units: groupIndian(bill.units_kwh),
  };
}

const CODES = ["energy", "wheeling", "fixed", "fac", "duty", "tax_on_sale"] as const;

/** Days of one part of a period that two versions of the tariff share, at the end of a description. */
const PART = / \((\d{4}-\d\d-\d\d) to (\d{4}-\d\d-\d\d)\)$/;

/** The bill that a credit gives back, and its units, as billing writes them. */
const CREDITED = / bill (\S+), (\d+) kWh$/;

/** The name of a charge in the bill's language, with its slab or percentage. */
export function describe(line: BillLine, words: Labels, language: Language): string {
  const credit = line.code === CREDIT_ESTIMATED ? line.description.match(CREDITED) : null;
  if (credit !== null) return fill(words.credit_estimated, credit[1]!, groupIndian(+credit[2]!));
  const code = CODES.find((known) => known === line.code);
  if (language === "en" || code === undefined) return line.description;
  const part = line.description.match(PART);
  const days = part === null ? "" : ` (${dateShort(part[1]!)} ते ${dateShort(part[2]!)})`;
  return `${words[code]}${detailOf(line.description.replace(PART, ""), words)}${days}`;
}

/** Slab or percentage, found in the English description that the tariff engine writes. */
function detailOf(description: string, words: Labels): string {
  const slab = description.match(/(\d+)\s*(?:-|–|to)\s*(\d+)/);
  if (slab !== null) return ` ${slab[1]}–${slab[2]} ${words.unit}`;
  const above = description.match(/(?:above|over)\s*(\d+)/i);
  if (above !== null) return ` ${above[1]} ${words.above}`;
  const percent = description.match(/(\d+(?:\.\d+)?)\s*%/);
  return percent === null ? "" : ` ${percent[1]} %`;
}

function lineOf(line: BillLine, words: Labels, language: Language) {
  return {
    description: describe(line, words, language),
    units: line.units === null ? "" : quantity(line.units),
    rate: line.rate === null || line.units === null ? "" : rate(line.rate),
    amount: rupees(line.amount_paise),
  };
}

function chartOf(bill: BillDocument, words: Labels, language: Language) {
  const { last_year, chart } = bill;
  // The same month last year stands before the months since, unless it is among them.
  const shown = last_year === null || chart.some(({ period }) => period === last_year.period)
    ? chart
    : [last_year, ...chart];
  const most = Math.max(1, ...shown.map((bar) => bar.units_kwh));
  const bars = shown.map((bar) => ({
    ...periodShort(bar.period, language),
    units: groupIndian(bar.units_kwh),
    /** Height as a share of the highest bar. */
    share: Math.round(bar.units_kwh / most * 1000) / 1000,
    kind: bar.period === bill.period ? "current" : bar === last_year ? "last_year" : "other",
  }));
  const told = bars.map(({ month, year, units }) => `${month} ${year}: ${units}`).join("; ");
  return { bars, comparison: comparisonOf(bill, words, language), alt: `${words.chart}: ${told}` };
}

/** This bill against the same month a year before, in words. */
function comparisonOf(bill: BillDocument, words: Labels, language: Language): string {
  const { last_year, chart, period } = bill;
  const { units_kwh } = chart.at(-1)!;
  if (chart.length === 1 && last_year === null) return words.first_bill;
  if (last_year === null) return words.no_last_year;
  const month = periodLong(period, language).replace(/ \d+$/, "");
  const before = fill(words.last_year, month, groupIndian(last_year.units_kwh));
  const more = units_kwh - last_year.units_kwh;
  if (more === 0) return `${before} ${words.last_year_same}`;
  const percent = last_year.units_kwh === 0
    ? "–"
    : groupIndian(Math.round(Math.abs(more) / last_year.units_kwh * 100));
  const difference = more > 0 ? words.last_year_more : words.last_year_less;
  return `${before} ${fill(difference, groupIndian(Math.abs(more)), percent)}`;
}

/** `text` with each `{}` in it replaced by the next of `values`. */
function fill(text: string, ...values: string[]): string {
  let next = 0;
  return text.replaceAll("{}", () => values[next++] ?? "");
}

function paymentOf(bill: BillDocument, words: Labels) {
  const link = paymentLinkOf(bill);
  if (link === null || bill.withdrawn === true) return null;
  const upi_id = bill.utility.upi_id!;
  const alt = fill(words.pay_code, `₹ ${rupees(bill.amount_due_paise)}`, upi_id);
  return { link, upi_id, alt };
}

function offsetText(offset_ms: number | null, words: Labels): string {
  if (offset_ms === null) return words.not_measured;
  const rounded = Math.round(offset_ms * 10) / 10;
  if (rounded === 0) return words.exact;
  return `${Math.abs(rounded)} ${words.ms} ${rounded > 0 ? words.ahead : words.behind}`;
}

function provenanceOf(bill: BillDocument, words: Labels, language: Language) {
  const { closing } = bill;
  if (closing.source === "estimate") return { text: words.provenance_estimate, facts: [] };
  const facts: Fact[] = [[words.read_at, instantLong(closing.read_at_ms, language)]];
  if (closing.frame_sequence === null) {
    return { text: words.provenance_import, facts };
  }
  facts.push([words.frame, words.frame_of.replace("{}", String(closing.frame_sequence))]);
  if (closing.second_found_s !== null) {
    const time = indianTimeOf(closing.second_found_s * 1000);
    facts.push([words.second, `${closing.second_found_s} (${time})`]);
  }
  if (closing.trials !== null) facts.push([words.trials, String(closing.trials)]);
  facts.push([words.clock_offset, offsetText(closing.clock_offset_ms, words)]);
  if (closing.journal_sequence !== null) {
    facts.push([words.journal, String(closing.journal_sequence)]);
  }
  return { text: words.provenance_text, facts };
}
