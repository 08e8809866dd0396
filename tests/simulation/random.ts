/** Chance that a seed repeats: the same seed, the same dice. */

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  #spare: number | undefined;

  /** `label` gives independent dice for one seed, so that a new use of chance disturbs no other. */
  constructor(seed: number, label = "") {
    let hash = 0x811c9dc5 ^ seed;
    for (const letter of label) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
    this.#a = hash | 0;
    this.#b = Math.imul(seed, 0x9e3779b1) | 0;
    this.#c = (seed / 2 ** 32) | 0;
    for (let i = 0; i < 12; i++) this.next();
  }

  /** 0 to below 1 (Chris Doty-Humphrey's sfc32). */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** 0 to below `count`. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  /** Normal with mean 0 (Box and Muller). */
  normal(deviation = 1): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return deviation * spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    const angle = 2 * Math.PI * this.next();
    this.#spare = radius * Math.sin(angle);
    return deviation * radius * Math.cos(angle);
  }

  /** 64 bits that are not zero. */
  nonce(): bigint {
    const word = () => BigInt(this.below(2 ** 32));
    return word() << 32n | word() | 1n;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
}
