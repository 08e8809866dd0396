import assert from "node:assert/strict";
import type { RekeyCommand } from "../../../protocol/messages/command.ts";
import { faultsOf } from "../../../actors/slave/slave.ts";
import { SlaveWorld } from "./world.ts";

const command: RekeyCommand = {
  ...{ command: "rekey", request_id: "r1", meter_id: "M1", alias: 7, generation: 2, hour: 5 },
  ...{ enrolment_day: 1, under_generation: 1, wrapped_key: "00".repeat(60) },
};
const named = (effects: readonly { effect: string }[]) => effects.map(({ effect }) => effect);

Deno.test("receive() has the store take a new key, and is done with the command when it stands", () => {
  const world = new SlaveWorld();
  assert.deepEqual(
    world.tell({ type: "command", command }).filter(({ effect }) => effect !== "load"),
    [{ effect: "rekey", command }],
  );
  const effects = world.tell({ type: "rekeyed", command, outcome: "done", generation: 2 });
  assert.deepEqual(effects[0], { effect: "command_done", request_id: "r1", outcome: "done" });
  assert.match(JSON.stringify(effects[1]), /M1 seals with key generation 2 from now on/);
  assert.deepEqual(faultsOf(world.state), []);
});

Deno.test("receive() tells the head-end at once why a new key was not taken, until one is", () => {
  const world = new SlaveWorld();
  world.tell({ type: "started" });
  const failed = { type: "rekeyed", command, outcome: "expired", generation: 2 } as const;
  const effects = world.tell({ ...failed, reason: "its hour is past" });
  assert.deepEqual(effects[0], { effect: "command_done", request_id: "r1", outcome: "expired" });
  assert.ok(named(world.pass(0.2)).includes("report"));
  assert.deepEqual(faultsOf(world.state), [
    { meter_id: "M1", reason: "key generation 2 not taken: its hour is past" },
  ]);
  world.tell({ type: "rekeyed", command, outcome: "done", generation: 2 });
  assert.deepEqual(faultsOf(world.state), []);
});

Deno.test("receive() refuses a new key for a meter that is not here", () => {
  const effects = new SlaveWorld().tell({
    type: "command",
    command: { ...command, meter_id: "M9" },
  });
  assert.deepEqual(effects.filter(({ effect }) => effect === "command_done"), [
    { effect: "command_done", request_id: "r1", outcome: "unknown_meter" },
  ]);
});

Deno.test("receive() keeps a new key until the clock tells whether it begins in the future", () => {
  const world = new SlaveWorld();
  const rekeys = (effects: ReturnType<SlaveWorld["tell"]>) =>
    effects.filter(({ effect }) => effect === "rekey" || effect === "command_done");
  world.set({ quality: 0 });
  assert.deepEqual(rekeys(world.tell({ type: "command", command })), []);
  assert.deepEqual(rekeys(world.pass(60)), []);
  const next = { ...command, request_id: "r2" };
  assert.deepEqual(rekeys(world.tell({ type: "command", command: next })), [
    { effect: "command_done", request_id: "r1", outcome: "failed" },
  ], "one a meter: the newest");
  world.set({ quality: 2 });
  assert.deepEqual(rekeys(world.pass(1)), [{ effect: "rekey", command: next }]);
  assert.deepEqual(rekeys(world.pass(1)), []);
});
