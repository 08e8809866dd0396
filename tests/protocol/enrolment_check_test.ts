import assert from "node:assert/strict";
import fc from "fast-check";
import { TerminalError } from "../../protocol/errors.ts";
import { enrolment } from "../../protocol/messages/enrolment.ts";
import { isPlainEnrolment, readEnrolment } from "../../protocol/messages/enrolment_check.ts";

const key = {
  generation: 1,
  enrolment_day: 20_783,
  wrapped_key: "0a".repeat(60),
  not_after_ms: 1_790_000_000_000,
  by_hand: true,
};
const entry = {
  meter_id: "MH00000001",
  alias: 7,
  slave_id: "slave-1",
  consumer_number: "170012340001",
  keys: [key, { generation: 2, enrolment_day: 20_784, wrapped_key: "ff".repeat(60) }],
  enrolled_at_ms: 1_790_000_000_000,
  suite: 3,
};

/** What a field may wrongly be: of another kind, or just beyond a limit. */
const spoiled = fc.oneof(
  fc.constantFrom(undefined, null, "", true, false, [], {}, -1, 0, 0.5, 4, 256, NaN, 2 ** 32),
  fc.constantFrom(2 ** 53, "a b", "x".repeat(33), "0A".repeat(60), "0a".repeat(61), [key]),
  fc.constant(Array.from({ length: 5 }, () => key)),
  fc.string({ maxLength: 40 }),
  fc.integer(),
  fc.double(),
);

/** Every place in an entry, as a way of keys. */
const places = (value: unknown, way: (string | number)[] = []): (string | number)[][] =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => [
      [...way, key],
      ...places(inner, [...way, key]),
    ])
    : [];

function withPut(way: readonly (string | number)[], value: unknown): unknown {
  const copy = structuredClone(entry);
  let at = copy as unknown as Record<string | number, unknown>;
  for (const key of way.slice(0, -1)) at = at[key] as typeof at;
  at[way.at(-1)!] = value;
  return copy;
}

Deno.test("isPlainEnrolment() judges every field as the schema does", () => {
  assert.equal(isPlainEnrolment(entry), true);
  fc.assert(
    fc.property(fc.constantFrom(...places(entry)), spoiled, (way, value) => {
      const given = withPut(way, value);
      const expected = enrolment.safeParse(given).success;
      const about = `${way.join(".")} = ${JSON.stringify(value)}`;
      assert.equal(isPlainEnrolment(given), expected, about);
    }),
    { seed: 1, numRuns: 20_000 },
  );
  for (const value of [null, [], "", 1, undefined, {}]) {
    assert.equal(isPlainEnrolment(value), false);
  }
});

Deno.test("readEnrolment() names the fault, and never quotes a text that may hold a key", () => {
  assert.deepEqual(readEnrolment(JSON.stringify(entry), "Enrolment of M1"), entry);
  assert.throws(
    () => readEnrolment(JSON.stringify({ ...entry, alias: -1 }), "Enrolment of M1"),
    (error) => error instanceof TerminalError && /^Enrolment of M1: alias: /.test(error.message),
  );
  assert.throws(() => readEnrolment('{"wrapped_key":"0a', "Enrolment of M1"), {
    message: "Enrolment of M1: not JSON",
  });
});
