/** What the soak is asked for. */
import { parseArgs } from "node:util";
import { UsageError } from "../../streams/terminal/command.ts";
import { wholeNumber } from "../../streams/terminal/whole_number.ts";

export interface SoakOptions {
  readonly minutes: number;
  /** Readings a second. */
  readonly rate: number;
  readonly meters: number;
  readonly masters: number;
  /** Between two samples. */
  readonly every_s: number;
  /** Folder for samples and result. */
  readonly out: string;
  readonly json: boolean;
}

const LIMITS = {
  minutes: { usual: 60, min: 1, max: 1_440 },
  rate: { usual: 10_000, min: 100, max: 100_000 },
  meters: { usual: 20_000, min: 64, max: 1_000_000 },
  masters: { usual: 1, min: 1, max: 8 },
  every: { usual: 5, min: 1, max: 60 },
} as const;
const OUT = ".samay/soak";

export const USAGE = `deno task soak [options]

Runs a head-end as processes of its own (nats-server, masters, billing on PostgreSQL) under an even
load, looks at memory, lag and disk all the while, and judges at the end: memory bounded, the load
kept up with, nothing lost, nothing doubled, lag back to zero. Exit code 0 when all of it holds, 1
when not, 2 for wrong usage. Ctrl-C ends everything that was started. It says at the start what disk
it needs, and refuses where that is not free. Eleven minutes at least are warming up (half of a run
that is shorter than 22), and memory is judged behind them.

  --minutes M    how long the load goes on (${LIMITS.minutes.usual})
  --rate R       readings a second (${LIMITS.rate.usual})
  --meters N     meters they come from (${LIMITS.meters.usual})
  --masters N    masters that share the work (${LIMITS.masters.usual})
  --every S      seconds between two samples (${LIMITS.every.usual})
  --out DIR      folder for samples.jsonl and result.json (${OUT})
  --json         the result as one JSON document on stdout

TMPDIR says where broker and database keep their data meanwhile.`;

/** Throws `UsageError` that says which option is wrong. */
export function readSoakOptions(args: readonly string[]): SoakOptions {
  const text = { type: "string" } as const;
  let values: Readonly<Record<string, string | boolean | undefined>>;
  try {
    const options = {
      ...{ minutes: text, rate: text, meters: text, masters: text, every: text, out: text },
      json: { type: "boolean" },
    } as const;
    values = parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split("\n")[0]}; see: deno task soak --help`);
  }
  const number = (name: keyof typeof LIMITS) =>
    wholeNumber(name, values[name], LIMITS[name].usual, LIMITS[name].min, LIMITS[name].max);
  return {
    ...{ minutes: number("minutes"), rate: number("rate"), meters: number("meters") },
    ...{ masters: number("masters"), every_s: number("every") },
    out: typeof values.out === "string" && values.out !== "" ? values.out : OUT,
    json: values.json === true,
  };
}
