/** Names of registers: from what meters send to the full form of OBIS (IEC 62056-61, EN 13757-1). */

const CODE =
  /^(?:(\d{1,3})-(\d{1,3}):)?([0-9]{1,3}|[CFLP])\.([0-9]{1,3}|[CF])(?:\.([0-9]{1,3}|[CF]))?(?:[*&](\d{1,3}))?$/;

/** Letters stand for value groups above 9 in the reduced form (IEC 62056-61, annex on reduced codes). */
const LETTERS: Readonly<Record<string, string>> = { C: "96", F: "97", L: "98", P: "99" };

const numberOf = (part: string) => LETTERS[part] ?? String(Number(part));

/**
 * `code` in full form: `1.8.0` is `1-0:1.8.0`, `F.F` is `0-0:97.97.0`, `1.8.0*01` (or `&01`, a
 * historic value) is `1-0:1.8.0*1`. A code that has no sure full form stays as it is: that of a
 * manufacturer, or two plain numbers as heat meters send them (`6.8`, EN 1434-3).
 */
export function fullObis(code: string): string {
  const match = CODE.exec(code);
  if (!match) return code;
  const [, a, b, c = "", d = "", e, f] = match;
  const lettered = c in LETTERS;
  if (e === undefined && !lettered) return code;
  // Service entries and error registers (C, F) belong to no medium; everything else that comes
  // without a medium is electricity.
  const medium = a !== undefined
    ? `${Number(a)}-${Number(b)}`
    : /^(?:C|F|96|97)$/.test(c)
    ? "0-0"
    : "1-0";
  const period = f === undefined || f === "255" ? "" : `*${Number(f)}`;
  return `${medium}:${numberOf(c)}.${numberOf(d)}.${numberOf(e ?? "0")}${period}`;
}

/** Whether `code` is written as heat meters do (EN 1434-3: two numbers, energy is `6.8`). */
export function isHeatMeterCode(code: string): boolean {
  return /^6\.\d{1,2}(?:\*\d{1,2})?$/.test(code);
}

/** Identification at the meter: the consumer's number, or the meter's own, as a utility has it set. */
export const CONSUMER_REGISTER = "1-0:0.0.0";

/**
 * Status of a reading's time, by the slave that took it; `TIME_UNCERTAIN` in it means that nobody can
 * tell when it was. Group E from 128 on is a manufacturer's own (IEC 62056-61): no meter's register
 * is mistaken for it.
 */
export const TIME_STATUS_REGISTER = "0-0:96.10.128";
export const TIME_UNCERTAIN = 0b10;

/** Cumulative active energy import, total or of a tariff (IEC 62056-61: A=1, C=1, D=8): never falls. */
export function isEnergyImport(obis: string): boolean {
  return /^1-\d+:1\.8\.\d+$/.test(obis);
}
