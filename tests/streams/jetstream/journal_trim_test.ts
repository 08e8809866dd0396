import assert from "node:assert/strict";
import { RetryableError } from "../../../protocol/errors.ts";
import type { JournalRecord } from "../../../protocol/messages/journal.ts";
import type { NatsBroker } from "../../../streams/jetstream/connection.ts";
import { StreamJournal } from "../../../streams/jetstream/journal.ts";
import { journalTrim } from "../../../streams/jetstream/journal_trim.ts";
import { snapshotsIn } from "../../../streams/jetstream/snapshots.ts";
import type { Snapshots } from "../../../streams/masters/ports.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import type { Timers } from "../../../streams/time/timers.ts";
import { withBroker } from "../../support/broker.ts";

const record = (cursor: number): JournalRecord => ({
  ...{ v: 1, type: "batch", partition: 3, epoch: 1, owner: "a", cursor, events: [] },
});

/** `broker` on a clock that goes on by a minute each time that it is asked. */
function hasty(broker: NatsBroker): NatsBroker {
  let now_ms = 0;
  const timers: Timers = { ...broker.timers, now_ms: () => now_ms += 60_000 };
  return { ...broker, timers };
}

Deno.test("the journal is trimmed to where the ledger and every snapshot stand, each last record stays", async () => {
  await withBroker(async ({ broker }) => {
    const snapshots = snapshotsIn(await broker.bucket("samay_snapshots"));
    const trim = journalTrim(hasty(broker), snapshots);
    const busy = new StreamJournal(broker, "meter", 3, silentLog);
    const idle = new StreamJournal(broker, "session", 40, silentLog);
    const left = async () => {
      const { streams } = await broker.manager();
      return (await streams.info("JOURNAL")).state.first_seq;
    };
    const save = (kind: "meter" | "session", partition: number, journal_sequence: number) =>
      snapshots.save(kind, partition, {
        ...{ version: 1, journal_sequence, epoch: 1, cursor: 1, states: {} },
      });
    const first = await idle.append(record(1), 0);
    let last = 0;
    for (let cursor = 1; cursor <= 9; cursor++) last = await busy.append(record(cursor), last);
    assert.deepEqual([first, last], [1, 10]);
    await save("meter", 3, 8);
    await trim(Infinity);
    assert.equal(await left(), 1, "a partition without a snapshot may need all of it");
    await save("session", 40, 1);
    await trim(Infinity);
    assert.equal(await left(), 1, "its last record is its fence");
    const next = await idle.append(record(1), first);
    await save("session", 40, next);
    await trim(5);
    assert.equal(await left(), 5, "the ledger has come to 5");
    await trim(Infinity);
    assert.equal(await left(), 8, "the busy one's snapshot is at 8");
    await trim(6);
    assert.equal(await left(), 8, "nothing comes back");
    await save("meter", 3, 10);
    await trim(Infinity);
    assert.equal(await left(), 10);
    // Both fences stand.
    await busy.append(record(10), last);
    await idle.append(record(2), next);
  });
});

Deno.test("without the server's word whose journals there are nothing is trimmed", async () => {
  const streams = {
    info: () => Promise.resolve({ state: { first_seq: 1 } }),
    purge: () => Promise.reject(new Error("purged")),
  };
  const broker = { manager: () => Promise.resolve({ streams }), timers: { now_ms: () => 0 } };
  await journalTrim(broker as unknown as NatsBroker, {} as Snapshots)(5);
});

Deno.test("many snapshots at a time trim the journal once in a while", async () => {
  let asked = 0;
  const streams = { info: () => Promise.reject(new Error(`${++asked}`)), purge: () => {} };
  let now_ms = 0;
  const broker = { manager: () => Promise.resolve({ streams }), timers: { now_ms: () => now_ms } };
  const trim = journalTrim(broker as unknown as NatsBroker, {} as Snapshots);
  await assert.rejects(trim(5), RetryableError, "no reason to give a partition up");
  await trim(5);
  now_ms += 1_999;
  await trim(5);
  assert.equal(asked, 1);
  now_ms += 1;
  await assert.rejects(trim(5), /JOURNAL not trimmed: 2/);
});
