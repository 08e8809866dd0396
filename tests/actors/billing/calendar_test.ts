import assert from "node:assert/strict";
import { indianDateOf } from "../../../protocol/indian_time.ts";
import {
  boundsOf,
  financialYearOf,
  periodAfter,
  periodBefore,
  periodOf,
} from "../../../actors/billing/calendar.ts";
import { firstClosed, periodsDue } from "../../../actors/billing/schedule.ts";

const at = (text: string) => Date.parse(text);

Deno.test("periodOf() and indianDateOf() change at midnight in India, 18:30 UTC", () => {
  assert.equal(indianDateOf(at("2026-03-31T18:29:59.999Z")), "2026-03-31");
  assert.equal(indianDateOf(at("2026-03-31T18:30:00Z")), "2026-04-01");
  assert.equal(periodOf(at("2026-03-31T18:30:00Z")), "2026-04");
  assert.deepEqual(boundsOf("2026-12"), {
    start_ms: at("2026-11-30T18:30:00Z"),
    end_ms: at("2026-12-31T18:30:00Z"),
  });
});

Deno.test("periodAfter() and periodBefore() go over the turn of the year", () => {
  assert.equal(periodAfter("2026-12"), "2027-01");
  assert.equal(periodBefore("2027-01"), "2026-12");
});

Deno.test("financialYearOf() begins in April", () => {
  assert.deepEqual(["2026-03-31", "2026-04-01", "1999-12-31"].map(financialYearOf), [
    "2025-26",
    "2026-27",
    "1999-00",
  ]);
});

Deno.test("periodsDue() closes a month once, some time after its end in India", () => {
  const hour = 3_600_000;
  const midnight = at("2026-05-01T00:00:00+05:30");
  assert.deepEqual(periodsDue(midnight - 1, "2026-03", hour), []);
  assert.deepEqual(periodsDue(midnight + hour - 1, "2026-03", hour), []);
  assert.deepEqual(periodsDue(midnight + hour, "2026-03", hour), ["2026-04"]);
  assert.deepEqual(periodsDue(midnight + hour, "2026-04", hour), []);
  assert.deepEqual(periodsDue(midnight + hour, "2026-01", hour), ["2026-02", "2026-03", "2026-04"]);
  // A clock that was set back closes nothing.
  assert.deepEqual(periodsDue(at("2020-01-01T00:00:00Z"), "2026-04", hour), []);
  assert.equal(periodsDue(midnight + hour, "2020-01", hour).length, 12);
});

Deno.test("firstClosed() leaves the months before the first start alone", () => {
  const start = at("2026-05-01T00:00:00+05:30");
  assert.deepEqual(periodsDue(start + 7_200_000, firstClosed(start)), []);
});
