import assert from "node:assert/strict";
import { Delays } from "../../../protocol/ntp/delays.ts";

Deno.test("Delays forgets the quickest packet of a way that has become longer", () => {
  const delays = new Delays();
  delays.add(0.001);
  for (let i = 0; i < 15; i++) delays.add(0.01);
  assert.equal(delays.least_s, 0.001);
  delays.add(0.01);
  assert.equal(delays.least_s, 0.01);
});
