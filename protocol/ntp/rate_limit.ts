/**
 * How often one address may ask: a bucket of tokens each, in a map of bounded size.
 *
 * A time server answers anybody, so it must not become a tool: who asks too often is told once
 * (kiss code RATE) and then not answered until the bucket has filled again.
 */

export interface RateLimitOptions {
  /** Questions that may come at once. */
  readonly burst: number;
  /** Questions a second in the long run. */
  readonly rate_hz: number;
  /** Addresses kept; the one that asked longest ago is forgotten first. */
  readonly addresses_max: number;
}

export type RateVerdict = "answer" | "kiss" | "drop";

interface Bucket {
  tokens: number;
  at_s: number;
  kissed: boolean;
}

export class RateLimit {
  readonly #options: RateLimitOptions;
  /** In the order of the last question, oldest first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: RateLimitOptions) {
    this.#options = options;
  }

  /** What to do with a question of `address` at `now_s` (monotonic seconds). */
  judge(address: string, now_s: number): RateVerdict {
    const { burst, rate_hz, addresses_max } = this.#options;
    const bucket = this.#buckets.get(address) ?? { tokens: burst, at_s: now_s, kissed: false };
    bucket.tokens = Math.min(burst, bucket.tokens + Math.max(0, now_s - bucket.at_s) * rate_hz);
    bucket.at_s = now_s;
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket);
    if (this.#buckets.size > addresses_max) {
      const oldest = this.#buckets.keys().next();
      if (!oldest.done) this.#buckets.delete(oldest.value);
    }
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      bucket.kissed = false;
      return "answer";
    }
    if (bucket.kissed) return "drop";
    bucket.kissed = true;
    return "kiss";
  }

  /** Addresses that are kept now. */
  get size(): number {
    return this.#buckets.size;
  }
}
