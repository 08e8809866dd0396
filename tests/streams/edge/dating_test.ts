import assert from "node:assert/strict";
import { TIME_STATUS_REGISTER, TIME_UNCERTAIN } from "../../../protocol/iec62056/obis.ts";
import type { Known } from "../../../streams/edge/dating.ts";
import type { Store } from "../../../streams/edge/store.ts";
import { openStore } from "../../../streams/edge/store.ts";
import { inFolder } from "./head_end.ts";

const readingAt = (read_at_ms: number, meter_id = "M1") => ({
  meter_id,
  read_at_ms,
  registers: [{ obis: "1-0:1.8.0", value: 5, unit: "Wh", read_at_ms }],
});
const UNKNOWN = { quality: 0, offset_ms: 0 } as const;
const GOOD = { quality: 2, offset_ms: 40 } as const;

/** What `store` knows once its clock is: `offset_ms` to add, itself started at `started_ms`. */
const known = (store: Store, offset_ms: number, started_ms = 1e12, earliest_ms = 0): Known => ({
  offset_ms,
  started_ms,
  isComparable: (boot) => store.starts.isComparable(boot),
  earliest_ms: () => earliest_ms,
});
function correct(store: Store, time: Known) {
  const total = { corrected: 0, uncertain: 0 };
  for (const { corrected, uncertain, fault } of store.outbox.correct(time)) {
    assert.equal(fault, undefined);
    total.corrected += corrected;
    total.uncertain += uncertain;
  }
  return total;
}
const momentsOf = (store: Store) => store.outbox.moments("M1", 1e15, 100, []);
const marked = (store: Store, read_at_ms: number) =>
  store.outbox.get({ meter_id: "M1", read_at_ms })!.registers.some(({ obis, value }) =>
    obis === TIME_STATUS_REGISTER && value === TIME_UNCERTAIN
  );

Deno.test("Outbox.correct() puts right what was read without a clock, before a restart as well", async () => {
  await inFolder(async (folder) => {
    const before = await openStore(folder);
    before.starts.note(400, 100);
    before.outbox.put(readingAt(500), UNKNOWN);
    before.close();
    const store = await openStore(folder);
    store.starts.note(60_400, 160);
    store.outbox.put(readingAt(61_000), UNKNOWN);
    store.outbox.put(readingAt(62_000), { quality: 0, offset_ms: 40 });
    store.outbox.put(readingAt(63_000), GOOD);
    assert.deepEqual(momentsOf(store), [63_000], "what has no time yet does not go out");
    assert.deepEqual(correct(store, known(store, 1_000)), { corrected: 3, uncertain: 0 });
    assert.deepEqual(momentsOf(store), [1_500, 62_000, 62_960, 63_000]);
    assert.ok(!marked(store, 1_500));
    const again = correct(store, known(store, 5_000));
    assert.deepEqual(again, { corrected: 0, uncertain: 0 }, "once is enough");
    store.close();
  });
});

Deno.test("Outbox.correct() marks what was read before a power cut that no clock outlived", async () => {
  await inFolder(async (folder) => {
    const before = await openStore(folder);
    before.starts.note(1_000, 20); // 1970: the machine has no clock of its own.
    before.outbox.put(readingAt(5_000), UNKNOWN);
    before.outbox.put(readingAt(7_000), UNKNOWN);
    before.close();
    const store = await openStore(folder);
    store.starts.note(1_500, 20); // Some hours later it begins in 1970 again, as quickly as before.
    store.outbox.put(readingAt(6_000), UNKNOWN);
    const offset_ms = 1_700_000_000_000;
    const started_ms = offset_ms + 1_500;
    const dated = correct(store, known(store, offset_ms, started_ms));
    assert.deepEqual(dated, { corrected: 1, uncertain: 2 });
    const moments = momentsOf(store);
    assert.deepEqual(moments, [started_ms - 2_000, started_ms, offset_ms + 6_000]);
    assert.deepEqual(moments.map((at) => marked(store, at)), [true, true, false]);
    store.close();
  });
});

Deno.test("Outbox.correct() dates nothing before the last hour that was known, nor in a lost start's future", async () => {
  await inFolder(async (folder) => {
    const before = await openStore(folder);
    before.outbox.put(readingAt(5_000), UNKNOWN);
    before.close();
    const store = await openStore(folder); // Neither start was noted: an older version's.
    const earliest_ms = 1_700_000_000_000;
    correct(store, known(store, 60_000, earliest_ms + 999_000, earliest_ms));
    assert.deepEqual(momentsOf(store), [earliest_ms]);
    assert.ok(marked(store, earliest_ms));
    store.close();
  });
});

