import assert from "node:assert/strict";
import type { JournalRecord } from "../../../protocol/messages/journal.ts";
import { StreamJournal } from "../../../streams/jetstream/journal.ts";
import { journalFeed, ledgerPassed } from "../../../streams/jetstream/journal_feed.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withBroker } from "../../support/broker.ts";
import { eventually } from "../../support/eventually.ts";
import { restart } from "./restart.ts";

const record = (cursor: number): JournalRecord => ({
  ...{ v: 1, type: "batch", partition: 3, epoch: 1, owner: "a", cursor, events: [] },
});

Deno.test("journalFeed() resumes behind any cursor, across a hard kill of the broker, and marks its way", async () => {
  await withBroker(async (given) => {
    const { broker } = given;
    const journal = new StreamJournal(broker, "meter", 3, silentLog);
    const feed = await journalFeed(broker, silentLog);
    const signal = new AbortController().signal;
    let last = 0;
    for (let i = 1; i <= 5; i++) last = await journal.append(record(i), last);
    const read = async (after: number) =>
      (await feed.read(after, 3, signal)).map(({ sequence }) => sequence);
    assert.deepEqual(await read(0), [1, 2, 3]);
    assert.deepEqual(await read(3), [4, 5]);
    assert.deepEqual(await read(1), [2, 3, 4], "an earlier place, after a commit that failed");
    await restart(given);
    const seen: number[] = [];
    await eventually(async () => {
      seen.push(...await read(4 + seen.length));
      assert.equal(seen.length, 1);
    });
    assert.deepEqual(seen, [5]);
    await eventually(async () => assert.equal(await feed.lastSequence?.(), 5));
    // Once it says that it was out of reach: whoever reads looks whether this is the same journal.
    await eventually(async () => assert.deepEqual(await read(5), []));
    const snapshots = await broker.bucket("samay_snapshots");
    assert.equal(await ledgerPassed(snapshots), 0);
    feed.passed(5);
    await eventually(async () => assert.equal(await ledgerPassed(snapshots), 5));
    await feed.stop();
  });
});
