/** A memory of what was used of late, of bounded size. */
export class Recent<K, V> {
  /** Used since the last turn, and before it. */
  #young = new Map<K, V>();
  #old = new Map<K, V>();
  readonly #turn_at: number;

  /** Holds at most `most`, at least the half of that which was used last. */
  constructor(most: number) {
    this.#turn_at = Math.ceil(most / 2);
  }

  get(key: K): V | undefined {
    const value = this.#young.get(key);
    if (value !== undefined) return value;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: K, value: V): void {
    if (this.#young.size >= this.#turn_at) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  delete(key: K): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }
}
