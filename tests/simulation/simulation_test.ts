import assert from "node:assert/strict";
import { runSeed } from "./run.ts";
import { sabotages } from "./sabotage.ts";

/** Worlds of a test run: `deno task simulate` lives through as many as one likes. */
const SEEDS = 120;

Deno.test("every invariant holds in worlds full of faults", async (t) => {
  const sums = { readings: 0, takeovers: 0, invoices: 0 };
  await t.step(`seeds 1 to ${SEEDS}`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { violation, readings, takeovers, invoices } = await runSeed(seed);
      assert.equal(violation, undefined, `deno task simulate --seeds 1 --seed ${seed}`);
      sums.readings += readings;
      sums.takeovers += takeovers;
      sums.invoices += invoices;
    }
  });
  await t.step("and enough happens in them to prove something", () => {
    assert.ok(sums.readings > 30 * SEEDS, `${sums.readings} readings reached the table`);
    assert.ok(sums.takeovers > 8 * SEEDS, `${sums.takeovers} takeovers`);
    assert.ok(sums.invoices > SEEDS, `${sums.invoices} invoices`);
  });
});

Deno.test("runSeed() lives through the same world again, to the last event", async () => {
  for (const seed of [3, 4]) {
    const first = await runSeed(seed, { told: true });
    const second = await runSeed(seed, { told: true });
    assert.deepEqual(second, first);
    const untold = await runSeed(seed);
    assert.deepEqual(
      [untold.events, untold.lived_ms, untold.readings],
      [first.events, first.lived_ms, first.readings],
      "telling a story changes nothing",
    );
  }
  assert.notEqual((await runSeed(5, { told: true })).hash, (await runSeed(6, { told: true })).hash);
});

Deno.test("a world touches no real clock, no real timer and no real chance", async () => {
  const forbidden = (name: string) => () => {
    throw new Error(`${name} was used inside a world`);
  };
  const before = {
    ...{ setTimeout, setInterval, now: Date.now, chance: Math.random },
    monotonic: performance.now,
  };
  try {
    Object.assign(globalThis, {
      setTimeout: forbidden("setTimeout"),
      setInterval: forbidden("setInterval"),
    });
    Date.now = forbidden("Date.now");
    Math.random = forbidden("Math.random");
    performance.now = forbidden("performance.now");
    assert.equal((await runSeed(7)).violation, undefined);
  } finally {
    Object.assign(globalThis, { setTimeout: before.setTimeout, setInterval: before.setInterval });
    Date.now = before.now;
    Math.random = before.chance;
    performance.now = before.monotonic;
  }
});

/** The invariant that breaks without each mechanism, and worlds within which it must be seen. */
const NOTICED: Readonly<Record<string, readonly [invariants: readonly string[], within: number]>> =
  {
    "fence": [["I3", "I4", "I5"], 10],
    "cursor-in-journal": [["I5"], 10],
    "output-gate": [["I1"], 10],
    "replay-window": [["I4"], 30],
    "cursor-transaction": [["I1"], 10],
    "invoice-unique": [["I2"], 60],
  };

for (const [name, sabotage] of Object.entries(sabotages)) {
  Deno.test(`without ${name} a world breaks, and its story can be told`, async () => {
    const [invariants, within] = NOTICED[name]!;
    for (let seed = 1; seed <= within; seed++) {
      const { violation } = await runSeed(seed, { sabotage });
      if (violation === undefined) continue;
      assert.ok(invariants.includes(violation.invariant), JSON.stringify(violation));
      const told = await runSeed(seed, { sabotage, told: true });
      assert.deepEqual(told.violation, violation);
      assert.ok(told.story.length > 10);
      return;
    }
    assert.fail(`${within} worlds without ${name}, and nobody noticed`);
  });
}