Deno.test("Outbox.correct() keeps the old estimate's time for a reading of a lapsed clock and another run", async () => {
  await inFolder(async (folder) => {
    const before = await openStore(folder);
    before.outbox.put(readingAt(1_000_000), { quality: 0, offset_ms: 990_000 });
    before.close();
    const store = await openStore(folder);
    correct(store, known(store, 5_000_000));
    assert.deepEqual(momentsOf(store), [1_000_000]);
    assert.ok(marked(store, 1_000_000));
    store.close();
  });
});

Deno.test("Outbox.correct() moves a doubted reading when the clock had jumped, and leaves it when a server lied", async () => {
  await inFolder(async (folder) => {
    const store = await openStore(folder);
    const doubted = { quality: 2, offset_ms: 40, doubted: true } as const;
    store.outbox.put(readingAt(10_000), doubted);
    assert.deepEqual(momentsOf(store), [10_000], "a lying server does not keep it from going out");
    assert.deepEqual(correct(store, known(store, 41)), { corrected: 0, uncertain: 0 });
    assert.deepEqual(momentsOf(store), [10_000], "the same to the millisecond: it is known by it");
    store.outbox.put(readingAt(20_000), doubted);
    store.outbox.put(readingAt(15_000), GOOD);
    const eight_hours_ms = 8 * 3_600_000;
    const dated = correct(store, known(store, 40 + eight_hours_ms));
    assert.deepEqual(dated, { corrected: 1, uncertain: 0 });
    assert.deepEqual(momentsOf(store), [10_000, 15_000, 20_000 + eight_hours_ms]);
    store.close();
  });
});

Deno.test("Outbox.correct() keeps distances and all readings when moments collide", async () => {
  await inFolder(async (folder) => {
    for (const offset_ms of [1, -1, 3, -3]) {
      const store = await openStore(`${folder}/${offset_ms}`);
      for (let at = 100; at < 120; at++) store.outbox.put(readingAt(at), UNKNOWN);
      correct(store, known(store, offset_ms));
      const expected = Array.from({ length: 20 }, (_, i) => 100 + i + offset_ms);
      assert.deepEqual(momentsOf(store), expected);
      store.close();
    }
  });
});

Deno.test("Outbox.correct() marks a readout that fills its frame, in place of what is missed least", async () => {
  await inFolder(async (folder) => {
    const full = Array.from({ length: 63 }, (_, i) => ({ obis: `1-0:${i}.7.0`, unit: "W" }));
    const before = await openStore(folder);
    const registers = [...full, { obis: "1-0:1.8.0", unit: "Wh" }]
      .map((each) => ({ ...each, value: 7, read_at_ms: 5_000 }));
    before.outbox.put({ meter_id: "M1", read_at_ms: 5_000, registers }, UNKNOWN);
    before.close();
    const store = await openStore(folder);
    assert.deepEqual(correct(store, known(store, 1_000)), { corrected: 0, uncertain: 1 });
    const [moment] = momentsOf(store);
    assert.ok(marked(store, moment!));
    const sent = store.outbox.get({ meter_id: "M1", read_at_ms: moment! })!.registers;
    assert.equal(sent.length, 64);
    const names = sent.map(({ obis }) => obis);
    assert.deepEqual(names.slice(-3), ["1-0:61.7.0", "1-0:1.8.0", TIME_STATUS_REGISTER]);
    store.close();
  });
});

Deno.test("Outbox.correct() leaves the time of what a clock near enough may have sent already", async () => {
  await inFolder(async (folder) => {
    const store = await openStore(folder);
    const doubted = { quality: 2, offset_ms: 0, doubted: true } as const;
    store.outbox.put(readingAt(10_000), doubted);
    assert.deepEqual(correct(store, known(store, 20_000)), { corrected: 0, uncertain: 0 });
    store.outbox.put(readingAt(10_001), doubted);
    assert.deepEqual(correct(store, known(store, 40_000)), { corrected: 1, uncertain: 0 });
    assert.deepEqual(momentsOf(store), [10_000, 50_001]);
    store.close();
  });
});
