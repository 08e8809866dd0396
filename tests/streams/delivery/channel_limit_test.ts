import assert from "node:assert/strict";
import { RetryableError } from "../../../protocol/errors.ts";
import { ChannelLimit } from "../../../streams/delivery/channel_limit.ts";

/** Timers that stand until they are told to go on; waits end at once and are added up. */
function fakeTimers() {
  const fake = {
    now: 0,
    now_ms: () => fake.now,
    after: (delay_ms: number, action: () => void) => {
      fake.now += delay_ms;
      action();
      return () => {};
    },
  };
  return fake;
}

Deno.test("ChannelLimit lets so many through a minute, a second's worth of them at once", async () => {
  const timers = fakeTimers();
  const limit = new ChannelLimit(600, timers);
  timers.now = 60_000;
  const times: number[] = [];
  for (let i = 0; i < 100; i++) {
    await limit.take();
    times.push(timers.now);
  }
  assert.equal(times.filter((time) => time === 60_000).length, 10);
  assert.equal(times[99]! - times[0]!, 9_000);
});

Deno.test("ChannelLimit waits as long as the provider says, and sends back what would wait too long", async () => {
  const timers = fakeTimers();
  const limit = new ChannelLimit(6_000, timers);
  limit.pause(7_000);
  await limit.take();
  assert.equal(timers.now, 7_000);
  limit.pause(60_000);
  await assert.rejects(() => limit.take(), (error) => {
    assert.ok(error instanceof RetryableError);
    assert.equal(error.after_ms, 60_000);
    return true;
  });
  assert.equal(timers.now, 7_000);
});
