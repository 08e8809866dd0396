/**
 * The tables of the head-end, as Kysely sees them. The migrations create exactly these.
 *
 * Money is integer paise (`_paise`), energy integer watt-hours (`_wh`), instants are `timestamptz`
 * and arrive as `Date`, calendar dates are `date` and arrive as `YYYY-MM-DD` text, in Indian time.
 */
import type { LedgerKind } from "../../actors/accounts/allocate.ts";
import type { Cycle } from "../../actors/billing/cycle.ts";
import type { ColumnType, Generated } from "./kysely.ts";
import type { BigInteger, CalendarDate, CreatedAt, Json, Optional } from "./schema_columns.ts";
import type { BillingRunPageTable, BillingRunTable } from "./schema_billing_runs.ts";
import type { NotificationTable, SuppressionTable } from "./schema_notices.ts";
import type { FacRateTable, TariffTable } from "./schema_tariffs.ts";
import type {
  RawReadingTable,
  ReadingConflictTable,
  ReadingDecisionTable,
  ReadingUnvalidatedTable,
  ValidatedReadingView,
} from "./schema_readings.ts";

export type * from "./schema_billing_runs.ts";
export type { NotificationState, NotificationTable, ProviderWord } from "./schema_notices.ts";
export type { SuppressionTable } from "./schema_notices.ts";
export type * from "./schema_readings.ts";
export type * from "./schema_tariffs.ts";

export interface ConsumerTable {
  consumer_number: string;
  name: string;
  address: string;
  phone: string | null;
  email: string | null;
  language: "en" | "mr";
  created_at: CreatedAt;
}

export interface AccountTable {
  account_id: string;
  consumer_number: string;
  tariff_id: string;
  phase: 1 | 3;
  municipal: boolean;
  /** Watts; 0: not known. */
  sanctioned_load_w: number;
  /** Contract demand in volt-amperes; null: none was told. */
  contract_va: Optional<BigInteger>;
  status: "active" | "closed";
  opened_on: CalendarDate;
  /** The day of the move-out. */
  closed_on: Optional<CalendarDate>;
  created_at: CreatedAt;
}

export interface MeterTable {
  meter_id: string;
  serial_number: string;
  slave_id: string;
  alias: BigInteger;
  /** Digits before the point on the register's display; null: not known. */
  register_digits: ColumnType<number | null, number | null | undefined, number | null>;
  created_at: CreatedAt;
}

/** A meter at an account's premises, from one date to another. */
export interface InstallationTable {
  installation_id: Generated<BigInteger>;
  account_id: string;
  meter_id: string;
  premises: string;
  installed_at: Date;
  removed_at: Date | null;
  /** Current and voltage transformer ratio: register x factor = energy. */
  multiplying_factor: number;
  opening_reading_wh: BigInteger;
  /** The register when the meter was taken down, or its customer moved out. */
  final_reading_wh: Optional<BigInteger>;
}

/** As the actor has it; of a cycle that nobody has touched there is no row. */
export type CycleState = Exclude<Cycle["state"], "none">;

/** One account, one month: from the reading that closed the cycle before to the one that closes it. */
export interface BillingCycleTable {
  cycle_id: Generated<BigInteger>;
  account_id: string;
  period: string;
  state: CycleState;
  /** Why a cycle is parked: shown to people. */
  reason: string | null;
  from_date: CalendarDate | null;
  to_date: CalendarDate | null;
  opening_wh: BigInteger | null;
  closing_wh: BigInteger | null;
  closing_read_at: Date | null;
  meter_id: string | null;
  units_kwh: BigInteger | null;
  requested_at: Date | null;
  /** Read-nows that are out and unanswered. */
  asks: Generated<number>;
  /** When something is to happen by itself. */
  deadline_at: Optional<Date>;
  /** What a draft is computed from again when it goes out. */
  draft: ColumnType<unknown, string | null | undefined, string | null>;
  /** Billed by no reading. */
  estimated: Generated<boolean>;
  /** The reading that a parked cycle waits for a decision on, and the rule that it failed. */
  parked_reading_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  parked_rule: ColumnType<string | null, string | null | undefined, string | null>;
  created_at: CreatedAt;
}

export interface InvoiceTable {
  invoice_id: Generated<BigInteger>;
  /** Without gaps within its series: `MH-2026-27/000001`. */
  number: string;
  account_id: string;
  period: string;
  cycle_id: BigInteger;
  state: "issued" | "void";
  issued_at: Date;
  due_on: CalendarDate;
  total_paise: BigInteger;
  rounding_paise: BigInteger;
  payable_paise: BigInteger;
  /** Everything the bill was computed from, as it was then: readings, consumer, tariff, history. */
  inputs: Json<unknown>;
  void_reason: string | null;
  /** Number of the void bill whose place this one takes: as `inputs` has it, set by the database. */
  replaces: ColumnType<string | null, never, never>;
  /** The transaction that issued it: lines are accepted in that transaction only. */
  written_in: ColumnType<string, never, never>;
}

export interface InvoiceLineTable {
  invoice_id: BigInteger;
  position: number;
  code: string;
  description: string;
  units: number | null;
  /** Integer in 1/10,000 rupee a unit where the line has a rate. */
  rate: number | null;
  amount_paise: BigInteger;
}

