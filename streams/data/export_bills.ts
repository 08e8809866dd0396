/** Bills and accounts as exports give them, page by page. */
import { type Kysely, sql } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";

type Db = Kysely<Database>;

export interface ExportLine {
  readonly code: string;
  readonly description: string;
  readonly units: number | null;
  readonly rate: number | null;
  readonly amount_paise: number;
}

export interface ExportInvoice {
  readonly invoice_id: number;
  readonly number: string;
  readonly account_id: string;
  readonly consumer_number: string;
  readonly period: string;
  readonly state: string;
  readonly issued_at_ms: number;
  readonly due_on: string;
  readonly from: string;
  readonly to: string;
  readonly opening_read_at_ms: number;
  readonly closing_read_at_ms: number;
  readonly meter_id: string;
  readonly serial_number: string;
  readonly multiplying_factor: number;
  readonly opening_wh: number;
  readonly closing_wh: number;
  readonly units_kwh: number;
  readonly estimated: boolean;
  readonly tariff_id: string;
  readonly total_paise: number;
  readonly rounding_paise: number;
  readonly payable_paise: number;
  /** The number of the bill that this one takes the place of. */
  readonly replaces: string | null;
  readonly void_reason: string | null;
  readonly lines: readonly ExportLine[];
}

export interface InvoicesAsked {
  readonly account_id?: string | undefined;
  /** Issued from here on, and before `to_ms`. */
  readonly from_ms: number;
  readonly to_ms: number;
  readonly after: number;
  readonly limit: number;
}

/** Bills in the order they were issued, the void ones too. */
export async function exportInvoices(db: Db, asked: InvoicesAsked): Promise<ExportInvoice[]> {
  const { account_id, from_ms, to_ms, after, limit } = asked;
  const ofAccount = account_id === undefined ? sql`` : sql`and account_id = ${account_id}`;
  const { rows } = await sql<ExportInvoice>`
    select invoice_id, number, account_id, inputs #>> '{consumer,number}' as consumer_number,
      period, state, (extract(epoch from issued_at) * 1000)::bigint as issued_at_ms, due_on,
      inputs ->> 'from' as "from", inputs ->> 'to' as "to",
      (inputs #>> '{opening,read_at_ms}')::bigint as opening_read_at_ms,
      (inputs #>> '{closing,read_at_ms}')::bigint as closing_read_at_ms,
      inputs #>> '{meter,meter_id}' as meter_id,
      inputs #>> '{meter,serial_number}' as serial_number,
      (inputs #>> '{meter,multiplying_factor}')::numeric as multiplying_factor,
      (inputs #>> '{opening,value_wh}')::bigint as opening_wh,
      (inputs #>> '{closing,value_wh}')::bigint as closing_wh,
      (inputs ->> 'units_kwh')::bigint as units_kwh, inputs ? 'estimate' as estimated,
      inputs #>> '{account,tariff_id}' as tariff_id, total_paise, rounding_paise, payable_paise,
      inputs ->> 'replaces' as replaces, void_reason,
      (select coalesce(jsonb_agg(jsonb_build_object('code', code, 'description', description,
          'units', units, 'rate', rate, 'amount_paise', amount_paise) order by position), '[]')
        from invoice_line where invoice_line.invoice_id = invoice.invoice_id) as lines
    from invoice
    where invoice_id > ${after} and issued_at >= to_timestamp(${from_ms}::float8 / 1000)
      and issued_at < to_timestamp(${to_ms}::float8 / 1000) ${ofAccount}
    order by invoice_id limit ${limit}`.execute(db);
  return rows;
}

export interface ExportAccount {
  readonly account_id: string;
  readonly consumer_number: string;
  readonly name: string;
  readonly address: string;
  readonly phone: string | null;
  readonly email: string | null;
  readonly language: string;
  readonly tariff_id: string;
  readonly phase: number;
  readonly municipal: boolean;
  readonly sanctioned_load_w: number;
  readonly status: string;
  readonly opened_on: string;
  /** Of the meter that hangs there now. */
  readonly meter_id: string | null;
  /** The sum of its ledger: above 0 the customer owes it. */
  readonly balance_paise: number;
}

/** Accounts by their names, behind `after`, that were opened in the span. */
export async function exportAccounts(
  db: Db,
  asked: {
    readonly account_id?: string | undefined;
    readonly from: string;
    readonly to: string;
    readonly after: string;
    readonly limit: number;
  },
): Promise<ExportAccount[]> {
  const { account_id, from, to, after, limit } = asked;
  const only = account_id === undefined ? sql`` : sql`and account_id = ${account_id}`;
  const { rows } = await sql<ExportAccount>`
    select account_id, consumer_number, name, address, phone, email, language, tariff_id, phase,
      municipal, sanctioned_load_w, status, opened_on,
      (select meter_id from installation where installation.account_id = account.account_id
        and removed_at is null order by installation_id desc limit 1) as meter_id,
      (select coalesce(sum(amount_paise), 0)::bigint from account_entry
        where account_entry.account_id = account.account_id) as balance_paise
    from account join consumer using (consumer_number)
    where account_id > ${after} and opened_on >= ${from}::date and opened_on < ${to}::date ${only}
    order by account_id limit ${limit}`.execute(db);
  return rows;
}
