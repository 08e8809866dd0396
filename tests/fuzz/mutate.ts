/** Ways in which a frame is spoiled on purpose. Each takes whole frames and gives other bytes. */
import { concat } from "../../protocol/bytes.ts";
import { CIPHERTEXT_LENGTH_MAX, FRAME_OVERHEAD } from "../../protocol/tves/frame.ts";
import type { Random } from "../simulation/random.ts";

/** Fields of a frame by offset and length: the header's, then the parts behind it. */
const HEADER_FIELDS = [
  { at: 0, length: 1 }, // version and suite
  { at: 1, length: 1 }, // flags
  { at: 2, length: 2 }, // n
  { at: 4, length: 4 }, // alias
  { at: 8, length: 1 }, // generation
  { at: 9, length: 1 }, // hint
  { at: 10, length: 2 }, // boot
  { at: 12, length: 4 }, // sequence
] as const;
const BORDERS = [0, 1, 2, 4, 8, 9, 10, 12, 16, 32] as const;
const LONGEST_TAIL = 64;

/** Makes a mutant of `frame`; `others` are good frames to take pieces from. */
export type Mutation = (
  random: Random,
  frame: Uint8Array,
  others: readonly Uint8Array[],
) => Uint8Array;

function flipBits(random: Random, frame: Uint8Array, from: number, to: number): Uint8Array {
  const mutant = frame.slice();
  for (let flips = 1 + random.below(3); flips > 0; flips--) {
    mutant[from + random.below(to - from)]! ^= 1 << random.below(8);
  }
  return mutant;
}

function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}

/** The value of a field at its edges, next to what it was, or anything. */
function edgeValue(random: Random, before: number, length: number): number {
  const max = 2 ** (8 * length) - 1;
  const edges = [0, 1, 2, max, max - 1, (max + 1) / 2, (max - 1) / 2, before + 1, before - 1];
  return random.chance(0.2) ? random.below(max + 1) : (random.pick(edges) + max + 1) % (max + 1);
}

function setFields(random: Random, frame: Uint8Array): Uint8Array {
  const mutant = frame.slice();
  for (let fields = 1 + random.below(2); fields > 0; fields--) {
    const { at, length } = random.pick(HEADER_FIELDS);
    const before = mutant.subarray(at, at + length).reduce((sum, byte) => sum * 256 + byte, 0);
    let value = edgeValue(random, before, length);
    for (let i = length - 1; i >= 0; i--, value = Math.floor(value / 256)) mutant[at + i] = value;
  }
  return mutant;
}

/** Writes the length that the frame really has into its field, where there is such a field. */
function repairLength(mutant: Uint8Array): Uint8Array {
  const n = mutant.length - FRAME_OVERHEAD;
  if (n < 0 || n > CIPHERTEXT_LENGTH_MAX) return mutant;
  mutant[2] = n >> 8;
  mutant[3] = n;
  return mutant;
}

function resize(random: Random, frame: Uint8Array): Uint8Array {
  const mutant = random.chance(0.5)
    ? frame.slice(0, random.below(frame.length))
    : concat(frame, randomBytes(random, 1 + random.below(LONGEST_TAIL)));
  return random.chance(0.5) ? mutant : repairLength(mutant);
}

function splice(random: Random, frame: Uint8Array, other: Uint8Array): Uint8Array {
  const borders = [...BORDERS, frame.length - 16];
  const cut = random.chance(0.7) ? random.pick(borders) : random.below(frame.length);
  const mutant = concat(frame.subarray(0, cut), other.subarray(cut));
  return random.chance(0.5) ? mutant : repairLength(mutant);
}

/** One part of the frame put in place of another frame's, or filled with one value. */
function replacePart(random: Random, frame: Uint8Array, other: Uint8Array): Uint8Array {
  const mutant = frame.slice();
  const [from, to] = random.pick([[16, 32], [32, frame.length], [frame.length - 16, frame.length]]);
  if (random.chance(0.5)) mutant.fill(random.pick([0x00, 0xff, random.below(256)]), from, to);
  else mutant.set(other.subarray(from, Math.min(to!, other.length)), from);
  return mutant;
}

/** Noise that gets past the first checks: the header of a good frame stands before it. */
function noise(random: Random, frame: Uint8Array): Uint8Array {
  const kept = random.pick([0, 1, 4, 8, 9, 16, 32]);
  const tail = randomBytes(random, random.below(120));
  const mutant = concat(frame.subarray(0, kept), tail);
  return random.chance(0.7) ? repairLength(mutant) : mutant;
}

/** Every mutation with its weight: a mutant in a hundred is not one. */
export const MUTATIONS: readonly { name: string; weight: number; make: Mutation }[] = [
  { name: "none", weight: 1, make: (_, frame) => frame.slice() },
  { name: "bits anywhere", weight: 21, make: (r, frame) => flipBits(r, frame, 0, frame.length) },
  { name: "bits of the header", weight: 10, make: (r, frame) => flipBits(r, frame, 0, 16) },
  { name: "fields at their edges", weight: 18, make: setFields },
  { name: "cut short or made longer", weight: 15, make: resize },
  { name: "spliced from two", weight: 15, make: (r, frame, all) => splice(r, frame, r.pick(all)) },
  {
    name: "a part of another",
    weight: 10,
    make: (r, frame, all) => replacePart(r, frame, r.pick(all)),
  },
  { name: "noise", weight: 10, make: noise },
];
const WEIGHTS = MUTATIONS.reduce((sum, { weight }) => sum + weight, 0);

/** One of the mutations, as often as its weight says. */
export function pickMutation(random: Random): typeof MUTATIONS[number] {
  let ticket = random.below(WEIGHTS);
  return MUTATIONS.find(({ weight }) => (ticket -= weight) < 0)!;
}