/** The last number given out in a series: taken in the same transaction as the invoice. */
export interface InvoiceSeriesTable {
  series: string;
  last_number: number;
}

export type PaymentMethod =
  | "cash"
  | "cheque"
  | "card"
  | "upi"
  | "netbanking"
  | "wallet"
  | "bank"
  | "other";

/** Money that came in. Never changed; a payment that was none is reversed by an entry. */
export interface PaymentTable {
  payment_id: Generated<BigInteger>;
  account_id: string;
  /** Who says so: `counter`, `upi`, a bank. With `reference` it names the payment, once. */
  source: string;
  reference: string;
  amount_paise: BigInteger;
  paid_on: CalendarDate;
  method: PaymentMethod;
  note: string | null;
  recorded_by: string;
  recorded_at: CreatedAt;
}

/** Part of an issued bill given back: with a number of a series of its own. */
export interface CreditNoteTable {
  credit_note_id: Generated<BigInteger>;
  number: string;
  invoice_id: BigInteger;
  account_id: string;
  amount_paise: BigInteger;
  reason: string;
  issued_by: string;
  issued_at: CreatedAt;
}

/**
 * What changes what a customer owes; the sum is the balance. Those of invoices, voids, payments and
 * credit notes are written by the database with what they are of.
 */
export interface AccountEntryTable {
  entry_id: Generated<BigInteger>;
  account_id: string;
  /** When it was booked. */
  at: CreatedAt;
  /** The calendar date that counts for interest and for being in time. */
  value_date: CalendarDate;
  kind: LedgerKind;
  /** Above zero: the customer owes it. Below: it was paid or credited. */
  amount_paise: BigInteger;
  invoice_id: BigInteger | null;
  payment_id: BigInteger | null;
  credit_note_id: BigInteger | null;
  /** The entry of the same account that this one undoes. */
  reverses: BigInteger | null;
  reference: string;
  description: string;
}

/** How far a sweep over the due dates of invoices has come. */
export interface DueSweepTable {
  sweep: string;
  due_on: CalendarDate;
  invoice_id: BigInteger;
}

/** A piece of a file on its way to the office. */
export interface UploadPartTable {
  upload_id: string;
  part: number;
  content_base64: string;
  at: CreatedAt;
}

/** Messages that leave once the transaction that wrote them stands. */
export interface OutboxTable {
  outbox_id: Generated<BigInteger>;
  subject: string;
  message_id: string;
  payload: Json<unknown>;
  created_at: CreatedAt;
}

export interface AuditTable {
  audit_id: Generated<BigInteger>;
  at: CreatedAt;
  actor: string;
  action: string;
  subject: string;
  detail: Json<unknown>;
}

/** How far the ledger has projected the journal: moved in the transaction that writes the rows. */
export interface LedgerCursorTable {
  stream: string;
  sequence: BigInteger;
  /** What the record with this sequence was; null where that is not known. */
  fingerprint: string | null;
}

/** Slaves as the head-end last heard of them. */
export interface SlaveTable {
  slave_id: string;
  last_seen_at: Date;
  report: Json<unknown>;
}

/** A file on its way in: see `streams/data/import_stage.ts`. */
export interface DataImportTable {
  import_id: Generated<BigInteger>;
  kind: "consumers" | "meters" | "installations" | "readings";
  opened_at: CreatedAt;
  /** When all of it was written. */
  taken_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
}

/** A checked row of such a file. */
export interface DataImportRowTable {
  import_id: BigInteger;
  /** As a spreadsheet numbers it. */
  line: number;
  content: Json<unknown>;
  /** Of a meter that masters know already. */
  alias: BigInteger | null;
  /** A meter: whether the masters know it was asked. */
  looked_up: Generated<boolean>;
}

/** What is wrong with a row. */
export interface DataImportFaultTable {
  fault_id: Generated<BigInteger>;
  import_id: BigInteger;
  line: number;
  field: string | null;
  reason: string;
}

export interface Database {
  consumer: ConsumerTable;
  account: AccountTable;
  meter: MeterTable;
  installation: InstallationTable;
  raw_reading: RawReadingTable;
  reading_decision: ReadingDecisionTable;
  latest_reading_decision: ReadingDecisionTable;
  reading_conflict: ReadingConflictTable;
  reading_unvalidated: ReadingUnvalidatedTable;
  validated_reading: ValidatedReadingView;
  tariff: TariffTable;
  fac_rate: FacRateTable;
  billing_cycle: BillingCycleTable;
  billing_run: BillingRunTable;
  billing_run_page: BillingRunPageTable;
  invoice: InvoiceTable;
  invoice_line: InvoiceLineTable;
  invoice_series: InvoiceSeriesTable;
  payment: PaymentTable;
  credit_note: CreditNoteTable;
  account_entry: AccountEntryTable;
  due_sweep: DueSweepTable;
  upload_part: UploadPartTable;
  notification: NotificationTable;
  suppression: SuppressionTable;
  outbox: OutboxTable;
  audit: AuditTable;
  ledger_cursor: LedgerCursorTable;
  /** How far readings are validated, by the journal: behind the ledger. */
  validation_cursor: LedgerCursorTable;
  slave: SlaveTable;
  data_import: DataImportTable;
  data_import_row: DataImportRowTable;
  data_import_fault: DataImportFaultTable;
}
