/** One bill: from two readings and a tariff to lines, sums, and the snapshot of all inputs. */
import {
  type ClosingReading,
  type InvoiceInputs,
  invoiceInputs,
  type OpeningReading,
} from "../../protocol/messages/invoice_inputs.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { parseOrExplain } from "../../protocol/schema.ts";
import { indianDateOf } from "../../protocol/indian_time.ts";
import { quoteBill } from "./bill_quote.ts";
import { datePlus, financialYearOf } from "./calendar.ts";
import type { CycleFacts, MeterFacts } from "./facts.ts";
import { unitsOf } from "./judge.ts";
import { billableTariffOf } from "./tariff/catalogue.ts";
import type { TariffDocument } from "./tariff/document.ts";
import type { Quote } from "./tariff/quote.ts";

/** Days from the bill to its due date, unless the utility says otherwise. */
export const DUE_DAYS = 21;

/** State of the utility, in front of each invoice number. */
const SERIES_PREFIX = "MH";

export interface Bill {
  readonly inputs: InvoiceInputs & {
    /** The tariff as it was used, with only the versions that were, ready to be quoted again. */
    readonly tariff_document: TariffDocument;
  };
  readonly quote: Quote;
  readonly issued_at_ms: number;
  /** Numbers count within a financial year: `MH/2026-27`. */
  readonly series: string;
}

/** What a cycle bills, once nothing is missing. */
export type ReadyFacts = CycleFacts & {
  readonly meter: MeterFacts;
  readonly opening: OpeningReading;
};

/**
 * The bill of `period`. Throws `RangeError` for an unknown tariff or a period it does not cover, and
 * `TerminalError` where the tariff does not state what is needed, needs what the account does not
 * have, leaves something open, or is only an example: all in words for people.
 */
export function billOf(
  facts: ReadyFacts,
  period: string,
  closing: ClosingReading,
  issued_at_ms: number,
  due_days: number,
): Bill {
  const { account, consumer, meter, opening, history } = facts;
  const document = billableTariffOf(account.tariff_id);
  const from = indianDateOf(opening.read_at_ms);
  const to = indianDateOf(closing.read_at_ms);
  const units_kwh = unitsOf(opening.value_wh, closing.value_wh, meter.multiplying_factor);
  const result = quoteBill(document, { from, to, units_kwh, account });
  assertWhole(document, result);
  const used = new Set(result.parts.map((part) => part.effective_from));
  const versions = document.versions.filter((version) => used.has(version.effective_from));
  const issued_on = indianDateOf(issued_at_ms);
  const { status: _status, opened_on: _opened_on, ...connection } = account;
  const { slave_id: _slave_id, ...meterOnBill } = meter;
  const inputs: InvoiceInputs = {
    v: 1,
    period,
    consumer,
    account: connection,
    meter: meterOnBill,
    opening,
    closing,
    from,
    to,
    days: result.days,
    months: result.months,
    units_kwh,
    tariff: {
      id: document.id,
      name: document.name,
      versions: versions.map(({ effective_from, source: { document, page } }) => ({
        effective_from,
        source: page === null ? document : `${document}, page ${page}`,
      })),
    },
    history,
    due_on: datePlus(issued_on, due_days),
  };
  // What delivery could not print must not become an invoice.
  parseOrExplain(invoiceInputs, inputs, `The bill of account ${account.id} for ${period}`);
  return {
    inputs: { ...inputs, tariff_document: { ...document, versions } },
    quote: result,
    issued_at_ms,
    series: `${SERIES_PREFIX}/${financialYearOf(issued_on)}`,
  };
}

/** A quote may leave out what its source does not state, and says so. A bill may not: it is owed. */
function assertWhole(document: TariffDocument, { not_stated }: Quote): void {
  if (not_stated.length === 0) return;
  throw new TerminalError(
    `tariff ${document.id} is not whole (${
      not_stated.join("; ")
    }): a bill by it would lack that. ` +
      "Complete its file by the utility's order and take the notes out of not_stated",
  );
}
