/** One billing run from its first page to its last, with the processor time and memory it took. */
import { RUN_BOUNDS } from "../../../actors/billing/run.ts";
import { CYCLE_RULES } from "../../../actors/billing/rules.ts";
import { runProgress } from "../../../streams/billing/run/progress.ts";
import { startRun } from "../../../streams/billing/run/start.ts";
import { startRunWorker } from "../../../streams/billing/run/worker.ts";
import type { Kysely } from "../../../streams/database/kysely.ts";
import type { Database } from "../../../streams/database/schema.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { treeOf, usageOf } from "../headend/processes.ts";

const LOOK_EVERY_MS = 250;
/** Memory is asked for in every twentieth part of the run. */
const SAMPLES = 20;

export interface RunFigures {
  readonly run_id: number;
  readonly period: string;
  readonly invoices: number;
  readonly parked: number;
  readonly seconds: number;
  readonly a_second: number;
  /** Processor time, milliseconds an invoice. */
  readonly billing_ms: number;
  readonly postgres_ms: number;
  /** Memory of this process over the run, first sample to last. */
  readonly rss_mb: readonly number[];
}

export interface RunPlace {
  readonly db: Kysely<Database>;
  /** Of the server, where it is one of the bench. */
  readonly postgresPid: number | undefined;
  readonly pages_at_once: number;
}

/** Bills `period` as a month-end does, an hour and a half after the month. */
export async function measureRun(
  { db, postgresPid, pages_at_once }: RunPlace,
  period: string,
  now_ms: number,
): Promise<RunFigures> {
  const asked = { period, bounds: RUN_BOUNDS, requested_by: "bench", now_ms };
  const { run_id, accounts } = await startRun(db, asked);
  const usage = () => ({
    billing: usageOf([Deno.pid]).cpu_s,
    postgres: postgresPid === undefined ? 0 : usageOf(treeOf(postgresPid)).cpu_s,
  });
  const before = usage();
  const began_ms = performance.now();
  const context = { db, rules: CYCLE_RULES, now_ms: () => now_ms };
  const worker = startRunWorker({ context, log: silentLog, pages_at_once, poll_ms: LOOK_EVERY_MS });
  const rss_mb: number[] = [];
  while (true) {
    const progress = (await runProgress(db, period))!;
    const { looked, state, issued, parked, halted_reason } = progress;
    if (looked * SAMPLES >= rss_mb.length * accounts) rss_mb.push(Deno.memoryUsage().rss / 2 ** 20);
    if (state === "halted") throw new Error(`The run halted: ${halted_reason}`);
    if (state === "done") {
      const seconds = (performance.now() - began_ms) / 1_000;
      await worker.stop();
      const after = usage();
      const ms = (name: "billing" | "postgres") => (after[name] - before[name]) * 1_000 / issued;
      return {
        ...{ run_id, period, invoices: issued, parked, seconds, a_second: issued / seconds },
        ...{ billing_ms: ms("billing"), postgres_ms: ms("postgres"), rss_mb },
      };
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
