/**
 * `deno task simulate --seeds N [--seed S]`: lives through N worlds and says which invariant broke in
 * which. A seed that fails is lived through again, and its story told. `--seed S` begins there;
 * `--sabotage NAME` takes a mechanism out first; `--json` writes one document to stdout.
 */
import { parseArgs } from "node:util";
import { createProgress } from "../../streams/terminal/progress.ts";
import { type Outcome, runSeed } from "./run.ts";
import { sabotages } from "./sabotage.ts";
import type { Sabotage } from "./world.ts";

/** Failing seeds that are told in full: one is read, three show whether they are alike. */
const TOLD_MAX = 3;

interface Wanted {
  readonly first: number;
  readonly seeds: number;
  readonly json: boolean;
  readonly sabotage: string | undefined;
}

function wantedOf(args: string[]): Wanted {
  const { values } = parseArgs({
    args,
    options: {
      seeds: { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
      sabotage: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const number = (name: "seeds" | "seed") => {
    const value = Number(values[name]);
    if (Number.isSafeInteger(value) && value >= 1) return value;
    throw new RangeError(`--${name} takes a whole number from 1, not ${values[name]}`);
  };
  const { sabotage, json } = values;
  if (sabotage !== undefined && sabotages[sabotage] === undefined) {
    throw new RangeError(
      `There is no sabotage ${sabotage}; there are ${Object.keys(sabotages).join(", ")}`,
    );
  }
  return { first: number("seed"), seeds: number("seeds"), json, sabotage };
}

/** The command that lives through this seed again. */
const commandOf = (seed: number, sabotage?: string) =>
  `deno task simulate --seeds 1 --seed ${seed}` +
  (sabotage === undefined ? "" : ` --sabotage ${sabotage}`);

/** The story of a failing seed: the same world again, in words. */
async function tell(outcome: Outcome, sabotage: Sabotage | undefined, command: string) {
  const { story } = await runSeed(outcome.seed, { told: true, ...(sabotage && { sabotage }) });
  const { invariant, what } = outcome.violation!;
  return [`seed ${outcome.seed}: ${invariant} is broken`, ...story, what, `again: ${command}`]
    .join("\n");
}

async function main(args: string[]): Promise<number> {
  const { first, seeds, json, sabotage } = wantedOf(args);
  const spoiled = sabotage === undefined ? undefined : sabotages[sabotage];
  const progress = createProgress();
  const began_ms = performance.now();
  const failed: Outcome[] = [];
  const sums = {
    events: 0,
    lived_ms: 0,
    readings: 0,
    takeovers: 0,
    invoices: 0,
    longest_rest_ms: 0,
  };
  for (let seed = first; seed < first + seeds; seed++) {
    const outcome = await runSeed(seed, { ...(spoiled && { sabotage: spoiled }) });
    sums.events += outcome.events;
    sums.lived_ms += outcome.lived_ms;
    sums.readings += outcome.readings;
    sums.takeovers += outcome.takeovers;
    sums.invoices += outcome.invoices;
    sums.longest_rest_ms = Math.max(sums.longest_rest_ms, Math.round(outcome.rested_ms));
    if (outcome.violation) {
      failed.push(outcome);
      progress.stage(`seed ${seed}: ${outcome.violation.invariant} ${outcome.violation.what}`);
    }
    progress.update(seed - first + 1, seeds, `${failed.length} broken`);
  }
  progress.end();
  const seconds = (performance.now() - began_ms) / 1_000;
  for (const outcome of failed.slice(0, TOLD_MAX)) {
    console.error(await tell(outcome, spoiled, commandOf(outcome.seed, sabotage)) + "\n");
  }
  const summary = {
    ...{ first_seed: first, seeds, broken: failed.length, seconds: Math.round(seconds * 10) / 10 },
    simulated_hours: Math.round(sums.lived_ms / 3_600) / 1_000,
    ...{ events: sums.events, readings: sums.readings, takeovers: sums.takeovers },
    invoices: sums.invoices,
    longest_rest_ms: sums.longest_rest_ms,
    violations: failed.map(({ seed, violation }) => ({ seed, ...violation })),
  };
  console.log(json ? JSON.stringify(summary) : wordsOf(summary));
  return failed.length === 0 ? 0 : 1;
}

function wordsOf(summary: {
  readonly seeds: number;
  readonly broken: number;
  readonly seconds: number;
  readonly simulated_hours: number;
  readonly readings: number;
  readonly takeovers: number;
  readonly invoices: number;
  readonly longest_rest_ms: number;
}): string {
  const { seeds, broken, seconds, simulated_hours, readings, takeovers, invoices } = summary;
  const rest_s = (summary.longest_rest_ms / 1_000).toFixed(1);
  return `${seeds} worlds, ${broken} with a violation, in ${seconds} s ` +
    `(${(seeds / seconds).toFixed(1)} a second): ${simulated_hours} hours lived, ` +
    `${readings} readings, ${takeovers} takeovers, ${invoices} invoices; at rest ${rest_s} s after the last fault at the latest`;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    if (!(error instanceof RangeError) && !(error instanceof TypeError)) throw error;
    console.error(error.message);
    Deno.exit(2);
  }
}
