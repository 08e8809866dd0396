/** Money and rates as people write them, from and to the integers inside. */

const RUPEES = /^(\d{1,10})(?:\.(\d{1,2}))?$/;
const RATE = /^(\d{1,4})(?:\.(\d{1,4}))?$/;

/** Paise as rupees with two decimals and Indian grouping: 12345678 is `1,23,456.78`. */
export function formatRupees(paise: number): string {
  const absolute = Math.abs(paise);
  const rupees = Math.floor(absolute / 100).toString();
  const grouped = rupees.replace(/(\d)(?=(\d\d)+\d$)/g, "$1,");
  const sign = paise < 0 ? "-" : "";
  return `${sign}${grouped}.${(absolute % 100).toString().padStart(2, "0")}`;
}

/** A rate in 1/10,000 rupee as rupees, at least two decimals: 39600 is `3.96`, 12345 is `1.2345`. */
export function formatRate(rate: number): string {
  const absolute = Math.abs(rate);
  const decimals = (absolute % 10_000).toString().padStart(4, "0").replace(/0{1,2}$/, "");
  return `${rate < 0 ? "-" : ""}${Math.floor(absolute / 10_000)}.${decimals}`;
}

/** Rupees with up to four decimals as an integer in 1/10,000 rupee. Throws `RangeError`. */
export function parseRate(text: string): number {
  const match = RATE.exec(text.trim());
  if (match === null) {
    throw new RangeError(
      `"${text.slice(0, 24)}" is not a rate: rupees from 0 up with at most 4 decimals, like 0.50`,
    );
  }
  return Number(match[1]) * 10_000 + Number((match[2] ?? "").padEnd(4, "0"));
}

/** Rupees above zero with up to two decimals as paise. Throws `RangeError`. */
export function parseRupees(text: string): number {
  const match = RUPEES.exec(text.trim());
  const paise = match === null
    ? 0
    : Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0"));
  if (paise > 0) return paise;
  throw new RangeError(
    `"${text.slice(0, 24)}" is not an amount: rupees above 0 with at most 2 decimals, like 1250.50`,
  );
}
