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

/** The state in a snapshot. */
const stored = z.object({
  clock: z.object({
    offset_s: z.number(),
    variance_s2: z.number(),
    sampled_at_ms: z.int(),
    samples: z.int(),
  }),
  replay: replayState,
  last: lastReading.nullable(),
  opened: z.int(),
  trials: z.int(),
  rejected: z.partialRecord(rejectReason, z.int()),
});

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

/** Throws `TerminalError` that names the meter and every fault. */
export function decodeMeter(meterId: string, snapshot: unknown): MeterState {
  const { replay, ...rest } = parseOrExplain(stored, snapshot, `Snapshot of meter ${meterId}`);
  return { meter_id: meterId, ...rest, replay: ReplayWindow.restore(replay) };
}
