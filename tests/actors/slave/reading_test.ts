import assert from "node:assert/strict";
import { nextReadMoment } from "../../../actors/slave/schedule.ts";
import { NOON_MS, only, SlaveWorld } from "./world.ts";

const readNow = (request_id: string, expires_in_s = 60, meter_id = "M1") => ({
  type: "command" as const,
  command: {
    command: "read-now" as const,
    request_id,
    meter_id,
    requested_at_ms: NOON_MS,
    expires_at_ms: NOON_MS + expires_in_s * 1_000,
  },
});

Deno.test("nextReadMoment() is aligned to the UTC epoch, shifted by the slave's own share", () => {
  assert.equal(nextReadMoment(NOON_MS, 900, 0, "a"), NOON_MS + 900_000);
  assert.equal(nextReadMoment(NOON_MS - 1, 900, 0, "a"), NOON_MS);
  const moments = ["a", "b", "c", "d"].map((id) => nextReadMoment(NOON_MS, 900, 60, id));
  assert.ok(new Set(moments).size >= 3);
  for (const moment of moments) {
    assert.ok(moment > NOON_MS && moment - NOON_MS < 960_000);
    assert.ok(moment % 900_000 < 60_000);
  }
});

Deno.test("receive() reads every meter at each quarter of an hour, and only once", () => {
  const world = new SlaveWorld();
  assert.deepEqual(only(world.pass(0), "read"), []);
  assert.deepEqual(only(world.pass(899), "read"), []);
  assert.deepEqual(only(world.pass(1), "read").map(({ meter_id }) => meter_id), ["M1", "M2"]);
  assert.deepEqual(only(world.pass(1), "read"), []);
  world.tell({ type: "stored", meter_id: "M1" });
  // M2 has not answered yet: it is not asked a second time on top.
  assert.deepEqual(only(world.pass(899), "read").map(({ meter_id }) => meter_id), ["M1"]);
});

Deno.test("receive() does not leave meters unread when the clock is set back by a day", () => {
  const world = new SlaveWorld();
  world.pass(0);
  world.set({ utc_ms: NOON_MS - 86_400_000 });
  world.pass(0);
  assert.equal(only(world.pass(900), "read").length, 2);
});

Deno.test("receive() asks a silent meter twice more, then says so and waits for the next time", () => {
  const world = new SlaveWorld({ meters: ["M1"] });
  world.pass(0);
  world.pass(900);
  const failed = { type: "read_failed" as const, meter_id: "M1", reason: "silent" };
  assert.equal(only(world.tell(failed), "say").length, 1);
  assert.equal(only(world.pass(4), "read").length, 0);
  assert.equal(only(world.pass(1), "read").length, 1);
  assert.equal(only(world.tell(failed), "say").length, 0, "said once");
  assert.equal(only(world.pass(5), "read").length, 1);
  world.tell(failed);
  assert.equal(only(world.pass(60), "read").length, 0);
  assert.equal(only(world.pass(900), "read").length, 1);
  assert.match(only(world.tell({ type: "stored", meter_id: "M1" }), "say")[0]!.text, /again/);
});

Deno.test("receive() reads at once on read-now and is done when the reading is stored", () => {
  const world = new SlaveWorld();
  world.pass(0);
  assert.equal(only(world.tell(readNow("r1")), "read").length, 1);
  assert.equal(only(world.tell(readNow("r1")), "read").length, 0, "delivered twice");
  assert.deepEqual(
    only(world.tell({ type: "stored", meter_id: "M1" }), "command_done"),
    [{ effect: "command_done", request_id: "r1", outcome: "done" }],
  );
  assert.equal(only(world.pass(1), "read").length, 0, "one request, one reading");
});

Deno.test("receive() reads again for a request that came while a reading was under way", () => {
  const world = new SlaveWorld();
  world.pass(0);
  world.pass(900);
  assert.equal(only(world.tell(readNow("r1", 2_000)), "read").length, 0);
  assert.equal(only(world.tell({ type: "stored", meter_id: "M1" }), "command_done").length, 0);
  assert.equal(only(world.pass(1), "read").length, 1);
  assert.equal(only(world.tell({ type: "stored", meter_id: "M1" }), "command_done").length, 1);
});

Deno.test("receive() drops a read-now that has expired, unless it cannot know", () => {
  const world = new SlaveWorld();
  const expired = world.tell(readNow("r1", -1));
  assert.equal(only(expired, "command_done")[0]?.outcome, "expired");
  assert.equal(only(expired, "read").length, 0);
  world.set({ quality: 0 });
  assert.equal(only(world.tell(readNow("r2", -1)), "read").length, 1);
  const unknown = world.tell(readNow("r3", 60, "M9"));
  assert.equal(only(unknown, "command_done")[0]?.outcome, "unknown_meter");
});

Deno.test("receive() keeps a new interval and reads by it", () => {
  const world = new SlaveWorld();
  const effects = world.tell({
    type: "command",
    command: { command: "schedule", request_id: "s", interval_s: 60 },
  });
  assert.equal(only(effects, "keep_interval")[0]?.interval_s, 60);
  assert.equal(only(effects, "command_done").length, 1);
  world.pass(0);
  assert.equal(only(world.pass(60), "read").length, 2);
});

Deno.test("receive() says hello, a heartbeat every 30 s, and goodbye", () => {
  const world = new SlaveWorld();
  const kinds = (effects: ReturnType<SlaveWorld["tell"]>) =>
    only(effects, "report").map(({ kind }) => kind);
  assert.deepEqual(kinds(world.tell({ type: "started" })), ["hello"]);
  assert.deepEqual(kinds(world.pass(29)), []);
  assert.deepEqual(kinds(world.pass(1)), ["heartbeat"]);
  assert.deepEqual(kinds(world.pass(29)), []);
  assert.deepEqual(kinds(world.pass(1)), ["heartbeat"]);
  assert.deepEqual(kinds(world.tell({ type: "stopping" })), ["goodbye"]);
  assert.deepEqual(world.pass(10_000), [], "nothing is started any more");
});
