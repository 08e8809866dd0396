import assert from "node:assert/strict";
import { Wander } from "../../../protocol/ntp/wander.ts";

Deno.test("Wander grows while prediction errors keep their sign, and shrinks while they change it", () => {
  const wander = new Wander();
  const first = wander.value;
  for (let i = 0; i < 20; i++) wander.learn(1e-4, 1e-8);
  const grown = wander.value;
  assert.ok(grown > 10 * first, `${first} to ${grown}`);
  for (let i = 0; i < 40; i++) wander.learn(i % 2 === 0 ? 1e-4 : -1e-4, 1e-8);
  assert.ok(wander.value < first, `${grown} to ${wander.value}`);
});

Deno.test("Wander stays within its bounds, whatever the errors are", () => {
  const wander = new Wander();
  for (let i = 0; i < 1_000; i++) wander.learn(1, 1e-10);
  assert.equal(wander.value, 1e-6);
  for (let i = 0; i < 1_000; i++) wander.learn(i % 2 === 0 ? 1 : -1, 1e-10);
  assert.equal(wander.value, 1e-10);
});

Deno.test("Wander learns nothing from the errors before and after a step together", () => {
  const wander = new Wander();
  wander.learn(1e-4, 1e-8);
  wander.forget();
  const before = wander.value;
  wander.learn(1e-4, 1e-8);
  assert.equal(wander.value, before);
});
