/**
 * A meter's state from version 3 of the snapshots on: packed, since a master holds a million of them
 * and few are at work at a time. The order of the fields is the format.
 */
import { TerminalError } from "../../protocol/errors.ts";
import { rejectReason } from "../../protocol/messages/journal.ts";
import type { ApartSample, MeterClock } from "../../protocol/meter_clock.ts";
import { Packer, Unpacker } from "../../protocol/packed.ts";
import { packReplay, unpackReplay } from "../../protocol/tves/replay_state.ts";
import type { LastReading, StoredMeter } from "./state.ts";

/** One for all: packing a state never waits for anything. */
const packer = new Packer();

export function packMeter({ clock, replay, last, opened, trials, rejected }: StoredMeter): string {
  packClock(clock);
  packReplay(packer, replay);
  packLast(last);
  packer.uint(opened).uint(trials);
  const reasons = Object.entries(rejected);
  packer.uint(reasons.length);
  for (const [reason, count] of reasons) packer.text(reason).uint(count);
  return packer.done();
}

/** What `packMeter` wrote. Throws `TerminalError` that names `what`. */
export function unpackMeter(text: string, what: string): StoredMeter {
  try {
    const packed = new Unpacker(text);
    const state = {
      clock: unpackClock(packed),
      replay: unpackReplay(packed),
      last: unpackLast(packed),
      opened: packed.uint(),
      trials: packed.uint(),
      rejected: unpackRejected(packed),
    };
    packed.end();
    return state;
  } catch (error) {
    throw new TerminalError(`${what}: ${(error as Error).message}`, { cause: error });
  }
}

function packClock(clock: MeterClock): void {
  packer.float(clock.offset_s).float(clock.drift_ppm).float(clock.variance_s2);
  packer.float(clock.covariance_s_ppm).float(clock.drift_variance_ppm2).float(clock.jitter_s2);
  packer.int(clock.sampled_at_ms).uint(clock.samples);
  if (clock.apart === null) packer.uint(0);
  else packer.uint(1).float(clock.apart.offset_s).int(clock.apart.at_ms);
}

function unpackClock(packed: Unpacker): MeterClock {
  return {
    offset_s: packed.float(),
    drift_ppm: packed.float(),
    variance_s2: positive(packed.float()),
    covariance_s_ppm: packed.float(),
    drift_variance_ppm2: positive(packed.float()),
    jitter_s2: positive(packed.float()),
    sampled_at_ms: packed.int(),
    samples: packed.uint(),
    apart: unpackApart(packed),
  };
}

/** A variance of nothing would never learn again. */
function positive(value: number): number {
  if (value > 0) return value;
  throw new RangeError(`A variance is ${value}`);
}

function unpackApart(packed: Unpacker): ApartSample | null {
  return packed.uint() === 0 ? null : { offset_s: packed.float(), at_ms: packed.int() };
}

function packLast(last: LastReading | null): void {
  if (last === null) return void packer.uint(0);
  const values = Object.entries(last.values);
  packer.uint(values.length + 1).int(last.frame).int(last.t_s);
  packer.int(last.arrival_ms).int(last.read_at_ms);
  for (const [obis, value] of values) packer.text(obis).int(value);
}

function unpackLast(packed: Unpacker): LastReading | null {
  const count = packed.uint() - 1;
  if (count < 0) return null;
  const last = {
    frame: packed.int(),
    t_s: packed.int(),
    arrival_ms: packed.int(),
    read_at_ms: packed.int(),
    values: {} as Record<string, number>,
  };
  for (let i = 0; i < count; i++) last.values[packed.text()] = packed.int();
  return last;
}

function unpackRejected(packed: Unpacker): StoredMeter["rejected"] {
  const rejected: StoredMeter["rejected"] = {};
  const count = packed.uint();
  for (let i = 0; i < count; i++) {
    const reason = packed.text();
    const known = rejectReason.safeParse(reason);
    if (!known.success) throw new RangeError(`${reason} is no reason of a reject`);
    rejected[known.data] = packed.uint();
  }
  return rejected;
}
