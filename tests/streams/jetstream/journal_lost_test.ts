/** The broker comes back with less than it had: what the ledger does that was running all the while. */
import assert from "node:assert/strict";
import type { JournalRecord } from "../../../protocol/messages/journal.ts";
import { ledgerCursor, ledgerIn } from "../../../streams/database/ledger.ts";
import { runLedger } from "../../../streams/database/ledger_loop.ts";
import { StreamJournal } from "../../../streams/jetstream/journal.ts";
import { journalFeed } from "../../../streams/jetstream/journal_feed.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { type TestBroker, withBroker } from "../../support/broker.ts";
import { withDatabase } from "../../support/database.ts";
import { eventually } from "../../support/eventually.ts";
import { restart } from "./restart.ts";

const record = (owner: string, cursor: number): JournalRecord => ({
  ...{ v: 1, type: "batch", partition: 3, epoch: 1, owner, cursor, events: [] },
});

const copy = async (from: string, to: string) => {
  await Deno.remove(to, { recursive: true }).catch(() => {});
  const { success } = await new Deno.Command("cp", { args: ["-a", from, to] }).output();
  assert.ok(success);
};

interface Running {
  readonly given: TestBroker;
  readonly journal: StreamJournal;
  readonly cursor: () => Promise<number>;
  readonly halts: string[];
  /** Takes the broker back to what `older` kept of it. */
  readonly takeBack: () => Promise<void>;
}

/** A ledger has projected five records, and of the broker's files there is a copy with three. */
async function withRunningLedger(work: (running: Running) => Promise<void>): Promise<void> {
  await withBroker(async (given) => {
    await withDatabase(async (db) => {
      const { broker, dataDir } = given;
      const older = await Deno.makeTempDir({ prefix: "samay-test-" });
      const journal = new StreamJournal(broker, "meter", 3, silentLog);
      const feed = await journalFeed(broker, silentLog);
      const halts: string[] = [];
      const ledger = runLedger({
        ...{ store: ledgerIn(db), feed, log: silentLog },
        deadLetter: () => Promise.reject(new Error("nothing is dead here")),
        onHalted: (reason) => halts.push(reason),
      });
      const cursor = () => ledgerCursor(db);
      for (let n = 1; n <= 3; n++) await journal.append(record("a", n), n - 1);
      await restart(given, 0, () => copy(dataDir, `${older}/broker`));
      await eventually(async () => assert.equal(await journal.append(record("a", 4), 3), 4));
      await journal.append(record("a", 5), 4);
      await eventually(async () => assert.equal(await cursor(), 5));
      assert.deepEqual(halts, [], "a broker that comes back with all that it had is well");
      const takeBack = () => restart(given, 0, () => copy(`${older}/broker`, dataDir));
      try {
        await work({ given, journal, cursor, halts, takeBack });
      } finally {
        await ledger.stop();
        await feed.stop();
        await Deno.remove(older, { recursive: true });
      }
    });
  });
}

Deno.test("a running ledger says that the journal lost its end as soon as the broker is back", async () => {
  await withRunningLedger(async ({ halts, cursor, takeBack }) => {
    await takeBack();
    await eventually(() => assert.match(halts.join(), /The journal ends at 3 but the database/));
    assert.equal(await cursor(), 5);
  });
});

Deno.test("a running ledger takes no record of a journal that lost its end and has grown again", async () => {
  await withRunningLedger(async ({ journal, halts, cursor, takeBack }) => {
    await takeBack();
    let last = 3;
    await eventually(async () => {
      last = await journal.append(record("b", 4), 3);
    });
    for (let n = 5; n <= 8; n++) last = await journal.append(record("b", n), last);
    assert.equal(last, 8);
    await eventually(() => assert.ok(halts.length > 0));
    // It may have looked while the journal was short still: then it looks again, and sees the other.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    assert.equal(await cursor(), 5, halts.join());
  });
});
