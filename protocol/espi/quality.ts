/** Qualities of readings, and ESPI's codes for them (NAESB REQ.21, QualityOfReading). Pure. */

export const QUALITY = {
  valid: 0,
  manually_edited: 7,
  estimated: 8,
  questionable: 10,
  raw: 14,
} as const;

const CODES: Readonly<Record<string, number>> = {
  measured: QUALITY.valid,
  estimated: QUALITY.estimated,
  substituted: QUALITY.manually_edited,
  edited: QUALITY.manually_edited,
};

/** From the best to the worst. */
const ORDER: readonly number[] = [
  QUALITY.valid,
  QUALITY.raw,
  QUALITY.manually_edited,
  QUALITY.estimated,
  QUALITY.questionable,
];

/** The code of our word for a quality; a reading whose time is uncertain is questionable. */
export function qualityCode(quality: string, flags: readonly string[]): number {
  if (flags.includes("time_uncertain")) return QUALITY.questionable;
  return CODES[quality] ?? QUALITY.questionable;
}

/** Of two codes the one that an interval between them has. */
export function worseQuality(a: number, b: number): number {
  return ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b;
}
