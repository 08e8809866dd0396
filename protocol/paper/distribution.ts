/**
 * Distributions of X, the time by which the master's idea of a sealing second is wrong: sync error +
 * drift x age + (delay - expected delay), in seconds.
 *
 * Each gives its distribution function F and the integral of F, which the condition is written with.
 */

export interface Distribution {
  /** F(x): the probability that X is at most x. */
  cdf(x: number): number;
  /** G(x): the integral of F from minus infinity to x. */
  integral(x: number): number;
}

/** The density of the standard normal distribution. */
export function phi(z: number): number {
  return Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
}

/** Beyond this many standard deviations a double cannot tell the probability from 0 or 1. */
const Z_MAX = 8.5;

/** The distribution function of the standard normal, to about 15 digits after the point. */
export function Phi(z: number): number {
  if (z < -Z_MAX) return 0;
  if (z > Z_MAX) return 1;
  // 1/2 + phi(z) (z + z^3/3 + z^5/(3*5) + ...), Abramowitz and Stegun 26.2.11.
  let sum = z;
  for (let term = z, i = 3; Math.abs(term) > 1e-17 * Math.abs(sum); i += 2) {
    term *= z * z / i;
    sum += term;
  }
  return 0.5 + sum * phi(z);
}

/** Normal with mean `mu` and standard deviation `sigma` > 0, in seconds. */
export function normal(mu: number, sigma: number): Distribution {
  const z = (x: number) => (x - mu) / sigma;
  return {
    cdf: (x) => Phi(z(x)),
    integral: (x) => (x - mu) * Phi(z(x)) + sigma * phi(z(x)),
  };
}

/** A queue: exponential with mean `mean` > 0 seconds, of which the mean is expected, so X starts at -mean. */
export function queue(mean: number): Distribution {
  return {
    cdf: (x) => x <= -mean ? 0 : 1 - Math.exp(-(x + mean) / mean),
    integral: (x) => x <= -mean ? 0 : x + mean * Math.exp(-(x + mean) / mean),
  };
}
