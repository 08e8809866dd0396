/**
 * Numbers and dates as people in Maharashtra read them, in English and in Marathi.
 *
 * Written out here and not left to `Intl`: a bill must come out byte for byte the same on every
 * machine, and the tables of `Intl` change from one release of the runtime to the next. Digits stay
 * 0 to 9 in both languages, as they are on the meter's display.
 */

import { indianDateOf, indianTimeOf } from "../../protocol/indian_time.ts";

export type Language = "en" | "mr";

const MONTHS: Readonly<Record<Language, readonly string[]>> = {
  en: [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
  ],
  mr: [
    "जानेवारी",
    "फेब्रुवारी",
    "मार्च",
    "एप्रिल",
    "मे",
    "जून",
    "जुलै",
    "ऑगस्ट",
    "सप्टेंबर",
    "ऑक्टोबर",
    "नोव्हेंबर",
    "डिसेंबर",
  ],
};

/** Short names for the chart's axis and for narrow cells. */
const MONTHS_SHORT: Readonly<Record<Language, readonly string[]>> = {
  en: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
  mr: [
    "जाने",
    "फेब्रु",
    "मार्च",
    "एप्रिल",
    "मे",
    "जून",
    "जुलै",
    "ऑग",
    "सप्टें",
    "ऑक्टो",
    "नोव्हें",
    "डिसें",
  ],
};

/** Whole numbers with Indian grouping: 12345678 is `1,23,45,678`. */
export function groupIndian(whole: number): string {
  const sign = whole < 0 ? "-" : "";
  const digits = String(Math.abs(whole));
  const last = digits.slice(-3);
  const rest = digits.slice(0, -3).replace(/\B(?=(\d{2})+$)/g, ",");
  return sign + (rest === "" ? last : `${rest},${last}`);
}

/** Paise as rupees with two decimals, without the sign of the currency: `1,23,456.78`. */
export function rupees(amount_paise: number): string {
  const sign = amount_paise < 0 ? "-" : "";
  const paise = Math.abs(amount_paise);
  return `${sign}${groupIndian(Math.floor(paise / 100))}.${String(paise % 100).padStart(2, "0")}`;
}

/** A payable amount for a headline: no decimals when there are no paise. */
export function rupeesShort(amount_paise: number): string {
  return rupees(amount_paise).replace(/\.00$/, "");
}

/** A rate in 1/10,000 rupee as rupees: 39600 is `3.96`, 5 is `0.0005`. */
export function rate(rate_e4: number): string {
  const fraction = String(Math.abs(rate_e4) % 10_000).padStart(4, "0").replace(/0{1,2}$/, "");
  return `${rate_e4 < 0 ? "-" : ""}${
    groupIndian(Math.floor(Math.abs(rate_e4) / 10_000))
  }.${fraction}`;
}

/** Watt-hours as kilowatt-hours with the three decimals of the meter's display. */
export function kwh(value_wh: number): string {
  const sign = value_wh < 0 ? "-" : "";
  const wh = Math.abs(value_wh);
  return `${sign}${groupIndian(Math.floor(wh / 1000))}.${String(wh % 1000).padStart(3, "0")}`;
}

/** A quantity without needless decimals: 1 is `1`, 1.03 is `1.03`, 1500 is `1,500`. */
export function quantity(value: number): string {
  if (Number.isInteger(value)) return groupIndian(value);
  const [, fraction = ""] = value.toFixed(3).split(".");
  return `${groupIndian(Math.trunc(value))}.${fraction.replace(/0+$/, "")}`;
}

/** A calendar date `YYYY-MM-DD`: `20 April 2026`, `20 एप्रिल 2026`. */
export function dateLong(date: string, language: Language): string {
  const [year, month, day] = date.split("-").map(Number);
  return `${day} ${MONTHS[language][month! - 1]} ${year}`;
}

/** A calendar date for narrow places, the same in both languages: `20-04-2026`. */
export function dateShort(date: string): string {
  return date.split("-").reverse().join("-");
}

/** A billing period `YYYY-MM`: `April 2026`, `एप्रिल 2026`. */
export function periodLong(period: string, language: Language): string {
  const [year, month] = period.split("-").map(Number);
  return `${MONTHS[language][month! - 1]} ${year}`;
}

/** A billing period for the chart's axis: month and two digits of the year. */
export function periodShort(period: string, language: Language): { month: string; year: string } {
  const [year, month] = period.split("-");
  return { month: MONTHS_SHORT[language][Number(month) - 1]!, year: year!.slice(2) };
}

/** An instant in Indian time: `30 April 2026, 23:59:58`. */
export function instantLong(instant_ms: number, language: Language): string {
  return `${dateLong(indianDateOf(instant_ms), language)}, ${indianTimeOf(instant_ms)}`;
}
