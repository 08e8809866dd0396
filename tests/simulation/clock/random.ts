/** Random numbers that are the same for the same seed (xorshift128, Marsaglia 2003). */
export class Random {
  readonly #state = new Uint32Array(4);
  #spare: number | undefined;

  constructor(seed: number) {
    // Neighbouring seeds must not begin alike: each word goes through an integer hash.
    let word = (seed ^ 0x9e37_79b9) >>> 0;
    for (let i = 0; i < 4; i++) {
      word = (word + 0x6d2b_79f5) >>> 0;
      let mixed = Math.imul(word ^ word >>> 15, word | 1);
      mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
      this.#state[i] = (mixed ^ mixed >>> 14) >>> 0 || 1;
    }
  }

  /** 32 bits. */
  word(): number {
    const state = this.#state;
    let t = state[3]!;
    const s = state[0]!;
    state[3] = state[2]!;
    state[2] = state[1]!;
    state[1] = s;
    t ^= t << 11;
    t ^= t >>> 8;
    state[0] = t ^ s ^ s >>> 19;
    return state[0]!;
  }

  /** From 0 up to, but not including, 1. */
  uniform(): number {
    return this.word() / 2 ** 32;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform());
  }

  /** Standard normal (Box and Muller). */
  normal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** 64 bits that are not zero. */
  nonce(): bigint {
    return BigInt(this.word()) << 32n | BigInt(this.word() | 1) & 0xffff_ffffn;
  }
}
