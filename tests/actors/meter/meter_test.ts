import assert from "node:assert/strict";
import { ERROR_REGISTER, meterActor } from "../../../actors/meter/meter.ts";
import { freshMeter, type MeterState } from "../../../actors/meter/state.ts";
import {
  CONSUMER_REGISTER,
  TIME_STATUS_REGISTER,
  TIME_UNCERTAIN,
} from "../../../protocol/iec62056/obis.ts";
import type { ReadingEvent } from "../../../protocol/messages/journal.ts";
import { energy } from "../../support/meters.ts";
import { find, frame, input, METER, NOW_MS, type SealedAs } from "./world.ts";

const DAY_MS = 86_400_000;

/** Decides and folds, as a shard does. */
function take(state: MeterState, payload: Uint8Array, arrival_ms = NOW_MS, id = METER) {
  const event = meterActor.receive(state, input(payload, arrival_ms, id), find);
  meterActor.apply(state, event);
  return event;
}

function reading(state: MeterState, as: SealedAs, arrival_ms?: number): ReadingEvent {
  const event = take(state, frame(as), arrival_ms ?? as.sealed_at_ms ?? NOW_MS);
  assert.equal(event.event, "reading", JSON.stringify(event));
  return event as ReadingEvent;
}

const spoiled = (change: (bytes: Uint8Array) => void) => {
  const bytes = frame({ sequence: 9 });
  change(bytes);
  return bytes;
};

Deno.test("meterActor.receive() names the reason of each reject, and changes nothing by itself", () => {
  const cases: [string, Uint8Array, string?][] = [
    ["wrong_length", frame({ sequence: 9 }).slice(0, 47)],
    ["unknown_version", spoiled((bytes) => bytes[0] = 0x11)],
    ["unknown_suite", spoiled((bytes) => bytes[0] = 0x2f)],
    ["unknown_flags", spoiled((bytes) => bytes[1]! |= 0x80)],
    ["unknown_meter", frame({ sequence: 9, alias: 1 })],
    ["wrong_subject", frame({ sequence: 9 }), "MH002"],
    ["unknown_generation", frame({ sequence: 9, generation: 2 })],
    ["no_key_in_window", frame({ sequence: 9, sealed_at_ms: NOW_MS - 12_000 })],
    ["no_key_in_window", spoiled((bytes) => bytes[20]! ^= 1)],
    ["tag_mismatch", spoiled((bytes) => bytes[40]! ^= 1)],
    ["replayed", frame({ sequence: 5 })],
    ["too_old", frame({ sequence: 6, boot: 0 })],
    ["pre_played", frame({ sequence: 4, sealed_at_ms: NOW_MS + 2_000 })],
    ["not_a_pack", frame({ sequence: 9, plaintext: new Uint8Array([0x01]) })],
  ];
  const state = freshMeter(METER);
  reading(state, { sequence: 5 });
  const before = JSON.stringify(meterActor.encode(state));
  for (const [reason, payload, id] of cases) {
    const event = meterActor.receive(state, input(payload, NOW_MS, id), find);
    assert.equal(event.event === "reject" && event.reason, reason);
  }
  assert.equal(JSON.stringify(meterActor.encode(state)), before);
});

Deno.test("a pack in another meter's name is not_a_pack even under the right key", async () => {
  const { encodePack } = await import("../../../protocol/senml.ts");
  const plaintext = encodePack({
    meterId: "MH002",
    sealedAt_ms: NOW_MS,
    registers: energy(1, NOW_MS),
  });
  const event = take(freshMeter(METER), frame({ sequence: 1, plaintext }));
  assert.equal(event.event === "reject" && event.reason, "not_a_pack");
});

Deno.test("what is nobody's changes nobody's state: idOf() of an unproven frame is undefined", () => {
  const stranger = meterActor.receive(undefined, input(frame({ sequence: 1, alias: 1 })), find);
  assert.equal(meterActor.idOf(stranger), undefined);
  const own = meterActor.receive(undefined, input(frame({ sequence: 1 })), find);
  assert.equal(meterActor.idOf(own), METER);
});

Deno.test("a register that went back is flagged, an older reading that comes late is not", () => {
  const state = freshMeter(METER);
  const at = (value: number, age_ms: number, sequence: number) =>
    reading(state, { sequence, registers: energy(value, NOW_MS - age_ms) }).flags;
  assert.deepEqual(at(1_000, 60_000, 1), []);
  assert.deepEqual(at(1_000, 50_000, 2), []);
  assert.deepEqual(at(900, 70_000, 3), [], "read before: lower is right");
  assert.deepEqual(at(1_000, 50_000, 4), [], "the same readout again");
  assert.deepEqual(at(999, 40_000, 5), ["register_went_back"]);
});

Deno.test("a reading is flagged when its slave says that nobody knows when it was taken", () => {
  const state = freshMeter(METER);
  const flags = (value: number, sequence: number) =>
    reading(state, {
      sequence,
      registers: [{ obis: TIME_STATUS_REGISTER, value, unit: "", read_at_ms: NOW_MS }],
    }).flags;
  assert.deepEqual(flags(TIME_UNCERTAIN, 1), ["time_uncertain"]);
  assert.deepEqual(flags(0, 2), []);
});

Deno.test("a reading whose time nobody knows says nothing of the next one, nor of itself", () => {
  const state = freshMeter(METER);
  const at = (value: number, read_at_ms: number, sequence: number, uncertain = false) => {
    const mark = { obis: TIME_STATUS_REGISTER, value: TIME_UNCERTAIN, unit: "", read_at_ms };
    const registers = [...energy(value, read_at_ms), ...(uncertain ? [mark] : [])];
    return reading(state, { sequence, registers }).flags;
  };
  assert.deepEqual(at(1_000, NOW_MS - 9_000, 1), []);
  // Really read at the end of a long outage, and dated to its beginning; and the other way round.
  assert.deepEqual(at(1_050, NOW_MS - 8_000, 2, true), ["time_uncertain"]);
  assert.deepEqual(at(1_010, NOW_MS - 7_000, 3), []);
  assert.deepEqual(at(900, NOW_MS - 6_000, 4, true), ["time_uncertain"]);
  assert.deepEqual(at(1_009, NOW_MS - 5_000, 5), ["register_went_back"], "certain ones do");
});

