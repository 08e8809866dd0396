import assert from "node:assert/strict";
import type { TimeRejectReason, Verdict } from "../../../protocol/ntp/exchange.ts";
import type { Log } from "../../../streams/terminal/log.ts";
import { startLocalClock } from "../../../streams/time/local_clock.ts";
import { startTimeSync } from "../../../streams/time/time_sync.ts";
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
  const sync = startTimeSync({
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
  return { asked, said, estimate };
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
  const { said, estimate } = await follow([accepted(0), accepted(50)], 150);
  assert.equal(said.length, 1);
  assert.match(said[0]!, /step of 50\.000 s refused/);
  assert.equal(estimate.offset_s, 0);
});
