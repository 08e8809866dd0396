/** What the template prints: a bill document turned into words and figures of one language. */
import { indianTimeOf } from "../../../protocol/indian_time.ts";
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

/** Name and value, one under the other or side by side. */
export type Fact = readonly [label: string, value: string];

/** A fact in a row of its own; `long`: its value may need a second line, and the row grows with it. */
export type FactRow = readonly [...Fact, long: boolean];

/** Small letters that fit on one line of the narrow columns; a capital takes more than one. */
const VALUE_SHORT_MAX = 22;
const CAPITAL_WIDTH = 1.3;

function rowOf([name, value]: Fact): FactRow {
  const capitals = value.match(/[A-Z]/g)?.length ?? 0;
  return [name, value, value.length + capitals * (CAPITAL_WIDTH - 1) > VALUE_SHORT_MAX];
}

/** A fuel adjustment of nothing says nothing, and one a slab would push the page over its end. */
function isPrinted({ code, amount_paise }: BillLine): boolean {
  return code !== "fac" || amount_paise !== 0;
}

export type BillView = ReturnType<typeof billView>;

/** Everything on the page, as text; amounts and bars are formatted and scaled already. */
export function billView(bill: BillDocument) {
  const language = bill.consumer.language;
  const words = labelsOf(language);
  return {
    language,
    words,
    utility: utilityOf(bill, words, language),
    number: bill.number,
    // The document's date is the invoice's: the same invoice gives the same bytes.
    issued_on: bill.issued_on.split("-").map(Number),
    period: periodLong(bill.period, language),
    payable: rupeesShort(bill.payable_paise),
    due_on: dateLong(bill.due_on, language),
    heads: headsOf(bill, words, language),
    consumer: {
      number: bill.consumer.number,
      name: bill.consumer.name,
      address: bill.consumer.address,
    },
    connection: connectionOf(bill, words).map(rowOf),
    readings: readingsOf(bill, words),
    lines: bill.lines.filter(isPrinted).map((line) => lineOf(line, words, language)),
    total: rupees(bill.total_paise),
    rounding: rupees(bill.rounding_paise),
    payable_exact: rupees(bill.payable_paise),
    chart: chartOf(bill, language),
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
    [words.meter_number, bill.meter.serial_number || bill.meter.meter_id],
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
    date: source === "estimate" ? `${dateShort(date)}  ${words.estimated}` : dateShort(date),
    value: kwh(value_wh),
  });
  return {
    opening: side(bill.from, bill.opening),
    closing: side(bill.to, bill.closing),
    difference: kwh(bill.closing.value_wh - bill.opening.value_wh),
    days: `${bill.days} ${words.days}`,
    factor: quantity(bill.meter.multiplying_factor),
    units: groupIndian(bill.units_kwh),
  };
}

const CODES = ["energy", "wheeling", "fixed", "fac", "duty", "tax_on_sale"] as const;

/** Days of one part of a period that two versions of the tariff share, at the end of a description. */
const PART = / \((\d{4}-\d\d-\d\d) to (\d{4}-\d\d-\d\d)\)$/;

/** The name of a charge in the bill's language, with its slab or percentage. */
export function describe(line: BillLine, words: Labels, language: Language): string {
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

/** Characters of a description that fit on one line of the page, wide ones too. */
const DESCRIPTION_SHORT_MAX = 50;

function lineOf(line: BillLine, words: Labels, language: Language) {
  const description = describe(line, words, language);
  return {
    description,
    // More than one line of the table holds, for certain: the row grows with it.
    long: description.length > DESCRIPTION_SHORT_MAX,
    units: line.units === null ? "" : quantity(line.units),
    rate: line.rate === null || line.units === null ? "" : rate(line.rate),
    amount: rupees(line.amount_paise),
  };
}

function chartOf(bill: BillDocument, language: Language) {
  const most = Math.max(1, ...bill.chart.map((bar) => bar.units_kwh));
  return bill.chart.map((bar, i) => ({
    ...periodShort(bar.period, language),
    units: groupIndian(bar.units_kwh),
    /** Height as a share of the highest bar. */
    share: Math.round(bar.units_kwh / most * 1000) / 1000,
    current: i === bill.chart.length - 1,
  }));
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
    return { text: words.provenance_import, facts: facts.map(rowOf) };
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
  return { text: words.provenance_text, facts: facts.map(rowOf) };
}
