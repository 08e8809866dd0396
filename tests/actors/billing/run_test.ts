/** When a billing run halts, and which bill is out of proportion. */
import assert from "node:assert/strict";
import {
  addTotals,
  haltOf,
  NO_TOTALS,
  outlierOf,
  RUN_BOUNDS,
  RUN_SAMPLE_MIN,
  type RunTotals,
} from "../../../actors/billing/run.ts";

const totals = (some: Partial<RunTotals>): RunTotals => ({ ...NO_TOTALS, ...some });

Deno.test("haltOf() judges the share that parks only when there is a sample", () => {
  assert.equal(haltOf(NO_TOTALS, RUN_BOUNDS), null);
  assert.equal(haltOf(totals({ looked: RUN_SAMPLE_MIN - 1, parked: 99 }), RUN_BOUNDS), null);
  assert.equal(haltOf(totals({ looked: 100, parked: 10 }), RUN_BOUNDS), null);
  assert.equal(
    haltOf(totals({ looked: 100, parked: 11 }), RUN_BOUNDS),
    "11 of the first 100 accounts park, more than 10 % may",
  );
  assert.equal(
    haltOf(totals({ looked: 100, parked: 100 }), { ...RUN_BOUNDS, parked_max_percent: 100 }),
    null,
  );
});

Deno.test("haltOf() judges the sum against the same accounts' month before, both ways", () => {
  const of = (compared_paise: number, compared = RUN_SAMPLE_MIN) =>
    haltOf(totals({ looked: compared, compared, compared_paise, before_paise: 100_000 }), {
      ...RUN_BOUNDS,
      change_max_percent: 50,
    });
  assert.equal(of(150_000), null);
  assert.equal(of(50_000), null);
  assert.match(of(150_100)!, /the first 100 bills .* come to 50\.1 % more than .*, beyond 50 %/);
  assert.match(of(49_900)!, /come to 50\.1 % less than those did/);
  assert.equal(of(900_000, RUN_SAMPLE_MIN - 1), null);
  // Nothing to compare with: a month of credits, or the first one.
  const none = totals({ looked: 200, compared: 200, compared_paise: 900, before_paise: 0 });
  assert.equal(haltOf(none, RUN_BOUNDS), null);
});

Deno.test("outlierOf() names a bill above the bound, and no other", () => {
  const bounds = { ...RUN_BOUNDS, bill_max_paise: 500_000 };
  assert.equal(outlierOf(500_000, bounds), null);
  assert.match(outlierOf(500_100, bounds)!, /^the bill would be 5001 rupees, above .* 5000 rupees/);
  assert.equal(outlierOf(9e12, RUN_BOUNDS), null);
});

Deno.test("addTotals() adds every sum", () => {
  const one = Object.fromEntries(Object.keys(NO_TOTALS).map((name, i) => [name, i + 1]));
  const both = addTotals(one as unknown as RunTotals, one as unknown as RunTotals);
  assert.deepEqual(
    both as unknown,
    Object.fromEntries(Object.entries(one).map(([name, value]) => [name, 2 * (value as number)])),
  );
});
