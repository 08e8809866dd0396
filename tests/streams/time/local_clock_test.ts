import assert from "node:assert/strict";
import { systemClock } from "../../../streams/time/local_clock.ts";

Deno.test("systemClock goes with the system's time when that is set, forwards and back", () => {
  const real = Date.now;
  try {
    for (const step_ms of [3_600_000, -3_600_000, 0]) {
      Date.now = () => real() + step_ms;
      const off_ms = Number(systemClock.now_ns() / 1_000n) / 1e3 - Date.now();
      assert.ok(Math.abs(off_ms) < 5, `${off_ms} ms off after a step of ${step_ms} ms`);
    }
  } finally {
    Date.now = real;
  }
});

Deno.test("systemClock tells microseconds, not milliseconds", () => {
  const tails = Array.from({ length: 50 }, () => systemClock.now_ns() % 1_000_000n);
  assert.ok(tails.some((tail) => tail !== 0n));
});
