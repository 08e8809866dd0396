/** The kinds of CSV exports: which rows, in which order, in which columns. */
import { indianDateOf } from "../../protocol/indian_time.ts";
import { PAGE_MAX } from "../office/data_verbs.ts";
import type { Ask } from "../office/operator.ts";
import type { ExportAccount, ExportInvoice } from "./export_bills.ts";
import {
  ACCOUNT_COLUMNS,
  headerOf,
  INVOICE_COLUMNS,
  LINE_COLUMNS,
  linesOf,
  READING_COLUMNS,
} from "./export_csv.ts";
import type { ExportPoint, ExportReading } from "./export_queries.ts";
import { pagesOf } from "./pages.ts";

export interface TableAsked {
  readonly account_id?: string | undefined;
  readonly meter_id?: string | undefined;
  readonly from_ms: number;
  /** Exclusive. */
  readonly to_ms: number;
}

/** An export as text: the header first, then a page at a time with the count of its rows. */
export type TableText = AsyncGenerator<{ readonly text: string; readonly rows: number }>;

/** Readings of every register. Of an account: those of its meters, while they hung there. */
export async function* readingsTable(ask: Ask, asked: TableAsked): TableText {
  yield { text: headerOf(READING_COLUMNS), rows: 0 };
  for await (const span of spansOf(ask, asked)) {
    const pages = pagesOf<ExportReading>(
      ...[ask, "data-export-readings", { ...span }, PAGE_MAX.readings] as const,
      ({ meter_id, obis, read_at_ms }) => ({ meter_id, obis, read_at_ms }),
    );
    for await (const page of pages) {
      yield { text: linesOf(READING_COLUMNS, page), rows: page.length };
    }
  }
}

async function* spansOf(ask: Ask, asked: TableAsked) {
  const { account_id, meter_id, from_ms, to_ms } = asked;
  if (account_id === undefined) {
    yield { meter_id, from_ms, to_ms };
    return;
  }
  const points = pagesOf<ExportPoint>(
    ...[ask, "data-export-points", { account_id, from_ms, to_ms }, PAGE_MAX.points] as const,
    ({ account_id, installation_id }) => ({ account_id, installation_id }),
  );
  for await (const page of points) {
    for (const { meter_id, installed_at_ms, removed_at_ms } of page) {
      yield {
        meter_id,
        from_ms: Math.max(from_ms, installed_at_ms),
        to_ms: Math.min(to_ms, removed_at_ms ?? Infinity),
      };
    }
  }
}

function invoicePages(ask: Ask, { account_id, from_ms, to_ms }: TableAsked) {
  return pagesOf<ExportInvoice>(
    ...[ask, "data-export-invoices", { account_id, from_ms, to_ms }, PAGE_MAX.invoices] as const,
    ({ invoice_id }) => invoice_id,
  );
}

/** Bills that were issued in the span, the void ones too. */
export async function* invoicesTable(ask: Ask, asked: TableAsked): TableText {
  yield { text: headerOf(INVOICE_COLUMNS), rows: 0 };
  for await (const page of invoicePages(ask, asked)) {
    yield { text: linesOf(INVOICE_COLUMNS, page), rows: page.length };
  }
}

/** The lines of those bills. */
export async function* invoiceLinesTable(ask: Ask, asked: TableAsked): TableText {
  yield { text: headerOf(LINE_COLUMNS), rows: 0 };
  for await (const page of invoicePages(ask, asked)) {
    const rows = page.flatMap((invoice) =>
      invoice.lines.map((line, position) => ({ invoice, line, position }))
    );
    yield { text: linesOf(LINE_COLUMNS, rows), rows: rows.length };
  }
}

/** Accounts that were opened in the span, with their consumers. */
export async function* accountsTable(ask: Ask, asked: TableAsked): TableText {
  yield { text: headerOf(ACCOUNT_COLUMNS), rows: 0 };
  const { account_id, from_ms, to_ms } = asked;
  const input = { account_id, from: indianDateOf(from_ms), to: indianDateOf(to_ms) };
  const pages = pagesOf<ExportAccount>(
    ...[ask, "data-export-accounts", input, PAGE_MAX.accounts] as const,
    ({ account_id }) => account_id,
  );
  for await (const page of pages) {
    yield { text: linesOf(ACCOUNT_COLUMNS, page), rows: page.length };
  }
}
