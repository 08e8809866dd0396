import assert from "node:assert/strict";
import { outputsOf } from "../../../actors/shard/outputs.ts";
import type { JournalRecord, ReadingEvent } from "../../../protocol/messages/journal.ts";
import type { RejectEvent } from "../../../protocol/messages/journal.ts";

const slaveOf = (meterId: string) => ({ M1: "slave-1", M2: "slave-2", M3: "slave-1" })[meterId];

function reading(meter_id: string, frame: number, times: number[]): ReadingEvent {
  return {
    event: "reading",
    frame,
    meter_id,
    generation: 1,
    boot: 1,
    sequence: frame,
    t_s: 1,
    trials: 1,
    quality: 2,
    arrival_ms: 1,
    sealed_at_ms: 1,
    registers: times.map((read_at_ms) => ({ obis: "1-0:1.8.0", value: 1, unit: "Wh", read_at_ms })),
    flags: [],
  };
}

function reject(meter_id: string, frame: number, sequence: number | null): RejectEvent {
  return {
    event: "reject",
    frame,
    meter_id,
    reason: "replayed",
    arrival_ms: 1,
    trials: 1,
    boot: sequence === null ? null : 1,
    sequence,
  };
}

const record = (...events: JournalRecord["events"]): JournalRecord => ({
  v: 1,
  type: "batch",
  partition: 1,
  epoch: 1,
  owner: "a",
  cursor: 1,
  events,
});

Deno.test("outputsOf() confirms to each slave its own readouts, each read time once", () => {
  const { confirmations, events } = outputsOf(
    record(reading("M1", 1, [10, 10, 20]), reading("M2", 2, [10]), reading("M3", 3, [30])),
    44,
    slaveOf,
  );
  assert.deepEqual(confirmations, [
    {
      slaveId: "slave-1",
      body: {
        journal_sequence: 44,
        confirmed: [
          { meter_id: "M1", read_at_ms: 10 },
          { meter_id: "M1", read_at_ms: 20 },
          { meter_id: "M3", read_at_ms: 30 },
        ],
        refused: [],
      },
    },
    {
      slaveId: "slave-2",
      body: { journal_sequence: 44, confirmed: [{ meter_id: "M2", read_at_ms: 10 }], refused: [] },
    },
  ]);
  assert.deepEqual(events, []);
});

Deno.test("outputsOf() tells a slave what was refused, and operators of every reject", () => {
  const { confirmations, events } = outputsOf(
    record(reject("M1", 5, 9), reject("M1", 6, null), reject("", 7, 3), reject("gone", 8, 1)),
    44,
    slaveOf,
  );
  assert.deepEqual(confirmations.map(({ body }) => body.refused), [[
    { meter_id: "M1", boot: 1, sequence: 9, reason: "replayed" },
  ]]);
  assert.deepEqual(events.map(({ subject }) => subject), [
    "samay.event.warning.replayed.M1",
    "samay.event.warning.replayed.M1",
    "samay.event.warning.replayed.unknown",
    "samay.event.warning.replayed.gone",
  ]);
});

Deno.test("outputsOf() gives the same ids each time, and no two events the same", () => {
  const flagged: ReadingEvent = {
    ...reading("M1", 1, [10]),
    flags: ["meter_error", "register_went_back"],
  };
  const made = () => outputsOf(record(flagged, reject("M1", 2, 1)), 44, slaveOf).events;
  const ids = made().map(({ messageId }) => messageId);
  assert.equal(new Set(ids).size, 3);
  assert.deepEqual(made().map(({ messageId }) => messageId), ids);
  assert.equal(made()[0]!.subject, "samay.event.alarm.meter_error.M1");
});

Deno.test("outputsOf() makes an event of each notice of a session report", () => {
  const report = {
    kind: "heartbeat" as const,
    slave_id: "south",
    at_ms: 1,
    boot: 3,
    meters: 1,
    outbox: 0,
    clock: {
      quality: 2 as const,
      offset_s: 0,
      delay_s: 0,
      dispersion_s: 0,
      stratum: 1,
      source: "a",
    },
    faults: [],
    notices: [{ number: 4, kind: "clock_step_refused" as const, text: "a would move the clock" }],
  };
  const session = { event: "session" as const, arrival_ms: 2, report };
  const { events, confirmations } = outputsOf(record(session), 1, slaveOf);
  assert.deepEqual(events, [{
    subject: "samay.event.warning.clock_step_refused.south",
    body: session,
    messageId: "session-south-3-4",
  }]);
  assert.deepEqual(confirmations, []);
  const { notices: _, ...quiet } = report;
  assert.deepEqual(outputsOf(record({ ...session, report: quiet }), 1, slaveOf).events, []);
});
