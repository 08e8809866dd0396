/** What the demo has done, counted in the database and at the servers that took the messages. */
import { type Kysely, sql } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { billPathOf, loadBill } from "../delivery/bills.ts";
import { rupees } from "../delivery/format.ts";
import { formatTable } from "../terminal/table.ts";
import { type DemoWorld, UTILITY } from "./world.ts";

export interface DemoCounts {
  /** Rows out of frames. */
  readonly readings: number;
  readonly issued: number;
  /** Notifications that were sent. */
  readonly sent: number;
}

export async function countsOf(db: Kysely<Database>, period: string): Promise<DemoCounts> {
  const { rows } = await sql<DemoCounts>`
    select
      (select count(*) from raw_reading where obis = '1-0:1.8.0') as readings,
      (select count(*) from invoice where state = 'issued' and period = ${period}) as issued,
      (select count(*) from notification where state in ('sent', 'delivered')) as sent
  `.execute(db);
  return rows[0]!;
}

/** Where the PDF of the account's bill lies. */
export async function billsPath(world: DemoWorld, accountId: string): Promise<string> {
  const { invoice_id } = await world.billing.db.selectFrom("invoice").select("invoice_id")
    .where("account_id", "=", accountId).where("state", "=", "issued").executeTakeFirstOrThrow();
  const { bill } = await loadBill(world.billing.db, invoice_id, UTILITY);
  return billPathOf(world.billsDir, bill);
}

export async function summaryOf(world: DemoWorld, period: string, elapsed_s: number) {
  const { db } = world.billing;
  const { readings, issued } = await countsOf(db, period);
  const { rows } = await sql<{ trials: number; frames: number; paise: number; meters: number }>`
    select
      (select sum(trials) from raw_reading where obis = '1-0:1.8.0') as trials,
      (select count(*) from raw_reading where frame_sequence is not null and obis = '1-0:1.8.0') as frames,
      (select sum(payable_paise) from invoice where state = 'issued') as paise,
      (select count(*) from meter) as meters
  `.execute(db);
  const { trials, frames, paise, meters } = rows[0]!;
  const pdfs = await countFiles(`${world.billsDir}/${period}`);
  const json = {
    period,
    meters: Number(meters),
    readings: Number(readings),
    trials_mean: Math.round((Number(trials) / Number(frames)) * 1_000) / 1_000,
    bills: Number(issued),
    payable_paise: Number(paise),
    pdfs,
    mails: world.smtp.received.length,
    texts: world.twilio.received.length,
    texts_checked_against_twilio_document: world.twilio.checksAgainstDocument,
    elapsed_s: Math.round(elapsed_s * 10) / 10,
  };
  const checked = json.texts_checked_against_twilio_document
    ? " (each call valid by Twilio's own document)"
    : "";
  const table: [string, string][] = [
    ["meters", String(json.meters)],
    [
      "readings, from frame to row",
      `${json.readings} (mean of ${json.trials_mean} trials a frame)`,
    ],
    ["bills issued", `${json.bills}, ${rupees(json.payable_paise)} in all`],
    ["PDFs written", String(json.pdfs)],
    ["mails taken by the SMTP server", String(json.mails)],
    ["texts taken by the SMS endpoint", `${json.texts}${checked}`],
    ["time", `${json.elapsed_s} s`],
  ];
  const columns = [{ title: `The month ${period}` }, { title: "" }];
  return { json, text: formatTable(columns, table) };
}

async function countFiles(folder: string): Promise<number> {
  let count = 0;
  for await (const entry of Deno.readDir(folder)) if (entry.isFile) count++;
  return count;
}
