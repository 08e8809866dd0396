/** A billing process that is killed in the middle of a run, again and again, on a real server. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { sql } from "../../../../streams/database/kysely.ts";
import { withPostgres } from "../../../support/database.ts";
import { postgresBinaries } from "../../../support/postgres.ts";
import type { Db } from "../fixture.ts";
import { addRead, invoices, lastRun, MAY, start } from "./fixture.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const ACCOUNTS = 160;
const PAGE = 4;
const KILLS = 3;
const WITHIN_MS = 60_000;

function startWorker(url: string): Deno.ChildProcess {
  const args = ["run", "-q", "--no-prompt", "--allow-all"];
  return new Deno.Command(Deno.execPath(), {
    args: [...args, "tests/streams/billing/run/worker_process.ts", url, String(MAY)],
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

/** Until the run has looked at `looked` accounts, or is done. */
async function untilLooked(db: Db, looked: number): Promise<void> {
  const until_ms = performance.now() + WITHIN_MS;
  while (true) {
    const run = await lastRun(db);
    if (run.looked >= looked || run.state === "done") return;
    assert.ok(performance.now() < until_ms, `only ${run.looked} accounts were looked at in time`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/**
 * What stands is exactly the pages that are done: bills, numbers and sums. At one moment: the server
 * may still be at the last commit of a process that is gone.
 */
function assertWhole(db: Db): Promise<void> {
  return db.transaction().setIsolationLevel("repeatable read").execute(assertWholeNow);
}

async function assertWholeNow(db: Db): Promise<void> {
  const rows = await invoices(db);
  const run = await lastRun(db);
  const { rows: [pages] } = await sql<{ accounts: number }>`
    select coalesce(sum(accounts), 0)::bigint as accounts from billing_run_page
    where done_at is not null`.execute(db);
  assert.deepEqual([rows.length, run.issued], [pages!.accounts, pages!.accounts]);
  assert.equal(new Set(rows.map((row) => row.account_id)).size, rows.length);
  assert.deepEqual(
    rows.map((row) => row.number),
    rows.map((_, i) => `MH/2026-27/${String(i + 1).padStart(6, "0")}`),
  );
  const { rows: [loose] } = await sql<{ lines: number; notices: number }>`
    select (select count(*) from invoice where not exists (
        select 1 from invoice_line as line where line.invoice_id = invoice.invoice_id
      )) as lines,
      (select count(*) from invoice where (
        select count(*) from notification where notification.invoice_id = invoice.invoice_id
      ) <> 2) as notices`.execute(db);
  assert.deepEqual([loose!.lines, loose!.notices], [0, 0]);
}

Deno.test({
  name: "A run goes on after kill -9: no account twice, none missing, numbers without gaps",
  ignore: postgresBinaries() === undefined,
  fn: async () =>
    void await withPostgres(async (db, url) => {
      const accounts = await addRead(db, ACCOUNTS);
      await start(db, {}, PAGE);
      let killed = 0;
      for (let i = 0; i < KILLS; i++) {
        const worker = startWorker(url);
        await untilLooked(db, (await lastRun(db)).looked + 2 * PAGE);
        worker.kill("SIGKILL");
        await worker.status;
        if ((await lastRun(db)).state === "running") killed += 1;
        await assertWhole(db);
      }
      assert.ok(killed > 0, "the run was over before it could be interrupted");
      const last = startWorker(url);
      try {
        await untilLooked(db, ACCOUNTS + 1);
      } finally {
        last.kill("SIGKILL");
        await last.status;
      }
      await assertWhole(db);
      assert.equal((await lastRun(db)).state, "done");
      assert.deepEqual((await invoices(db)).map((row) => row.account_id).sort(), accounts);
    }),
});
