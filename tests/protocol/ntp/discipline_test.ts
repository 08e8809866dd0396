import assert from "node:assert/strict";
import fc from "fast-check";
import { Discipline, type FeedOutcome } from "../../../protocol/ntp/discipline.ts";
import type { TimeSample } from "../../../protocol/ntp/exchange.ts";
import { sampleOf } from "./vectors.ts";

/** A clock that four samples of one server have set to `offset_s`, the last at 3 s. */
function synchronised(offset_s: number, changes: Partial<TimeSample> = {}): Discipline {
  const discipline = new Discipline({ sources: 1 });
  for (let i = 0; i < 4; i++) discipline.feed("a", sampleOf(offset_s, 0.001, changes), i);
  return discipline;
}

const outcomes = (discipline: Discipline, offset_s: number, moments: readonly number[]) =>
  moments.map((at_s) => discipline.feed("a", sampleOf(offset_s), at_s).outcome);

const near = (actual: number, expected: number, within = 1e-6) =>
  assert.ok(Math.abs(actual - expected) <= within, `${actual} is not ${expected}`);

Deno.test("Discipline goes from unsynchronised to synchronised, holdover and back", () => {
  const discipline = new Discipline({ sources: 1 });
  assert.equal(discipline.estimate(0).quality, 0);
  assert.deepEqual(discipline.feed("a", sampleOf(5), 10), { outcome: "adopted" });
  assert.equal(discipline.estimate(10).quality, 2);
  assert.equal(discipline.estimate(10).offset_s, 5);
  assert.equal(discipline.estimate(700).quality, 1);
  assert.equal(discipline.estimate(19_000).quality, 1);
  assert.equal(discipline.estimate(21_000).quality, 0, "100 ppm for 21,000 s may be more than 2 s");
});

Deno.test("Discipline in holdover runs on by the frequency, and its uncertainty grows", () => {
  const discipline = new Discipline({ sources: 1 });
  for (let at_s = 0; at_s <= 640; at_s += 16) {
    discipline.feed("a", sampleOf(1 + 50e-6 * at_s), at_s);
  }
  const [now, later] = [discipline.estimate(640), discipline.estimate(4_640)];
  near(later.offset_s, 1 + 50e-6 * 4_640, 1e-3);
  near(later.frequency_ppm!, 50, 0.5);
  near(later.dispersion_s! - now.dispersion_s!, 4_000 * 100e-6, 1e-3);
});

Deno.test("Discipline marks an authenticated way as quality 3, if all that it follows are", () => {
  assert.equal(synchronised(0, { authenticated: true }).estimate(4).quality, 3);
  const mixed = new Discipline({ sources: 2 });
  mixed.feed("a", sampleOf(0, 0.001, { authenticated: true }), 0);
  mixed.feed("b", sampleOf(0), 0);
  assert.equal(mixed.estimate(1).quality, 2);
});

Deno.test("Discipline refuses a step of more than 2 s that the monotonic clock did not make", () => {
  for (const step_s of [2.5, -2.5, 86_400, -56 * 365.25 * 86_400, 73 * 365.25 * 86_400]) {
    const discipline = synchronised(1);
    for (let at_s = 8; at_s < 3_600; at_s += 8) {
      const fed = discipline.feed("a", sampleOf(1 + step_s), at_s);
      assert.equal(fed.outcome, "step_refused", "however long the server insists");
      near((fed as FeedOutcome & { outcome: "step_refused" }).step_s, step_s);
    }
    near(discipline.estimate(3_600).offset_s, 1);
    assert.equal(discipline.estimate(3_600).quality, 1, "what nobody confirms is holdover");
  }
});

