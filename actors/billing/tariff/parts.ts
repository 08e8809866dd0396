/**
 * A rate change or a season that turns inside a period: the period falls into parts, each under its
 * own version and season.
 */
import { seasonOf } from "./calendar.ts";
import { dateOf, dayOf } from "./dates.ts";
import type { TariffDocument, TariffVersion } from "./document.ts";

/** The days of a period under one version and season: from the start of `from` to that of `to`. */
export interface Part {
  readonly version: TariffVersion;
  readonly season: string | null;
  readonly from: string;
  readonly to: string;
  readonly days: number;
}

/**
 * The parts of the period from one reading's date to the next.
 *
 * The day of a reading belongs to what follows it: a period that ends on the day a new version
 * begins lies wholly under the old one. Throws `RangeError` when a day has no version.
 */
export function partsOf(document: TariffDocument, from: string, to: string): Part[] {
  const [start, end] = [dayOf(from), dayOf(to)];
  const pieces = document.versions.flatMap((version) => {
    const first = Math.max(start, dayOf(version.effective_from));
    const last = version.effective_to === null
      ? end
      : Math.min(end, dayOf(version.effective_to) + 1);
    return last > first ? bySeason(version, first, last) : [];
  });
  const covered = pieces.reduce((sum, piece) => sum + piece.last - piece.first, 0);
  if (covered !== end - start) {
    const [oldest, newest] = [document.versions[0]!, document.versions.at(-1)!];
    const until = newest.effective_to === null ? "" : ` to ${newest.effective_to}`;
    throw new RangeError(
      `${from} to ${to} lies outside tariff ${document.id}, known from ${oldest.effective_from}${until}`,
    );
  }
  return pieces.map(({ version, season, first, last }) => ({
    version,
    season,
    from: dateOf(first),
    to: dateOf(last),
    days: last - first,
  }));
}

/** The days from `first` to `last` of one version, cut where the season turns. */
function bySeason(version: TariffVersion, first: number, last: number) {
  const pieces = [{ version, season: seasonOf(version.seasons, first), first, last }];
  if (version.seasons === undefined) return pieces;
  for (let day = first + 1; day < last; day++) {
    const before = pieces.at(-1)!;
    const season = seasonOf(version.seasons, day);
    if (season === before.season) continue;
    before.last = day;
    pieces.push({ version, season, first: day, last });
  }
  return pieces;
}
