/** Keeps validation behind the ledger: never in its way, and after any failure it goes on. */
import type { ValidationRules } from "../../actors/validation/rules.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { runTurns } from "../database/turns.ts";
import type { Stoppable } from "../jetstream/broker.ts";
import type { Log } from "../terminal/log.ts";
import { summariseReadings } from "./summarise.ts";
import { Sweep } from "./sweep.ts";

/** Readings that come within this are judged together. */
const GATHER_MS = 1_000;
/** Of a batch's time so much is waited after it: the ledger and billing have the rest. */
const REST = 2;
const REST_MAX_MS = 5_000;
/** Journal records behind the ledger from which on people are told, and told when it is over. */
const BEHIND_MANY = 10_000;
/** Readings after which their blocks are summarised. */
const SUMMARISE_AFTER = 100_000;

export interface SweepOptions {
  readonly db: Kysely<Database>;
  readonly rules: ValidationRules;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now_ms: () => number;
}

/** Runs until stopped; `stop()` lets the transaction in hand finish. */
export function runSweep({ db, rules, log, now_ms }: SweepOptions): Stoppable {
  const sweep = new Sweep(db, rules);
  let isBehind = false;
  let unsummarised = 0;
  const turn = async (): Promise<number> => {
    const started_ms = performance.now();
    const { cursor, ledger, readings, quarantined } = await sweep.step(now_ms());
    if (quarantined > 0) log.warn("readings quarantined", { readings, quarantined });
    unsummarised += readings;
    if (unsummarised >= SUMMARISE_AFTER) {
      await summariseReadings(db);
      unsummarised = 0;
    }
    const behind = ledger - cursor;
    if (!isBehind && behind > BEHIND_MANY) {
      isBehind = true;
      log.warn("validation is behind the ledger", { journal: cursor, behind });
    } else if (isBehind && behind === 0) {
      isBehind = false;
      log.info("validation has caught up with the ledger", { journal: cursor });
    }
    if (behind === 0 && readings === 0) return GATHER_MS;
    return Math.min(REST * (performance.now() - started_ms), REST_MAX_MS);
  };
  return runTurns({ what: "validation", log, turn });
}
