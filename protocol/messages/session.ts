/** What a slave says of itself: `samay.session.<partition>.<slaveId>`, JSON. */
import { z } from "../schema.ts";
import { clockQuality, id, instant_ms } from "./common.ts";

/** Longest reason and longest notice in a report, in characters. */
export const REASON_LENGTH_MAX = 200;

export const clockReport = z.object({
  quality: clockQuality,
  /** Estimated offset of the slave's system clock from the reference, in seconds. */
  offset_s: z.number().nullable(),
  delay_s: z.number().nullable(),
  dispersion_s: z.number().nullable(),
  stratum: z.int().min(0).max(16).nullable(),
  source: z.string().max(128).nullable(),
  /** Why the clock is not known, or runs on by itself; null or absent while it is in step. */
  reason: z.string().max(REASON_LENGTH_MAX).nullish(),
  /** For how many seconds, by the monotonic clock, it has not been; null or absent while it is. */
  unsynchronised_s: z.number().nonnegative().nullish(),
});
export type ClockReport = z.infer<typeof clockReport>;

/** Something that operators must hear of: the head-end makes an event of each. */
export const sessionNotice = z.object({
  /** Rises within a boot: the same notice may stand in two reports. */
  number: z.int().positive(),
  kind: z.enum(["clock_unsynchronised", "clock_step_refused"]),
  text: z.string().max(REASON_LENGTH_MAX),
});
export type SessionNotice = z.infer<typeof sessionNotice>;
/** Notices of one report. */
export const NOTICES_MAX = 8;

export const sessionReport = z.object({
  kind: z.enum(["hello", "heartbeat", "goodbye"]),
  slave_id: id,
  at_ms: instant_ms,
  /** Boot count of the slave process: rises at every start. */
  boot: z.int().min(0).max(0xffff),
  meters: z.int().nonnegative(),
  /** Readings that wait in the slave's outbox. */
  outbox: z.int().nonnegative(),
  clock: clockReport,
  /** Meters that did not answer at the last attempt, with the reason. At most 16. */
  faults: z.array(z.object({ meter_id: id, reason: z.string().max(REASON_LENGTH_MAX) })).max(16),
  notices: z.array(sessionNotice).max(NOTICES_MAX).optional(),
});
export type SessionReport = z.infer<typeof sessionReport>;
