/**
 * The meter actor: opens a frame without being told the time, checks replay and order, and learns
 * the meter's clock.
 */
import type {
  ReadingEvent,
  ReadingFlag,
  RejectEvent,
  RejectReason,
} from "../../protocol/messages/journal.ts";
import type { Register } from "../../protocol/messages/common.ts";
import { expectedOf, type MeterClock, sampleMeterClock } from "../../protocol/meter_clock.ts";
import {
  CONSUMER_REGISTER,
  isEnergyImport,
  TIME_STATUS_REGISTER,
  TIME_UNCERTAIN,
} from "../../protocol/iec62056/obis.ts";
import { decodePack, PACK_LENGTH_MAX } from "../../protocol/senml.ts";
import { type ParsedFrame, parseFrame } from "../../protocol/tves/frame.ts";
import { openFrame } from "../../protocol/tves/open.ts";
import { bestFirst } from "../../protocol/tves/window.ts";
import type { FindMeter, Input, JournalActor, KnownMeter } from "../shard/actor.ts";
import { decodeMeter, encodeMeter, freshMeter, type MeterState } from "./state.ts";

export type MeterEvent = ReadingEvent | RejectEvent;

/** The error register `F.F` in full OBIS form, a number whose bits are the meter's flags. */
export const ERROR_REGISTER = "0-0:97.97.0";
/** Its bits for a cover that is open, or was, as the firmware has them (firmware/meter/flags.h). */
const COVER_BITS = 0x18;

/** A subject's last token may be anything; more of it does not fit a journal record. */
const CLAIMED_ID_MAX = 64;

/** Rejects that say nothing of the meter in the subject: any sender can make them. */
const NOBODYS: readonly RejectReason[] = [
  "wrong_length",
  "unknown_version",
  "unknown_suite",
  "unknown_flags",
  "unknown_meter",
  "wrong_subject",
];

export const meterActor: JournalActor<MeterState, MeterEvent> = {
  kind: "meter",
  stream: "FRAMES",
  version: 3,
  reads: [1, 2],
  fresh: freshMeter,
  receive,
  apply,
  encode: encodeMeter,
  decode: decodeMeter,
  idOf: (event) =>
    event.event === "reject" && NOBODYS.includes(event.reason) ? undefined : event.meter_id,
};

function receive(state: MeterState | undefined, input: Input, find: FindMeter): MeterEvent {
  const parsed = parseFrame(input.payload);
  if (!parsed.ok) return reject(input, input.id, parsed.reason);
  const meter = find(parsed.frame.alias);
  if (meter === undefined) return reject(input, input.id, "unknown_meter", parsed.frame);
  if (meter.meterId !== input.id) return reject(input, input.id, "wrong_subject", parsed.frame);
  return open(state ?? freshMeter(meter.meterId), input, parsed.frame, meter);
}

/** One pack after the other is read here; nothing of it is kept. */
const plaintextRoom = new Uint8Array(PACK_LENGTH_MAX);

function open(state: MeterState, input: Input, frame: ParsedFrame, meter: KnownMeter): MeterEvent {
  const keys = meter.keysOf(frame.generation, input.arrival_ms);
  if (keys === undefined) return reject(input, meter.meterId, "unknown_generation", frame);
  const candidates = candidatesFor(state.clock, input.arrival_ms, frame.hint);
  const opened = openFrame(frame, keys, candidates, plaintextRoom);
  if (!opened.opened) {
    return reject(input, meter.meterId, opened.reason, frame, opened.trials);
  }
  const verdict = state.replay.check({
    generation: frame.generation,
    boot: frame.boot,
    sequence: frame.sequence,
    t_s: opened.t_s,
  });
  if (verdict !== "fresh") return reject(input, meter.meterId, verdict, frame, opened.trials);
  const pack = decodePack(opened.plaintext);
  if (
    pack === undefined || pack.meterId !== meter.meterId ||
    // The second is proven by the key; a pack that says another one lies about its readings' times.
    Math.floor(pack.sealedAt_ms / 1_000) !== opened.t_s
  ) {
    return reject(input, meter.meterId, "not_a_pack", frame, opened.trials);
  }
  return {
    event: "reading",
    frame: input.sequence,
    meter_id: meter.meterId,
    generation: frame.generation,
    boot: frame.boot,
    sequence: frame.sequence,
    t_s: opened.t_s,
    trials: opened.trials,
    quality: frame.clockQuality,
    arrival_ms: input.arrival_ms,
    sealed_at_ms: pack.sealedAt_ms,
    registers: newsOf(state, pack.registers),
    flags: flagsOf(state, pack.registers),
  };
}

