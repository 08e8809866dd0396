import assert from "node:assert/strict";
import { Recent } from "../../../streams/masters/recent.ts";

Deno.test("Recent keeps what was used last, and never more than it may", () => {
  const recent = new Recent<number, string>(10);
  for (let key = 0; key < 100; key++) {
    recent.set(key, `${key}`);
    assert.ok(recent.size <= 10, `${recent.size}`);
    for (let back = 0; back < Math.min(5, key + 1); back++) {
      assert.equal(recent.get(key - back), `${key - back}`);
    }
  }
  assert.equal(recent.get(3), undefined);
});

Deno.test("Recent.delete() forgets a key in both of its halves", () => {
  const recent = new Recent<number, string>(4);
  for (const key of [1, 2, 3]) recent.set(key, "known"); // 1 and 2 are of the older half by now.
  for (const key of [1, 3]) recent.delete(key);
  assert.deepEqual([1, 2, 3].map((key) => recent.get(key)), [undefined, "known", undefined]);
});
