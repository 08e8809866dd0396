import assert from "node:assert/strict";
import { Pace } from "../../../protocol/ntp/pace.ts";

const times = <T>(count: number, make: () => T) => Array.from({ length: count }, make);

Deno.test("Pace asks in short order first, then more rarely while predictions hold", () => {
  const pace = new Pace();
  assert.deepEqual(times(4, () => pace.answered("same")), [0.5, 0.5, 0.5, 8]);
  assert.deepEqual(times(9, () => pace.answered("longer")), [8, 8, 16, 16, 16, 32, 32, 32, 64]);
  assert.deepEqual(times(4, () => pace.answered("longer")), [64, 64, 64, 64]);
});

Deno.test("Pace asks more often when predictions do not hold, within its bounds", () => {
  const pace = new Pace({ longest_s: 256 });
  times(40, () => pace.answered("longer"));
  assert.equal(pace.poll_s, 256);
  assert.deepEqual(times(3, () => pace.answered("shorter")), [128, 64, 32]);
  assert.equal(pace.answered("shortest"), 8);
  assert.equal(pace.answered("shorter"), 8);
});

Deno.test("Pace is never faster than the server's RATE allows", () => {
  const pace = new Pace();
  assert.equal(pace.refused("kiss_rate"), 16);
  assert.equal(pace.refused("kiss_rate"), 32);
  assert.equal(pace.answered("shortest"), 32);
  assert.equal(pace.silent(), 32);
  times(20, () => pace.refused("kiss_rate"));
  assert.equal(pace.poll_s, 1_024, "and no server can silence its clients for good by it");
});

Deno.test("Pace ends the association at DENY and RSTR", () => {
  assert.equal(new Pace().refused("kiss_deny"), undefined);
  assert.equal(new Pace().refused("kiss_rstr"), undefined);
});

Deno.test("Pace asks a silent server again soon, then less and less", () => {
  const pace = new Pace();
  assert.deepEqual(times(5, () => pace.silent()), [1, 2, 4, 8, 8]);
  assert.deepEqual(times(30, () => pace.silent()).at(-1), 64);
  pace.answered("same");
  assert.equal(pace.silent(), 1);
});

Deno.test("Pace waits after a refused answer as after a good one, then longer", () => {
  const pace = new Pace();
  assert.deepEqual(times(3, () => pace.refused("bogus_origin")), [8, 8, 8]);
  assert.equal(times(30, () => pace.refused("root_distance")).at(-1), 64);
});

Deno.test("Pace asks twice as often again after a day in which no server said RATE", () => {
  const pace = new Pace();
  times(20, () => pace.refused("kiss_rate"));
  let asked_s = 0;
  while (asked_s < 86_400 - 1_024) asked_s += pace.answered("same");
  assert.equal(pace.poll_s, 1_024);
  while (asked_s < 86_400) asked_s += pace.answered("same");
  assert.equal(pace.poll_s, 512);
  assert.equal(pace.refused("kiss_rate"), 1_024, "the day begins anew");
  for (asked_s = 0; asked_s < 11 * 86_400;) asked_s += pace.answered("same");
  assert.equal(pace.poll_s, 8);
});
