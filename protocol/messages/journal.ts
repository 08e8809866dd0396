/**
 * The journal: `samay.journal.<kind>.<partition>`, one JSON record a batch, the truth of the
 * head-end. A record is appended only by the owner of its partition, under the fence of its epoch.
 */
import { z } from "../schema.ts";
import { clockQuality, id, instant_ms, register, REGISTERS_MAX } from "./common.ts";
import { sessionReport } from "./session.ts";

/** Why a frame was refused. The names of TVES/2, and those of the head-end's own checks. */
export const rejectReason = z.enum([
  "wrong_length",
  "unknown_version",
  "unknown_suite",
  "unknown_flags",
  "unknown_meter",
  "wrong_subject",
  "unknown_generation",
  "no_key_in_window",
  "tag_mismatch",
  "replayed",
  "too_old",
  "pre_played",
  "not_a_pack",
]);
export type RejectReason = z.infer<typeof rejectReason>;

/** Marks on a reading that was accepted but that people should look at. */
export const readingFlag = z.enum([
  "register_went_back",
  "meter_error",
  "cover_open",
  "time_uncertain",
]);
export type ReadingFlag = z.infer<typeof readingFlag>;

/**
 * The marks in words for people. A register that went back and an uncertain time keep a reading from
 * being billed.
 */
export const FLAG_WORDS: Readonly<Record<ReadingFlag, string>> = {
  register_went_back: "the register went back",
  meter_error: "the meter's error register F.F is not 0",
  cover_open: "the meter's cover was open",
  time_uncertain: "nobody knows when it was taken: the slave had no time then",
};

export const readingEvent = z.object({
  event: z.literal("reading"),
  /** Sequence of the frame in FRAMES. */
  frame: z.int().positive(),
  meter_id: id,
  generation: z.int(),
  boot: z.int(),
  sequence: z.int(),
  /** The second whose key opened the frame, and how many candidates were tried. */
  t_s: z.int(),
  trials: z.int().positive(),
  quality: clockQuality,
  arrival_ms: instant_ms,
  sealed_at_ms: instant_ms,
  registers: z.array(register).max(REGISTERS_MAX),
  flags: z.array(readingFlag),
});
export type ReadingEvent = z.infer<typeof readingEvent>;

export const rejectEvent = z.object({
  event: z.literal("reject"),
  frame: z.int().positive(),
  meter_id: z.string().max(64),
  reason: rejectReason,
  arrival_ms: instant_ms,
  trials: z.int().nonnegative(),
  boot: z.int().nullable(),
  sequence: z.int().nullable(),
});
export type RejectEvent = z.infer<typeof rejectEvent>;

export const sessionEvent = z.object({
  event: z.literal("session"),
  arrival_ms: instant_ms,
  report: sessionReport,
});
export type SessionEvent = z.infer<typeof sessionEvent>;

export const journalEvent = z.discriminatedUnion("event", [
  readingEvent,
  rejectEvent,
  sessionEvent,
]);
export type JournalEvent = z.infer<typeof journalEvent>;

export const journalRecord = z.object({
  v: z.literal(1),
  /** `epoch`: a new owner takes the partition; it carries no events. `batch`: inputs consumed. */
  type: z.enum(["epoch", "batch"]),
  partition: z.int().nonnegative(),
  epoch: z.int().positive(),
  owner: id,
  /** Last input sequence consumed: the next owner starts behind it. */
  cursor: z.int().nonnegative(),
  events: z.array(journalEvent),
});
export type JournalRecord = z.infer<typeof journalRecord>;
