import assert from "node:assert/strict";
import fc from "fast-check";
import { TerminalError } from "../../protocol/errors.ts";
import { journalRecord } from "../../protocol/messages/journal.ts";
import { isRecordOfReadings, readJournalRecord } from "../../protocol/messages/journal_check.ts";

const reading = {
  event: "reading",
  frame: 7,
  meter_id: "MH00000001",
  generation: 1,
  boot: 1,
  sequence: 9,
  t_s: 1_790_000_000,
  trials: 1,
  quality: 2,
  arrival_ms: 1_790_000_000_500,
  sealed_at_ms: 1_790_000_000_100,
  registers: [{ obis: "1-0:1.8.0", value: 12, unit: "Wh", read_at_ms: 1_789_999_999_000 }],
  flags: ["cover_open"],
};
const record = {
  v: 1,
  type: "batch",
  partition: 3,
  epoch: 2,
  owner: "alpha",
  cursor: 9,
  events: [reading],
};

/** What a field may wrongly be: of another kind, or just beyond a limit. */
const spoiled = fc.oneof(
  fc.constantFrom(undefined, null, "", true, [], {}, -1, 0, 0.5, 4, NaN, 2 ** 53, "a b", "null"),
  fc.string({ maxLength: 80 }),
  fc.integer(),
  fc.double(),
  fc.constant(Array.from({ length: 65 }, () => reading.registers[0])),
  fc.constant(["cover_open", "meter_error"]),
);

/** Every place in a record, as a way of keys. */
const places = (value: unknown, way: (string | number)[] = []): (string | number)[][] =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => [
      [...way, key],
      ...places(inner, [...way, key]),
    ])
    : [];

function withPut(way: readonly (string | number)[], value: unknown): unknown {
  const copy = structuredClone(record);
  let at = copy as unknown as Record<string | number, unknown>;
  for (const key of way.slice(0, -1)) at = at[key] as typeof at;
  at[way.at(-1)!] = value;
  return copy;
}

Deno.test("isRecordOfReadings() takes what the head-end writes", () => {
  assert.equal(isRecordOfReadings(record), true);
  assert.equal(isRecordOfReadings({ ...record, type: "epoch", events: [] }), true);
  assert.equal(readJournalRecord(record, "Record"), record, "it is not copied");
});

Deno.test("isRecordOfReadings() takes nothing that the schema does not take, unchanged", () => {
  fc.assert(
    fc.property(fc.constantFrom(...places(record)), spoiled, (way, value) => {
      const given = withPut(way, value);
      const judged = journalRecord.safeParse(given);
      if (!isRecordOfReadings(given)) return;
      assert.deepEqual(judged.data, given, `${way.join(".")} = ${JSON.stringify(value)}`);
    }),
    { seed: 1, numRuns: 20_000 },
  );
});

Deno.test("isRecordOfReadings() knows every bound of the schema", () => {
  for (const way of places(record)) {
    for (
      const value of [undefined, null, "", -1, 0, 1, 3, 4, 0.5, 2 ** 53, "x".repeat(33), "a b"]
    ) {
      const given = withPut(way, value);
      assert.equal(
        isRecordOfReadings(given),
        journalRecord.safeParse(given).success,
        `${way.join(".")} = ${JSON.stringify(value)}`,
      );
    }
  }
});

Deno.test("readJournalRecord() leaves other events to the schema", () => {
  const reject = {
    event: "reject",
    frame: 8,
    meter_id: "MH00000001",
    reason: "replayed",
    arrival_ms: 1,
    trials: 1,
    boot: 1,
    sequence: 1,
  };
  const mixed = { ...record, events: [reading, reject] };
  assert.equal(isRecordOfReadings(mixed), false);
  assert.deepEqual(readJournalRecord(mixed, "Record"), mixed);
});

Deno.test("readJournalRecord() names the fault", () => {
  assert.throws(
    () => readJournalRecord({ ...record, epoch: 0 }, "Journal record 12"),
    (error) => error instanceof TerminalError && /^Journal record 12: epoch: /.test(error.message),
  );
});
