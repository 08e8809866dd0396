/** One seed, lived through and judged. */
import { assertBilledOnce } from "./checkers/billing.ts";
import { Violation } from "./checkers/checker.ts";
import { deliveryChecker } from "./checkers/delivery.ts";
import { fenceChecker } from "./checkers/fence.ts";
import { outputsChecker } from "./checkers/outputs.ts";
import { replayChecker } from "./checkers/replay.ts";
import { assertRest, lagOf, REST_WITHIN_MS } from "./checkers/rest.ts";
import { type Sabotage, World } from "./world.ts";

export interface Outcome {
  readonly seed: number;
  /** Undefined when every invariant held. */
  readonly violation: { readonly invariant: string; readonly what: string } | undefined;
  /** Events of the world, and how long it lived by its own clock. */
  readonly events: number;
  readonly lived_ms: number;
  /** From the end of the faults until nothing waited any more. */
  readonly rested_ms: number;
  readonly readings: number;
  readonly takeovers: number;
  readonly invoices: number;
  /** The last events in words, and the fingerprint of them all; empty unless told. */
  readonly story: readonly string[];
  readonly hash: string;
}

export interface RunOptions {
  readonly sabotage?: Sabotage;
  /** Keep the story. */
  readonly told?: boolean;
}

export async function runSeed(seed: number, options: RunOptions = {}): Promise<Outcome> {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = options.told ? stackTraceLimit : 0; // A world throws thousands of them.
  try {
    return await live(seed, options);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

async function live(seed: number, options: RunOptions): Promise<Outcome> {
  const checkers = [
    fenceChecker(),
    replayChecker(),
    deliveryChecker(),
    { billed: assertBilledOnce },
    { atRest: assertRest },
    outputsChecker(),
  ];
  const world = new World(seed, checkers, options.told ?? false, options.sabotage);
  await world.live(REST_WITHIN_MS, (evidence) => lagOf(evidence) === undefined);
  const { rows, journal } = world.evidence();
  return {
    seed,
    violation: world.fault && {
      invariant: world.fault instanceof Violation ? world.fault.invariant : "broken",
      what: world.fault instanceof Violation
        ? world.fault.message
        : world.fault.stack ?? world.fault.message,
    },
    events: world.schedule.count,
    lived_ms: world.schedule.now_ms,
    rested_ms: world.schedule.now_ms - world.faultsEnd_ms,
    readings: rows.size,
    takeovers: journal.filter(({ record }) => record.type === "epoch").length,
    invoices: world.database.billing.invoices.length,
    story: world.story.lines,
    hash: world.story.hash,
  };
}
