/** What stands in the columns of an exported CSV file. */
import { inIndia } from "../../protocol/indian_time.ts";
import { csvLine, type CsvValue } from "../csv/write_csv.ts";
import type { ExportAccount, ExportInvoice, ExportLine } from "./export_bills.ts";
import type { ExportReading } from "./export_queries.ts";

type Columns<Row> = Readonly<Record<string, (row: Row) => CsvValue>>;

/** `2026-04-01T00:15:00.000+05:30`. */
export function isoInIndia(at_ms: number): string {
  const ms = String(((at_ms % 1_000) + 1_000) % 1_000).padStart(3, "0");
  return `${inIndia(at_ms).replace(" ", "T")}.${ms}+05:30`;
}

const decimal = (value: number, digits: number) => (value / 10 ** digits).toFixed(digits);
const kwh = (wh: number) => decimal(wh, 3);
const rupees = (paise: number) => decimal(paise, 2);

export const READING_COLUMNS: Columns<ExportReading> = {
  account_id: (row) => row.account_id,
  meter_id: (row) => row.meter_id,
  obis: (row) => row.obis,
  read_at: (row) => isoInIndia(row.read_at_ms),
  value: (row) => row.value,
  unit: (row) => row.unit,
  quality: (row) => row.quality,
  raw_value: (row) => row.raw_value,
  multiplying_factor: (row) => row.multiplying_factor,
  source: (row) => row.source,
  flags: (row) => row.flags.join(" "),
  rule: (row) => row.rule,
  decided_by: (row) => row.decided_by,
  frame_sequence: (row) => row.frame_sequence,
};

export const INVOICE_COLUMNS: Columns<ExportInvoice> = {
  number: (row) => row.number,
  account_id: (row) => row.account_id,
  consumer_number: (row) => row.consumer_number,
  period: (row) => row.period,
  state: (row) => row.state,
  issued_at: (row) => isoInIndia(row.issued_at_ms),
  due_on: (row) => row.due_on,
  from: (row) => row.from,
  to: (row) => row.to,
  meter_id: (row) => row.meter_id,
  serial_number: (row) => row.serial_number,
  multiplying_factor: (row) => row.multiplying_factor,
  opening_kwh: (row) => kwh(row.opening_wh),
  closing_kwh: (row) => kwh(row.closing_wh),
  units_kwh: (row) => row.units_kwh,
  estimated: (row) => row.estimated,
  tariff_id: (row) => row.tariff_id,
  total_rupees: (row) => rupees(row.total_paise),
  rounding_rupees: (row) => rupees(row.rounding_paise),
  payable_rupees: (row) => rupees(row.payable_paise),
  replaces: (row) => row.replaces,
  void_reason: (row) => row.void_reason,
};

/** A line of a bill with the bill that it stands on. */
export interface BillLineRow {
  readonly invoice: ExportInvoice;
  readonly line: ExportLine;
  readonly position: number;
}

export const LINE_COLUMNS: Columns<BillLineRow> = {
  number: ({ invoice }) => invoice.number,
  account_id: ({ invoice }) => invoice.account_id,
  period: ({ invoice }) => invoice.period,
  state: ({ invoice }) => invoice.state,
  position: ({ position }) => position,
  code: ({ line }) => line.code,
  description: ({ line }) => line.description,
  units: ({ line }) => line.units,
  rate_rupees: ({ line }) => line.rate === null ? null : decimal(line.rate, 4),
  amount_rupees: ({ line }) => rupees(line.amount_paise),
};

export const ACCOUNT_COLUMNS: Columns<ExportAccount> = {
  consumer_number: (row) => row.consumer_number,
  name: (row) => row.name,
  address: (row) => row.address,
  phone: (row) => row.phone,
  email: (row) => row.email,
  language: (row) => row.language,
  account_id: (row) => row.account_id,
  tariff_id: (row) => row.tariff_id,
  phase: (row) => row.phase,
  municipal: (row) => row.municipal,
  sanctioned_load_w: (row) => row.sanctioned_load_w,
  opened_on: (row) => row.opened_on,
  status: (row) => row.status,
  meter_id: (row) => row.meter_id,
  balance_rupees: (row) => rupees(row.balance_paise),
};

/** The first line of a file. */
export function headerOf<Row>(columns: Columns<Row>): string {
  return csvLine(Object.keys(columns));
}

/** The lines of `rows`. */
export function linesOf<Row>(columns: Columns<Row>, rows: readonly Row[]): string {
  const values = Object.values(columns);
  return rows.map((row) => csvLine(values.map((valueOf) => valueOf(row)))).join("");
}
