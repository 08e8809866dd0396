/** Meters with a past: gaps in their windows, learned clocks, two registers, some rejects. */
import { meterActor } from "../../../actors/meter/meter.ts";
import { freshMeter, type MeterState } from "../../../actors/meter/state.ts";
import type { MeterEvent } from "../../../actors/meter/meter.ts";
import { partitionOf, PARTITIONS } from "../../../protocol/subjects.ts";
import { meterIdOf } from "../headend/fleet.ts";

const FIRST_S = 1_795_000_000;
const QUARTER_S = 900;
/** Different pasts; each meter has one of them, and a last reading of its own. */
const PASTS = 64;

function eventOf(id: string, index: number, sequence: number): MeterEvent {
  const t_s = FIRST_S + sequence * QUARTER_S;
  // Up to 200 ms of a way that differs from frame to frame, without chance.
  const late_ms = 20 + (index * 7_919 + sequence * 104_729) % 180;
  const read_at_ms = t_s * 1_000 - 4_000 - index % 900;
  const register = (obis: string, value: number) => ({ obis, value, unit: "Wh", read_at_ms });
  return {
    ...{
      event: "reading",
      meter_id: id,
      generation: index % 50 === 0 ? 2 : 1,
      boot: 1 + index % 9,
    },
    ...{ frame: 1 + sequence * 1_000_000 + index, sequence, t_s, trials: 1, quality: 2, flags: [] },
    ...{ arrival_ms: t_s * 1_000 + late_ms, sealed_at_ms: t_s * 1_000 + index % 1_000 },
    registers: [
      register("1-0:1.8.0", 5_000_000 + index * 37 + sequence * 125),
      register("1-0:2.8.0", index % 3 === 0 ? sequence * 11 : 0),
    ],
  } as MeterEvent;
}

function rejectOf(id: string, frame: number): MeterEvent {
  return {
    ...{ event: "reject", frame, meter_id: id, reason: "replayed", arrival_ms: FIRST_S * 1_000 },
    ...{ trials: 1, boot: 1, sequence: 1 },
  };
}

/** Every fiftieth frame was lost, elsewhere every fifth: 10 to 400 gaps are in the window. */
function past(index: number): unknown {
  const state: MeterState = freshMeter("past");
  const frames = 300 + index * 41;
  const lost = index % 16 === 0 ? 5 : 50 + index;
  for (let sequence = 1; sequence < frames; sequence++) {
    if (sequence % lost !== 0) meterActor.apply(state, eventOf("past", index, sequence));
  }
  if (index % 4 === 0) meterActor.apply(state, rejectOf("past", index));
  return meterActor.encode(state);
}

/** Ids of each partition among `meters` meters. */
export function indexesByPartition(meters: number): number[][] {
  const indexes = Array.from({ length: PARTITIONS }, (): number[] => []);
  for (let index = 0; index < meters; index++) indexes[partitionOf(meterIdOf(index))]!.push(index);
  return indexes;
}

/** The encoded states of the meters with `indexes`. */
export function statesOf(indexes: readonly number[]): Record<string, unknown> {
  pasts ??= Array.from({ length: PASTS }, (_, index) => past(index));
  const states: Record<string, unknown> = {};
  for (const index of indexes) {
    const id = meterIdOf(index);
    const state: MeterState = meterActor.decode(id, pasts[index % PASTS]);
    const next = eventOf(id, index, 3_000 + index % 97);
    const { generation, boot } = state.replay.state();
    meterActor.apply(state, { ...next, generation, boot } as MeterEvent);
    states[id] = meterActor.encode(state);
  }
  return states;
}

let pasts: unknown[] | undefined;
