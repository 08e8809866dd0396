/** A rate change inside a period: the period falls into parts, each under its own version. */
import { dateOf, dayOf } from "./dates.ts";
import type { TariffDocument, TariffVersion } from "./document.ts";
import { divideHalfUp } from "./rounding.ts";

/** The days of a period that lie under one version: from the start of `from` to the start of `to`. */
export interface Part {
  readonly version: TariffVersion;
  readonly from: string;
  readonly to: string;
  readonly days: number;
  readonly units: number;
}

/**
 * The parts of the period from one reading's date to the next, with `units` shared out by days.
 *
 * The day of a reading belongs to what follows it: a period that ends on the day a new version
 * begins lies wholly under the old one. Throws `RangeError` when a day has no version.
 */
export function partsOf(document: TariffDocument, from: string, to: string, units: number): Part[] {
  const [start, end] = [dayOf(from), dayOf(to)];
  const pieces = document.versions.flatMap((version) => {
    const first = Math.max(start, dayOf(version.effective_from));
    const last = version.effective_to === null
      ? end
      : Math.min(end, dayOf(version.effective_to) + 1);
    return last > first ? [{ version, first, last }] : [];
  });
  const covered = pieces.reduce((sum, piece) => sum + piece.last - piece.first, 0);
  if (covered !== end - start) {
    const [oldest, newest] = [document.versions[0]!, document.versions.at(-1)!];
    const until = newest.effective_to === null ? "" : ` to ${newest.effective_to}`;
    throw new RangeError(
      `${from} to ${to} lies outside tariff ${document.id}, known from ${oldest.effective_from}${until}`,
    );
  }
  const shares = shareByDays(units, pieces.map((piece) => piece.last - piece.first));
  return pieces.map(({ version, first, last }, i) => ({
    version,
    from: dateOf(first),
    to: dateOf(last),
    days: last - first,
    units: shares[i]!,
  }));
}

/**
 * Whole `units` over parts of so many days: the average a day times the days of each part.
 *
 * The last part is split off first, then the one before it, each time rounding what lies *before*
 * the cut, half up. The shares always add up to the whole, and one more unit in the whole never takes
 * a unit away from any part (which rounding each part by itself could do). Each cut rounds by half
 * a unit at most.
 */
export function shareByDays(units: number, days: readonly number[]): number[] {
  const shares = new Array<number>(days.length);
  let left = units;
  let days_left = days.reduce((sum, one) => sum + one, 0);
  for (let i = days.length - 1; i >= 0; i--) {
    const days_before = days_left - days[i]!;
    const before = divideHalfUp(BigInt(left) * BigInt(days_before), days_left);
    shares[i] = left - before;
    left = before;
    days_left = days_before;
  }
  return shares;
}