Deno.test("Discipline refuses a step that all of three servers insist on", () => {
  const discipline = new Discipline({ sources: 3 });
  const feed = (offset_s: number, at_s: number) =>
    ["a", "b", "c"].map((name) => discipline.feed(name, sampleOf(offset_s), at_s).outcome);
  for (let i = 0; i < 4; i++) feed(0, i);
  assert.equal(discipline.estimate(4).quality, 2);
  for (let at_s = 8; at_s < 600; at_s += 8) {
    assert.deepEqual(feed(3_600, at_s), Array(3).fill("step_refused"));
  }
  near(discipline.estimate(600).offset_s, 0);
  assert.equal(discipline.estimate(600).quality, 1);
});

Deno.test("Discipline starts afresh only when the old estimate is no longer good to seal by", () => {
  const discipline = new Discipline({ sources: 1 });
  discipline.feed("a", sampleOf(0), 0);
  assert.equal(discipline.feed("a", sampleOf(3_600), 18_000).outcome, "step_refused");
  assert.equal(discipline.estimate(21_000).quality, 0);
  assert.equal(discipline.feed("a", sampleOf(3_600), 21_001).outcome, "adopted");
  assert.equal(discipline.estimate(21_001).offset_s, 3_600);
});

Deno.test("Discipline follows a smaller step when the fourth sample in a row confirms it", () => {
  const discipline = synchronised(1);
  assert.deepEqual(outcomes(discipline, 1.5, [8, 16, 24]), Array(3).fill("unconfirmed_step"));
  near(discipline.estimate(24).offset_s, 1, 1e-3);
  assert.equal(discipline.estimate(24).quality, 1, "contradicted, so not confirmed any more");
  assert.equal(discipline.advice("a"), "shortest");
  assert.deepEqual(outcomes(discipline, 1.5, [32]), ["adopted"]);
  near(discipline.estimate(32).offset_s, 1.5, 1e-3);
  assert.equal(discipline.estimate(32).quality, 2);
});

Deno.test("Discipline is not walked away by many steps below the cap", () => {
  const discipline = synchronised(0);
  for (let at_s = 8, offset_s = 0; at_s < 86_400; at_s += 8) {
    const fed = discipline.feed("a", sampleOf(offset_s), at_s);
    if (fed.outcome === "adopted") offset_s += 1.9;
  }
  const { offset_s } = discipline.estimate(86_400);
  assert.ok(offset_s < 2 + 86_400 * 100e-6 + 1.9, `walked ${offset_s} s in a day`);
});

Deno.test("Discipline says of which server the others contradict it", () => {
  const discipline = new Discipline({ sources: 3 });
  discipline.feed("a", sampleOf(0), 0);
  discipline.feed("b", sampleOf(0), 0);
  assert.equal(discipline.feed("liar", sampleOf(1.5), 1).outcome, "outvoted");
  assert.equal(discipline.feed("a", sampleOf(0), 8).outcome, "adopted");
});

Deno.test("Discipline does not let servers vote that have been silent for long", () => {
  const discipline = new Discipline({ sources: 3 });
  discipline.feed("a", sampleOf(0), 0);
  discipline.feed("b", sampleOf(0), 0);
  assert.equal(discipline.feed("a", sampleOf(0), 601).outcome, "no_majority");
});

Deno.test("Discipline of two servers that contradict each other follows neither from the start", () => {
  const discipline = new Discipline({ sources: 2 });
  for (const start_s of [0, 30_000]) {
    assert.equal(discipline.feed("a", sampleOf(0), start_s).outcome, "no_majority");
    for (let i = 1; i < 20; i++) {
      const [name, offset_s] = i % 2 === 0 ? ["a", 0] as const : ["b", 1] as const;
      const fed = discipline.feed(name, sampleOf(offset_s), start_s + i * 8);
      assert.deepEqual(fed, { outcome: "no_majority", candidates: 2 });
    }
    assert.equal(discipline.estimate(start_s + 160).quality, 0);
  }
});

Deno.test("Discipline of two servers follows the one that answers when the other stays silent", () => {
  const discipline = new Discipline({ sources: 2 });
  const fed = [0, 0.5, 1, 1.5].map((at_s) => discipline.feed("a", sampleOf(0), at_s).outcome);
  assert.deepEqual(fed, ["no_majority", "no_majority", "no_majority", "adopted"]);
});

