/** Seasons of a year and hours of a day, as a tariff names them. */
import { z } from "../../../protocol/schema.ts";
import { dateOf } from "./dates.ts";

const name = z.string().regex(/^[a-z][a-z0-9_-]{0,23}$/, "a name in small letters, like peak");

/** Months by season: each month of the year in exactly one. */
export const seasons = z.array(z.strictObject({
  name,
  /** 1 is January. */
  months: z.array(z.int().min(1).max(12)).min(1).max(12),
})).min(1).max(12);
export type Seasons = z.infer<typeof seasons>;

const HOURS = /^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/;

/** A register of a meter, by its OBIS code. */
export const register = z.string()
  .regex(/^1-\d{1,3}:\d{1,3}\.\d{1,3}\.\d{1,3}$/, "an OBIS code such as 1-0:9.8.1");

/** Bands of the day: every minute in exactly one. */
export const timeOfDay = z.strictObject({
  /** What the units of the bands are. */
  measure: z.enum(["kwh", "kvah"]),
  bands: z.array(z.strictObject({
    name,
    /** `09:00-17:00`; over midnight as `22:00-06:00`, to midnight as `17:00-24:00`. */
    hours: z.array(z.string().regex(HOURS, "hours like 09:00-17:00")).min(1).max(12),
    /** That counts the units of the band: billing from a meter needs it. */
    register: register.optional(),
  })).min(1).max(12),
});
export type TimeOfDay = z.infer<typeof timeOfDay>;

const MINUTES_A_DAY = 1_440;

/** The minutes of `hours`, as one or two spans; null when it is not written right. */
export function minutesOf(hours: string): readonly (readonly [number, number])[] | null {
  const match = HOURS.exec(hours);
  if (match === null) return null;
  const from = Number(match[1]) * 60 + Number(match[2]);
  const to = match[3] === undefined ? MINUTES_A_DAY : Number(match[3]) * 60 + Number(match[4]);
  if (to > from) return [[from, to]];
  return to === 0 ? [[from, MINUTES_A_DAY]] : [[from, MINUTES_A_DAY], [0, to]];
}

/** The season in which a day lies, or null where the tariff has none. */
export function seasonOf(of: Seasons | undefined, day: number): string | null {
  const month = Number(dateOf(day).slice(5, 7));
  return of?.find((season) => season.months.includes(month))?.name ?? null;
}
