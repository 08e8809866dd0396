import assert from "node:assert/strict";
import { SourceFilter } from "../../../protocol/ntp/source_filter.ts";
import { sampleOf } from "./vectors.ts";

/** A filter that has taken `count` samples of an offset of 0, one each `pause_s`. */
function settled(count = 40, pause_s = 8): { filter: SourceFilter; next_s: number } {
  const filter = new SourceFilter(100e-6, 1);
  for (let i = 0; i < count; i++) filter.feed(sampleOf(0), i * pause_s);
  return { filter, next_s: count * pause_s };
}

Deno.test("SourceFilter advises longer pauses while predictions hold", () => {
  assert.equal(settled().filter.advice, "longer");
});

Deno.test("SourceFilter advises shorter pauses after an error that is hardly by chance", () => {
  const { filter, next_s } = settled();
  assert.equal(filter.feed(sampleOf(45e-6), next_s), "taken");
  assert.equal(filter.advice, "shorter");
});

Deno.test("SourceFilter does not believe at once what no oscillator explains, however noisy the way", () => {
  const filter = new SourceFilter(100e-6, 1);
  filter.feed(sampleOf(0, 0.2), 0);
  // Three deviations beside the prediction, but half of both round trips is less than that.
  assert.equal(filter.feed(sampleOf(0.15, 0.002), 1), "unconfirmed_step");
});

Deno.test("SourceFilter learns the frequency of a server that stepped to another clock anew", () => {
  const { filter, next_s } = settled(200, 64);
  // Another server answers from now on: half a second beside the first, and 30 ppm faster.
  let at_s = next_s;
  for (let i = 0; i < 12; i++, at_s += 8) {
    filter.feed(sampleOf(0.5 + 30e-6 * (at_s - next_s)), at_s);
  }
  const { state } = filter.estimate(at_s)!;
  assert.ok(Math.abs(state.frequency - 30e-6) < 5e-6, `${state.frequency}`);
});

Deno.test("SourceFilter learns no wander from an error before a step and one after it together", () => {
  // So far ahead the uncertainty is all wander. Before the step the error is once up, once down.
  const uncertainty = [2e-5, -2e-5].map((error_s) => {
    const { filter, next_s } = settled();
    assert.equal(filter.feed(sampleOf(error_s), next_s), "taken");
    for (let i = 1; i <= 4; i++) filter.feed(sampleOf(i === 1 ? 0.5 : 0.5005), next_s + i * 8);
    assert.equal(filter.doubts, 0);
    return filter.estimate(1e9)!.state.offsetVariance;
  });
  const ratio = uncertainty[0]! / uncertainty[1]!;
  assert.ok(Math.abs(ratio - 1) < 0.05, `${ratio}`);
});