Deno.test("Discipline allows after silence a larger step, by what the oscillator may have drifted", () => {
  const discipline = synchronised(0);
  assert.equal(discipline.feed("a", sampleOf(2.5), 8).outcome, "step_refused");
  assert.equal(discipline.feed("a", sampleOf(2.5), 10_003).outcome, "adopted");
});

Deno.test("Discipline counts the server's own distance into its bound", () => {
  const { dispersion_s, delay_s } = synchronised(0, { rootDelay_s: 0.2, rootDispersion_s: 0.3 })
    .estimate(3);
  assert.ok(delay_s! / 2 + dispersion_s! >= 0.4);
});

Deno.test("Discipline does not follow strange samples that contradict each other", () => {
  const discipline = synchronised(1);
  for (let i = 0; i < 20; i++) {
    const fed = discipline.feed("a", sampleOf(1.5 + (i % 2) * 0.2), 8 + i * 8);
    assert.equal(fed.outcome, "unconfirmed_step");
  }
  near(discipline.estimate(200).offset_s, 1, 1e-3);
  assert.deepEqual(outcomes(discipline, 1, [208]), ["adopted"]);
});

Deno.test("Discipline of three servers waits for two that agree and ignores the third", () => {
  const discipline = new Discipline({ sources: 3 });
  assert.equal(discipline.feed("liar", sampleOf(100), 0).outcome, "no_majority");
  assert.equal(discipline.estimate(0).quality, 0);
  assert.equal(discipline.feed("a", sampleOf(0.010, 0.004), 1).outcome, "no_majority");
  assert.equal(discipline.feed("b", sampleOf(0.011, 0.002), 2).outcome, "adopted");
  const estimate = discipline.estimate(2);
  assert.equal(estimate.source, "b");
  assert.equal(estimate.quality, 2);
});

Deno.test("Discipline drops one packet that was held up, and takes the next such one", () => {
  const discipline = synchronised(1);
  assert.equal(discipline.feed("a", sampleOf(1.02, 0.05), 8).outcome, "delay_outlier");
  assert.equal(discipline.feed("a", sampleOf(1.02, 0.05), 16).outcome, "adopted");
  near(discipline.estimate(16).offset_s, 1, 1e-3);
});

Deno.test("Discipline learns no frequency beyond the worst drift from packets held back", () => {
  const discipline = new Discipline({ sources: 1 });
  // Held back on one way, and less each time: the measured offset falls by 500 ppm.
  for (let at_s = 0; at_s <= 960; at_s += 32) {
    const held_s = 0.96 - at_s / 1_000;
    discipline.feed("a", sampleOf(held_s / 2, held_s + 0.0002), at_s);
  }
  const { frequency_ppm } = discipline.estimate(960);
  assert.ok(Math.abs(frequency_ppm!) <= 100.001, `${frequency_ppm} ppm`);
});

Deno.test("Discipline never leaves what a quick packet makes certain", () => {
  const discipline = new Discipline({ sources: 1 });
  for (let i = 0; i < 12; i++) discipline.feed("a", sampleOf(0, i % 2 === 0 ? 0.1 : 0.2), i * 8);
  assert.equal(discipline.feed("a", sampleOf(0.04, 0.002), 96).outcome, "adopted");
  near(discipline.estimate(96).offset_s, 0.04, 0.0011);
});

Deno.test("Discipline refuses a round trip beyond the cap that it is given", () => {
  const discipline = new Discipline({ sources: 1, delayMax_s: 0.1 });
  assert.equal(discipline.feed("a", sampleOf(0, 0.098), 0).outcome, "delay_too_long");
  assert.equal(discipline.estimate(0).quality, 0);
  assert.equal(discipline.feed("a", sampleOf(0, 0.096), 1).outcome, "adopted");
});

