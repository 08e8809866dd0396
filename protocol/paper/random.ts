/**
 * Chance that can be repeated: the same seed gives the same experiment on every machine.
 *
 * The generator is xoshiro128** of Blackman and Vigna, seeded through splitmix32. It is good for
 * statistics and worthless for keys, since its state can be read off its output.
 */

export interface Chance {
  /** Uniform in [0, 1), of 53 bits. */
  uniform(): number;
  /** Normal with mean 0 and standard deviation 1. */
  normal(): number;
  /** Exponential with mean 1. */
  exponential(): number;
  /** Whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number;
  bytes(length: number): Uint8Array;
}

/** Chance from `seed`, a whole number from 0 to 2^32 - 1, and any further numbers that tell streams apart. */
export function seeded(seed: number, ...stream: readonly number[]): Chance {
  const next = xoshiro128(stateFrom([seed, ...stream]));
  const uniform = () => (next() * 0x20_0000 + (next() >>> 11)) / 2 ** 53;
  return {
    uniform,
    normal() {
      // Box and Muller; 1 - u is never 0, whose logarithm would be infinite.
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      return radius * Math.cos(2 * Math.PI * uniform());
    },
    exponential: () => -Math.log(1 - uniform()),
    integer: (min, max) => min + Math.floor(uniform() * (max - min + 1)),
    bytes: (length) => Uint8Array.from({ length }, () => next() >>> 24),
  };
}

/** Four words that are not all zero, stirred from any number of seeds. */
function stateFrom(seeds: readonly number[]): [number, number, number, number] {
  let sum = 0;
  const stir = () => {
    sum = (sum + 0x9e37_79b9) | 0;
    let z = sum;
    z = Math.imul(z ^ (z >>> 16), 0x21f0_aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a_2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  for (const seed of seeds) sum = (stir() ^ seed) | 0;
  return [stir(), stir(), stir(), stir() | 1];
}

function xoshiro128(s: [number, number, number, number]): () => number {
  const left = (x: number, places: number) => (x << places) | (x >>> (32 - places));
  return () => {
    const result = Math.imul(left(Math.imul(s[1], 5), 7), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = left(s[3], 11);
    return result;
  };
}
