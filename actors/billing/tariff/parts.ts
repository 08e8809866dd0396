/**
 * A rate change, a season that turns or a fuel adjustment that changes inside a period: the period
 * falls into parts, each under its own version, season and adjustment.
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
 * begins lies wholly under the old one. `cuts` are dates at which a part begins whatever the tariff
 * says. Throws `RangeError` when a day has no version.
 */
export function partsOf(
  document: TariffDocument,
  from: string,
  to: string,
  cuts: readonly string[] = [],
): Part[] {
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
  return pieces.flatMap((piece) => cutAt(piece, cuts)).map(({ version, season, first, last }) => ({
    version,
    season,
    from: dateOf(first),
    to: dateOf(last),
    days: last - first,
  }));
}

interface Piece {
  readonly version: TariffVersion;
  readonly season: string | null;
  readonly first: number;
  readonly last: number;
}

function cutAt(piece: Piece, cuts: readonly string[]): Piece[] {
  const days = cuts.map(dayOf).filter((day) => day > piece.first && day < piece.last);
  const starts = [piece.first, ...days];
  return starts.map((first, i) => ({ ...piece, first, last: starts[i + 1] ?? piece.last }));
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