Deno.test("Discipline holds no more than 16 servers apart", () => {
  const discipline = new Discipline({ sources: 1 });
  for (let i = 0; i < 16; i++) discipline.feed(`server ${i}`, sampleOf(0), i);
  assert.throws(() => discipline.feed("one more", sampleOf(0), 20), RangeError);
});

/** 2026-12-31T23:59:00Z by a local clock that is right, at monotonic zero. */
const EVE_S = Date.UTC(2026, 11, 31, 23, 59) / 1_000;

function onNewYearsEve(leap: number): Discipline {
  const discipline = new Discipline({ sources: 1 });
  for (let i = 0; i < 4; i++) {
    discipline.feed("a", sampleOf(0, 0.001, { leap, local_s: EVE_S + i }), i);
  }
  return discipline;
}

Deno.test("Discipline takes an announced leap second at its moment, and does not vouch for it", () => {
  const discipline = onNewYearsEve(1);
  assert.equal(discipline.estimate(59.9).leap, 1);
  near(discipline.estimate(59.9).offset_s, 0);
  near(discipline.estimate(60.1).offset_s, -1);
  assert.equal(discipline.estimate(60.1).quality, 0, "Unix time shows this second twice");
  assert.equal(discipline.estimate(61.1).quality, 2);
  assert.equal(discipline.estimate(61.1).leap, 0);
  const fed = discipline.feed("a", sampleOf(-1, 0.001, { local_s: EVE_S + 64 }), 64);
  assert.equal(fed.outcome, "adopted");
});

Deno.test("Discipline leaves out the last second of the month when that is announced", () => {
  const discipline = onNewYearsEve(2);
  near(discipline.estimate(58.9).offset_s, 0);
  near(discipline.estimate(59.1).offset_s, 1);
  assert.equal(discipline.estimate(59.1).quality, 2);
});

Deno.test("Discipline takes no leap second that most servers do not announce", () => {
  const discipline = new Discipline({ sources: 3 });
  for (let i = 0; i < 4; i++) {
    const local_s = EVE_S + i;
    discipline.feed("a", sampleOf(0, 0.001, { local_s }), i);
    discipline.feed("b", sampleOf(0, 0.001, { local_s }), i);
    discipline.feed("c", sampleOf(0, 0.001, { local_s, leap: 1 }), i);
  }
  near(discipline.estimate(61).offset_s, 0);
});

Deno.test("Discipline never throws, forgets how to count or knows too much, whatever it is fed", () => {
  const sample = fc.record({
    source: fc.constantFrom("a", "b", "c"),
    offset_s: fc.oneof(fc.integer({ min: -3_000, max: 3_000 }), fc.constantFrom(-2e9, 0, 2e9))
      .map((value) => value / 1_000),
    delay_s: fc.integer({ min: 1, max: 1_100 }).map((value) => value / 1_000),
    leap: fc.integer({ min: 0, max: 2 }),
    pause_s: fc.constantFrom(0, 0.5, 8, 64, 1_024, 100_000),
  });
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 60 }), (samples) => {
      const discipline = new Discipline({ sources: 3 });
      let at_s = 0;
      for (const { source, offset_s, delay_s, leap, pause_s } of samples) {
        at_s += pause_s;
        const local_s = EVE_S + at_s;
        discipline.feed(source, sampleOf(offset_s, delay_s, { leap, local_s }), at_s);
        const estimate = discipline.estimate(at_s + 1);
        assert.ok(Number.isFinite(estimate.offset_s));
        assert.ok([0, 1, 2, 3].includes(estimate.quality));
        if (estimate.quality > 0) assert.ok(estimate.delay_s! / 2 + estimate.dispersion_s! <= 2.01);
        assert.ok(Math.abs(estimate.frequency_ppm ?? 0) <= 500);
      }
    }),
    { numRuns: 500, seed: 20_261_122 },
  );
});
