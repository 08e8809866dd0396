/** A process that is killed in the middle of its due dates, again and again, on a real server. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { startOfIndianDate_ms } from "../../../protocol/indian_time.ts";
import { checkLedger } from "../../../streams/accounts/check.ts";
import { type DueRules, sweepOnce } from "../../../streams/accounts/due_sweeps.ts";
import { SWEEP_PAGE } from "../../../streams/accounts/sweep.ts";
import { sql } from "../../../streams/database/kysely.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withPostgres } from "../../support/database.ts";
import { postgresBinaries } from "../../support/postgres.ts";
import { accounts, type Db } from "./booked.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const RULES: DueRules = { reminder_days: [2], late_charge_after_days: 3 };
const ACCOUNTS = 5;
/** Two whole pages of each kind, and some. */
const BILLS = 2 * SWEEP_PAGE + 50;
const KILLS = 3;
const WITHIN_MS = 60_000;

const noon = (date: string) => startOfIndianDate_ms(date) + 12 * 3_600_000;

/** What a tariff says that asks 1.25 % for paying late. */
const TARIFF = {
  versions: [{
    settlement: [{
      ...{ code: "dpc", description: "Delayed payment charge", percent_hundredths: 125 },
      ...{ of: ["total"], cap_paise: null, when: "paid_late", enabled: true },
    }],
  }],
};

/**
 * On 26 May each account has bills to be reminded of (due on the 24th) and bills to be charged for
 * (due on the 22nd), as many of either kind.
 */
async function addBills(db: Db): Promise<void> {
  await accounts(db, ACCOUNTS);
  // A sweep that is new begins with what falls due from then on.
  await sweepOnce({ db, log: silentLog, rules: RULES, now_ms: () => noon("2026-05-20") });
  const inputs = JSON.stringify({ tariff_document: TARIFF });
  await sql`
    with cycle as (
      insert into billing_cycle (account_id, period, state)
      select 'A' || (1 + n % ${ACCOUNTS}::int),
        (1500 + n / 12)::text || '-' || lpad((1 + n % 12)::text, 2, '0'), 'issued'
      from generate_series(0, ${2 * BILLS - 1}::int) as n
      returning cycle_id, account_id, period)
    insert into invoice (number, account_id, period, cycle_id, state, issued_at, due_on,
      payable_paise, total_paise, rounding_paise, inputs)
    select 'MH/' || cycle_id, account_id, period, cycle_id, 'issued', timestamptz '2026-05-01',
      case when cycle_id % 2 = 0 then date '2026-05-22' else date '2026-05-24' end,
      100000, 100000, 0, ${inputs}::jsonb
    from cycle`.execute(db);
  await sql`
    insert into notification (invoice_id, channel, recipient, state, attempts)
    select invoice_id, 'email', 'a@example.org', 'sent', 1 from invoice`.execute(db);
}

function startProcess(url: string, date: string): Deno.ChildProcess {
  const args = ["run", "-q", "--no-prompt", "--allow-all"];
  const program = "tests/streams/accounts/due_process.ts";
  return new Deno.Command(Deno.execPath(), {
    args: [...args, program, url, String(noon(date)), JSON.stringify(RULES)],
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

interface Done {
  readonly reminders: number;
  readonly charges: number;
  /** Bills that were reminded of or charged for more than once. */
  readonly twice: number;
  /** Reminders that wait to be sent, each for one message. */
  readonly queued: number;
  /** Bills that a sweep is past, and that it did nothing about; and the other way round. */
  readonly torn: number;
}

/** At one moment: the server may still be at the last commit of a process that is gone. */
async function doneSoFar(db: Db): Promise<Done> {
  const { rows: [done] } = await sql<Done>`
    with seen as (
      select invoice_id, due_on,
        (select count(*) from notification as notice
          where notice.invoice_id = invoice.invoice_id and kind = 'reminder') as reminders,
        (select count(*) from account_entry as entry
          where entry.invoice_id = invoice.invoice_id and entry.kind = 'late_charge') as charges
      from invoice),
    -- The charges stand behind their due date alone; reminders are of one due date each.
    past as (
      select seen.*,
        exists (select 1 from due_sweep where sweep = 'reminder 2'
          and (seen.due_on, seen.invoice_id) <= (due_sweep.due_on, due_sweep.invoice_id))
          and due_on = date '2026-05-24' as reminded,
        exists (select 1 from due_sweep where sweep = 'late charge'
          and (seen.due_on, seen.invoice_id) <= (due_sweep.due_on, due_sweep.invoice_id)) as charged
      from seen)
    select coalesce(sum(reminders), 0)::int as reminders,
      coalesce(sum(charges), 0)::int as charges,
      count(*) filter (where reminders > 1 or charges > 1)::int as twice,
      (select count(*)::int from outbox) as queued,
      count(*) filter (where reminded <> (reminders > 0) or charged <> (charges > 0))::int as torn
    from past`.execute(db);
  return done!;
}

/** Until so many reminders and charges stand. */
async function until(db: Db, count: number): Promise<void> {
  const until_ms = performance.now() + WITHIN_MS;
  while (true) {
    const { reminders, charges } = await doneSoFar(db);
    if (reminders + charges >= count) return;
    assert.ok(performance.now() < until_ms, `only ${reminders} and ${charges} were done in time`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function killed(process: Deno.ChildProcess): Promise<void> {
  process.kill("SIGKILL");
  await process.status;
}

function assertSound({ reminders, charges, twice, queued, torn }: Done): number {
  assert.deepEqual({ twice, queued, torn }, { twice: 0, queued: reminders, torn: 0 });
  return reminders + charges;
}

Deno.test({
  name: "Due dates go on after kill -9: each reminder and each charge once",
  ignore: postgresBinaries() === undefined,
  fn: async () =>
    void await withPostgres(async (db, url) => {
      await addBills(db);
      let interrupted = 0;
      let done = 0;
      for (let i = 0; i < KILLS; i++) {
        const process = startProcess(url, "2026-05-26");
        await until(db, Math.min(done + 1, 2 * BILLS)).finally(() => killed(process));
        done = assertSound(await doneSoFar(db));
        if (done < 2 * BILLS) interrupted++;
      }
      assert.ok(interrupted > 0, "all was done before it could be interrupted");
      const last = startProcess(url, "2026-05-26");
      await until(db, 2 * BILLS).finally(() => killed(last));
      const { reminders, charges } = await doneSoFar(db);
      assert.deepEqual([reminders, charges], [BILLS, BILLS]);
      // What is paid late of the bills due on the 24th comes two days on, and no reminder again.
      const later = startProcess(url, "2026-05-28");
      await until(db, 3 * BILLS).finally(() => killed(later));
      const all = await doneSoFar(db);
      assertSound(all);
      assert.deepEqual([all.reminders, all.charges], [BILLS, 2 * BILLS]);
      assert.deepEqual((await checkLedger(db)).faults, []);
    }),
});
