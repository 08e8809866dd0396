import assert from "node:assert/strict";
import { openStore } from "../../../streams/edge/store.ts";

const at = (read_at_ms: number) => ({
  meter_id: "MH1",
  read_at_ms,
  registers: [{ obis: "1-0:1.8.0", value: 1, unit: "Wh", read_at_ms }],
});
const clock = { quality: 2, offset_ms: 0 } as const;

Deno.test("Outbox.putAll() keeps all readings or, past the limit, none", async () => {
  const dir = await Deno.makeTempDir();
  const store = await openStore(dir, 3);
  try {
    assert.equal(store.outbox.putAll([at(1), at(2), at(2)], clock), 2);
    assert.throws(() => store.outbox.putAll([at(3), at(4)], clock), /full/);
    assert.equal(store.outbox.count, 2);
    assert.deepEqual(store.outbox.moments("MH1", 10, 10, []), [1, 2]);
  } finally {
    store.close();
    await Deno.remove(dir, { recursive: true });
  }
});
