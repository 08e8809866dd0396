/** What a rule finds. The words are made only where somebody reads them: most readings pass. */
import type { ReadingCheck } from "../../protocol/messages/invoice_inputs.ts";
import { inIndia } from "../../protocol/indian_time.ts";

export interface Finding {
  readonly outcome: ReadingCheck["outcome"];
  readonly words: () => string;
}

export const passed = (words: () => string): Finding => ({ outcome: "passed", words });
export const failed = (words: () => string): Finding => ({ outcome: "failed", words });

/** The rule says nothing of this reading, because of `why`. */
export function notApplicable(why: string): Finding {
  return { outcome: "not_applicable", words: () => why };
}

/** `2275.625 kWh` of watt-hours. */
export const kwh = (wh: number): string => `${wh / 1000} kWh`;

/** `2026-04-30 18:00:00`, in India. */
export const when = (at_ms: number): string => inIndia(at_ms);

/** `3 days`, `5 hours`, `40 s`: the largest unit that there are two of. */
export function lasting(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds >= 2 * 86_400) return `${Math.floor(seconds / 86_400)} days`;
  if (seconds >= 2 * 3_600) return `${Math.floor(seconds / 3_600)} hours`;
  return seconds >= 120 ? `${Math.floor(seconds / 60)} minutes` : `${seconds} s`;
}
