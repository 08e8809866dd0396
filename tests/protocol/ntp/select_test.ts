import assert from "node:assert/strict";
import { type Candidate, combine, truechimers } from "../../../protocol/ntp/select.ts";
import { sampleOf } from "./vectors.ts";

/** A server that says `offset_s`, give or take `distance_s`. */
function candidate(source: string, offset_s: number, distance_s: number): Candidate {
  return {
    source,
    sample: sampleOf(offset_s),
    renewed_s: 0,
    delay_s: 0.001,
    distance_s,
    drift: 100e-6,
    state: {
      at_s: 0,
      offset_s,
      frequency: 0,
      offsetVariance: 1e-10,
      covariance: 0,
      frequencyVariance: 1e-12,
    },
  };
}

const names = (group: readonly Candidate[] | undefined) => group?.map(({ source }) => source);

Deno.test("truechimers() are the servers whose intervals share a moment, if they are most", () => {
  const [a, b] = [candidate("a", 0, 0.01), candidate("b", 0.015, 0.01)];
  const [c, d] = [candidate("c", 0.5, 0.01), candidate("d", -0.5, 0.01)];
  assert.deepEqual(names(truechimers([c, a, b], 2, undefined)), ["a", "b"]);
  assert.equal(truechimers([a, c, d], 2, undefined), undefined, "none agrees with another");
  assert.equal(truechimers([a, b, c, d], 2, undefined), undefined, "half is no majority");
  assert.equal(truechimers([], 1, undefined), undefined);
  assert.deepEqual(names(truechimers([c], 1, undefined)), ["c"]);
});

Deno.test("truechimers() of two groups of one size takes the one that was expected", () => {
  // The false server states an error of almost nothing, and touches only the wider honest interval.
  const all = [
    candidate("false", 0.03, 1e-6),
    candidate("wide", 0.001, 0.03),
    candidate("narrow", 0, 0.002),
  ];
  assert.deepEqual(names(truechimers(all, 2, 0)), ["wide", "narrow"]);
});

Deno.test("combine() is not pulled beyond an honest server by a false one in the group", () => {
  const group = [
    candidate("false", 0.009, 1e-6),
    candidate("a", 0.0001, 0.01),
    candidate("b", -0.0001, 0.01),
  ];
  const { offset_s, nearest } = combine(group);
  assert.ok(Math.abs(offset_s) <= 0.0001, `${offset_s}`);
  assert.equal(nearest.source, "a");
});

Deno.test("combine() does not let one false server state the bound of all", () => {
  const group = [candidate("false", 0, 1e-6), candidate("a", 0, 0.01), candidate("b", 0, 0.02)];
  assert.equal(combine(group).distance_s, 0.01);
});

Deno.test("combine() weighs two servers by what they are certain of", () => {
  const { offset_s } = combine([candidate("a", 0, 0.001), candidate("b", 0.01, 0.01)]);
  assert.ok(offset_s > 0 && offset_s < 0.001, `${offset_s}`);
});

Deno.test("combine() counts into its bound how far the servers are apart, in offset and in frequency", () => {
  const [a, b] = [candidate("a", 0, 0.01), candidate("b", 0.008, 0.01)];
  const fast = { ...b, state: { ...b.state, frequency: 40e-6 } };
  const { offset_s, distance_s, frequency, drift } = combine([a, fast]);
  assert.ok(Math.abs(offset_s - 0.004) < 1e-9);
  assert.ok(distance_s >= 0.014 - 1e-9, `${distance_s}`);
  assert.ok(Math.abs(frequency - 20e-6) < 1e-9);
  assert.ok(drift >= 120e-6 - 1e-9, `${drift}`);
});
