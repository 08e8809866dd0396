/** What the head-end holds of one meter: clock, replay window, last reading, counters. */
import { type RejectReason, rejectReason } from "../../protocol/messages/journal.ts";
import { freshMeterClock, type MeterClock } from "../../protocol/meter_clock.ts";
import { parseOrExplain, z } from "../../protocol/schema.ts";
import { replayState } from "../../protocol/tves/replay_state.ts";
import { packMeter, unpackMeter } from "./packed_state.ts";
import { ReplayWindow } from "../../protocol/tves/replay.ts";

const lastReading = z.object({
  frame: z.int(),
  t_s: z.int(),
  arrival_ms: z.int(),
  read_at_ms: z.int(),
  /** OBIS code to value, in the smallest unit. */
  values: z.record(z.string(), z.int()),
});
export type LastReading = z.infer<typeof lastReading>;

const clockState = z.object({
  offset_s: z.number(),
  drift_ppm: z.number(),
  variance_s2: z.number().positive(),
  covariance_s_ppm: z.number(),
  drift_variance_ppm2: z.number().positive(),
  jitter_s2: z.number().positive(),
  sampled_at_ms: z.int(),
  samples: z.int(),
  apart: z.object({ offset_s: z.number(), at_ms: z.int() }).nullable(),
});

/** Version 1 knew the offset alone. Of the drift it says nothing, so all that is plausible is. */
const clockStateV1 = z.object({
  offset_s: z.number(),
  variance_s2: z.number().nonnegative(),
  sampled_at_ms: z.int(),
  samples: z.int(),
}).transform(({ variance_s2, ...clock }): MeterClock => ({
  ...freshMeterClock(),
  ...clock,
  variance_s2: Math.max(variance_s2, VARIANCE_MIN_S2),
}));
/** A variance of nothing would never learn again. */
const VARIANCE_MIN_S2 = 1e-6;

/** The state in a snapshot of version 1 or 2, which were JSON. */
const storedWith = <Clock extends z.ZodType<MeterClock>>(clock: Clock) =>
  z.object({
    clock,
    replay: replayState,
    last: lastReading.nullable(),
    opened: z.int(),
    trials: z.int(),
    rejected: z.partialRecord(rejectReason, z.int()),
  });
const stored = storedWith(clockState);
const storedV1 = storedWith(clockStateV1);
export type StoredMeter = z.infer<typeof stored>;

export interface MeterState {
  readonly meter_id: string;
  clock: MeterClock;
  readonly replay: ReplayWindow;
  last: LastReading | null;
  opened: number;
  trials: number;
  rejected: Partial<Record<RejectReason, number>>;
}

export function freshMeter(meterId: string): MeterState {
  return {
    meter_id: meterId,
    clock: freshMeterClock(),
    replay: new ReplayWindow(),
    last: null,
    opened: 0,
    trials: 0,
    rejected: {},
  };
}

/** Some 150 bytes, as a string of characters 0 to 255; the same state gives the same string. */
export function encodeMeter(state: MeterState): string {
  return packMeter({ ...state, replay: state.replay.state() });
}

/**
 * The state of a snapshot of `version`, an older or the present one. Throws `TerminalError` that names
 * the meter and the fault.
 */
export function decodeMeter(meterId: string, snapshot: unknown, version?: number): MeterState {
  const { replay, ...rest } = storedMeter(`Snapshot of meter ${meterId}`, snapshot, version);
  return { meter_id: meterId, ...rest, replay: ReplayWindow.restore(replay) };
}

function storedMeter(what: string, snapshot: unknown, version?: number): StoredMeter {
  if (typeof snapshot === "string") return unpackMeter(snapshot, what);
  const schema = version === 1 ? storedV1 : stored;
  return parseOrExplain(schema, snapshot, what);
}
