/** What the head-end asks of a slave: `samay.command.<slaveId>`, JSON. */
import { z } from "../schema.ts";
import { id, instant_ms } from "./common.ts";
import { wrappedHex } from "./enrolment.ts";

export const command = z.discriminatedUnion("command", [
  z.object({
    command: z.literal("read-now"),
    request_id: z.string().max(64),
    meter_id: id,
    requested_at_ms: instant_ms,
    /** After this moment the answer is of no use and the slave drops the command. */
    expires_at_ms: instant_ms,
  }),
  z.object({
    command: z.literal("schedule"),
    request_id: z.string().max(64),
    /** Seconds between scheduled readings, aligned to the UTC epoch. */
    interval_s: z.int().min(1).max(31 * 86_400),
  }),
  /** The meter's next key. It opens in its hour alone, by the slave that has the present key. */
  z.object({
    command: z.literal("rekey"),
    request_id: z.string().max(64),
    meter_id: id,
    alias: z.int().min(0).max(0xffff_ffff),
    generation: z.int().min(1).max(255),
    /** UTC day number on which the new generation's chain begins. */
    enrolment_day: z.int().nonnegative().max(0xffff_ffff),
    /** The generation whose hour key wraps it, and that hour since the Unix epoch. */
    under_generation: z.int().min(0).max(255),
    hour: z.int().nonnegative().max(0xffff_ffff),
    wrapped_key: wrappedHex,
  }),
]);
export type Command = z.infer<typeof command>;
export type RekeyCommand = Extract<Command, { command: "rekey" }>;
