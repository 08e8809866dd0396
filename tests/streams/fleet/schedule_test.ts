import assert from "node:assert/strict";
import fc from "fast-check";
import { FleetSchedule, rateMax } from "../../../streams/fleet/schedule.ts";

const BEGIN_MS = Date.UTC(2026, 10, 27, 11);

Deno.test("FleetSchedule gives each reading of a meter a moment of its own, and from it the reading again", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 3_000 }),
    fc.integer({ min: 1, max: 200_000 }),
    fc.integer({ min: 0, max: 5_000_000 }),
    fc.integer({ min: 0, max: 999 }),
    (meters, wanted, n, late_ms) => {
      const rate = Math.min(wanted, meters * 1_000);
      const schedule = new FleetSchedule({ meters, rate, begin_ms: BEGIN_MS + late_ms });
      const read_at_ms = schedule.readAt_ms(n);
      assert.equal(schedule.readingAt(schedule.meterOf(n), read_at_ms), n);
      assert.ok(schedule.readAt_ms(n + meters) > read_at_ms);
      assert.ok(schedule.dueAt(read_at_ms + 1) > n, "it is due once its moment has passed");
      assert.equal(schedule.readingAt(schedule.meterOf(n), BEGIN_MS - 1), undefined);
    },
  ));
});

Deno.test("FleetSchedule never uses a number of an earlier run again, and no register goes back", () => {
  const run = (begin_ms: number) => new FleetSchedule({ meters: 10, rate: 10_000, begin_ms });
  const first = run(BEGIN_MS);
  const frames = 60_000 * 10; // A minute at the highest rate.
  const next = run(BEGIN_MS + 60_000);
  assert.equal(next.boot, first.boot);
  assert.ok(next.sequenceOf(0) > first.sequenceOf(frames));
  assert.ok(next.energyAt_wh(next.readAt_ms(0)) >= first.energyAt_wh(first.readAt_ms(frames)));
  const tomorrow = run(BEGIN_MS + 86_400_000);
  assert.equal(tomorrow.boot, first.boot + 1);
  const late = run(Date.UTC(2026, 10, 28) - 1);
  assert.ok(late.sequenceOf(3_600_000 * 10) <= 0xffff_ffff, "an hour from midnight on fits too");
  assert.throws(() => run(Date.UTC(2020, 0, 1)), /before 2026/);
  const tooFast = () => new FleetSchedule({ meters: 1, rate: 1_001, begin_ms: BEGIN_MS });
  assert.throws(tooFast, /at most 1000/);
  assert.equal(rateMax(100_000), 200_000, "what a run remembers has an end");
});
