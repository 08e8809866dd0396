import assert from "node:assert/strict";
import type { TimeRejectReason, Verdict } from "../../../protocol/ntp/exchange.ts";
import { type Log, silentLog } from "../../../streams/terminal/log.ts";
import { startLocalClock } from "../../../streams/time/local_clock.ts";
import { startTimeSync, type TimeTrouble } from "../../../streams/time/time_sync.ts";
import { goodAnswer, sampleOf } from "../../protocol/ntp/vectors.ts";

const rejected = (reason: TimeRejectReason): Verdict => ({ accepted: false, reason });
const accepted = (offset_s: number): Verdict => ({
  accepted: true,
  packet: goodAnswer(),
  sample: sampleOf(offset_s),
});

/** Answers a source with `verdicts`, the last one for ever; for `duration_ms`. */
async function follow(verdicts: (Verdict | Error)[], duration_ms: number) {
  const said: string[] = [];
  const log: Log = {
    info: (text) => said.push(text),
    warn: (text) => said.push(text),
    error: (text) => said.push(text),
  };
  let asked = 0;
  const troubles: TimeTrouble[] = [];
  const sync = startTimeSync({
    onTrouble: (trouble) => troubles.push(trouble),
    clock: startLocalClock(),
    log,
    poll_s: 0.02,
    sources: [{
      name: "server",
      ask() {
        const verdict = verdicts[Math.min(asked++, verdicts.length - 1)]!;
        return verdict instanceof Error ? Promise.reject(verdict) : Promise.resolve(verdict);
      },
    }],
  });
  await new Promise((done) => setTimeout(done, duration_ms));
  const { estimate } = sync.now();
  await sync.stop();
  return { asked, said, estimate, troubles, faults: sync.faults() };
}

Deno.test("startTimeSync() never again asks a server that sent DENY or RSTR", async () => {
  for (const reason of ["kiss_deny", "kiss_rstr"] as const) {
    const { asked, estimate } = await follow([rejected(reason)], 120);
    assert.equal(asked, 1);
    assert.equal(estimate.quality, 0);
  }
});

Deno.test("startTimeSync() slows down each time a server sends RATE", async () => {
  const { asked } = await follow([rejected("kiss_rate")], 300);
  assert.ok(asked >= 2 && asked <= 4, `asked ${asked} times in 300 ms`);
});

Deno.test("startTimeSync() says once that a server is silent, and once that it is back", async () => {
  const silent = new Error("no answer");
  const { said, estimate } = await follow([silent, silent, silent, accepted(3)], 250);
  assert.deepEqual(said, ["no time: no answer", "time again in order"]);
  assert.equal(estimate.offset_s, 3);
  assert.equal(estimate.quality, 2);
});

Deno.test("startTimeSync() refuses a step that the monotonic clock did not make, and reports it", async () => {
  const { said, estimate, troubles, faults } = await follow([accepted(0), accepted(50)], 150);
  assert.equal(said.length, 1);
  assert.ok(faults.step_refused! >= 2);
  assert.equal(troubles.length, faults.step_refused);
  assert.ok(Math.abs(troubles[0]!.step_s! - 50) < 0.001);
  assert.match(said[0]!, /step of 50\.000 s refused/);
  assert.equal(estimate.offset_s, 0);
});

Deno.test("startTimeSync() counts each refused answer by its reason", async () => {
  const verdicts = [
    rejected("bogus_origin"),
    rejected("zero_timestamp"),
    rejected("reversed_timestamps"),
    new Error("lost"),
    accepted(1),
  ];
  const { faults, said } = await follow(verdicts, 300);
  assert.deepEqual(faults, {
    bogus_origin: 1,
    zero_timestamp: 1,
    reversed_timestamps: 1,
    no_answer: 1,
  });
  assert.equal(said.length, 5, "each said once, and that time is in order again");
});

Deno.test("startTimeSync() counts a packet once that was thrown away on the way to the verdict", async () => {
  const reasons: TimeRejectReason[] = ["wrong_length", "bogus_origin"];
  const sync = startTimeSync({
    clock: startLocalClock(),
    log: silentLog,
    sources: [{
      name: "server",
      ask(_signal, refused) {
        for (const reason of reasons) refused(reason);
        return Promise.resolve(rejected("bogus_origin"));
      },
    }],
  });
  await new Promise((done) => setTimeout(done, 20));
  await sync.stop();
  assert.deepEqual(sync.faults(), { wrong_length: 1, bogus_origin: 1 });
});

Deno.test("startTimeSync() is not moved by whoever sets the system's time", async () => {
  const real = Date.now;
  const clock = startLocalClock();
  const sync = startTimeSync({
    clock,
    log: silentLog,
    sources: [{ name: "server", ask: () => Promise.resolve(accepted(0)) }],
  });
  try {
    const before_ms = real();
    for (const wrong_ms of [0, Date.UTC(2100, 0, 1)]) {
      Date.now = () => wrong_ms;
      await new Promise((done) => setTimeout(done, 10));
      const { at_ms } = sync.now();
      assert.ok(Math.abs(at_ms - before_ms) < 5_000, `the clock shows ${new Date(at_ms)}`);
    }
  } finally {
    Date.now = real;
    await sync.stop();
  }
});

Deno.test("startTimeSync() says once of each server that servers contradict each other, and follows none", async () => {
  const said: string[] = [];
  const warn = (text: string, details?: Record<string, unknown>) =>
    void said.push(`${details?.server}: ${text}`);
  const sync = startTimeSync({
    clock: startLocalClock(),
    log: { ...silentLog, warn },
    poll_s: 0.01,
    sources: [0, 1].map((offset_s) => ({
      name: `server ${offset_s}`,
      ask: () => Promise.resolve(accepted(offset_s)),
    })),
  });
  await new Promise((done) => setTimeout(done, 200));
  const { estimate } = sync.now();
  await sync.stop();
  assert.equal(estimate.quality, 0);
  assert.ok(sync.faults().no_majority! > 4);
  const text = "the time servers contradict each other: none is followed";
  assert.deepEqual(said.sort(), [`server 0: ${text}`, `server 1: ${text}`]);
});

Deno.test("startTimeSync() names the one server that the others contradict", async () => {
  const troubles: TimeTrouble[] = [];
  const sync = startTimeSync({
    clock: startLocalClock(),
    log: silentLog,
    poll_s: 0.01,
    onTrouble: (trouble) => troubles.push(trouble),
    sources: [0, 1, 0].map((offset_s, i) => ({
      name: `server ${i}`,
      ask: () => Promise.resolve(accepted(offset_s)),
    })),
  });
  await new Promise((done) => setTimeout(done, 200));
  await sync.stop();
  const outvoted = troubles.filter(({ reason }) => reason === "outvoted");
  assert.ok(outvoted.length > 2);
  assert.ok(outvoted.every(({ server }) => server === "server 1"));
});
