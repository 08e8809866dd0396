/** The replay window as JSON: short for the usual window without gaps, bounded for any other. */
import { fromHex, toHex } from "../bytes.ts";
import type { Packer, Unpacker } from "../packed.ts";
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

/** The shorter form of `runs`, as `seen` has them, a last run of missing ones left out. */
export function encodeSeen(runs: number[]): TrackState["seen"] {
  if (runs.length <= RUNS_MAX) return runs;
  const bits = new Uint8Array(Math.ceil(spanOf(runs) / 8));
  let age = 0;
  for (const [i, length] of runs.entries()) {
    const end = age + length;
    if (i % 2 === 1) age = end;
    else for (; age < end; age++) bits[age >> 3]! |= 0x80 >> (age & 7);
  }
  return toHex(bits);
}

/** The runs that `encodeSeen` was told of. Throws `RangeError` when they do not fit in `width`. */
export function decodeSeen(seen: TrackState["seen"], width: number): readonly number[] {
  const runs = typeof seen === "string" ? runsOfBits(seen) : seen;
  const span = spanOf(runs);
  if (span > width) throw new RangeError(`A replay window of ${span} is wider than ${width}`);
  return runs;
}

function spanOf(runs: readonly number[]): number {
  let span = 0;
  for (const length of runs) span += length;
  return span;
}

/** Zeros at the end say nothing: earlier snapshots have them. */
function runsOfBits(hex: string): number[] {
  const runs: number[] = [];
  let accepted = true;
  let length = 0;
  for (let age = 0; age < hex.length * 4; age++) {
    const has = (parseInt(hex[age >> 2]!, 16) & (8 >> (age & 3))) !== 0;
    if (has !== accepted) {
      runs.push(length);
      accepted = has;
      length = 0;
    }
    length++;
  }
  if (accepted) runs.push(length);
  return runs;
}

const HAS_FIRST = 1;
const HAS_PREVIOUS = 2;

/** The window in as few bytes as it needs: some 15 without gaps. */
export function packReplay(packer: Packer, { first_t_s, previous, ...current }: ReplayState): void {
  const has = (first_t_s === undefined ? 0 : HAS_FIRST) | (previous ? HAS_PREVIOUS : 0);
  packTrack(packer.uint(has), current);
  if (first_t_s !== undefined) packer.uint(first_t_s);
  if (previous) packTrack(packer, previous);
}

/** What `packReplay` wrote. Throws `RangeError` where it is no such thing. */
export function unpackReplay(packed: Unpacker): ReplayState {
  const has = packed.uint();
  const current = unpackTrack(packed);
  return {
    ...current,
    ...((has & HAS_FIRST) !== 0 && { first_t_s: packed.uint() }),
    ...((has & HAS_PREVIOUS) !== 0 && { previous: unpackTrack(packed) }),
  };
}

function packTrack(packer: Packer, track: TrackState): void {
  const { generation, boot, highest, highest_t_s, seen } = track;
  packer.uint(generation + 1).uint(boot + 1).uint(highest).uint(highest_t_s);
  // The lowest bit tells the two forms apart.
  if (typeof seen === "string") packer.uint(seen.length + 1).bytes(fromHex(seen));
  else {
    packer.uint(2 * seen.length);
    for (const length of seen) packer.uint(length);
  }
}

function unpackTrack(packed: Unpacker): TrackState {
  return {
    generation: atMost(0x100, packed.uint()) - 1,
    boot: atMost(0x1_0000, packed.uint()) - 1,
    highest: atMost(0xffff_ffff, packed.uint()),
    highest_t_s: packed.uint(),
    seen: unpackSeen(packed),
  };
}

function unpackSeen(packed: Unpacker): TrackState["seen"] {
  const form = packed.uint();
  if (form % 2 === 1) return toHex(packed.bytes((form - 1) / 2));
  const runs: number[] = [];
  for (let i = 0; i < atMost(RUNS_MAX, form / 2); i++) runs.push(packed.uint());
  return runs;
}

function atMost(limit: number, value: number): number {
  if (value > limit) throw new RangeError(`${value} is more than ${limit}`);
  return value;
}
