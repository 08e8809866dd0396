import assert from "node:assert/strict";
import { HEAD_END_KEY_BYTES } from "../../../protocol/tves/keys.ts";
import { KeyMemory } from "../../../streams/masters/key_memory.ts";

const bytesOf = ({ bytes, offset }: { bytes: Uint8Array; offset: number }) =>
  bytes.subarray(offset, offset + HEAD_END_KEY_BYTES);

Deno.test("KeyMemory gives each its own bytes, and wipes what it is given back", () => {
  const memory = new KeyMemory();
  const places = Array.from({ length: 3_000 }, () => memory.take());
  for (const [i, place] of places.entries()) bytesOf(place).fill(1 + i % 255);
  for (const [i, place] of places.entries()) {
    assert.ok(bytesOf(place).every((byte) => byte === 1 + i % 255));
  }
  memory.give(places[5]!);
  assert.ok(bytesOf(places[5]!).every((byte) => byte === 0));
  const again = memory.take();
  assert.deepEqual([again.bytes.buffer, again.offset], [
    places[5]!.bytes.buffer,
    places[5]!.offset,
  ]);
});
