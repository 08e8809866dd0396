/**
 * What the search for a frame's second costs: `deno task simulate:window [SEEDS]`, 20 if not given.
 * Exit code 1 when a bar is missed or a frame did not open, 2 for wrong usage.
 */
import { Random } from "../random.ts";
import { seedsFrom } from "../seeds.ts";
import { DAYS, scenarios, type WindowScenario } from "./scenarios.ts";
import { follow } from "./world.ts";

/** Prints one scenario; whether it kept its bar. */
function report({ name, trialsMax, reads }: WindowScenario, seeds: number): boolean {
  const all = Array.from({ length: seeds }, (_, i) => follow(reads(new Random(i + 1))));
  const mean = all.reduce((sum, { trials_mean }) => sum + trials_mean, 0) / seeds;
  const worst = Math.max(...all.map(({ trials_mean }) => trials_mean));
  const most = Math.max(...all.map(({ trials_most }) => trials_most));
  const error_s = Math.max(...all.map(({ error_most_s }) => error_most_s));
  const unopened = all.reduce((sum, { frames, opened }) => sum + frames - opened, 0);
  const good = unopened === 0 && (trialsMax === undefined || mean <= trialsMax);
  console.log(
    [
      name.padEnd(56),
      mean.toFixed(3).padStart(6),
      worst.toFixed(3).padStart(6),
      most.toFixed(0).padStart(5),
      error_s.toFixed(2).padStart(9),
      (trialsMax?.toFixed(2) ?? "-").padStart(5),
      good ? "" : ` MISSED, ${unopened} frames did not open`,
    ].join(" "),
  );
  return good;
}

const seeds = seedsFrom("simulate:window", 20);
console.log(`${seeds} seeds of ${DAYS} days, a reading every 15 minutes; seconds tried a frame`);
console.log(
  `${
    "meter's clock".padEnd(56)
  }   mean  worst  most  error, s   bar  (worst: of the means of seeds)`,
);
const results = scenarios.map((scenario) => report(scenario, seeds));
Deno.exit(results.every(Boolean) ? 0 : 1);
