/** What the head-end's bench is asked for. */
import { parseArgs } from "node:util";

export interface BenchOptions {
  /** Sealed frames in FRAMES before the head-end starts. */
  readonly frames: number;
  readonly meters: number;
  /** Longest measurement of one run. */
  readonly seconds: number;
  /** Numbers of masters, a run each. */
  readonly masters: readonly number[];
  /** Frames a second that arrive while the head-end works; 0: no such run. */
  readonly rate: number;
  /** Subjects of the broker's own measurement; 0: none. */
  readonly subjects: number;
  /** One process with the embedded database in place of the roles. */
  readonly embedded: boolean;
  readonly parts: boolean;
  /** Where the roles' time goes, by function. */
  readonly profile: boolean;
  readonly json: boolean;
}

export const USAGE = `deno task bench:headend [options]

  --frames N      sealed frames that wait in FRAMES (600000)
  --meters N      meters they come from (20000)
  --seconds S     longest measurement of one run (60)
  --masters LIST  masters, a run each (1,2)
  --rate R        frames a second arriving live, 0 for no such run (20000)
  --subjects N    meter subjects in the broker's own measurement (0; up to 1000000)
  --no-parts      do not measure what each part does alone
  --embedded      one process on the embedded database in place of the roles
  --profile       also say in which functions the roles spend their time
  --json          one JSON document`;

const LIMITS = {
  frames: [1_000, 5_000_000],
  meters: [64, 1_000_000],
  seconds: [1, 600],
  rate: [0, 200_000],
  subjects: [0, 1_000_000],
} as const;

/** Throws `RangeError` or `TypeError` that says which option is wrong. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      frames: { type: "string", default: "600000" },
      meters: { type: "string", default: "20000" },
      seconds: { type: "string", default: "60" },
      masters: { type: "string", default: "1,2" },
      rate: { type: "string", default: "20000" },
      subjects: { type: "string", default: "0" },
      parts: { type: "boolean", default: true },
      embedded: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const number = (name: keyof typeof LIMITS) => {
    const [min, max] = LIMITS[name];
    return within(name, values[name], min, max);
  };
  const masters = values.masters.split(",").filter((text) => text !== "")
    .map((text) => within("masters", text, 1, 8));
  return {
    frames: number("frames"),
    meters: number("meters"),
    seconds: number("seconds"),
    masters,
    rate: number("rate"),
    subjects: number("subjects"),
    embedded: values.embedded,
    parts: values.parts,
    profile: values.profile,
    json: values.json,
  };
}

function within(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`--${name} must be a whole number from ${min} to ${max}, not "${text}"`);
  }
  return value;
}
