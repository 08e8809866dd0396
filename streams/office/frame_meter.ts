/** What the office knows of the meter of a frame: who it is, the key of a generation, its clock. */
import { TerminalError } from "../../protocol/errors.ts";
import { type Enrolment, enrolment } from "../../protocol/messages/enrolment.ts";
import { freshMeterClock, type MeterClock } from "../../protocol/meter_clock.ts";
import { parseJson, z } from "../../protocol/schema.ts";
import { isId, METERS_BUCKET, partitionOf, partitionToken } from "../../protocol/subjects.ts";
import type { ParsedFrame } from "../../protocol/tves/frame.ts";
import type { HeadEndKeys } from "../../protocol/tves/keys.ts";
import { headEndKeysOf } from "../../protocol/tves/wrapped_keys.ts";
import type { StoredMessage } from "../jetstream/broker.ts";
import { ENROLMENTS } from "./meter_entry.ts";
import type { OfficeContext } from "./office.ts";

/** A frame in another partition than its meter's. */
export interface Misplaced {
  /** As the subject has it: two digits of 00 to 63, or anything else. */
  readonly in: string;
  /** Where the meter in the subject belongs. */
  readonly home: string;
}

/** Undefined where the subject's partition is that of the meter in the subject. */
export function misplacementOf({ subject }: StoredMessage): Misplaced | undefined {
  const [, , given = "", meter = ""] = subject.split(".");
  const home = partitionToken(partitionOf(meter));
  return given === home ? undefined : { in: given, home };
}

/** The enrolment of the meter in the subject, or who the frame's alias belongs to instead. */
export async function ownerOf(
  { subject }: StoredMessage,
  { alias }: ParsedFrame,
  { broker, db }: OfficeContext,
): Promise<{ meter?: Enrolment; owner?: string }> {
  const claimed = subject.split(".").at(-1)!;
  const entry = isId(claimed) ? await (await broker.bucket(ENROLMENTS)).get(claimed) : undefined;
  if (entry !== undefined) {
    const text = new TextDecoder().decode(entry.value);
    const meter = parseJson(enrolment, text, `Enrolment of ${claimed}`);
    if (meter.alias === alias) return { meter };
  }
  const other = await db.selectFrom("meter").select("meter_id").where("alias", "=", alias)
    .executeTakeFirst();
  return other === undefined || other.meter_id === claimed ? {} : { owner: other.meter_id };
}

/**
 * The keys of `generation`, as a master takes them for a frame that arrived at `arrival_ms`: none of
 * a generation that is not enrolled, or was retired before. Fresh ones: a search of a whole day would
 * push what a master remembers out of its place.
 */
export function keysOf(
  meter: Enrolment,
  generation: number,
  arrival_ms: number,
  { kek }: OfficeContext,
): HeadEndKeys | undefined {
  if (kek === undefined) {
    throw new TerminalError("This office has no key-encryption key: set SAMAY_KEK_FILE");
  }
  const { meter_id: meterId } = meter;
  const entry = meter.keys.find((key) => key.generation === generation);
  if (entry === undefined || arrival_ms > (entry.not_after_ms ?? Infinity)) return undefined;
  return headEndKeysOf(meterId, entry, kek);
}

/** The fields of `samay_meters` that make a clock. */
const shownClock = z.object({
  clock: z.object({
    offset_s: z.number(),
    drift_ppm: z.number(),
    deviation_s: z.number(),
    drift_deviation_ppm: z.number(),
    jitter_s: z.number(),
    sampled_at: z.iso.datetime().nullable(),
    samples: z.int(),
    apart_s: z.number().nullable(),
  }),
});

/**
 * The meter's clock as its master last showed it, told back to the frame's arrival where that lies
 * before it. A fresh one where nothing is shown.
 */
export async function clockOf(
  meter_id: string,
  arrival_ms: number,
  { broker }: OfficeContext,
): Promise<MeterClock> {
  const entry = await (await broker.bucket(METERS_BUCKET)).get(meter_id);
  const text = entry === undefined ? "null" : new TextDecoder().decode(entry.value);
  const shown = shownClock.safeParse(JSON.parse(text));
  if (!shown.success || shown.data.clock.sampled_at === null) return freshMeterClock();
  const { offset_s, drift_ppm, deviation_s, drift_deviation_ppm, ...clock } = shown.data.clock;
  const sampled_at_ms = Date.parse(clock.sampled_at!);
  const back_s = Math.max(0, sampled_at_ms - arrival_ms) / 1_000;
  return {
    ...freshMeterClock(),
    offset_s: offset_s - drift_ppm * 1e-6 * back_s,
    drift_ppm,
    variance_s2: deviation_s ** 2,
    drift_variance_ppm2: drift_deviation_ppm ** 2,
    jitter_s2: clock.jitter_s ** 2,
    sampled_at_ms: Math.min(sampled_at_ms, arrival_ms),
    samples: clock.samples,
    apart: clock.apart_s === null ? null : { offset_s: clock.apart_s, at_ms: sampled_at_ms },
  };
}
