import assert from "node:assert/strict";
import { backoff_s } from "../../../actors/slave/schedule.ts";
import { HELD_MAX } from "../../../actors/slave/state.ts";
import { NOON_MS, only, SlaveWorld } from "./world.ts";

const keyAt = (read_at_ms: number, meter_id = "M1") => ({ meter_id, read_at_ms });
const sentAt = (effects: ReturnType<SlaveWorld["tell"]>) =>
  only(effects, "send").map(({ key }) => key.read_at_ms);
const R1 = NOON_MS - 3_000;
const R2 = NOON_MS - 2_000;

Deno.test("receive() sends the oldest first and no more than may be in flight", () => {
  const world = new SlaveWorld({ inFlight_max: 3 });
  const moments = Array.from({ length: 5 }, (_, i) => R1 + i);
  assert.deepEqual(sentAt(world.hold("M1", ...moments)), moments.slice(0, 3));
  assert.deepEqual(sentAt(world.pass(1)), []);
  const confirmed = { journal_sequence: 1, confirmed: [keyAt(R1)], refused: [] };
  const effects = world.tell({ type: "confirmation", boot: 1, confirmation: confirmed });
  assert.deepEqual(only(effects, "delete"), [{ effect: "delete", keys: [keyAt(R1)] }]);
  assert.deepEqual(sentAt(effects), [R1 + 3]);
});

Deno.test("receive() sends again after 5, 10, 20 s ... up to the limit, until confirmed", () => {
  const world = new SlaveWorld({ resendMax_s: 20 });
  assert.deepEqual(sentAt(world.hold("M1", R1)), [R1]);
  for (const wait_s of [5, 10, 20, 20, 20]) {
    assert.deepEqual(sentAt(world.pass(wait_s - 1)), []);
    assert.deepEqual(sentAt(world.pass(1)), [R1]);
  }
  const confirmed = { journal_sequence: 1, confirmed: [keyAt(R1)], refused: [] };
  world.tell({ type: "confirmation", boot: 1, confirmation: confirmed });
  assert.deepEqual(sentAt(world.pass(1_000)), []);
});

Deno.test("backoff_s() is capped, and shortened by the jitter", () => {
  assert.equal(backoff_s(0, 5, 300, 0), 5);
  assert.equal(backoff_s(3, 5, 300, 0), 40);
  assert.equal(backoff_s(1_000, 5, 300, 0), 300);
  assert.equal(backoff_s(0, 5, 300, 0.5), 4.5);
});

Deno.test("receive() seals nothing while the clock is not synchronised, and says so once", () => {
  const world = new SlaveWorld();
  world.pass(1);
  world.set({ quality: 0 });
  const effects = world.hold("M1", R1);
  assert.deepEqual(sentAt(effects), []);
  assert.match(only(effects, "say")[0]!.text, /not synchronised: readings are kept/);
  assert.deepEqual(only(world.pass(60), "say"), []);
  world.set({ quality: 1 });
  const again = world.pass(1);
  assert.deepEqual(sentAt(again), [R1], "holdover is good enough to seal");
  assert.match(only(again, "say")[0]!.text, /synchronised: sealing/);
});

Deno.test("receive() waits when the clock was set back behind the last sealing", () => {
  const world = new SlaveWorld();
  world.hold("M1", R1);
  const t_s = NOON_MS / 1_000;
  world.tell({ type: "sealed", key: keyAt(R1), sequence: 1, t_s });
  world.set({ utc_ms: NOON_MS - 1_500 });
  assert.deepEqual(sentAt(world.hold("M2", R1)), []);
  assert.deepEqual(sentAt(world.pass(1.5)), [R1]);
});

Deno.test("receive() waits with a reading of the future until the clock has come to it", () => {
  const world = new SlaveWorld();
  assert.deepEqual(sentAt(world.hold("M1", NOON_MS + 2_000)), []);
  assert.deepEqual(sentAt(world.pass(2)), [NOON_MS + 2_000]);
});

Deno.test("receive() sends nothing over a link that is down, and all of it when it is back", () => {
  const world = new SlaveWorld();
  world.tell({ type: "link", up: false });
  assert.deepEqual(sentAt(world.hold("M1", R1, R2)), []);
  assert.deepEqual(sentAt(world.pass(86_400)), []);
  assert.deepEqual(sentAt(world.tell({ type: "link", up: true })), [R1, R2]);
});

Deno.test("receive() tries again soon what the broker did not take", () => {
  const world = new SlaveWorld();
  world.hold("M1", R1);
  const failed = { type: "send_failed" as const, key: keyAt(R1), reason: "no answer" };
  const said = only(world.tell(failed), "say");
  assert.match(said[0]!.text, /M1 not taken, kept and sent again: no answer/);
  assert.deepEqual(sentAt(world.pass(1)), [R1]);
  assert.deepEqual(only(world.tell(failed), "say"), [], "said once");
});

Deno.test("receive() seals anew what was refused, unless the refusal is of an older frame", () => {
  const world = new SlaveWorld();
  world.hold("M1", R1);
  world.tell({ type: "sealed", key: keyAt(R1), sequence: 7, t_s: NOON_MS / 1_000 });
  const refusal = (boot: number, sequence: number) => ({
    type: "confirmation" as const,
    boot: 3,
    confirmation: {
      journal_sequence: 1,
      confirmed: [],
      refused: [{ meter_id: "M1", boot, sequence, reason: "tag_mismatch" }],
    },
  });
  world.tell(refusal(2, 7));
  world.tell(refusal(3, 6));
  assert.deepEqual(sentAt(world.pass(2)), []);
  world.tell(refusal(3, 7));
  assert.deepEqual(sentAt(world.pass(2)), [R1]);
});

Deno.test("receive() deletes what is confirmed though it does not hold it, and no stranger's", () => {
  const world = new SlaveWorld();
  const confirmation = {
    journal_sequence: 1,
    confirmed: [keyAt(R1), keyAt(R1, "M9")],
    refused: [],
  };
  const effects = world.tell({ type: "confirmation", boot: 1, confirmation });
  assert.deepEqual(only(effects, "delete"), [{ effect: "delete", keys: [keyAt(R1)] }]);
});

Deno.test("receive() holds few readings of each meter and asks the outbox for more in time", () => {
  const world = new SlaveWorld({ meters: ["M1"], inFlight_max: 1_000 });
  const moments = Array.from({ length: HELD_MAX }, (_, i) => R1 + i);
  world.tell({ type: "loaded", meter_id: "M1", read_at_ms: moments, more: true });
  assert.deepEqual(only(world.pass(0), "load"), []);
  const confirmed = moments.slice(0, HELD_MAX / 2).map((at) => keyAt(at));
  const confirmation = { journal_sequence: 1, confirmed, refused: [] };
  const loads = only(world.tell({ type: "confirmation", boot: 1, confirmation }), "load");
  assert.equal(loads.length, 1);
  assert.equal(loads[0]!.limit, HELD_MAX / 2);
  assert.deepEqual(loads[0]!.except, moments.slice(HELD_MAX / 2));
  assert.deepEqual(only(world.pass(0), "load"), [], "one question at a time");
});

Deno.test("receive() lets go of a reading that the outbox has no more, and looks for others", () => {
  const world = new SlaveWorld({ meters: ["M1"] });
  world.hold("M1", R1);
  assert.equal(only(world.tell({ type: "gone", key: keyAt(R1) }), "load").length, 1);
  assert.deepEqual(sentAt(world.pass(100)), []);
});
