/** What the billing bench is asked for. */
import { parseArgs } from "node:util";

export interface BenchOptions {
  readonly accounts: number;
  /** Pages in hand at a time. */
  readonly pages_at_once: number;
  /** Meters with a reading every 15 minutes for a year; 0: none. */
  readonly year_meters: number;
  /** Also what the database alone can insert. */
  readonly alone: boolean;
  readonly json: boolean;
}

export const USAGE = `deno task bench:billing [options]

  --accounts N      accounts to bill (100000)
  --pages N         pages in hand at a time (2)
  --year-meters N   also a year of 15-minute readings of so many meters, and their bills (0; 1000)
  --no-alone        do not measure what the database alone can insert
  --json            one JSON document`;

const LIMITS = {
  accounts: [1_000, 1_000_000],
  pages: [1, 8],
  "year-meters": [0, 2_000],
} as const;

/** Throws `RangeError` or `TypeError` that says which option is wrong. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      accounts: { type: "string", default: "100000" },
      pages: { type: "string", default: "2" },
      "year-meters": { type: "string", default: "0" },
      alone: { type: "boolean", default: true },
      json: { type: "boolean", default: false },
    },
  });
  const number = (name: keyof typeof LIMITS) => {
    const [min, max] = LIMITS[name];
    const value = /^\d+$/.test(values[name]) ? Number(values[name]) : NaN;
    if (value >= min && value <= max) return value;
    throw new RangeError(
      `--${name} is a whole number from ${min} to ${max}, not "${values[name]}"`,
    );
  };
  return {
    accounts: number("accounts"),
    pages_at_once: number("pages"),
    year_meters: number("year-meters"),
    alone: values.alone,
    json: values.json,
  };
}
