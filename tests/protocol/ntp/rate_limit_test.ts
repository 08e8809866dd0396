import assert from "node:assert/strict";
import { RateLimit } from "../../../protocol/ntp/rate_limit.ts";

Deno.test("RateLimit answers a burst, says RATE once, then nothing until time has passed", () => {
  const limit = new RateLimit({ burst: 3, rate_hz: 0.5, addresses_max: 4 });
  const verdicts = [0, 0, 0, 0, 0].map((now) => limit.judge("10.0.0.1", now));
  assert.deepEqual(verdicts, ["answer", "answer", "answer", "kiss", "drop"]);
  assert.equal(limit.judge("10.0.0.2", 0), "answer", "another address is not concerned");
  assert.equal(limit.judge("10.0.0.1", 2), "answer");
});

Deno.test("RateLimit keeps no more addresses than it may, however many come", () => {
  const limit = new RateLimit({ burst: 3, rate_hz: 0.5, addresses_max: 64 });
  for (let i = 0; i < 100_000; i++) {
    limit.judge(`10.${i >> 16}.${i >> 8 & 255}.${i & 255}`, i / 1e4);
  }
  assert.equal(limit.size, 64);
});

Deno.test("RateLimit still answers an honest client in a flood of other addresses", () => {
  const limit = new RateLimit({ burst: 4, rate_hz: 0.5, addresses_max: 64 });
  for (let poll = 0; poll < 20; poll++) {
    assert.equal(limit.judge("192.0.2.1", poll * 64), "answer");
    for (let i = 0; i < 1_000; i++) limit.judge(`10.0.${i >> 8}.${i & 255}`, poll * 64 + i / 1e3);
  }
});
