import assert from "node:assert/strict";
import type { JournalFeed } from "../../../streams/database/ledger_feed.ts";
import { ledgerIn } from "../../../streams/database/ledger.ts";
import { runLedger } from "../../../streams/database/ledger_loop.ts";
import type { Log } from "../../../streams/terminal/log.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withDatabase } from "../../support/database.ts";
import { eventually } from "../../support/eventually.ts";

Deno.test("runLedger() says loudly and once that it stands still, and why", async () => {
  await withDatabase(async (db) => {
    await ledgerIn(db).transaction((transaction) => transaction.moveCursor(7, "what was there"));
    let looked = 0;
    const feed: JournalFeed = {
      read: () => Promise.reject(new Error("nothing may be read")),
      lastSequence: () => Promise.resolve(20),
      fingerprintAt: (sequence) => {
        assert.equal(sequence, 7);
        looked += 1;
        return Promise.resolve("something else");
      },
    };
    const errors: string[] = [];
    const halts: string[] = [];
    const ledger = runLedger({
      store: ledgerIn(db),
      feed,
      log: {
        ...silentLog,
        error: (message, fields) => void errors.push(`${message} ${fields?.reason}`),
      },
      deadLetter: () => Promise.resolve(),
      onHalted: (reason) => halts.push(reason),
    });
    await eventually(() => assert.ok(looked >= 3));
    await ledger.stop();
    assert.equal(errors.length, 1);
    assert.match(errors[0]!, /^ledger stands still.*record 7 is not the one that the database has/);
    assert.equal(halts.length, 1);
  });
});

Deno.test("runLedger() refuses a database that is older than what the masters may have trimmed", async () => {
  await withDatabase(async (db) => {
    let reads = 0;
    const feed: JournalFeed = {
      read: () => {
        reads++;
        return Promise.resolve([]);
      },
      lastSequence: () => Promise.resolve(20),
      markedSequence: () => Promise.resolve(15),
    };
    const said: string[] = [];
    const keep = (_message: string, fields?: object) => void said.push(JSON.stringify(fields));
    const log: Log = { info: keep, warn: keep, error: keep };
    const ledger = runLedger({
      store: ledgerIn(db),
      feed,
      log,
      deadLetter: () => Promise.resolve(),
    });
    await eventually(() =>
      assert.ok(said.some((line) => line.includes("older than the broker's data")))
    );
    await ledger.stop();
    assert.equal(reads, 0);
  });
});
