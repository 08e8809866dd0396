import assert from "node:assert/strict";
import type { JournalRecord } from "../../../protocol/messages/journal.ts";
import { FencedError } from "../../../streams/jetstream/broker.ts";
import { StreamJournal } from "../../../streams/jetstream/journal.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withBroker } from "../../support/broker.ts";

const record = (epoch: number, cursor: number, owner = "a"): JournalRecord => ({
  ...{ v: 1, type: "batch", partition: 3, epoch, owner, cursor, events: [] },
});

Deno.test("the journal takes a retried record once, and refuses what is fenced off", async () => {
  await withBroker(async ({ broker }) => {
    const journal = new StreamJournal(broker, "meter", 3, silentLog);
    const other = new StreamJournal(broker, "meter", 4, silentLog);
    const read = async (after: number) => {
      const found: number[] = [];
      for await (const each of journal.read(after)) found.push(each.sequence);
      return found;
    };
    const first = await journal.append(record(1, 1), 0);
    await other.append(record(1, 1), 0); // Another partition's fence is its own.
    const second = await journal.append(record(1, 2), first);
    assert.equal(await journal.append(record(1, 2), first), second, "its first place again");
    await assert.rejects(journal.append(record(1, 2, "zombie"), first), FencedError);
    const third = await journal.append(record(2, 3, "b"), second);
    await assert.rejects(journal.append(record(1, 3), second), FencedError);
    const silent = await journal.append(record(2, 3, "b"), third);
    assert.ok(silent > third, "a record that says nothing new is one all the same");
    assert.deepEqual(await read(0), [first, second, third, silent]);
    assert.deepEqual(await read(third), [silent]);
    assert.deepEqual(await read(silent), []);
    await journal.append(record(2, 4, "b"), silent);
  });
});
