/** What a master shows of a meter in the bucket `samay_meters`, in words. */
import { z } from "../../protocol/schema.ts";
import { counted } from "../terminal/counted.ts";

/** The fields that are told. Others may come and go: the bucket is for people, not a contract. */
const view = z.object({
  master: z.string(),
  opened: z.number(),
  trials_mean: z.number().nullable(),
  window_s: z.number(),
  clock: z.object({
    offset_s: z.number(),
    deviation_s: z.number(),
    samples: z.number(),
    // A master of an earlier version shows none of these.
    drift_ppm: z.number().optional(),
    drift_deviation_ppm: z.number().optional(),
    jitter_s: z.number().optional(),
    apart_s: z.number().nullable().optional(),
  }),
  rejected: z.record(z.string(), z.number()),
  replay: z.object({
    ...{ generation: z.number().nullable(), boot: z.number().nullable() },
    highest: z.number().nullable(),
  }),
}).partial();

/** Rows of a label and its text; `actor` is null before the meter's first frame. */
export function actorRows(actor: unknown): [label: string, text: string][] {
  if (actor === null || actor === undefined) return [["Master", "no frame yet"]];
  const found = view.safeParse(actor);
  if (!found.success) {
    return [["Master", "shows this meter in another form: see nats kv get samay_meters"]];
  }
  const { master, opened, trials_mean, window_s, clock, rejected, replay } = found.data;
  const rows: [string, string][] = [];
  const tried = trials_mean === undefined || trials_mean === null
    ? ""
    : `, ${counted(trials_mean, "key")} tried for each`;
  const frames = opened === undefined ? "" : `: ${counted(opened, "frame")} opened${tried}`;
  rows.push(["Master", `${master ?? "of no name"}${frames}`]);
  if (rejected !== undefined) {
    const reasons = Object.entries(rejected).map(([reason, times]) =>
      `${reason} ${counted(times, "time")}`
    );
    rows.push(["Refused", reasons.length === 0 ? "no frame" : reasons.join(", ")]);
  }
  if (clock !== undefined) {
    const sides = window_s === undefined ? "" : `; ${window_s} s either side are tried`;
    rows.push([
      "Clock seen",
      `${offsetText(clock.offset_s)}, by ${counted(clock.samples, "frame")}, give or take ` +
      `${ms(clock.deviation_s)}${sides}`,
    ]);
    const { drift_ppm, drift_deviation_ppm = 0, jitter_s = 0, apart_s = null } = clock;
    if (drift_ppm !== undefined && clock.samples > 1) {
      rows.push([
        "Clock drifts",
        `${driftText(drift_ppm)}, give or take ${drift_deviation_ppm.toFixed(1)} ppm; the way ` +
        `varies by ${ms(jitter_s)}`,
      ]);
    }
    if (apart_s !== null) {
      rows.push([
        "Clock jumped",
        `the last frame said ${
          offsetText(apart_s)
        }: a stall, or the clock was set; the next frame ` +
        "tells",
      ]);
    }
  }
  if (opened !== 0 && replay !== undefined) {
    const { generation, boot, highest } = replay;
    rows.push(["Newest frame", `number ${highest} of start ${boot}, key generation ${generation}`]);
  }
  return rows;
}

function offsetText(offset_s: number): string {
  if (offset_s === 0) return "as ours";
  return `${ms(Math.abs(offset_s))} ${offset_s > 0 ? "ahead of" : "behind"} ours`;
}

function driftText(drift_ppm: number): string {
  const rate = `${Math.abs(drift_ppm).toFixed(1)} ppm`;
  const day_s = (Math.abs(drift_ppm) * 0.0864).toFixed(1);
  return `${drift_ppm < 0 ? "loses" : "gains"} ${rate} (${day_s} s a day)`;
}

function ms(seconds: number): string {
  if (Math.abs(seconds) >= 10) return `${seconds.toFixed(1)} s`;
  return `${Math.round(seconds * 1_000)} ms`;
}