/** The seconds to try for a frame that arrived at `arrival_ms`, as this meter's clock has them. */
export function candidatesFor(
  clock: MeterClock,
  arrival_ms: number,
  hint: number | undefined,
): Iterable<number> {
  return bestFirst({
    arrival_s: arrival_ms / 1_000,
    ...expectedOf(clock, arrival_ms),
    apart_s: clock.apart?.offset_s,
    hint,
  });
}

/**
 * What `registers` tell that the journal does not have yet: a meter tells its consumer's number with
 * every reading, and once a day, or when it is another one, is enough.
 */
function newsOf(state: MeterState, registers: readonly Register[]): Register[] {
  const { last } = state;
  const known = last?.values[CONSUMER_REGISTER];
  if (last === null || known === undefined) return [...registers];
  return registers.filter(({ obis, value, read_at_ms }) =>
    obis !== CONSUMER_REGISTER || value !== known || dayOf(read_at_ms) !== dayOf(last.read_at_ms)
  );
}

const DAY_MS = 86_400_000;
const dayOf = (at_ms: number) => Math.floor(at_ms / DAY_MS);

/** Marks what must be looked at before it is billed. The reading itself is always kept. */
function flagsOf(
  state: MeterState,
  registers: readonly Register[],
): ReadingFlag[] {
  const flags = new Set<ReadingFlag>();
  const isDated = !isUncertain(registers);
  for (const { obis, value, read_at_ms } of registers) {
    const before = state.last?.values[obis];
    const later = isDated && state.last !== null && read_at_ms > state.last.read_at_ms;
    if (obis === ERROR_REGISTER) {
      if ((value & COVER_BITS) !== 0) flags.add("cover_open");
      if ((value & ~COVER_BITS) !== 0) flags.add("meter_error");
    } else if (obis === TIME_STATUS_REGISTER) {
      if ((value & TIME_UNCERTAIN) !== 0) flags.add("time_uncertain");
    } else if (isEnergyImport(obis) && later && before !== undefined && value < before) {
      flags.add("register_went_back");
    }
  }
  return [...flags].sort();
}

/** Nobody knows when it was read: it lies before or after nothing. */
function isUncertain(registers: readonly Register[]): boolean {
  return registers.some(({ obis, value }) =>
    obis === TIME_STATUS_REGISTER && (value & TIME_UNCERTAIN) !== 0
  );
}

function reject(
  input: Input,
  meterId: string,
  reason: RejectReason,
  frame?: ParsedFrame,
  trials = 0,
): RejectEvent {
  return {
    event: "reject",
    frame: input.sequence,
    meter_id: meterId.slice(0, CLAIMED_ID_MAX),
    reason,
    arrival_ms: input.arrival_ms,
    trials,
    boot: frame?.boot ?? null,
    sequence: frame?.sequence ?? null,
  };
}

function apply(state: MeterState, event: MeterEvent): void {
  state.trials += event.trials;
  if (event.event === "reject") {
    state.rejected[event.reason] = (state.rejected[event.reason] ?? 0) + 1;
    return;
  }
  state.opened += 1;
  state.replay.commit(event);
  sampleMeterClock(state.clock, event.sealed_at_ms, event.arrival_ms);
  if (isUncertain(event.registers)) return;
  const read_at_ms = Math.max(0, ...event.registers.map((register) => register.read_at_ms));
  if (state.last !== null && read_at_ms < state.last.read_at_ms) return; // An older one, sent late.
  const values = Object.fromEntries(event.registers.map(({ obis, value }) => [obis, value]));
  const consumer = state.last?.values[CONSUMER_REGISTER];
  state.last = {
    frame: event.frame,
    t_s: event.t_s,
    arrival_ms: event.arrival_ms,
    read_at_ms,
    // Told some time ago, and not again since: see newsOf().
    values: consumer === undefined ? values : { [CONSUMER_REGISTER]: consumer, ...values },
  };
}
