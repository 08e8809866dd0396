import assert from "node:assert/strict";
import fc from "fast-check";
import { repeatedKeys } from "../../protocol/json_keys.ts";

Deno.test("repeatedKeys() finds a name that its object has twice, and where", () => {
  const text =
    `{"a": [1, {"b": 2, "c": [], "b": {"x": 1, "\\u0078": 2}}], "a": "{\\"q\\":1,\\"q\\":2}"}`;
  JSON.parse(text);
  assert.deepEqual(repeatedKeys(text), [["a", 1, "b"], ["a", 1, "b", "x"], ["a"]]);
});

Deno.test("repeatedKeys() finds none in what JSON.stringify() writes", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 3 }), (value, indent) => {
    assert.deepEqual(repeatedKeys(JSON.stringify(value, null, indent)), []);
  }));
});
