/** The clocks and networks of the experiment: each draws X and knows how X is distributed. */
import { type Distribution, normal, queue } from "../../protocol/paper/distribution.ts";
import type { Chance } from "../../protocol/paper/random.ts";

export interface Scenario {
  readonly id: string;
  /** For people, short: `sigma 0.5 s`. */
  readonly title: string;
  /** Mean and standard deviation of X in seconds. */
  readonly mu_s: number;
  readonly sigma_s: number;
  /** Whether X is normal around zero, where the rule of thumb for the first candidate holds. */
  readonly centred: boolean;
  readonly x: Distribution;
  /** One X in seconds, put together from its parts. */
  draw(chance: Chance): number;
}

/** Age of the last time exchange when a frame is sealed: a meter read every quarter of an hour. */
const AGE_S = 900;

/**
 * Sync error, drift x age and delay jitter are each normal and independent. Their shares of sigma are
 * 0.60, 0.64 and 0.48, whose squares sum to one.
 */
function clock(mu_s: number, sigma_s: number): Scenario {
  const driftDeviation = 0.64 * sigma_s / AGE_S;
  const driftMean = mu_s / AGE_S;
  return {
    id: mu_s === 0 ? `sigma-${sigma_s}` : `mu-${mu_s}-sigma-${sigma_s}`,
    title: mu_s === 0 ? `σ = ${sigma_s} s` : `drifted by ${mu_s} s, σ = ${sigma_s} s`,
    mu_s,
    sigma_s,
    centred: mu_s === 0,
    x: normal(mu_s, sigma_s),
    draw(chance) {
      const syncError_s = 0.6 * sigma_s * chance.normal();
      const drift = driftMean + driftDeviation * chance.normal();
      const jitter_s = 0.48 * sigma_s * chance.normal();
      return syncError_s + drift * AGE_S + jitter_s;
    },
  };
}

/** A clock without error behind a queue whose waiting time is exponential. */
function queued(mean_s: number): Scenario {
  return {
    id: `queue-${mean_s}`,
    title: `queue of ${mean_s} s on the way`,
    mu_s: 0,
    sigma_s: mean_s,
    centred: false,
    x: queue(mean_s),
    draw: (chance) => mean_s * chance.exponential() - mean_s,
  };
}

export const SCENARIOS: readonly Scenario[] = [
  ...[0.05, 0.2, 0.5, 1, 2, 4, 8].map((sigma_s) => clock(0, sigma_s)),
  clock(3, 1),
  queued(2),
];
