/** The replay window as JSON: short for the usual window without gaps, bounded for any other. */
import { toHex } from "../bytes.ts";
import { z } from "../schema.ts";

/** Runs up to which the list of runs is the shorter form. */
const RUNS_MAX = 96;

/** One generation's window. */
const trackState = z.object({
  /** -1 while no frame was accepted yet; so is `boot`. */
  generation: z.int().min(-1).max(0xff),
  boot: z.int().min(-1).max(0xffff),
  /** Highest accepted sequence of this generation and boot, and the second it was sealed in. */
  highest: z.int().min(0).max(0xffff_ffff),
  highest_t_s: z.int().nonnegative(),
  /**
   * Which of the sequences `highest`, `highest - 1`, ... were accepted: lengths of the runs of accepted
   * and missing ones in turn, accepted first; or where those are many, one bit each in hex, the
   * highest sequence in the top bit. What lies beyond the end was not accepted.
   */
  seen: z.union([
    z.array(z.int().nonnegative().max(0xffff)).max(RUNS_MAX),
    z.string().regex(/^(?:[0-9a-f]{2}){0,256}$/),
  ]),
});
export type TrackState = z.infer<typeof trackState>;

/** What a snapshot holds of a replay window. Validate what comes from outside with it. */
export const replayState = trackState.extend({
  /** Earliest accepted second of this generation. Absent in snapshots from before re-keying. */
  first_t_s: z.int().nonnegative().optional(),
  /** The generation before, while frames of it may still arrive. */
  previous: trackState.optional(),
});
export type ReplayState = z.infer<typeof replayState>;

/** The compact form of the ages, 0 to `width` - 1, that `has` knows. */
export function encodeSeen(has: (age: number) => boolean, width: number): TrackState["seen"] {
  const runs: number[] = [];
  const bits = new Uint8Array(width / 8);
  let accepted = true;
  let length = 0;
  for (let age = 0; age < width; age++) {
    if (has(age)) bits[age >> 3]! |= 0x80 >> (age & 7);
    if (has(age) !== accepted) {
      runs.push(length);
      accepted = !accepted;
      length = 0;
    }
    length++;
  }
  // A last run of missing ones says nothing.
  if (accepted) runs.push(length);
  return runs.length <= RUNS_MAX ? runs : toHex(bits);
}

/** The ages that `encodeSeen` was told of. Throws `RangeError` when they do not fit in `width`. */
export function decodeSeen(seen: TrackState["seen"], width: number): number[] {
  const span = typeof seen === "string"
    ? seen.length * 4
    : seen.reduce((sum, length) => sum + length, 0);
  if (span > width) throw new RangeError(`A replay window of ${span} is wider than ${width}`);
  return typeof seen === "string" ? agesOfBits(seen) : agesOfRuns(seen);
}

function agesOfRuns(runs: readonly number[]): number[] {
  const ages: number[] = [];
  let age = 0;
  for (const [i, length] of runs.entries()) {
    const end = age + length;
    if (i % 2 === 1) age = end;
    else while (age < end) ages.push(age++);
  }
  return ages;
}

function agesOfBits(hex: string): number[] {
  const ages: number[] = [];
  for (let age = 0; age < hex.length * 4; age++) {
    const digit = parseInt(hex[age >> 2]!, 16);
    if ((digit & (8 >> (age & 3))) !== 0) ages.push(age);
  }
  return ages;
}
