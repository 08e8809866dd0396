/**
 * The PDF of every bill lies in the bills folder, whether or not a mail or a text goes out. It is
 * made beside the billing and never holds it up: what fails is told, and `bill pdf` makes it again.
 * One that is made void is drawn over: nobody is to find a bill there that asks for money no more.
 */
import { findInvoice } from "../billing/invoices.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import type { BillDocument, Utility } from "../delivery/bill_document.ts";
import { loadBill, writeBillPdf } from "../delivery/bills.ts";
import type { Stoppable } from "../jetstream/broker.ts";
import type { Log } from "../terminal/log.ts";

/** Bills that wait to be drawn: a large utility's month. Past this a bill has no file. */
const WAITING_MAX = 100_000;
/** A process that is told to end may take so long over the bills that wait. */
const STOP_WITHIN_MS = 10_000;

export interface BillFilesOptions {
  readonly db: Kysely<Database>;
  readonly billsDir: string;
  readonly utility: Utility;
  /** Whether there is a mail server, and an SMS service: see `deliveryWrites()`. */
  readonly ways: { readonly mail: boolean; readonly sms: boolean };
  readonly log: Log;
}

export interface BillFiles extends Stoppable {
  /** The bill of that number was issued, or made void: its file is drawn as it is now. Returns at once. */
  draw(number: string): void;
}

/** One bill after the other; `stop()` waits for those that wait, up to 10 s. */
export function startBillFiles(options: BillFilesOptions): BillFiles {
  const { log } = options;
  const waiting: string[] = [];
  let working: Promise<void> | undefined;
  let failing = false;
  let until_ms = Infinity;
  const fail = (number: string, reason: string) => {
    if (!failing) {
      log.error("a bill's PDF was not written; make it with `samay bill pdf`", { number, reason });
    }
    failing = true;
  };
  const work = async () => {
    for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) {
      if (performance.now() > until_ms) {
        const bills = waiting.length + 1;
        log.warn("bills have no PDF; make them with `samay bill pdf`", { bills, first: number });
        return;
      }
      try {
        await writeOne(options, number);
        if (failing) log.info("bills are written as PDF again", { number });
        failing = false;
      } catch (error) {
        fail(number, (error as Error).message);
      }
    }
    working = undefined;
  };
  return {
    draw(number) {
      if (waiting.length >= WAITING_MAX) return fail(number, `${WAITING_MAX} bills wait already`);
      waiting.push(number);
      working ??= work();
    },
    stop: async () => {
      until_ms = performance.now() + STOP_WITHIN_MS;
      await working;
    },
  };
}

async function writeOne(options: BillFilesOptions, number: string): Promise<void> {
  const { db, billsDir, utility, ways } = options;
  const { invoice_id } = await findInvoice(db, number);
  const { bill, state } = await loadBill(db, invoice_id, utility);
  // Delivery drew a void one as long as it was none, and does not come back to it.
  if (state === "void" || !deliveryWrites(bill, ways)) await writeBillPdf(billsDir, bill);
}

/** Whether delivery draws this bill anyway, before it sends it: drawing it twice would be a waste. */
function deliveryWrites(
  { consumer: { email, phone } }: BillDocument,
  ways: BillFilesOptions["ways"],
): boolean {
  const mailed = ways.mail && email !== null && email !== "";
  // A text alone goes with a file where there is no address for mail: deliver.ts.
  return mailed || (ways.sms && email === null && phone !== null && phone !== "");
}
