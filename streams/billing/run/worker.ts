/** Works off the pages of billing runs: two at a time in every billing process there is. */
import { runTurns } from "../../database/turns.ts";
import type { Stoppable } from "../../jetstream/broker.ts";
import type { Log } from "../../terminal/log.ts";
import type { StepContext } from "../step.ts";
import { type PageResult, workPage } from "./page.ts";

/** While one page is decided here, the database writes the other. */
const PAGES_AT_ONCE = 2;
/** How often a new run is looked for without a nudge. */
const POLL_MS = 1_000;

export interface RunWorkerOptions {
  readonly context: StepContext;
  readonly log: Log;
  readonly pages_at_once?: number;
  readonly poll_ms?: number;
  /** Called after each page that stands, with the numbers of its bills; must not throw. */
  readonly onPage?: (numbers: readonly string[]) => void;
}

export interface RunWorker extends Stoppable {
  /** A run was asked for: look now. */
  nudge(): void;
}

/** Starts; `stop()` waits for the pages in hand. */
export function startRunWorker(options: RunWorkerOptions): RunWorker {
  const { context, log, pages_at_once = PAGES_AT_ONCE, poll_ms = POLL_MS } = options;
  const turn = async () => {
    const result = await workPage(context);
    say(options, result);
    return result.did === "nothing" ? poll_ms : 0;
  };
  const workers = Array.from(
    { length: pages_at_once },
    () => runTurns({ what: "billing run", log, turn }),
  );
  return {
    nudge: () => workers.forEach((worker) => worker.nudge()),
    stop: async () => void await Promise.all(workers.map((worker) => worker.stop())),
  };
}

function say({ log, onPage }: RunWorkerOptions, result: PageResult): void {
  switch (result.did) {
    case "page": {
      const { page: { run_id, period, page }, totals: { issued, parked, waiting } } = result;
      log.info("page billed", { run_id, period, page, issued, parked, waiting });
      return onPage?.(result.numbers);
    }
    case "halted":
      return log.error("billing run halted", {
        run_id: result.page.run_id,
        period: result.page.period,
        reason: result.reason,
      });
    case "done":
      return log.info("billing run done", { run_id: result.run_id, period: result.period });
  }
}
