import assert from "node:assert/strict";
import {
  indianDateOf,
  indianTimeOf,
  inIndia,
  startOfIndianDate_ms,
} from "../../protocol/indian_time.ts";

Deno.test("inIndia() and its parts are half past five hours ahead of UTC", () => {
  const at_ms = Date.parse("2026-12-31T18:30:00Z");
  assert.equal(inIndia(at_ms), "2027-01-01 00:00:00");
  assert.equal(inIndia("2026-12-31T18:29:59.999Z"), "2026-12-31 23:59:59");
  assert.equal(indianDateOf(at_ms - 1), "2026-12-31");
  assert.equal(indianTimeOf(at_ms - 1), "23:59:59");
  assert.equal(startOfIndianDate_ms("2027-01-01"), at_ms);
});
