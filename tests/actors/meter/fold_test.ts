import assert from "node:assert/strict";
import fc from "fast-check";
import { meterActor } from "../../../actors/meter/meter.ts";
import { freshMeter, type MeterState } from "../../../actors/meter/state.ts";
import { journalEvent } from "../../../protocol/messages/journal.ts";
import { energy } from "../../support/meters.ts";
import { find, frame, input, METER, NOW_MS } from "./world.ts";

/** Frames of an honest meter, some held back, sent twice, late, broken or sealed by a wrong clock. */
const sending = fc.record({
  sequence: fc.integer({ min: 1, max: 12 }),
  boot: fc.integer({ min: 1, max: 2 }),
  clock_ms: fc.integer({ min: -14_000, max: 14_000 }),
  read_age_s: fc.integer({ min: 20, max: 90 }),
  value: fc.integer({ min: 0, max: 100 }),
  broken: fc.boolean(),
});
type Sending = typeof sending extends fc.Arbitrary<infer T> ? T : never;

function inputsOf(sendings: Sending[]) {
  return sendings.map(({ sequence, boot, clock_ms, read_age_s, value, broken }, i) => {
    const arrival_ms = NOW_MS + i * 1_000;
    const payload = frame({
      sequence,
      boot,
      sealed_at_ms: arrival_ms + clock_ms,
      registers: energy(value, arrival_ms + clock_ms - read_age_s * 1_000),
    });
    if (broken) payload[45]! ^= 1;
    return input(payload, arrival_ms);
  });
}

const shown = (state: MeterState) => JSON.stringify(meterActor.encode(state));
const viaJson = <T>(value: T): T => JSON.parse(JSON.stringify(value));

Deno.test("apply() is the fold: the journal replayed, and a snapshot with the rest, give the live state", () => {
  fc.assert(
    fc.property(fc.array(sending, { maxLength: 30 }), fc.nat(30), (sendings, cut) => {
      const live = freshMeter(METER);
      const journal: unknown[] = [];
      let snapshot: unknown = viaJson(meterActor.encode(live));
      let restored: MeterState | undefined;
      for (const [i, each] of inputsOf(sendings).entries()) {
        const event = meterActor.receive(live, each, find);
        // The same decision from the restored state as from the live one.
        if (restored) assert.deepEqual(meterActor.receive(restored, each, find), event);
        meterActor.apply(live, event);
        if (restored) meterActor.apply(restored, event);
        journal.push(viaJson(event));
        if (i === cut) {
          snapshot = viaJson(meterActor.encode(live));
          restored = meterActor.decode(METER, snapshot);
        }
      }
      const replayed = freshMeter(METER);
      for (const event of journal) {
        const parsed = journalEvent.parse(event);
        assert.ok(parsed.event !== "session");
        meterActor.apply(replayed, parsed);
      }
      assert.equal(shown(replayed), shown(live));
      if (restored) assert.equal(shown(restored), shown(live));
    }),
    { seed: 6_479, numRuns: 60 },
  );
});

Deno.test("no frame becomes two readings, in whatever order and however often it comes", () => {
  fc.assert(
    fc.property(fc.array(sending, { maxLength: 30 }), (sendings) => {
      const state = freshMeter(METER);
      const accepted: string[] = [];
      for (const each of [...inputsOf(sendings), ...inputsOf(sendings).reverse()]) {
        const event = meterActor.receive(state, each, find);
        meterActor.apply(state, event);
        if (event.event === "reading") accepted.push(`${event.boot}.${event.sequence}`);
      }
      assert.equal(new Set(accepted).size, accepted.length);
    }),
    { seed: 6_479, numRuns: 60 },
  );
});
