import assert from "node:assert/strict";
import { NOTICES_MAX } from "../../../protocol/messages/session.ts";
import { NOON_MS, only, SlaveWorld } from "./world.ts";

const HOUR_S = 3_600;
const R1 = NOON_MS - 3_000;
const reportsOf = (effects: ReturnType<SlaveWorld["tell"]>) => only(effects, "report");
const kindsOf = (effects: ReturnType<SlaveWorld["tell"]>) =>
  reportsOf(effects).flatMap(({ notices }) => notices.map(({ kind }) => kind));

/** Lets time pass in heartbeats; returns the moments, in seconds, at which a frame was sent. */
function sendTimes(world: SlaveWorld, seconds: number): number[] {
  const times: number[] = [];
  for (let passed = 0; passed < seconds; passed += 30) {
    if (only(world.pass(30), "send").length > 0) times.push(world.now.monotonic_s);
  }
  return times;
}

Deno.test("receive() seals through holdover, stops when the clock lapses, and catches up when time is back", () => {
  const world = new SlaveWorld({ meters: ["M1"], resendMax_s: 30, interval_s: 31 * 86_400 });
  world.hold("M1", R1);
  world.set({ quality: 1 });
  assert.ok(sendTimes(world, 4 * HOUR_S).length > 100, "holdover seals");
  world.set({ quality: 0 });
  const lost = world.pass(1);
  assert.deepEqual(kindsOf(lost), ["clock_unsynchronised"], "operators hear of it at once");
  assert.deepEqual(sendTimes(world, 48 * HOUR_S), [], "nothing is sealed for two days");
  world.set({ quality: 2 });
  const back = world.pass(1);
  assert.equal(only(back, "send").length, 1);
  assert.deepEqual(reportsOf(back).map(({ unsynchronised_s }) => unsynchronised_s), [null]);
});

Deno.test("receive() reports for how long the clock is not good enough, and tells operators once", () => {
  const world = new SlaveWorld();
  world.pass(1);
  world.set({ quality: 0 });
  const lost = reportsOf(world.pass(1));
  assert.deepEqual(lost.map(({ unsynchronised_s }) => unsynchronised_s), [0]);
  const number = lost[0]!.notices[0]!.number;
  world.tell({ type: "reported", notice: number });
  const later = [...reportsOf(world.pass(30)), ...reportsOf(world.pass(3_600))];
  assert.deepEqual(later.map(({ unsynchronised_s }) => unsynchronised_s), [30, 3_630]);
  assert.deepEqual(later.flatMap(({ notices }) => notices), []);
});

Deno.test("receive() tells operators once an hour of a clock that comes and goes", () => {
  const world = new SlaveWorld({ heartbeat_s: 10_000 });
  world.pass(1);
  let reports = 0;
  for (let second = 0; second < 3_600; second++) {
    world.set({ quality: second % 2 === 0 ? 0 : 2 });
    reports += reportsOf(world.pass(1)).length;
    world.tell({ type: "reported", notice: world.state.noticeNumber });
  }
  assert.equal(world.state.noticeNumber, 1);
  assert.equal(reports, 2, "that it stopped, and that it went on");
  world.set({ quality: 0 });
  assert.deepEqual(kindsOf(world.pass(1)), ["clock_unsynchronised"]);
});

Deno.test("receive() tells of a clock that lies behind the last sealing, and when it has come there", () => {
  const world = new SlaveWorld({ meters: ["M1"], heartbeat_s: 10_000, interval_s: 86_400 });
  world.pass(1);
  const said = (effects: ReturnType<SlaveWorld["tell"]>) =>
    only(effects, "say").map(({ level, text }) => `${level}: ${text}`);
  world.state.lastSealed_s = Math.floor(world.now.utc_ms / 1_000) + 3;
  assert.deepEqual(
    said(world.pass(1)),
    [],
    "a small correction is over before anybody reads of it",
  );
  world.state.lastSealed_s = Math.floor(world.now.utc_ms / 1_000) + 7_201;
  const behind = world.pass(1);
  const text =
    "the clock is 7200 s behind the last sealing: readings are kept and not sealed until " +
    "it has come there";
  assert.deepEqual(said(behind), [`warn: ${text}`]);
  assert.deepEqual(reportsOf(behind)[0]!.notices.map((each) => each.text), [text]);
  world.tell({ type: "reported", notice: 1 });
  world.set({ quality: 0 });
  assert.deepEqual(kindsOf(world.pass(1)), [], "the same event, within the hour");
  world.set({ quality: 2 });
  assert.deepEqual(said(world.pass(7_000)).length, 1, "behind again");
  const back = world.pass(199);
  assert.deepEqual(said(back), ["info: the clock has come to the last sealing: sealing"]);
  assert.equal(reportsOf(back)[0]!.unsynchronised_s, null);
});

