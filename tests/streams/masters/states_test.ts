import assert from "node:assert/strict";
import type { RejectEvent } from "../../../protocol/messages/journal.ts";
import { States } from "../../../streams/masters/states.ts";
import { type Counted, counter } from "./memory_ports.ts";

const event = (frame: number) => ({ frame }) as RejectEvent;

Deno.test("States holds the same fold however few are decoded, in the order of the first events", () => {
  for (const liveMax of [2, 8, 30, 1_000]) {
    const states = new States(counter, liveMax);
    const plain = new Map<string, number[]>();
    for (let frame = 1; frame <= 2_000; frame++) {
      const id = `M${frame * 7_919 % 61 % (frame % 3 === 0 ? 5 : 61)}`;
      plain.set(id, [...plain.get(id) ?? [], frame]);
      counter.apply(states.at(id) as Counted, event(frame));
      assert.deepEqual((states.get(id) as Counted).frames, plain.get(id));
      assert.ok(states.live <= liveMax, `${states.live} of ${liveMax}`);
    }
    assert.equal(states.size, plain.size);
    const encoded = states.encoded() as Record<string, Counted>;
    assert.deepEqual(
      Object.entries(encoded).map(([id, { frames }]) => [id, frames]),
      [...plain],
    );
  }
});

Deno.test("States.encoded() is what stands at that moment, not what comes later", () => {
  const states = new States(counter);
  counter.apply(states.at("M1") as Counted, event(1));
  const before = states.encoded();
  counter.apply(states.at("M1") as Counted, event(2));
  assert.deepEqual(before, { M1: { frames: [1] } });
  assert.deepEqual(states.encoded(), { M1: { frames: [1, 2] } });
  assert.equal(states.get("M2"), undefined);
  assert.equal(states.size, 1);
});

Deno.test("States.restore() refuses a malformed state at once, and writes an older one anew", () => {
  const strict: typeof counter = {
    ...counter,
    version: 2,
    decode: (id, snapshot, version) => {
      if (version === 1) return { frames: [snapshot as number] };
      if ((snapshot as Counted).frames === undefined) throw new Error("malformed");
      return counter.decode(id, snapshot, version);
    },
  };
  const states = new States(strict);
  assert.throws(() => states.restore("M1", {}, 2), /malformed/);
  assert.equal(states.get("M1"), undefined);
  states.restore("M2", 7, 1);
  assert.equal(states.live, 0);
  assert.deepEqual(states.encoded(), { M2: { frames: [7] } });
  states.clear();
  assert.equal(states.size, 0);
});
