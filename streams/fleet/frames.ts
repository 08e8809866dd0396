/** Frames of simulated meters, sealed with the present second's key as a slave seals them. */
import { encodePack } from "../../protocol/senml.ts";
import { subjects } from "../../protocol/subjects.ts";
import { sealFrame } from "../../protocol/tves/seal.ts";
import type { Suite } from "../../protocol/tves/suites.ts";

/** Who seals: a meter of which nothing but its keys and names is simulated. */
export interface FleetMeter {
  readonly meter_id: string;
  readonly alias: number;
  readonly generation: number;
  readonly suite: Suite;
  /** `S[t]` of a second that the meter's keys reach. */
  secondKey(t_s: number): Uint8Array;
}

export interface FleetReading {
  readonly boot: number;
  readonly sequence: number;
  readonly sealedAt_ms: number;
  readonly read_at_ms: number;
  readonly energy_wh: number;
}

export interface Frame {
  readonly subject: string;
  readonly payload: Uint8Array;
}

/** One reading of one register in a frame of its own. */
export function sealedFrame(meter: FleetMeter, reading: FleetReading): Frame {
  const { meter_id, alias, generation, suite } = meter;
  const { boot, sequence, sealedAt_ms, read_at_ms, energy_wh } = reading;
  const t_s = Math.floor(sealedAt_ms / 1_000);
  const registers = [{ obis: "1-0:1.8.0", value: energy_wh, unit: "Wh", read_at_ms }];
  const payload = sealFrame({
    ...{ suite, hint: false, clockQuality: 2, alias, generation, boot, sequence, t_s },
    secondKey: meter.secondKey(t_s),
    plaintext: encodePack({ meterId: meter_id, sealedAt_ms, registers }),
  });
  return { subject: subjects.frame(meter_id), payload };
}