Deno.test("receive() gives time servers five minutes at the start before operators hear of it", () => {
  const fresh = new SlaveWorld({ heartbeat_s: 3_600 });
  Object.assign(fresh.state, { clock: undefined, unsynchronisedSince_s: undefined });
  fresh.set({ quality: 0 });
  fresh.tell({ type: "started" });
  assert.deepEqual(kindsOf(fresh.pass(299)), []);
  assert.deepEqual(kindsOf(fresh.pass(1)), ["clock_unsynchronised"]);
  assert.deepEqual(kindsOf(fresh.pass(1)), []);
});

Deno.test("receive() keeps a notice until a report has brought it to the broker, and few of them", () => {
  const world = new SlaveWorld();
  world.tell({ type: "link", up: false });
  for (let i = 0; i < NOTICES_MAX + 2; i++) {
    world.tell({ type: "step_refused", server: `s${i}`, step_s: 5 });
  }
  const [beat] = reportsOf(world.pass(30));
  assert.equal(beat!.notices.length, NOTICES_MAX);
  assert.equal(beat!.notices.at(-1)!.number, NOTICES_MAX + 2);
  world.tell({ type: "reported", notice: beat!.notices.at(-1)!.number });
  assert.deepEqual(reportsOf(world.pass(30))[0]!.notices, []);
});

Deno.test("receive() reports a refused step at once, and of the same server once an hour", () => {
  const world = new SlaveWorld();
  const step = { type: "step_refused" as const, server: "ntp1", step_s: -3_600.5 };
  const [first] = reportsOf(world.tell(step));
  assert.deepEqual(first!.notices.map(({ kind, text }) => [kind, text]), [[
    "clock_step_refused",
    "time server ntp1 would move the clock by -3600.500 s, which the monotonic clock does not " +
    "confirm: refused",
  ]]);
  world.tell({ type: "reported", notice: 1 });
  world.pass(3_599);
  assert.deepEqual(kindsOf(world.tell(step)), []);
  assert.equal(kindsOf(world.tell({ ...step, server: "ntp2" })).length, 1, "another one's");
  world.tell({ type: "reported", notice: 2 });
  world.pass(1);
  assert.deepEqual(kindsOf(world.tell(step)), ["clock_step_refused"]);
});

Deno.test("receive() goes on sealing while a server contradicts the clock: one liar stops nobody", () => {
  const world = new SlaveWorld();
  world.tell({ type: "step_refused", server: "liar", step_s: 86_400 });
  assert.equal(only(world.hold("M1", R1), "send").length, 1);
});

Deno.test("receive() catches up oldest first, no more at a time than may be in flight", () => {
  const world = new SlaveWorld({ meters: ["M1"], inFlight_max: 4, resendFirst_s: 3_600 });
  world.set({ quality: 0 });
  const moments = Array.from({ length: 16 }, (_, i) => R1 - 16_000 + i * 1_000);
  world.hold("M1", ...moments);
  world.set({ quality: 2 });
  const sent: number[] = [];
  let effects = world.pass(1);
  while (sent.length < moments.length) {
    const keys = only(effects, "send").map(({ key }) => key);
    assert.ok(keys.length >= 1 && keys.length <= 4, `${keys.length} at once`);
    sent.push(...keys.map(({ read_at_ms }) => read_at_ms));
    const confirmation = { journal_sequence: 1, confirmed: keys, refused: [] };
    effects = world.tell({ type: "confirmation", boot: 1, confirmation });
  }
  assert.deepEqual(sent, moments);
});

Deno.test("receive() tells what to do when the head-end has later frames than this slave", () => {
  const world = new SlaveWorld();
  world.hold("M1", R1);
  const key = { meter_id: "M1", read_at_ms: R1 };
  world.tell({ type: "sealed", key, sequence: 7, t_s: NOON_MS / 1_000 });
  const refused = [{ meter_id: "M1", boot: 3, sequence: 7, reason: "too_old" }];
  const confirmation = { journal_sequence: 1, confirmed: [], refused };
  const [said] = only(world.tell({ type: "confirmation", boot: 3, confirmation }), "say");
  assert.match(said!.text, /data directory is an older copy, put the newest back, or/);
});
