/** What the head-end holds of one meter: clock, replay window, last reading, counters. */
import { type RejectReason, rejectReason } from "../../protocol/messages/journal.ts";
import { freshMeterClock, type MeterClock } from "../../protocol/meter_clock.ts";
import { parseOrExplain, z } from "../../protocol/schema.ts";
import { replayState } from "../../protocol/tves/replay_state.ts";
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

/** The state in a snapshot. */
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

export function encodeMeter(state: MeterState): unknown {
  const { clock, replay, last, opened, trials, rejected } = state;
  return { clock, replay: replay.state(), last, opened, trials, rejected };
}

/**
 * The state of a snapshot of `version`, 1 or the present one. Throws `TerminalError` that names the
 * meter and every fault.
 */
export function decodeMeter(meterId: string, snapshot: unknown, version?: number): MeterState {
  const schema = version === 1 ? storedV1 : stored;
  const { replay, ...rest } = parseOrExplain(schema, snapshot, `Snapshot of meter ${meterId}`);
  return { meter_id: meterId, ...rest, replay: ReplayWindow.restore(replay) };
}
