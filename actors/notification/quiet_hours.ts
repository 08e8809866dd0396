/** Hours in which nobody is disturbed, in Indian time. */
import { indianDateOf, startOfIndianDate_ms } from "../../protocol/indian_time.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** From the minute `from_min` of the day up to `to_min`; over midnight where `from_min` is later. */
export interface QuietHours {
  readonly from_min: number;
  readonly to_min: number;
}

/** The instant at which the quiet hours around `now_ms` end; null outside of them. */
export function quietUntil_ms(now_ms: number, { from_min, to_min }: QuietHours): number | null {
  const day_ms = startOfIndianDate_ms(indianDateOf(now_ms));
  const minute = (now_ms - day_ms) / MINUTE_MS;
  const end_ms = day_ms + to_min * MINUTE_MS;
  if (from_min < to_min) return minute >= from_min && minute < to_min ? end_ms : null;
  if (from_min === to_min) return null;
  if (minute < to_min) return end_ms;
  return minute >= from_min ? end_ms + DAY_MS : null;
}

/** `21:00-09:00` as quiet hours; undefined when it is not of that form. */
export function quietHoursOf(text: string): QuietHours | undefined {
  const found = text.match(/^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/);
  if (found === null) return undefined;
  const [from_h, from_m, to_h, to_m] = found.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
  ];
  return { from_min: from_h * 60 + from_m, to_min: to_h * 60 + to_m };
}
