/**
 * When a billing run stops by itself: a wrong tariff or a wrong factor shows in the first thousand
 * bills, and must not go out in the millions behind them.
 */

/** Held against a run page by page, and against each bill. */
export interface RunBounds {
  /** Percent of the accounts looked at that may park. */
  readonly parked_max_percent: number;
  /** Percent by which the sum may be above or below that of the same accounts the month before. */
  readonly change_max_percent: number;
  /** A bill above this is parked, for a person to look at; null: none is too high. */
  readonly bill_max_paise: number | null;
  /** Whether an account is billed though it has no bill for an earlier month; else it parks. */
  readonly skip_months: boolean;
}

/** A hot month may double the use of a cold one; a factor that is wrong by ten does not pass. */
export const RUN_BOUNDS: RunBounds = {
  parked_max_percent: 10,
  change_max_percent: 100,
  bill_max_paise: null,
  skip_months: false,
};

/** Accounts below which a share says nothing: one of three that parks is no third of a city. */
export const RUN_SAMPLE_MIN = 100;

export interface RunTotals {
  readonly looked: number;
  readonly issued: number;
  /** Bills that wait for their grace to be over. */
  readonly drafts: number;
  readonly parked: number;
  /** No reading yet: asked, or silent. */
  readonly waiting: number;
  readonly units_kwh: number;
  readonly payable_paise: number;
  /** Bills whose account has one for the month before, their sum, and the sum of those before. */
  readonly compared: number;
  readonly compared_paise: number;
  readonly before_paise: number;
}

export const NO_TOTALS: RunTotals = {
  ...{ looked: 0, issued: 0, drafts: 0, parked: 0, waiting: 0, units_kwh: 0, payable_paise: 0 },
  ...{ compared: 0, compared_paise: 0, before_paise: 0 },
};

/** The two together. */
export function addTotals(a: RunTotals, b: RunTotals): RunTotals {
  return {
    looked: a.looked + b.looked,
    issued: a.issued + b.issued,
    drafts: a.drafts + b.drafts,
    parked: a.parked + b.parked,
    waiting: a.waiting + b.waiting,
    units_kwh: a.units_kwh + b.units_kwh,
    payable_paise: a.payable_paise + b.payable_paise,
    compared: a.compared + b.compared,
    compared_paise: a.compared_paise + b.compared_paise,
    before_paise: a.before_paise + b.before_paise,
  };
}

/** What must be added to `before` to come to `after`. */
export function totalsBetween(before: RunTotals, after: RunTotals): RunTotals {
  const negative = Object.fromEntries(
    Object.entries(before).map(([name, sum]) => [name, -sum]),
  ) as unknown as RunTotals;
  return addTotals(after, negative);
}

/** Why a run with these totals must halt, in words for people; null while it may go on. */
export function haltOf(totals: RunTotals, bounds: RunBounds): string | null {
  const { looked, parked, compared, compared_paise, before_paise } = totals;
  const { parked_max_percent, change_max_percent } = bounds;
  if (looked >= RUN_SAMPLE_MIN && parked * 100 > looked * parked_max_percent) {
    return `${parked} of the first ${looked} accounts park, more than ${parked_max_percent} % may`;
  }
  if (compared < RUN_SAMPLE_MIN || before_paise <= 0) return null;
  const change = changeOf(compared_paise, before_paise);
  if (Math.abs(change) <= change_max_percent) return null;
  return `the first ${compared} bills that have one of the month before come to ${
    change.toFixed(1)
  } % ${change > 0 ? "more" : "less"} than those did, beyond ${change_max_percent} %`
    .replace(" -", " ");
}

/** Percent by which `paise` is above `before_paise`. */
export function changeOf(paise: number, before_paise: number): number {
  return (paise - before_paise) * 100 / before_paise;
}

/** Why a bill of that sum is for a person to look at first; null when it may go out. */
export function outlierOf(payable_paise: number, { bill_max_paise }: RunBounds): string | null {
  if (bill_max_paise === null || payable_paise <= bill_max_paise) return null;
  return `the bill would be ${payable_paise / 100} rupees, above this run's bound of ${
    bill_max_paise / 100
  } rupees for one bill; look at it, then bill the account by itself`;
}
