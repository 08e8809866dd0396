/** Pieces that several messages share. */
import { z } from "../schema.ts";

export const id = z.string().regex(
  /^[A-Za-z0-9_-]{1,32}$/,
  "1 to 32 letters, digits, - or _",
);

/** Unix time in whole milliseconds. */
export const instant_ms = z.int().nonnegative();

/** One value of one register at one moment, in the smallest unit (Wh, varh, ...). */
export const register = z.object({
  /** Full OBIS code of the value, `1-0:1.8.0` (IEC 62056-61). */
  obis: z.string().max(32),
  value: z.int(),
  /** SenML unit: `Wh`, `varh`, `VAh`, `W`, `V`, `A`, or empty for a plain number. */
  unit: z.string().max(16),
  /** When the meter was read, by the slave's disciplined clock. */
  read_at_ms: instant_ms,
});
export type Register = z.infer<typeof register>;

/** What sealed the frame knew of its own clock: the two quality bits of a TVES/2 frame. */
export const clockQuality = z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]);
export type ClockQuality = z.infer<typeof clockQuality>;

/** Registers of one reading, and so of one pack and one frame. */
export const REGISTERS_MAX = 64;
