import assert from "node:assert/strict";
import { utf8 } from "../../../protocol/bytes.ts";
import { Confirmations } from "../../../streams/fleet/confirmations.ts";
import { Latencies } from "../../../streams/fleet/latencies.ts";
import { Reasons } from "../../../streams/fleet/reasons.ts";
import { FleetSchedule } from "../../../streams/fleet/schedule.ts";

const BEGIN_MS = Date.UTC(2026, 10, 27);

function fixture() {
  const schedule = new FleetSchedule({ meters: 2, rate: 100, begin_ms: BEGIN_MS });
  const confirmations = new Confirmations({ schedule, meters: ["A", "B"], readings_max: 100 });
  const take = (body: { confirmed?: unknown[]; refused?: unknown[] }) =>
    confirmations.take(
      utf8(JSON.stringify({ journal_sequence: 1, confirmed: [], refused: [], ...body })),
    );
  return { schedule, confirmations, take };
}

Deno.test("Confirmations counts each reading of this run once, and nothing of others", () => {
  const { schedule, confirmations, take } = fixture();
  for (let n = 0; n < 4; n++) confirmations.sent(n);
  const of = (meter_id: string, n: number) => ({ meter_id, read_at_ms: schedule.readAt_ms(n) });
  take({ confirmed: [of("A", 0), of("B", 1)] });
  take({ confirmed: [of("A", 0), of("A", 2)] }); // The first again, as after a takeover.
  assert.equal(confirmations.confirmed, 3);
  take({ confirmed: [of("A", 4), of("C", 0), { meter_id: "B", read_at_ms: BEGIN_MS - 500 }] });
  assert.equal(confirmations.confirmed, 3, "not sent yet, not of the fleet, of an earlier run");
  assert.ok(confirmations.latencies.quantile(1)! < 10_000);
});

Deno.test("Confirmations counts refusals by reason, and only so many reasons", () => {
  const { confirmations, take } = fixture();
  const refused = (meter_id: string, reason: string) => ({
    meter_id,
    boot: 1,
    sequence: 1,
    reason,
  });
  take({ refused: [refused("A", "replayed"), refused("B", "replayed"), refused("C", "replayed")] });
  assert.deepEqual(confirmations.refused.counts, { replayed: 2 });
  take({ refused: Array.from({ length: 100 }, (_, i) => refused("A", `reason ${i}`)) });
  const counted = Object.entries(confirmations.refused.counts);
  assert.equal(counted.length, 33);
  assert.deepEqual(counted.at(-1), ["other reasons", 69]);
  assert.equal(confirmations.refused.total, 102);
});

Deno.test("Reasons of two that were put together have each refusal once, whatever the reason is called", () => {
  const [ofStream, ofMasters] = [new Reasons(), new Reasons()];
  ofStream.add("too long", 2);
  ofStream.add("constructor");
  ofMasters.add("too long", 3);
  ofMasters.add("replayed");
  const both = ofStream.with(ofMasters);
  assert.deepEqual(both.counts, { "too long": 5, constructor: 1, replayed: 1 });
  assert.equal(both.total, 7);
});

Deno.test("Latencies gives quantiles that are at most 2 % too long", () => {
  const latencies = new Latencies();
  assert.equal(latencies.quantile(0.5), null);
  for (let ms = 1; ms <= 1_000; ms++) latencies.add(ms);
  for (const share of [0.1, 0.5, 0.99, 1]) {
    const found = latencies.quantile(share)!;
    const exact = share * 1_000;
    assert.ok(found >= exact * 0.995 && found <= exact * 1.025, `${share}: ${found}`);
  }
  latencies.add(1e9);
  latencies.add(0);
  assert.ok(latencies.quantile(1)! > 600_000 / 2);
});