Deno.test("the meter's error register is flagged while it is not zero, and never as went back", () => {
  const state = freshMeter(METER);
  const flags = (value: number, age_ms: number, sequence: number) =>
    reading(state, {
      sequence,
      registers: [{ obis: ERROR_REGISTER, value, unit: "", read_at_ms: NOW_MS - age_ms }],
    }).flags;
  assert.deepEqual(flags(4, 60_000, 1), ["meter_error"]);
  assert.deepEqual(flags(0x10, 55_000, 2), ["cover_open"]);
  assert.deepEqual(flags(0, 50_000, 3), []);
});

Deno.test("an older reading sent late does not become the last one", () => {
  const state = freshMeter(METER);
  reading(state, { sequence: 1, registers: energy(2_000, NOW_MS - 10_000) });
  reading(state, { sequence: 2, registers: energy(1_500, NOW_MS - 90_000) });
  assert.equal(state.last?.values["1-0:1.8.0"], 2_000);
  assert.equal(state.last?.read_at_ms, NOW_MS - 10_000);
  assert.equal(state.opened, 2);
});

Deno.test("the learned clock orders the search: the first frame takes many trials, the next one", () => {
  const state = freshMeter(METER);
  const slow_ms = 6_500;
  const first = reading(state, { sequence: 1, sealed_at_ms: NOW_MS - slow_ms }, NOW_MS);
  assert.ok(first.trials > 10, `${first.trials} trials`);
  const later_ms = NOW_MS + 900_000;
  const next = reading(state, { sequence: 2, sealed_at_ms: later_ms - slow_ms }, later_ms);
  assert.equal(next.trials, 1);
  assert.ok(Math.abs(state.clock.offset_s + slow_ms / 1_000) < 0.01);
});

Deno.test("the window follows a meter that drifts far, and takes it back when its clock is set right", () => {
  const state = freshMeter(METER);
  for (const [i, late_ms] of [9_000, 17_000, 25_000].entries()) {
    const arrival_ms = NOW_MS + i * DAY_MS; // 93 ppm, read once a day.
    reading(state, { sequence: i + 1, sealed_at_ms: arrival_ms - late_ms }, arrival_ms);
  }
  const arrival_ms = NOW_MS + 2 * DAY_MS + 3_600_000;
  reading(state, { sequence: 4, sealed_at_ms: arrival_ms }, arrival_ms);
  reading(state, { sequence: 5, sealed_at_ms: arrival_ms + 900_000 });
  const again = reading(state, { sequence: 6, sealed_at_ms: arrival_ms + 1_800_000 });
  assert.ok(again.trials <= 2, `learned again: ${again.trials} trials`);
});

Deno.test("a pack that says another second than its key proves is refused", () => {
  const lying = frame({ sequence: 1, said_ms: NOW_MS + 10 * 86_400_000 });
  const event = meterActor.receive(undefined, input(lying), find);
  assert.equal(event.event === "reject" && event.reason, "not_a_pack");
});

Deno.test("a power that falls is no register that went back", () => {
  const state = freshMeter(METER);
  const flags = (value: number, energy_wh: number, age_ms: number, sequence: number) => {
    const read_at_ms = NOW_MS - age_ms;
    const power = { obis: "1-0:1.7.0", value, unit: "W", read_at_ms };
    return reading(state, { sequence, registers: [power, ...energy(energy_wh, read_at_ms)] }).flags;
  };
  assert.deepEqual(flags(2_500, 1_000, 60_000, 1), []);
  assert.deepEqual(flags(1_100, 1_100, 50_000, 2), []);
});

Deno.test("decodeMeter() names the meter and the fault of a malformed snapshot", () => {
  assert.throws(() => meterActor.decode(METER, { clock: {} }), /Snapshot of meter MH001: .*replay/);
});

Deno.test("the consumer number that a meter tells is journaled once a day, and when it is another", () => {
  const state = freshMeter(METER);
  let sequence = 0;
  const told = (consumer: number | null, at_ms: number) => {
    const registers = energy(1_000, at_ms - 60_000);
    const read_at_ms = registers[0]!.read_at_ms;
    if (consumer !== null) {
      registers.push({ obis: CONSUMER_REGISTER, value: consumer, unit: "", read_at_ms });
    }
    const event = reading(state, { sequence: ++sequence, registers, sealed_at_ms: at_ms }, at_ms);
    return event.registers.filter(({ obis }) => obis === CONSUMER_REGISTER)
      .map(({ value }) => value);
  };
  const HOUR_MS = 3_600_000;
  const noon = NOW_MS + 12 * HOUR_MS;
  assert.deepEqual(told(17, noon), [17]);
  assert.deepEqual(told(17, noon + HOUR_MS), []);
  assert.deepEqual(told(null, noon + 2 * HOUR_MS), []);
  assert.deepEqual(told(17, noon + 3 * HOUR_MS), [], "not forgotten meanwhile");
  assert.deepEqual(told(18, noon + 4 * HOUR_MS), [18], "another one");
  assert.deepEqual(told(18, noon + DAY_MS), [18], "another day");
  const restored = meterActor.decode(METER, meterActor.encode(state), meterActor.version);
  assert.equal(restored.last?.values[CONSUMER_REGISTER], 18);
});
