/** Works off the pages of billing runs: two at a time in every billing process there is. */
import { Patience, Pause } from "../../database/pace.ts";
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
  const ending = new AbortController();
  const { pages_at_once = PAGES_AT_ONCE } = options;
  const pauses = Array.from({ length: pages_at_once }, () => new Pause(ending.signal));
  const loops = pauses.map((pause) => loop(options, pause, ending.signal));
  return {
    nudge: () => pauses.forEach((pause) => pause.nudge()),
    stop: async () => {
      ending.abort();
      await Promise.all(loops);
    },
  };
}

async function loop(options: RunWorkerOptions, pause: Pause, signal: AbortSignal): Promise<void> {
  const { context, log, poll_ms = POLL_MS } = options;
  const patience = new Patience(log, "billing run");
  while (!signal.aborted) {
    try {
      const result = await workPage(context);
      patience.succeeded();
      say(options, result);
      if (result.did === "nothing") await pause.wait(poll_ms);
    } catch (error) {
      if (signal.aborted) return;
      await pause.wait(patience.failed(error));
    }
  }
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
