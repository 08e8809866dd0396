/**
 * Month-end without a person. What was closed stands in the audit trail, so that a restart, or a
 * second billing process, closes nothing twice; and closing twice would add nothing.
 */
import { RUN_BOUNDS } from "../../actors/billing/run.ts";
import { firstClosed, periodsDue } from "../../actors/billing/schedule.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { writeAudit } from "../database/audit.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import type { Log } from "../terminal/log.ts";
import { startRun } from "./run/start.ts";

const ACTION = "month.closed";

export interface MonthEndOptions {
  readonly db: Kysely<Database>;
  readonly log: Log;
  readonly settle_ms: number;
}

/** Closes the months that are due. Cheap to call often: the last closed month is remembered. */
export class MonthEnd {
  readonly #options: MonthEndOptions;
  #last_closed: string | undefined;

  constructor(options: MonthEndOptions) {
    this.#options = options;
  }

  async closeDue(now_ms: number): Promise<void> {
    const last_closed = this.#last_closed ??= await this.#load(now_ms);
    for (const period of periodsDue(now_ms, last_closed, this.#options.settle_ms)) {
      await this.#close(period, now_ms);
      this.#last_closed = period;
    }
  }

  async #close(period: string, now_ms: number): Promise<void> {
    const { db, log } = this.#options;
    // Months are closed in their order here; who has no bill for the one before is known as parked there.
    const bounds = { ...RUN_BOUNDS, skip_months: true };
    const request = { period, bounds, requested_by: "month end", now_ms };
    try {
      const { run_id, accounts } = await startRun(db, request);
      // Noted once the run stands: a crash between the two asks once more, and joins it.
      await this.#note(period, { run_id, accounts });
      log.info("closing the month", { period, run_id, accounts });
    } catch (error) {
      if (!(error instanceof TerminalError)) throw error;
      // A run that a person asked for has halted or ended: it is in a person's hands.
      await this.#note(period, { reason: error.message });
      log.warn("the month was closed by hand", { period, reason: error.message });
    }
  }

  async #load(now_ms: number): Promise<string> {
    const row = await this.#options.db.selectFrom("audit").select("subject")
      .where("action", "=", ACTION).where("subject", "~", "^month [0-9]{4}-[0-9]{2}$")
      .orderBy("subject", "desc").limit(1).executeTakeFirst();
    if (row !== undefined) return row.subject.slice("month ".length);
    const first = firstClosed(now_ms);
    await this.#note(first, { first_start: true });
    return first;
  }

  async #note(period: string, detail: Readonly<Record<string, unknown>>): Promise<void> {
    const subject = `month ${period}`;
    await writeAudit(this.#options.db, { actor: "billing", action: ACTION, subject, detail });
  }
}
