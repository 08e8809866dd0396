import assert from "node:assert/strict";
import { OutboxDating } from "../../../streams/edge/date_outbox.ts";
import { openStore, type Store } from "../../../streams/edge/store.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { inFolder } from "./head_end.ts";

const METERS = ["M1", "M2", "M3"];
const KNOWN = { offset_ms: 1_000, started_ms: 1e12, at_ms: 1e12 };

/** An outbox with an undated reading of each meter, and what dates it without any hurry. */
async function withUndated(
  body: (given: {
    readonly store: Store;
    readonly dating: OutboxDating;
    readonly said: string[];
    readonly dated: () => number;
    readonly state: { goOn: boolean };
    readonly stopping: AbortController;
  }) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const store = await openStore(folder);
    store.starts.note(1, 1);
    for (const meter_id of METERS) {
      const registers = [{ obis: "1-0:1.8.0", value: 5, unit: "Wh", read_at_ms: 500 }];
      store.outbox.put({ meter_id, read_at_ms: 500, registers }, { quality: 0, offset_ms: 0 });
    }
    const [said, state, stopping] = [[] as string[], { goOn: true }, new AbortController()];
    const dated = () => METERS.flatMap((id) => store.outbox.moments(id, 1e15, 10, [])).length;
    const note = (text: string, fields?: object) =>
      void said.push(`${text} ${JSON.stringify(fields)}`);
    const dating = new OutboxDating({
      store,
      log: { ...silentLog, error: note, warn: note },
      signal: stopping.signal,
      goOn: () => state.goOn,
      onDated: () => {},
      slice_ms: 0,
    });
    await body({ store, dating, said, dated, state, stopping });
    store.close();
  });
}

Deno.test("OutboxDating dates meter by meter and lets everything else go on in between", async () => {
  await withUndated(async ({ dating, dated }) => {
    dating.begin(KNOWN);
    assert.equal(dated(), 1, "the first one at once, and no more than there was time for");
    dating.begin({ ...KNOWN, offset_ms: 7_000_000 });
    await dating.finish();
    assert.equal(dated(), 3);
  });
});

Deno.test("OutboxDating dates nothing before what was known at its start, though keys go forward meanwhile", async () => {
  await withUndated(async ({ store, said }) => {
    const { keys, outbox } = store;
    const hours = new Map(METERS.map((id) => [id, 100]));
    const dating = new OutboxDating({
      store: { keys: { hours: () => hours } as typeof keys, outbox, starts: store.starts },
      log: { ...silentLog, error: (text) => void said.push(text) },
      signal: new AbortController().signal,
      goOn: () => true,
      onDated: () => METERS.forEach((id) => hours.set(id, 200)),
      slice_ms: 0,
    });
    store.starts.isComparable = () => false;
    dating.begin(KNOWN);
    await dating.finish();
    const moments = METERS.map((id) => outbox.moments(id, 1e15, 10, []));
    assert.deepEqual(moments, METERS.map(() => [100 * 3_600_000]));
    assert.deepEqual(said, []);
  });
});

Deno.test("OutboxDating stops when the clock is contradicted, and goes on with the next good answer", async () => {
  await withUndated(async ({ dating, dated, state, stopping }) => {
    state.goOn = false;
    dating.begin(KNOWN);
    await dating.finish();
    assert.equal(dated(), 1);
    state.goOn = true;
    dating.begin(KNOWN);
    await dating.finish();
    assert.equal(dated(), 3);
    stopping.abort();
  });
});

Deno.test("OutboxDating dates the others when one meter's readings cannot be dated, and says so once", async () => {
  await withUndated(async ({ store, dating, dated, said }) => {
    const { outbox } = store;
    const real = outbox.correct.bind(outbox);
    outbox.correct = (known) =>
      real({
        ...known,
        isComparable: () => false,
        earliest_ms: (meter_id) => {
          if (meter_id === "M2") throw new Error("no such row");
          return 0;
        },
      });
    for (let i = 0; i < 3; i++) {
      dating.begin(KNOWN);
      await dating.finish();
    }
    assert.equal(dated(), 2);
    assert.deepEqual(said.filter((text) => text.includes("M2")), [
      'the store failed {"doing":"date","reason":"M2: no such row"}',
    ]);
  });
});

Deno.test("OutboxDating says once that readings of the future wait", async () => {
  await withUndated(async ({ store, dating, said }) => {
    const registers = [{ obis: "1-0:1.8.0", value: 5, unit: "Wh", read_at_ms: 2e12 }];
    for (const meter_id of ["M1", "M3"]) {
      store.outbox.put({ meter_id, read_at_ms: 2e12, registers }, { quality: 2, offset_ms: 0 });
    }
    for (let i = 0; i < 3; i++) {
      dating.begin(KNOWN);
      await dating.finish();
    }
    assert.deepEqual(said, [
      'readings of the future wait: the clock was wrong when they were taken {"readings":2}',
    ]);
  });
});
