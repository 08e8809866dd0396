/** What the head-end asks of a slave: `samay.command.<slaveId>`, JSON. */
import { z } from "../schema.ts";
import { id, instant_ms } from "./common.ts";

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
]);
export type Command = z.infer<typeof command>;
